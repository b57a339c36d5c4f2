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
        self.found, self.expected, self.do = found, expected, do
        super().__init__(f"found: {found}\nexpected: {expected}\ndo: {do}")


class ConfigError(KsiqaError):
    """A config value or key that has no meaning."""


class FolderInUseError(KsiqaError):
    """A run's folder, named by ``found``, that another process is at work in."""


class StoppedError(KsiqaError):
    """A training that a signal ended, with its state saved."""

    def __init__(self, text: str = "", *, status: int = 128 + SIGTERM, **parts: str) -> None:
        super().__init__(text, **parts)
        self.status = status


class LostProcessError(KsiqaError):
    """A training by several processes, one of which is gone."""

    status = 1


class NotFiniteError(KsiqaError):
    """A loss that is NaN or infinite; ``rows`` are those of the step's images, by source."""

    rows: Mapping[str, Sequence[int]] = MappingProxyType({})


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


def whole_number(value: object, *, least: int, name: str) -> int:
    """Return ``value`` if it is a whole number of at least ``least``.

    Raises:
        ConfigError: it is not.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        expected = f"a whole number of {least} or more"
    elif value < least:
        expected = f"{least} or more"
    else:
        return value
    raise ConfigError(found=f"{name}={value}", expected=expected, do=f"set {name}={least}")
