"""Values as TOML gives them, held against the types that settings have."""

import types
import typing
from collections.abc import Mapping
from typing import Any, Literal

from tui_al.errors import ConfigError


def types_of(kind: type[Any]) -> dict[str, Any]:
    """The settings of a configuration class and their types."""
    return typing.get_type_hints(kind)


def check(key: str, value: Any, wanted: Any, where: str) -> Any:
    """The value, a whole number made a float and a list a tuple where that is wanted.

    Raises:
        ConfigError: names the key, the value, and what is allowed.
    """
    fitting = [kind for kind in _alternatives(wanted) if _fits(value, kind)]
    if not fitting:
        allowed = " or ".join(dict.fromkeys(_word(kind) for kind in _alternatives(wanted)))
        raise ConfigError(f"{where}: {key} = {value!r} is not allowed.", f"It is {allowed}.")
    if float in fitting:
        return float(value)
    return tuple(value) if isinstance(value, list) else value


def flat(plain: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables by dotted key, as TOML itself reads `a.b = 1`."""
    found: dict[str, Any] = {}
    for key, value in plain.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def _alternatives(wanted: Any) -> list[Any]:
    if typing.get_origin(wanted) in (typing.Union, types.UnionType):
        return [one for part in typing.get_args(wanted) for one in _alternatives(part)]
    if typing.get_origin(wanted) is Literal:
        return [f"={value}" for value in typing.get_args(wanted)]
    return [wanted]


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, str):  # one word of a Literal
        return bool(kind == f"={value}")
    if typing.get_origin(kind) is tuple:
        inside = typing.get_args(kind)[0]
        return isinstance(value, list | tuple) and all(_fits(one, inside) for one in value)
    if kind is float:
        return type(value) in (int, float)
    if kind is type(None):
        return value is None
    return bool(type(value) is kind)


def _word(kind: Any) -> str:
    if isinstance(kind, str):
        return repr(kind[1:])
    if typing.get_origin(kind) is tuple:
        return f"a list, each {_word(typing.get_args(kind)[0])}"
    names = {
        str: "a text",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        dict: "a table",
    }
    return names.get(kind, "left out")
