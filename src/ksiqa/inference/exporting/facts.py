"""What a program that scores with an exported model must know beside the network: kept in the file as JSON."""

import json
from typing import Any

from ksiqa import __version__
from ksiqa.inference.exporting.program import ScoringNetwork
from ksiqa.inference.model_folder import TrainedModel

KEY = "ksiqa"  # of ONNX's metadata_props
FILE = "ksiqa.json"  # among the extra files of a .pt2
FORMAT = 1  # raised when a program that reads these facts could not read newer ones


def facts(trained: TrainedModel, network: ScoringNetwork) -> str:
    """Return the facts of an exported model as JSON.

    - ``inputs``, ``cell`` (pixels that a token covers, which divide each side), ``largest_grid`` (tokens a side);
    - ``views`` and ``short_side``: what is shown of an image (see ``ksiqa.data.transform``);
    - ``scale``: its set, the ends of its labels, their direction (a score in [0, 1] is always better if higher);
    - ``residuals``: the errors of which intervals are made (see ``ksiqa.metric.interval``), maybe none; ``in_doubts``:
      in units of the image's ``doubt``.
    """
    scale = trained.scales[network.source]
    views = trained.views
    told: dict[str, Any] = {
        "format": FORMAT,
        "version": __version__,
        "inputs": network.inputs,
        "cell": network.cell,
        "largest_grid": network.largest_grid,
        "views": {"kind": views.kind, "side": views.side, "grid": views.grid},
        "short_side": trained.short_side_of(network.source),
        "scale": {
            "name": scale.name,
            "title": scale.title,
            "label": scale.label,
            "low": scale.low,
            "high": scale.high,
            "higher_is_better": scale.higher_is_better,
        },
        "residuals": trained.residuals.get("teacher" if "reference" in network.inputs else "student", {}).get(
            network.source, []
        ),
        "in_doubts": trained.in_doubts,
    }
    return json.dumps(told)
