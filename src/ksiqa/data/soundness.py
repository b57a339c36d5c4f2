"""What of a set can be used, seen before the first step: no training ends in its middle by a broken file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from ksiqa.data.image_cache import cache_folder
from ksiqa.data.image_index import ImageIndex
from ksiqa.data.image_source import Bad, FileImages, ImageSource, unequal
from ksiqa.data.known_file import Known
from ksiqa.data.look import look_over
from ksiqa.data.split_rules import Split
from ksiqa.data.transform import shrunk_size
from ksiqa.data.views import ScoringViews, TrainingViews
from ksiqa.errors import ImageError, choice

STOP, SKIP = "stop", "skip"
NAMED = 10  # bad images that an error names; ksiqa prepare names all
RESTORE, GO_ON = "restore them", "go on without them: data.on_bad_image=skip"


@dataclass(frozen=True, kw_only=True)
class Soundness:
    """How a set is looked over.

    Args:
        on_bad: ``stop`` or ``skip``.
        pixel_limit: more pixels than that are refused before they are decoded.
        workers: threads that read.
        cache: the folder in which it is kept what was looked at: no file is looked at twice.
    """

    on_bad: str
    pixel_limit: int
    workers: int
    cache: Path

    def __post_init__(self) -> None:
        choice(self.on_bad, allowed=(STOP, SKIP), name="data.on_bad_image")

    def of_split(
        self,
        split: Split,
        source: ImageSource,
        *,
        views: Mapping[str, TrainingViews | ScoringViews],
        short_side: int | None,
    ) -> tuple[Split, list[Bad]]:
        """Return the split without the rows that cannot be used, and these; they are among its ``unused`` rows.

        Args:
            split: of the source's rows.
            source: whose files are looked at.
            views: by part, those in which images must fit; a part without views is not looked at.
            short_side: to which larger images are made smaller, or None.

        Raises:
            ImageError: there are some, and they are not to be skipped; or nothing else is left of a part.
        """
        rows = [row for part in views for row in split.part(part)]
        size, wrong = self._sizes(source, rows, short_side=short_side)
        bad: dict[int, Bad] = {}
        for part, seen_by in views.items():
            for row in split.part(part):
                image = str(source.table.frame["image"].iloc[row])
                why = wrong.get(row) or too_small(image, size(row), seen_by, short_side=short_side)
                if why:
                    bad[row] = Bad(part, image, why)
        of_training = [row for row in bad if row not in wrong and "train" in views]  # only there a crop may be chosen
        small = [min(shrunk_size(size(row), short_side=short_side)) for row in of_training]
        cell = next(iter(views.values())).cell  # of one model
        fits = min(small, default=0) // cell * cell
        do = f"set data.crop to {fits} or less, which all of them hold" if fits and len(small) == len(bad) else RESTORE
        self.settle(list(bad.values()), of=len(rows), do=do)
        kept: dict[str, Any] = {part: tuple(row for row in split.part(part) if row not in bad) for part in views}
        for part, left in kept.items():
            if split.part(part) and not left:
                raise refused(list(bad.values()), of=len(rows), do=f"{do}: none is left to {part} on")
        return replace(split, **kept, unused=tuple(sorted((*split.unused, *bad)))), list(bad.values())

    def of_photographs(
        self, files: Sequence[Path], *, name: str, size: tuple[int, int] | None
    ) -> tuple[list[Path], list[Bad]]:
        """Return the photographs that can be read and hold a cut of ``size`` (height, width), and the others.

        Raises:
            ImageError: there are such, and they are not to be skipped.
        """
        names = [str(file) for file in files]
        known, wrong = self.look(names, names, name=name, short_side=None) if names else ({}, {})
        for file, one in known.items():
            if size is not None and (one.height < size[0] or one.width < size[1]):
                wrong[file] = f"{file} of {one.width}x{one.height}, of which data.size wants {size[1]}x{size[0]}"
        bad = [Bad("photographs", file, why) for file, why in wrong.items()]
        self.settle(bad, of=len(files))
        return [file for file in files if str(file) not in wrong], bad

    def settle(self, bad: Sequence[Bad], *, of: int, do: str = RESTORE) -> None:
        """Stop because of bad images, or say that they are skipped.

        Args:
            bad: the images.
            of: how many were looked at.
            do: what one may do but skip them.

        Raises:
            ImageError: there are some, and they are not to be skipped.
        """
        if bad and self.on_bad == STOP:
            raise refused(bad, of=of, do=f"{do}, or {GO_ON}")
        if bad:
            text = f"{len(bad)} of {of} images cannot be used and are skipped; first {bad[0].why}"
            Console(stderr=True).print(text, soft_wrap=True, highlight=False, markup=False)

    def look(
        self, files: Sequence[str], all_files: Sequence[str], *, name: str, short_side: int | None
    ) -> tuple[dict[str, Known], dict[str, str]]:
        """Look at files of a set; see ``look_over``."""
        folder = cache_folder(all_files, name=name, short_side=short_side, cache=self.cache)
        return look_over(
            files,
            index=ImageIndex(folder),
            short_side=short_side,
            limit=0,
            workers=self.workers,
            description=f"looking at {name}, once",
            pixel_limit=self.pixel_limit,
        )

    def _sizes(
        self, source: ImageSource, rows: Sequence[int], *, short_side: int | None
    ) -> tuple[Callable[[int], tuple[int, int]], dict[int, str]]:
        """Return how large the images of rows are, and what is wrong with those of files that cannot be used."""
        if not isinstance(source, FileImages):
            return source.size, {}
        table = source.table
        frame = table.frame.iloc[list(rows)]
        files = list(dict.fromkeys([*frame["image"], *frame["reference"].dropna()]))
        known, broken = self.look(files, table.files, name=table.facts.name, short_side=short_side)
        images = list(table.frame["image"])
        pairs = zip(rows, frame["image"], frame["reference"], strict=True)
        wrong = {row: why for row, *pair in pairs if (why := what_is_wrong(*pair, known=known, broken=broken))}
        return lambda row: (known[images[row]].height, known[images[row]].width), wrong


def what_is_wrong(
    image: str, reference: str | None, *, known: Mapping[str, Known], broken: Mapping[str, str]
) -> str | None:
    """Return why an image and its reference cannot be used, or None."""
    files = [image] if reference is None else [image, reference]
    for file in files:
        if file in broken:
            return broken[file]
    sizes = [(known[file].height, known[file].width) for file in files if file in known]
    if reference is not None and len(set(sizes)) > 1:
        error = unequal(image, sizes[0], reference, sizes[1])
        return f"{error.found}; {error.do}"
    return None


def too_small(
    image: str, size: tuple[int, int], views: TrainingViews | ScoringViews, *, short_side: int | None
) -> str | None:
    """Return that an image of (height, width) does not hold the views, or None."""
    try:
        views.crops(shrunk_size(size, short_side=short_side), np.random.default_rng(0))
    except ImageError as error:
        return f"{image}: {error.found} where {error.expected} are wanted; {error.do}"
    return None


def refused(bad: Sequence[Bad], *, of: int, do: str) -> ImageError:
    """Return the error that lists bad images."""
    lines = [f"{one.part}: {one.why}" for one in bad[:NAMED]]
    more = [f"and {len(bad) - NAMED} more"] if len(bad) > NAMED else []
    return ImageError(
        found="\n  ".join([f"{len(bad)} of {of} images that cannot be used", *lines, *more]),
        expected="images that can be read, as large as the crops (ksiqa prepare names each that cannot)",
        do=do,
    )
