"""Sources of images by kind, as ``conf/data`` names them: released sets, one's own table, photographs as pairs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ksiqa.data.image_cache import decoded_reader
from ksiqa.data.image_source import FileImages
from ksiqa.data.labels import photographs_of, released_labels, table_labels
from ksiqa.data.loader import readers
from ksiqa.data.soundness import Soundness
from ksiqa.data.synthetic.demo_photographs import demo_photographs
from ksiqa.data.synthetic.families import FAMILIES
from ksiqa.data.synthetic.synthetic_images import SyntheticImages
from ksiqa.data.table import LabelTable


def released(
    *, name: str, root: str | None, allow_missing: bool, keep_in_memory: bool, short_side: int | None, cache: str
) -> FileImages:
    """Return a released set from the folder that its authors' archive unpacks to (or that folder's parent).

    Raises:
        DatasetError: no root was given, or what lies there is not as released.
    """
    table = released_labels(name=name, root=root, allow_missing=allow_missing)
    return _files(table, keep_in_memory=keep_in_memory, short_side=short_side, cache=cache)


def table(*, keep_in_memory: bool, short_side: int | None, cache: str, **told: Any) -> FileImages:
    """Return the images that a user's own CSV names; ``told`` is what ``table_labels`` wants.

    Raises:
        DatasetError: the file, its scale or its direction was not told, or the file is not as told.
    """
    return _files(table_labels(**told), keep_in_memory=keep_in_memory, short_side=short_side, cache=cache)


def synthetic(
    *,
    name: str,
    root: str | None,
    families: Sequence[str] | None,
    levels: Sequence[int],
    size: Sequence[int] | None,
    pristine: bool,
    seed: int,
    cache: str,
    keep_in_memory: bool,
    on_bad_image: str,
    pixel_limit: int,
    workers: int | None,
) -> SyntheticImages:
    """Return synthetic pairs made from a folder of photographs, or from the demo's (``name: demo``).

    Args:
        name: the source's name.
        root: the folder; none for the demo.
        families: of distortions; None takes all that training may see.
        levels: of 1 to 5.
        size: height and width cut at each photograph's centre, or None.
        pristine: whether a photograph with itself is a pair, too.
        seed: of the distortions' random parts.
        cache: folder that keeps the measures behind the pseudo-scores.
        keep_in_memory: hold each rendered image.
        on_bad_image, pixel_limit: see ``Soundness``.
        workers: see ``readers``.

    Raises:
        DatasetError: no folder was given, or no photograph is in it.
        ImageError: photographs that cannot be read are not to be skipped.
    """
    files = photographs_of(name=name, root=root)
    home = Path(cache).expanduser()
    look = Soundness(on_bad=on_bad_image, pixel_limit=pixel_limit, workers=readers(workers), cache=home)
    cut = None if size is None else (size[0], size[1])
    files, bad = look.of_photographs(files, name=name, size=cut)
    return SyntheticImages(
        name=name,
        photographs=demo_photographs() if root is None else files,
        families=list(FAMILIES) if families is None else families,
        levels=levels,
        size=cut,
        pristine=pristine,
        seed=seed,
        cache=home,
        keep_in_memory=keep_in_memory,
        bad=bad,
    )


def _files(table: LabelTable, *, keep_in_memory: bool, short_side: int | None, cache: str) -> FileImages:
    """Return a table's images, decoded already where ``ksiqa prepare`` has been there."""
    read = decoded_reader(table, cache=Path(cache).expanduser(), short_side=short_side)
    return FileImages(table, keep=keep_in_memory, read=read)
