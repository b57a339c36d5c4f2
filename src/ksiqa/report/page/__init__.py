"""One HTML page of scored photographs. It opens from the disk, and a browser is forbidden to ask a network for it.

The folder's other files are put into it: ``page.html``, the styles, and the scripts, which draw what the page holds
as data. An image takes about 10 kB of the page, whatever its own size.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from jaxtyping import Float32, UInt8
from numpy import ndarray

from ksiqa.errors import printable
from ksiqa.files import write_whole
from ksiqa.report.page.document import begun, held, one_line
from ksiqa.report.page.picture import few_cells, small_picture

HERE = Path(__file__).parent
SCRIPTS = tuple(HERE / name for name in ("rows.js", "histogram.js", "card.js", "page.js"))
SHOWN = ("score", "score_raw", "scale", "low", "high", "nr_score")  # of a row, beside its image and error


class Page:
    """Writes the page, one image after the other, each onto the disk at once: memory does not grow with their number.

    The file is put in its place whole at the end of the ``with`` block; where an error ends that, the old file stays.
    """

    def __init__(self, path: Path, *, title: str) -> None:
        self.path, self.title = path, title
        self._file: IO[bytes]
        self._open = ExitStack()

    def __enter__(self) -> "Page":
        """Begin the page.

        Raises:
            StorageError: it cannot be written there.
        """
        self._file = self._open.enter_context(write_whole(self.path, "wb"))
        head = begun(HERE / "page.html", title=self.title, styles=[HERE / "page.css"], scripts=SCRIPTS)
        self._file.write(head)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return self._open.__exit__(kind, error, traceback)

    def add(
        self,
        row: Mapping[str, Any],
        *,
        pixels: UInt8[ndarray, "height width 3"] | None,
        quality_map: Float32[ndarray, "rows columns"] | None,
    ) -> None:
        """Add an image.

        Args:
            row: ``image`` (its name), ``error`` (empty or None where it was scored) and, as far as known, what
                ``ImageScore`` says: ``score``, ``low``, ``high`` in [0, 1], ``score_raw``, ``scale``; also
                ``nr_score``, the score without its reference.
            pixels: of the image, to make its thumbnail from; None shows none.
            quality_map: in [0, 1], of the whole image; laid over the thumbnail.
        """
        shown: dict[str, Any] = {"image": one_line(str(row["image"])), "error": printable(str(row.get("error") or ""))}
        shown |= {name: row[name] for name in SHOWN if row.get(name) is not None}
        if pixels is not None:
            shown |= small_picture(pixels)
        if quality_map is not None:
            shown |= {"map": few_cells(quality_map)}
        self._file.write(held(shown))
