"""Every error that bad input can cause: what was found, what was expected, what to do."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from signal import SIGTERM
from types import MappingProxyType


class KsiqaError(Exception):
    """Something the user can mend. The text always has three parts: found, expected, do.

    ``text`` stands for all three where an error comes back from another process: pickle, and torch's DataLoader (with
    a traceback in front of it), build it anew from its message alone.
    """

    status = 2  # of a command that it ends

    def __init__(self, text: str = "", *, found: str = "", expected: str = "", do: str = "") -> None:
        if text:
            parts = re.fullmatch(r".*found: (.*?)\nexpected: (.*?)\ndo: (.*)", text.strip(), re.DOTALL)
            found, expected, do = parts.groups() if parts else (text, "", "")
        self.found, self.expected, self.do = (printable(part) for part in (found, expected, do))
        super().__init__(f"found: {self.found}\nexpected: {self.expected}\ndo: {self.do}")


class ConfigError(KsiqaError):
    """A config value or key that has no meaning."""


class FolderInUseError(KsiqaError):
    """A run's folder, or a file of rows, named by ``found``, that another process is at work in."""


class StoppedError(KsiqaError):
    """Work that a signal ended, with what was done of it saved."""

    def __init__(self, text: str = "", *, status: int = 128 + SIGTERM, **parts: str) -> None:
        super().__init__(text, **parts)
        self.status = status


class LostProcessError(KsiqaError):
    """Work by several processes, one of which is gone."""

    status = 1


class NotFiniteError(KsiqaError):
    """A loss that is NaN or infinite; ``rows`` are those of the step's images, by source."""

    rows: Mapping[str, Sequence[int]] = MappingProxyType({})


class StorageError(KsiqaError):
    """A file that cannot be written: no room, no right to, no folder any more."""


class DatasetError(KsiqaError):
    """A dataset's folder, label file or row that is not as its authors released it."""


class ImageError(KsiqaError):
    """An image that cannot be read or does not fit the work asked of it."""


class SplitError(KsiqaError):
    """A split that leaves a part empty, or lets a content stand in two parts."""


class WeightsError(KsiqaError):
    """Pretrained weights that were asked for and cannot be had."""


class CheckpointError(KsiqaError):
    """Checkpoints of which none can be read."""


class ModelFolderError(KsiqaError):
    """A folder that does not hold a trained model, or one that does not match its config."""


class HubError(KsiqaError):
    """A model of the Hugging Face hub that cannot be fetched, or not be put there."""


class ExportError(KsiqaError):
    """An exported model that does not say what the model itself says."""


def told(error: KsiqaError) -> str:
    """Return what a command prints of an error."""
    return f"\n{type(error).__name__}\n{error}\n"


def choice(value: str, *, allowed: Iterable[str], name: str) -> str:
    """Return ``value`` if it is one of ``allowed``.

    Raises:
        ConfigError: it is not; the message names the nearest allowed value.
    """
    names = sorted(allowed)
    if value in names:
        return value
    near = get_close_matches(str(value), names, n=1)
    raise ConfigError(
        found=f"{name}={value}",
        expected=f"one of {', '.join(names)}",
        do=f"set {name}={near[0] if near else names[0]}" + (" (the nearest name)" if near else ""),
    )


def printable(text: str) -> str:
    """Return a text in which what would steer a terminal is spelled out: names may be anybody's."""
    return "".join(one if one.isprintable() or one in "\n\t" else ascii(one)[1:-1] for one in text)


def whole_number(value: object, *, least: int, most: int | None = None, name: str) -> int:
    """Return ``value`` if it is a whole number of at least ``least`` and no more than ``most``.

    Raises:
        ConfigError: it is not.
    """
    bounds = f"{least} or more" if most is None else f"{least} to {most}"
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(found=f"{name}={value}", expected=f"a whole number of {bounds}", do=f"set {name}={least}")
    if value < least or (most is not None and value > most):
        nearest = least if value < least else most
        raise ConfigError(found=f"{name}={value}", expected=bounds, do=f"set {name}={nearest}")
    return value
