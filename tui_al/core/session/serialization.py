"""Frozen records from JSON, for what the store keeps: events and decisions. Values that do not fit
their fields are refused."""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

Check = Callable[[object], bool]

#: Whole numbers that a stored field may have: those of SQLite and of every other language.
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def record_of(cls: type[T], plain: Mapping[str, Any]) -> T:
    """The dataclass `cls` from plain values; lists become tuples, fields that this version does not
    know are left out.

    Raises:
        ValueError: a value does not fit its field, or there are no fields at all; the message names
        both.
        TypeError: a field that must be there is missing.
    """
    if not isinstance(plain, Mapping):
        raise ValueError(f"{cls.__name__} cannot be {_short(_frozen(plain))}")
    checks = _checks(cls)  # type: ignore[arg-type]  # a class is hashable
    values = {}
    for name, value in plain.items():
        if (known := checks.get(name)) is not None:
            simple, check = known
            if type(value) not in simple:
                value = _frozen(value)
                if not check(value):
                    raise ValueError(f"{name} cannot be {_short(value)}")
            values[name] = value
    return cls(**values)


def fits(value: object, hint: Any) -> bool:
    """Whether a value from JSON (lists as tuples) is of a type: one of JSON's own, tuples, mappings
    and unions of them."""
    return _check(hint)(value)


@cache
def _check(hint: Any) -> Check:
    """What tells whether a value is of this type: made once, since a session's log has hundreds of
    thousands of values."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda _: True
    if origin in (Union, types.UnionType):
        return _any_of(tuple(map(_check, inner)))
    if origin is Literal:
        return lambda value: any(type(value) is type(one) and value == one for one in inner)
    if origin is tuple:
        return _tuple_of(inner)
    if origin is Mapping:
        of_values = _check(inner[1])
        return lambda value: isinstance(value, Mapping) and all(map(of_values, value.values()))
    if hint is float:
        return lambda value: isinstance(value, float) or _is_whole(value)
    if hint is int:
        return _is_whole
    return lambda value: isinstance(value, hint)


def _any_of(checks: tuple[Check, ...]) -> Check:
    return lambda value: any(check(value) for check in checks)


def _tuple_of(hints: tuple[Any, ...]) -> Check:
    if len(hints) == 2 and hints[1] is Ellipsis:
        of_all = _check(hints[0])
        return lambda value: isinstance(value, tuple) and all(map(of_all, value))
    each = tuple(map(_check, hints))
    return lambda value: (
        isinstance(value, tuple)
        and len(value) == len(each)
        and all(check(one) for check, one in zip(each, value, strict=True))
    )


def _is_whole(value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and _SMALLEST <= value <= _LARGEST  # type: ignore[operator]  # an int


@cache
def _checks(cls: type) -> Mapping[str, tuple[frozenset[type], Check]]:
    """By field: the types whose values all fit as they are, and what tells of any other value
    whether it does."""
    hints = get_type_hints(cls)
    return {one.name: (_simple(hints[one.name]), _check(hints[one.name])) for one in fields(cls)}


def _simple(hint: Any) -> frozenset[type]:
    """The types of which a field of this type takes every value: of most values in a log no more is
    to be asked."""
    if get_origin(hint) in (Union, types.UnionType):
        return frozenset[type]().union(*map(_simple, get_args(hint)))
    return frozenset([hint]) if hint in (str, float, bool, types.NoneType) else frozenset()


def _short(value: object) -> str:
    """The value for a message; a number of thousands of digits cannot be written out."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 64:
        return f"a number of {value.bit_length():,} bits"
    return f"{value!r:.60}" if isinstance(value, str | int | float | None) else "that"


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
