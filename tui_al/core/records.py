"""Frozen records from JSON, for what the store keeps: events and decisions."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")


def record_of(cls: type[T], plain: Mapping[str, Any]) -> T:
    """The dataclass `cls` from plain values; lists become tuples, fields that this version does not know are left out."""
    known = {f.name for f in fields(cls)}  # type: ignore[arg-type]  # always a dataclass
    return cls(**{key: _frozen(value) for key, value in plain.items() if key in known})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
