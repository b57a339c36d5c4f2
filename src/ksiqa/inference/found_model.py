"""Which model is meant: the one that comes with the package, a folder, or one of the Hugging Face hub."""

import re
from pathlib import Path

from ksiqa.errors import ModelFolderError
from ksiqa.files import at_home
from ksiqa.inference.hub_download import downloaded
from ksiqa.inference.model_folder import CONFIG

SHIPPED = Path(__file__).parents[1] / "shipped"  # of the package
PART = r"\w[\w.-]{0,95}"
ON_HUB = re.compile(rf"(?P<name>(?P<owner>{PART})/{PART})(@(?P<revision>(?!.*\.\.)\w[\w./-]{{0,254}}))?", re.ASCII)
WAYS = (
    "the folder of a model (or of the run that trained it), owner/name of one on the hub, or shipped: the package's own"
)


def model_folder(model: Path | str | None, *, shipped: Path = SHIPPED) -> Path:
    """Return the folder of the model that is meant.

    Args:
        model: None, or ``shipped``, is the one that comes with the package. A folder is itself; a run's, which has
            ``model/`` in it, that. ``owner/name`` or ``owner/name@revision`` is fetched from the Hugging Face hub,
            unless there is a folder ``owner`` here: then it is the path of a folder that is missing, and no network is
            asked.
        shipped: the package's own.

    Raises:
        ModelFolderError: none of these is there.
        HubError: the hub has no such model, or does not answer and none is cached.
    """
    if model is None or str(model) == SHIPPED.name:
        if not (shipped / CONFIG).is_file():
            raise ModelFolderError(
                found="an installation of ksiqa without its model",
                expected=f"a model in {shipped}",
                do="name a model: the model/ folder of a run, or owner/name on the hub",
            )
        return shipped
    folder = at_home(model)
    if folder.is_dir():
        inner = folder / "model"
        return inner if not (folder / CONFIG).is_file() and inner.is_dir() else folder
    asked = ON_HUB.fullmatch(str(model))
    if asked is None or folder.exists() or Path(asked["owner"]).exists():
        raise ModelFolderError(
            found=f"{model}, which is {'a file' if folder.exists() else 'no folder'}",
            expected=WAYS,
            do="look at the path: a model is the model/ folder that a training run printed at its end",
        )
    return downloaded(asked["name"], revision=asked["revision"])


def model_name(model: str, folder: Path) -> str:
    """Return what a model is called wherever one is: ``shipped``, the name on the hub by which it was fetched, or an
    absolute path.

    Args:
        model: as it was asked for.
        folder: what ``model_folder`` returned.
    """
    if folder == SHIPPED:
        return SHIPPED.name
    return str(folder.absolute()) if at_home(model).is_dir() else model
