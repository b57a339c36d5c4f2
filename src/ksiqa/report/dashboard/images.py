"""The images of a page: each once, under a number, with a thumbnail while there is room."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jaxtyping import UInt8
from numpy import ndarray

from ksiqa.errors import KsiqaError
from ksiqa.report.dashboard.found import name_of, pixels_of
from ksiqa.report.page.document import one_line
from ksiqa.report.page.picture import SIDE, few_cells, small_picture
from ksiqa.report.table.run import Run

if TYPE_CHECKING:
    from ksiqa.report.dashboard.clouds import Cloud

BESIDE = 96  # pixels of the longer side of thumbnails that are shown beside a plot


class Images:
    """Numbers images and holds their thumbnails.

    Args:
        budget: bytes of thumbnails and maps; when they are used up, further images have none.
    """

    def __init__(self, *, budget: int) -> None:
        self._left, self._full = budget, 0
        self._numbers: dict[tuple[str, str], int] = {}
        self._names: list[str] = []
        self._pictures: dict[int, dict[str, Any] | None] = {}
        self._lost: dict[int, str] = {}
        self._broken: dict[int, str] = {}
        self._unmapped: dict[int, str] = {}

    def number(self, run: Run, image: str) -> int:
        """Return the number of an image, a new one where it has none yet: by set and name."""
        key = (str(run.results["data"]), image)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._names.append(one_line(name_of(run, image)))
        return self._numbers[key]

    @property
    def has_room(self) -> bool:
        """Whether there is room for another thumbnail or map."""
        return self._left > 0

    def pixels(self, run: Run, image: str) -> UInt8[ndarray, "height width 3"] | None:
        """Return an image's pixels; None, and a note, where they cannot be had."""
        try:
            found = pixels_of(run, image)
        except (KsiqaError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:  # configs are anybody's
            self._broken[self.number(run, image)] = error.found if isinstance(error, KsiqaError) else repr(error)
            return None
        if found is None:
            self._lost[self.number(run, image)] = image
        return found

    def show(self, run: Run, image: str, *, side: int = SIDE) -> None:
        """Hold an image's thumbnail if there is room for it."""
        number = self.number(run, image)
        if number in self._pictures:
            return
        pixels = self.pixels(run, image) if self.has_room else None
        self._full += not self.has_room
        picture = None if pixels is None else small_picture(pixels, side=side)
        self._left -= 0 if picture is None else len(picture["thumbnail"])
        self._pictures[number] = picture

    def map(self, quality_map: Any) -> dict[str, Any]:
        """Return a map as a page holds it; it takes of the room: see ``has_room`` before."""
        held = few_cells(quality_map)
        self._left -= len(held["values"])
        return held

    def without_map(self, run: Run, image: str, *, cause: KsiqaError) -> None:
        """Note why the run's model made no map of an image."""
        self._unmapped[self.number(run, image)] = cause.found

    def fill(self, clouds: Sequence["Cloud"]) -> None:
        """Hold thumbnails of the points that are drawn, those of the largest errors first."""
        points = [
            (abs(error), cloud.runs[run], image)
            for cloud in clouds
            for error, run, image in zip(*(cloud.drawn[name] for name in ("error", "run", "image")), strict=True)
        ]
        for _, run, image in sorted(points, key=lambda point: -point[0]):
            self.show(run, image, side=BESIDE)

    def notes(self, *, full: bool) -> list[str]:
        """Return what is missing.

        Args:
            full: name paths, and what was found there: for the terminal, not for a page that is handed on.
        """
        told = {
            f"{len(self._lost)} images have no picture: they are neither where predictions.csv says nor below the "
            "data's root in config.yaml": self._lost,
            f"{len(self._broken)} images cannot be read": self._broken,
            f"{len(self._unmapped)} images have no quality map": self._unmapped,
        }
        firsts = [(note, *next(iter(causes.items()))) for note, causes in told.items() if causes]
        notes = [f"{note}; first {one_line(cause) if full else self._names[at]}." for note, at, cause in firsts]
        used = f"{self._full} images have no picture: the room for pictures is used up, by those of larger errors."
        return [*notes, used] if self._full else notes

    def held(self) -> dict[str, Any]:
        """Return names by number, thumbnails, which images are lost or broken, and notes; nothing is a path of the
        machine."""
        pictures = {number: picture for number, picture in self._pictures.items() if picture}
        missing = {"image not found": list(self._lost), "image cannot be read": list(self._broken)}
        return {"names": self._names, "pictures": pictures, "missing": missing, "notes": self.notes(full=False)}
