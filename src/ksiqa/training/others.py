"""Tests on the whole of other sets, beside the target's own test part (``others`` in a config)."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ksiqa import build, mix
from ksiqa.data.datamodule import QualityData
from ksiqa.data.image_source import ImageSource
from ksiqa.data.mixed import same_photographs
from ksiqa.data.views import ScoringViews
from ksiqa.errors import ConfigError
from ksiqa.inference.evaluation import part_tested
from ksiqa.inference.model_folder import TrainedModel
from ksiqa.report.run_folder import described, figures, write_predictions
from ksiqa.training import trainers

WHOLE = {
    "source": "test_on_all",
    "index": 0,
    "seed": 0,
    "test_share": 1.0,
    "validation_share": 0.0,
    "train_share": 1.0,
    "train_only": [],
}
KEPT = ("label", "missing", "missing_references", "unlisted", "bad_images")  # beside a set's figures


def other_sources(config: DictConfig) -> dict[str, ImageSource]:
    """Open the other sets of a config, by name; an error in one comes before training.

    Raises:
        ConfigError: the config asks for tests on others and names none.
        DatasetError: a set is not there, or not as released.
    """
    if "others" not in config:
        return {}
    if not config.others:
        raise ConfigError(
            found="tests on other sets, and no root of a set other than the target",
            expected="two sets or more: each is trained on and tested on all the others",
            do="add roots.NAME=FOLDER for another set, such as roots.livec=ChallengeDB_release",
        )
    return {name: build.image_source(node) for name, node in config.others.items()}


def other_data(config: DictConfig, sources: dict[str, ImageSource], *, views: ScoringViews) -> dict[str, QualityData]:
    """Build the data of the other sets, seen as the target's test part is.

    Raises:
        ImageError: images cannot be used, and are not to be skipped.
    """
    common = {key: value for key, value in build.plain(config.data).items() if key != "sets"}
    split = OmegaConf.create({**WHOLE, "folder": None})
    found = {}
    for name, source in sources.items():
        node = OmegaConf.create({**common, **build.plain(config.others[name])})
        found[name] = mix.as_tested(source, node=node, split=split, views=views, batch_size=config.data.batch_size)
    return found


def score_others(
    config: DictConfig, trained: TrainedModel, others: dict[str, QualityData], folder: Path
) -> dict[str, Any]:
    """Test a saved model on all of each set; write ``others/<set>.csv`` and return the figures, ``cross/<set>/srcc``
    and so on, ``cross/<set>/n`` images, ``cross/<set>/same_photographs`` where these were trained on in another set."""
    results: dict[str, Any] = {}
    for name, data in others.items():
        tested = part_tested(trained, data, trainer=trainers.scoring_trainer(config))
        (folder / "others").mkdir(exist_ok=True)
        write_predictions(folder / "others" / f"{name}.csv", tested=[tested])
        said = {key: value for key, value in described([data]).items() if key in KEPT}
        results |= {**figures([tested], f"cross/{name}/"), **{f"cross/{name}/{key}": one for key, one in said.items()}}
        results[f"cross/{name}/n"] = len(data.split.test)
        if same_photographs(trained.scales, data.name):
            results[f"cross/{name}/same_photographs"] = True
    return results
