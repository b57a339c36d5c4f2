"""What values read from a file of unknown origin must be: forms, put together from smaller ones."""

import reprlib
from collections.abc import Callable, Mapping
from typing import Any

Form = Callable[[Any, str], None]
"""Takes a value and its place in the file; raises ValueError where such a value does not belong there."""


def one(words: str, fits: Callable[[Any], bool]) -> Form:
    """Return the form of single values that ``fits``; ``words`` say which these are."""

    def form(value: Any, place: str) -> None:
        if not fits(value):
            raise ValueError(f"{place}={reprlib.repr(value)}, where {words} belongs")

    return form


def whole(least: int, most: int) -> Form:
    """Return the form of whole numbers in bounds; true and 8.0 are none."""
    return one(f"a whole number from {least} to {most}", lambda value: type(value) is int and least <= value <= most)


def keys(forms: Mapping[str, Form], *, may_lack: bool = False) -> Form:
    """Return the form of mappings with these keys and no other."""

    def form(value: Any, place: str) -> None:
        MAPPING(value, place)
        wrong = [f"{_at(place, key)} unknown" for key in value if key not in forms]
        wrong += [f"{_at(place, key)} missing" for key in forms if key not in value and not may_lack]
        if wrong:
            raise ValueError(wrong[0])
        for key, inner in value.items():
            forms[key](inner, _at(place, key))

    return form


def mapping_of(form: Form) -> Form:
    """Return the form of mappings, from any names, of values of a form."""

    def whole_mapping(value: Any, place: str) -> None:
        MAPPING(value, place)
        for key, inner in value.items():
            form(inner, _at(place, key))

    return whole_mapping


def list_of(form: Form) -> Form:
    """Return the form of lists of values of a form."""

    def whole_list(value: Any, place: str) -> None:
        LIST(value, place)
        for number, inner in enumerate(value):
            form(inner, f"{place}[{number}]")

    return whole_list


def or_null(form: Form) -> Form:
    """Return the form of what may be null."""
    return lambda value, place: None if value is None else form(value, place)


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


TEXT = one("a text", lambda value: isinstance(value, str))
TRUTH = one("true or false", lambda value: isinstance(value, bool))
NUMBER = one("a number", lambda value: type(value) in (int, float) and abs(value) < 1e9)  # neither NaN nor infinite
MAPPING = one("a mapping", lambda value: isinstance(value, dict))
LIST = one("a list", lambda value: isinstance(value, list))
