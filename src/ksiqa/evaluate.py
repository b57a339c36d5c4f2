"""``python -m ksiqa.evaluate checkpoint=DIR data=NAME data.root=FOLDER``: a saved model on a test part."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ksiqa.command import hydra_command

if TYPE_CHECKING:
    from omegaconf import DictConfig

OF_THE_MODEL = ("pairs_made", "tested", "covered")  # of a model's ``training``, what stays with it


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    given = sys.argv[1:] if arguments is None else arguments
    hydra_command("evaluate", evaluate, given, meaning="Score the test part of a set with a saved model.")


def evaluate(config: "DictConfig", folder: Path) -> None:
    """Score the test part of a split with a saved model and write the same report as training does."""
    from omegaconf import OmegaConf

    from ksiqa.errors import ConfigError
    from ksiqa.sets import check_labels

    if OmegaConf.is_missing(config, "checkpoint"):
        raise ConfigError(
            found="ksiqa evaluate without checkpoint",
            expected="a trained model, to score with",
            do="set checkpoint=DIR, the model/ folder of a run, or checkpoint=shipped, the model of the package",
        )
    check_labels(config)  # before torch loads

    from rich.console import Console

    from ksiqa import build, mix
    from ksiqa.data.mixed import same_photographs
    from ksiqa.inference.evaluation import part_tested
    from ksiqa.inference.found_model import model_folder, model_name
    from ksiqa.inference.model_folder import load_model
    from ksiqa.provenance import provenance
    from ksiqa.report.run_folder import described, figures, write_bad_images, write_report, write_results
    from ksiqa.stopping import stoppable
    from ksiqa.training import trainers
    from ksiqa.training.images_seen import SEEN, seen_again
    from ksiqa.training.quiet import quiet_lightning
    from ksiqa.training.shown import show_tests

    quiet_lightning()
    trainers.check_devices(config)
    with stoppable("repeat the command", what=lambda: "the scoring stopped; nothing was saved yet"):
        model = model_folder(config.checkpoint)
        trained = load_model(model)
        sets = mix.scored_sets(config, trained)
        tested = [part_tested(trained, one, trainer=trainers.scoring_trainer(config)) for one in sets]
    results = {
        **figures(tested),
        **{name: value for name, value in described(sets).items() if not name.startswith(("train", "validation"))},
        "experiment": "evaluate",
        "checkpoint": model_name(str(config.checkpoint), model),
        "directory": str(Path.cwd()),  # where the config's relative paths start
        "trained": {key: value for key, value in trained.training.items() if key not in (*OF_THE_MODEL, SEEN)},
        "saw_test": seen_again(trained.training, sets),
        **({"same_photographs": True} if any(same_photographs(trained.scales, one.name) for one in sets) else {}),
        "split": build.plain(config.split),
        **provenance(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_bad_images(folder / "bad_images.csv", sets)
    write_report(folder, tested=tested)
    write_results(folder, results)
    show_tests(tested, results)
    Console().print(f"model: {config.checkpoint}", soft_wrap=True, markup=False)


if __name__ == "__main__":
    main()
