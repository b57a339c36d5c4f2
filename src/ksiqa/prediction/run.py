"""Scoring files, to the terminal or to an output that can be gone on with."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from ksiqa.data.image_file import read_image
from ksiqa.data.transform import Pixels
from ksiqa.errors import ImageError
from ksiqa.prediction.kept import failures, left_to_score, opened_rows, start_of
from ksiqa.prediction.parquet_rows import ParquetRows
from ksiqa.prediction.rows import MADE_BY, Row
from ksiqa.prediction.show import show
from ksiqa.prediction.work import Scored, Scoring, Work


def scored_files(scoring: Scoring, files: Sequence[tuple[str, str]]) -> Generator[Scored, None, None]:
    """Score files in their order, and write the maps that are asked for; see ``photographs``."""
    with closing(scoring.groups(files)) as groups:
        in_turn = (one for group in groups for one in scoring.scored(group))
        for one in track(in_turn, description="scoring", total=len(files), transient=True):
            if scoring.work.maps is not None:
                from ksiqa.prediction.maps import write_map  # matplotlib takes its time

                write_map(one, scoring)
            yield one


def to_terminal(files: Mapping[str, str], work: Work, *, report: Path | None) -> bool:
    """Score files and print a table, also of what was scored before an error; tell whether a file failed."""
    scoring, rows = Scoring(work, with_maps=report is not None), list[Row]()
    try:
        with _page(report) as add_to_page, closing(scored_files(scoring, list(files.items()))) as scored:
            for one in scored:
                rows.append(one.row)
                add_to_page(one.row, pixels=one.pixels, quality_map=one.quality_map)
    finally:
        if rows:
            show(rows)
    return any(row["error"] for row in rows)


def to_output(files: Mapping[str, str], work: Work, output: Path, *, devices: int, report: Path | None) -> bool:
    """Score the files that have no score in an output yet, and print a summary; tell whether a file failed.

    Raises:
        ConfigError: the output holds something else.
        FolderInUseError: another process writes to it.
    """
    rows = opened_rows(output, with_reference=work.reference is not None)
    with rows.alone():
        scoring = Scoring(work, with_maps=report is not None)
        made_by = scoring.made_by(start=start_of(files, output))
        left = left_to_score(rows, files, made_by=made_by)
        before = len(files) - len(left)
        with _page(report) as add_to_page:
            if isinstance(rows, ParquetRows) and devices > 1 and left:
                from ksiqa.prediction.several import score_by_several

                score_by_several(work, left, rows, made_by=made_by, devices=devices)
                left = []
            for row in rows.read() if report is not None else ():
                add_to_page(row, pixels=_pixels(row, work), quality_map=None)
            with rows.adding() as add, closing(scored_files(scoring, left)) as scored:
                for one in scored:
                    add({**one.row, MADE_BY: made_by})
                    add_to_page(one.row, pixels=one.pixels, quality_map=one.quality_map)
        failed = failures(rows, files)
    said = [
        f"{len(files) - before - failed} scored",
        f"{failed} failed (column error; the same command tries them again)" if failed else "",
    ]
    said += [f"{before} were scored before" if before else ""]
    Console().print(f"{', '.join(filter(None, said))}: {output}", soft_wrap=True, markup=False)
    if report is not None and before:
        text = f"{report} has no quality maps of what was scored before; scored anew, to another --output, it has all"
        Console().print(text, soft_wrap=True, markup=False)
    return failed > 0


@contextmanager
def _page(report: Path | None) -> Iterator[Callable[..., None]]:
    """Give what adds an image to the report, if there is to be one."""
    if report is None:
        yield _nothing
        return
    from ksiqa.report.page import Page

    with Page(report, title="Image quality") as page:
        yield page.add


def _nothing(row: Row, **_pictures: Any) -> None:
    del row


def _pixels(row: Row, work: Work) -> Pixels | None:
    """Read a row's image again."""
    try:
        return read_image(Path(row["image"]), pixel_limit=work.pixel_limit)
    except (ImageError, MemoryError, OSError):
        return None
