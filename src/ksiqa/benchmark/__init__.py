"""How fast this machine trains and scores: KSIQA, its bare backbones and other models, side by side in one process."""
