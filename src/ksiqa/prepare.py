"""``python -m ksiqa.prepare data=NAME data.root=FOLDER``: look a dataset over, and decode it, before training on it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ksiqa.command import hydra_command

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from ksiqa.data.duplicates import Seen
    from ksiqa.data.pictures import Pictures

FAILED = 1  # exit status where images cannot be used or a picture leaks; 2 is a command that could not be run


def main(arguments: list[str] | None = None) -> None:
    """Run the command; the exit status is 1 where an image cannot be used or a picture leaks."""
    given = sys.argv[1:] if arguments is None else arguments
    hydra_command("prepare", prepare, given, meaning="Look a set over, and decode its images for training.")


def prepare(config: "DictConfig", folder: Path) -> None:
    """Print a set's facts, read and decode each image, look for pictures that stand twice, in the set or also in those
    beside it, and write a sheet of its lowest and highest scored images."""
    from ksiqa.sets import check_labels

    check_labels(config)  # before torch loads

    from rich.console import Console

    from ksiqa import build
    from ksiqa.data.image_source import FileImages
    from ksiqa.data.pictures import pictures_of
    from ksiqa.report.contact_sheet import extremes_sheet
    from ksiqa.report.set_report import SetReport

    others = build.pictures_beside(config.beside)  # first: their errors come before the work
    source = build.image_source(config.data)
    gib = config.cache_gib if isinstance(source, FileImages) else 0  # synthetic pairs are rendered anew each time
    report = SetReport(source.table, console=Console())
    report.tell_facts()
    seen, broken = look(pictures_of(source.table), config, short_side=config.data.short_side, gib=gib)
    wrong = report.tell_rows(seen.known, broken)
    report.tell_small(seen.known, views=build.training_views(config.data), short_side=config.data.short_side)
    report.tell_cache(seen, gib=gib)
    report.tell_duplicates(seen)
    for pictures in others:
        report.tell_beside(seen, *look(pictures, config, short_side=None, gib=0))
    extremes_sheet(source, folder / "contact_sheet.png", leave_out=wrong)
    report.say(f"contact sheet: {folder / 'contact_sheet.png'}")
    if report.problems:
        raise SystemExit(FAILED)


def look(
    pictures: "Pictures", config: "DictConfig", *, short_side: int | None, gib: float
) -> tuple["Seen", dict[str, str]]:
    """Look at all files of a set and keep ``gib`` of decoded images; return what was seen and what cannot be read."""
    from ksiqa.data.duplicates import Seen
    from ksiqa.data.image_cache import cache_folder
    from ksiqa.data.image_index import ImageIndex
    from ksiqa.data.loader import readers
    from ksiqa.data.look import look_over

    files = list(pictures.contents)
    cache = Path(config.cache).expanduser()
    index = ImageIndex(cache_folder(files, name=pictures.name, short_side=short_side, cache=cache))
    known, broken = look_over(
        files,
        index=index,
        short_side=short_side,
        limit=round(gib * 2**30),
        workers=readers(config.data.workers),
        description=f"reading {pictures.name}",
        pixel_limit=config.data.pixel_limit,
    )
    return Seen(pictures, known, index), broken


if __name__ == "__main__":
    main()
