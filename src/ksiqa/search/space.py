"""The settings that a search looks among, as a config tells them."""

from collections.abc import Mapping
from math import isfinite
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
        ConfigError: a value without a list of values or the two ends of a range, or ends between which nothing lies.
    """
    found: Space = {}
    for key, value in space.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and isinstance(value.get("values"), list) and value["values"]:
            found[name] = value["values"]  # also over a range: an override takes no key away
        elif isinstance(value, Mapping) and "low" in value:
            found[name] = _range(name, value)
        elif isinstance(value, Mapping):
            found |= ranges(value, prefix=f"{name}.")
        elif value is not None:
            raise _no_range(name, value)
    return found


def _range(name: str, value: Mapping[str, Any]) -> Range:
    try:
        one = Range(**value)
    except TypeError as error:
        raise _no_range(name, value) from error
    numbers = all(type(end) in (int, float) and isfinite(end) for end in (one.low, one.high))
    if not numbers or one.low > one.high:
        raise ConfigError(
            found=f"search.space.{name}={value}",
            expected="two finite numbers, low no larger than high",
            do=f"set search.space.{name}.low and search.space.{name}.high to such numbers",
        )
    if one.log and one.low <= 0:
        raise ConfigError(
            found=f"search.space.{name}={value}",
            expected="a low above 0: with log: true steps are even in the logarithm",
            do=f"set search.space.{name}.low to a number above 0, or search.space.{name}.log=false",
        )
    return one


def _no_range(name: str, value: object) -> ConfigError:
    return ConfigError(
        found=f"search.space.{name}={value}",
        expected="{low: A, high: B} with log: true or without, or {values: [A, B]}; null leaves the key alone",
        do=f"set search.space.{name} to one of these",
    )
