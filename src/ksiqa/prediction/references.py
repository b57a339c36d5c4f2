"""A folder of references: which of them belongs to an image."""

from collections import defaultdict
from pathlib import Path, PurePath

from ksiqa.data.image_file import images_in
from ksiqa.errors import ImageError


class ReferenceFolder:
    """References by name: of the same path below their folder, else the same but for its ending, else the same stem."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._by_name = [defaultdict[str, list[str]](list) for _ in _names(PurePath("any"))]
        for file in images_in(folder):
            for known, name in zip(self._by_name, _names(file.relative_to(folder)), strict=True):
                known[name].append(str(file))

    def of(self, image: str, folder: str) -> Path:
        """Return the reference of an image that was found from a folder.

        Raises:
            ImageError: there is none, or more than one.
        """
        relative = PurePath(image).relative_to(folder)
        for known, name in zip(self._by_name, _names(relative), strict=True):
            if name in known:
                found = known[name]
                break
        else:
            found = []
        if len(found) != 1:
            many = f"{len(found)} references for {image}: {', '.join(found[:3])}"
            raise ImageError(
                found=many if found else f"no reference for {image} in {self.folder}",
                expected="one of the same path or, where none is, one of the same name without its ending",
                do="name the references as the images are",
            )
        return Path(found[0])


def _names(relative: PurePath) -> tuple[str, str, str]:
    return str(relative), str(relative.with_suffix("")), relative.stem
