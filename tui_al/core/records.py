"""Frozen records from JSON, for what the store keeps: events and decisions. Values that do not fit their fields are refused."""

import types
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

#: Whole numbers that a stored field may have: those of SQLite and of every other language.
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def record_of(cls: type[T], plain: Mapping[str, Any]) -> T:
    """The dataclass `cls` from plain values; lists become tuples, fields that this version does not know are left out.

    Raises:
        ValueError: a value does not fit its field; the message names both.
        TypeError: a field that must be there is missing.
    """
    hints = _hints(cls)  # type: ignore[arg-type]  # a class is hashable
    values = {key: _frozen(value) for key, value in plain.items() if key in hints}
    for name, value in values.items():
        if not fits(value, hints[name]):
            raise ValueError(f"{name} cannot be {_short(value)}")
    return cls(**values)


def fits(value: object, hint: Any) -> bool:
    """Whether a value from JSON (lists as tuples) is of a type: one of JSON's own, tuples, mappings and unions of them."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(fits(value, one) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and _all_fit(value, inner)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(fits(one, inner[1]) for one in value.values())
    if hint is float:
        return isinstance(value, float) or fits(value, int)
    if hint is int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and _SMALLEST <= value <= _LARGEST  # type: ignore[operator]  # an int
    return isinstance(value, hint)


def _all_fit(values: tuple[object, ...], hints: tuple[Any, ...]) -> bool:
    if len(hints) == 2 and hints[1] is Ellipsis:
        return all(fits(one, hints[0]) for one in values)
    return len(values) == len(hints) and all(map(fits, values, hints))


@cache
def _hints(cls: type) -> Mapping[str, Any]:
    hints = get_type_hints(cls)
    return {one.name: hints[one.name] for one in fields(cls)}


def _short(value: object) -> str:
    """The value for a message; a number of thousands of digits cannot be written out."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 64:
        return f"a number of {value.bit_length():,} bits"
    return f"{value!r:.60}" if isinstance(value, str | int | float | None) else "that"


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
