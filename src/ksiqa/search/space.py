"""The settings that a search looks among, as a config tells them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ksiqa.errors import ConfigError


class Range(NamedTuple):
    """Numbers to look among, whole ones where both ends are."""

    low: float
    high: float
    log: bool = False


Space = dict[str, Range | list[Any]]  # by dotted keys of the config; a list holds values to choose from


def ranges(space: Mapping[str, Any], *, prefix: str = "") -> Space:
    """Return a config's space by dotted keys.

    Raises:
        ConfigError: a value without a list of values or the two ends of a range.
    """
    found: Space = {}
    for key, value in space.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and isinstance(value.get("values"), list) and value["values"]:
            found[name] = value["values"]  # also over a range: an override takes no key away
        elif isinstance(value, Mapping) and "low" in value:
            try:
                found[name] = Range(**value)
            except TypeError as error:
                raise _no_range(name, value) from error
        elif isinstance(value, Mapping):
            found |= ranges(value, prefix=f"{name}.")
        elif value is not None:
            raise _no_range(name, value)
    return found


def _no_range(name: str, value: object) -> ConfigError:
    return ConfigError(
        found=f"search.space.{name}={value}",
        expected="{low: A, high: B} with log: true or without, or {values: [A, B]}; null leaves the key alone",
        do=f"set search.space.{name} to one of these",
    )
