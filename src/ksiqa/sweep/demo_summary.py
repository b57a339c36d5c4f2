"""What ``make demo`` shows once its variants are trained: their rows side by side, and a few photographs scored."""

import json
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from PIL import Image
from rich.table import Table

from ksiqa.console import open_console
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.predict import predict
from ksiqa.prediction.show import show

FIGURES = {"SRCC": "test/srcc", "PLCC": "test/plcc", "FR SRCC": "test/teacher_srcc"}
IMAGERY = {"imagery error": "test/imagery_error", "identity error": "test/identity_error"}


class Summary(Callback):
    """Called by Hydra after the last job of the sweep."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Print the table and the predictions."""
        del kwargs
        folder = Path(config.hydra.sweep.dir)
        results = {file.parent.name: json.loads(file.read_text()) for file in folder.glob("*/results.json")}
        order = [name for name in config.variants if name in results]
        console = open_console()
        console.print(summary({name: results[name] for name in order}))
        joint = folder / "joint"
        if (joint / "results.json").exists():
            console.print(
                f"photographs scored by {joint / 'model'} (pseudo-scores, no opinions of people):", soft_wrap=True
            )
            photographs = unseen_photographs(joint, folder / "photographs")
            show(predict([str(photographs)], model=joint / "model", reference=None))


def unseen_photographs(run: Path, folder: Path) -> Path:
    """Write photographs that the run never trained on, as they are and as strong JPEG, into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    unseen = {name.partition("__")[0] for name in (run / "split" / "test.txt").read_text().split()}
    for name, image in demo_photographs().items():
        if name in unseen:
            Image.fromarray(image).save(folder / f"{name}.png")
            Image.fromarray(image).save(folder / f"{name}_quality_5.jpg", quality=5)
    return folder


def summary(results: dict[str, dict[str, Any]]) -> Table:
    """Return the rows of the variants, and of the ridge on pooled frozen features."""
    one = next(iter(results.values()))
    table = Table(title=f"pseudo-scores of contents never seen: {one['test_n']} images")
    for name in ("variant", *FIGURES, *IMAGERY, "seconds"):
        table.add_column(name, justify="left" if name == "variant" else "right", no_wrap=name == "variant")
    keys = [*FIGURES.values(), *IMAGERY.values()]
    table.add_row("ridge", *(_number(one.get(key.replace("test/", "ridge/"))) for key in keys), "")
    for name, row in results.items():
        table.add_row(name, *(_number(row.get(key)) for key in keys), f"{row['seconds']:.0f}")
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
