"""Look at each file of a set once: digests, a thumbnail, and its decoded pixels for the cache.

What was looked at before is not looked at again while its file is the same; so a look that was cut off goes on.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import blake2b, file_digest
from pathlib import Path
from shutil import disk_usage

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ksiqa.data.image_cache import full_name
from ksiqa.data.image_checks import PIXEL_LIMIT
from ksiqa.data.image_file import read_image
from ksiqa.data.image_index import ImageIndex
from ksiqa.data.known_file import Known, Look, stamp
from ksiqa.data.likeness import thumbnail
from ksiqa.data.transform import shrunk, shrunk_size
from ksiqa.errors import ImageError

SPARE = 2**30  # bytes of the disk that decoded images leave free
AT_ONCE = 4  # images a worker decodes before all are written; a photograph of 12 megapixels takes 36 MB


def look_over(
    files: Sequence[str],
    *,
    index: ImageIndex,
    short_side: int | None,
    limit: int,
    workers: int,
    description: str,
    pixel_limit: int = PIXEL_LIMIT,
) -> tuple[dict[str, Known], dict[str, str]]:
    """Look at the files that the index does not know, several at once, and add them to it.

    Args:
        files: what to look at.
        index: where it is kept.
        short_side: to which the pixels that are kept are made small, or None.
        limit: bytes that the kept pixels may take; 0 keeps none.
        workers: threads.
        description: said beside the progress bar.
        pixel_limit: of an image; larger ones are not decoded.

    Returns:
        What is known of the files, and what is wrong with those that cannot be read, by name as in ``files``.
    """
    index.create()
    used, known = index.used(), index.known()
    limit = min(limit, used + max(0, disk_usage(index.folder).free - SPARE))
    names = {full_name(file): file for file in files}
    done = partial(_is_done, room=limit - used, pixel_limit=pixel_limit)
    new = [name for name, file in names.items() if not done(known.get(name), file)]
    look = partial(_look, short_side=short_side, keep=limit > 0, pixel_limit=pixel_limit)
    broken: dict[str, str] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    shown = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool, shown:  # decoding lets other threads run
        task = shown.add_task(description, total=len(names), completed=len(names) - len(new))
        step = AT_ONCE * max(1, workers)
        for at in range(0, len(new), step):
            found = dict(zip(new[at : at + step], pool.map(look, new[at : at + step]), strict=True))
            broken |= {names[name]: one for name, one in found.items() if isinstance(one, str)}
            index.add([one for one in found.values() if isinstance(one, Look)], limit=limit)
            shown.advance(task, len(found))
    return _of_files(index.known(), names, broken), broken


def _of_files(known: Mapping[str, Known], names: Mapping[str, str], broken: Mapping[str, str]) -> dict[str, Known]:
    return {file: known[name] for name, file in names.items() if file not in broken}


def _is_done(one: Known | None, file: str, *, room: int, pixel_limit: int) -> bool:
    """Tell whether a file has been looked at, as it is now, and its pixels are kept if there is room."""
    if one is None or one.height * one.width > pixel_limit:
        return False
    try:
        return stamp(file) == one.stamp and (one.place is not None or one.length > room)
    except ImageError:
        return False


def _look(name: str, *, short_side: int | None, keep: bool, pixel_limit: int) -> Look | str:
    """Return what is in a file, or what is wrong with it."""
    try:
        at_first = stamp(name)
        image = read_image(Path(name), pixel_limit=pixel_limit)
    except ImageError as error:
        return f"{error.found}; {error.do}"
    with Path(name).open("rb") as file:
        of_bytes = file_digest(file, "blake2b").hexdigest()
    kept_height, kept_width = shrunk_size(image.shape[:2], short_side=short_side)
    known = Known(
        name=name,
        stamp=at_first,
        height=image.shape[0],
        width=image.shape[1],
        of_bytes=of_bytes,
        of_pixels=blake2b(image.tobytes(), key=repr(image.shape).encode()).hexdigest(),
        kept_height=kept_height,
        kept_width=kept_width,
    )
    return Look(known, thumbnail(image), shrunk(image, short_side=short_side) if keep else None)
