"""``python -m ksiqa.bench``: how fast this machine trains and scores, KSIQA and others side by side."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ksiqa.command import errors_as_text
from ksiqa.errors import ConfigError, choice, whole_number
from ksiqa.names import choices
from ksiqa.usage import flags_parser

if TYPE_CHECKING:
    from ksiqa.benchmark.setting import Setting

MODES, PRECISIONS = ("eager", "compile", "graphs"), ("32-true", "bf16-mixed")
OWN, PEERS = ("teacher", "student", "joint", "plain"), ("TOPIQ-NR", "HyperIQA", "TReS", "MANIQA")
STARTUP_ROUNDS = 3
BY_DEVICE: dict[str, dict[str, Any]] = {  # what is right on the one takes hours on the other
    "cpu": {"training_batch": [2], "scoring_batch": [1], "precision": "32-true", "rounds": 5, "seconds": 6.0},
    "cuda": {
        "training_batch": [32, 128],
        "scoring_batch": [1, 32],
        "precision": "bf16-mixed",
        "rounds": 7,
        "seconds": 6.0,
    },
}
QUICK: dict[str, Any] = {"training_batch": [2], "scoring_batch": [1], "rounds": 2, "seconds": 1.0}


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    with errors_as_text():
        options = options_parser().parse_args(sys.argv[1:] if arguments is None else arguments)
        bench(options)


def bench(options: argparse.Namespace) -> None:
    """Measure, print and write as the flags say.

    Raises:
        ConfigError: a value without meaning, or a GPU that is not there.
    """
    check(options)
    rows, columns = options.image
    found: dict[str, Any] = {}
    from ksiqa.benchmark.run import measured, write

    if options.startup:
        from ksiqa.benchmark.startup import startups

        found["startup"] = startups(rounds=1 if options.quick else STARTUP_ROUNDS, rows=rows, columns=columns)
    if not options.startup_alone:
        found = measured(setting_of(options)) | found
    for file in write(found, options.output):
        sys.stdout.write(f"{file}\n")


def check(options: argparse.Namespace) -> None:
    """Refuse values without meaning before anything is measured.

    Raises:
        ConfigError: see above.
    """
    for name in options.only or ():
        choice(name, allowed=(*OWN, *PEERS), name="--only")
    if options.backbone is not None:
        choice(options.backbone, allowed=choices("backbone"), name="--backbone")
    counted = {"side": [options.side], "rounds": [options.rounds], "image": options.image}
    counted |= {"training-batch": options.training_batch, "scoring-batch": options.scoring_batch}
    for name, values in counted.items():
        for value in values or ():
            if value is not None:
                whole_number(value, least=1, name=f"--{name}")
    options.startup = options.startup or options.startup_alone


def setting_of(options: argparse.Namespace) -> "Setting":
    """Return what is measured, with what was left open as the device wants it."""
    import torch

    from ksiqa.benchmark.setting import BACKBONES, Setting

    kind = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            found="--device cuda on a machine without a GPU that torch can use",
            expected="a CUDA GPU and a torch build for it",
            do="set --device cpu",
        )
    default = BY_DEVICE[kind] | (QUICK if options.quick else {})
    chosen = {name: getattr(options, name) or value for name, value in default.items()}
    rows, columns = options.image
    return Setting(
        device=torch.device(kind),
        backbone=options.backbone or BACKBONES[kind],
        training_batches=chosen["training_batch"],
        scoring_batches=sorted(chosen["scoring_batch"]),
        side=options.side,
        rows=rows,
        columns=columns,
        precision=chosen["precision"],
        modes=options.mode or ["eager"],
        rounds=chosen["rounds"],
        seconds=chosen["seconds"],
        only=options.only or (),
        overrides=options.set or (),
    )


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's flags."""
    parser = flags_parser(
        "bench", meaning="Measure training steps and scoring of whole images, KSIQA beside others, random weights."
    )
    add = parser.add_argument
    add("--device", choices=("cpu", "cuda"), help="default: a GPU, else the CPU")
    add("--backbone", metavar="NAME", help="of conf/backbone/ (CPU: the small pair, GPU: ViT-B/16 and ResNet-50)")
    add("--precision", choices=PRECISIONS, help="default: 32-true on the CPU, bf16-mixed on a GPU")
    add("--mode", nargs="+", choices=MODES, help="of all: eager (default), compile, graphs (CUDA graphs)")
    add("--training-batch", nargs="+", type=int, metavar="N", help="images a step (CPU: 2, GPU: 32 128)")
    add("--scoring-batch", nargs="+", type=int, metavar="N", help="images at once (CPU: 1, GPU: 1 32)")
    add("--side", type=int, default=224, metavar="N", help="of training crops (224)")
    add("--image", nargs=2, type=int, default=[384, 512], metavar=("ROWS", "COLUMNS"), help="whole images (384 512)")
    add("--only", nargs="+", metavar="NAME", help=f"of {', '.join((*OWN, *PEERS))}; the bare trunk is always there")
    add("--rounds", type=int, metavar="N", help="turns that each takes at most (CPU: 5, GPU: 7)")
    add("--seconds", type=float, metavar="S", help="of one contestant in all its turns (6)")
    add("--set", nargs="+", metavar="KEY=VALUE", help="overrides of the config, such as model.width=512")
    add("--startup", action="store_true", help="also how long commands take to start")
    add("--startup-alone", action="store_true", help="that and nothing else")
    add("--quick", action="store_true", help="small batches, two short turns: to see whether it runs")
    add(
        "--output",
        type=Path,
        default=Path("outputs/bench"),
        metavar="DIR",
        help="for bench.json, bench.csv and the plot",
    )
    return parser


if __name__ == "__main__":
    main()
