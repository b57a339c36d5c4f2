"""Files as they are read, in the order asked for, by as many processes as are wanted."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset

from ksiqa.data.image_file import read_image
from ksiqa.data.transform import Pixels
from ksiqa.errors import ImageError
from ksiqa.prediction.references import ReferenceFolder
from ksiqa.stopping import deaf


class Photograph(NamedTuple):
    """A file's pixels, and those of its own reference if it has one; or why there are none."""

    path: str
    pixels: Pixels | None
    reference: Pixels | None
    error: str


class Photographs(Dataset[Photograph]):
    """Files, each with the folder from which it was found; nothing of them is held."""

    def __init__(
        self, files: Sequence[tuple[str, str]], *, references: ReferenceFolder | None, pixel_limit: int
    ) -> None:
        self.files, self.references, self.pixel_limit = files, references, pixel_limit

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> Photograph:
        """Read a file."""
        path, folder = self.files[place]
        try:
            beside = None if self.references is None else _read(self.references.of(path, folder), self.pixel_limit)
            return Photograph(path, _read(path, self.pixel_limit), beside, "")
        except ImageError as error:
            return Photograph(path, None, None, said(error))
        except (OSError, MemoryError) as error:  # it may be sound: a row that has an error is tried again
            return Photograph(path, None, None, f"{path}: {error or type(error).__name__}; look at the machine")


def photographs(dataset: Photographs, *, workers: int) -> Generator[Photograph, None, None]:
    """Read all files in their order, some ahead. Close the generator: its processes end with it, and not before.

    Pixels come through pipes and not through shared memory, of which containers have little.
    """
    loader = DataLoader(
        dataset,
        batch_size=None,
        num_workers=workers,
        collate_fn=_as_it_is,
        worker_init_fn=deaf,
        generator=torch.Generator(),  # a DataLoader draws a seed for its workers
    )
    read: Any = iter(loader)
    try:
        yield from read
    finally:
        if workers:  # which else wait for torch to let go of ``read``: an error on its way out holds it
            read._shutdown_workers()


def said(error: ImageError) -> str:
    """Return what a row says of an error, in a line."""
    return " ".join(f"{error.found}; {error.do}".splitlines())


def _read(path: Path | str, pixel_limit: int) -> Pixels:
    return read_image(Path(path), pixel_limit=pixel_limit)


def _as_it_is(one: Any) -> Any:
    return one
