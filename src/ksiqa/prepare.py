"""``python -m ksiqa.prepare data=NAME data.root=FOLDER``: look a dataset over before training on it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ksiqa.command import hydra_command

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from ksiqa.data.image_source import ImageSource

SHOWN = 6  # images at either end of the scale
FAILED = 1  # exit status where an image could not be read; 2 is a command that could not be run


def main(arguments: list[str] | None = None) -> None:
    """Run the command; the exit status is 1 where an image could not be read."""
    hydra_command("prepare", prepare, sys.argv[1:] if arguments is None else arguments)


def prepare(config: "DictConfig", folder: Path) -> None:
    """Print a set's facts, read every image of it, and write a sheet of its lowest and highest scored ones."""
    from rich.console import Console
    from rich.markup import escape

    from ksiqa import build

    console = Console()
    source = build.image_source(config.data)
    for name, fact in facts_of(source).items():
        console.print(f"[bold]{name}[/bold]: {escape(fact)}", soft_wrap=True, highlight=False)
    broken = unreadable(source, workers=config.data.workers)
    for row, text in broken.items():
        console.print(f"row {row}: {escape(text)}", soft_wrap=True, highlight=False, style="red")
    console.print(f"{len(source.table) - len(broken)} of {len(source.table)} rows can be read")
    write_sheet(source, folder / "contact_sheet.png", leave_out=set(broken))
    console.print(f"contact sheet: {folder / 'contact_sheet.png'}", soft_wrap=True)
    if broken:
        raise SystemExit(FAILED)


def facts_of(source: "ImageSource") -> dict[str, str]:
    """Return what is known of a set, for people."""
    table, facts = source.table, source.table.facts
    references, raw = table.frame["reference"], table.frame["raw"]
    lacking = {
        "images not there": table.missing,
        "references not there": table.missing_references,
        "rows missing in the label file": table.unlisted,
    }
    return {
        "title": facts.title,
        "rows": str(len(table)),
        **{name: str(count) for name, count in lacking.items() if count},
        "references": str(references.nunique()) if references.notna().any() else "none",
        "contents": str(len(set(table.contents))),
        "label": f"{facts.label} from {facts.low:g} to {facts.high:g}, "
        f"{'higher' if facts.higher_is_better else 'lower'} is better; here {raw.min():g} to {raw.max():g}",
        "licence": facts.licence or "not known",
        "citation": facts.citation or "not known",
        "home page": facts.home_page or "not known",
    }


def unreadable(source: "ImageSource", *, workers: int) -> dict[int, str]:
    """Read each row's image and its reference; return what is wrong with those that cannot be read, by row."""
    from concurrent.futures import ThreadPoolExecutor

    from rich.progress import track

    from ksiqa.errors import ImageError

    def problem(row: int) -> str | None:
        try:
            source.load(row)
        except ImageError as error:
            return f"{error.found}; {error.do}"
        return None

    rows = range(len(source.table))
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:  # decoding lets other threads run
        found = track(pool.map(problem, rows), description="reading", total=len(rows), transient=True)
        return {row: text for row, text in enumerate(found) if text is not None}


def write_sheet(source: "ImageSource", file: Path, *, leave_out: set[int]) -> None:
    """Write the picture of the lowest and the highest scored images that can be read."""
    from ksiqa.report.contact_sheet import Tile, contact_sheet

    facts, frame = source.table.facts, source.table.frame
    order: list[Any] = [row for row in source.table.scores.argsort(kind="stable").tolist() if row not in leave_out]

    def tiles(rows: list[Any]) -> list[Tile]:
        return [
            Tile(
                source.load(row).distorted,
                f"{facts.label} {frame['raw'].iloc[row]:.4g}",
                Path(frame["image"].iloc[row]).name,
            )
            for row in rows
        ]

    file.parent.mkdir(parents=True, exist_ok=True)
    lowest, highest = order[:SHOWN], order[SHOWN:][-SHOWN:][::-1]  # of a tiny set, none in both
    contact_sheet(file, title=facts.title, rows={"lowest scores": tiles(lowest), "highest scores": tiles(highest)})


if __name__ == "__main__":
    main()
