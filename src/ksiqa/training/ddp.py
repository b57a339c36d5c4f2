"""DDP that torchrun may start again."""

import os
from datetime import timedelta

from lightning.pytorch.strategies import DDPStrategy
from torch import distributed
from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]  # torch exports them by a condition

ALLOWED = timedelta(minutes=30)  # as Lightning; a process that is gone is noticed otherwise, and slow ones may be right


class Ddp(DDPStrategy):
    """Lightning's, except that processes which torchrun has started again do not find those before them.

    torchrun keeps one store over its restarts, where a process that is faster than the first one would read the address
    of the first one's forerunner. On a single node all know how often they were started; of several nodes not all may.
    """

    def setup_distributed(self) -> None:
        """Meet under a name of this start."""
        kept = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True" and os.environ.get("GROUP_WORLD_SIZE") == "1"
        if kept and not distributed.is_initialized():
            place = self.cluster_environment
            assert place is not None  # torchrun's
            store = TCPStore(place.main_address, place.main_port, is_master=False, timeout=ALLOWED)
            distributed.init_process_group(
                "nccl" if self.root_device.type == "cuda" else "gloo",
                store=PrefixStore(f"start {os.environ['TORCHELASTIC_RESTART_COUNT']}", store),
                rank=place.global_rank(),
                world_size=place.world_size(),
                timeout=ALLOWED,
            )
        super().setup_distributed()
