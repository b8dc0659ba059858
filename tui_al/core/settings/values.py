"""Values of settings, as texts of options and forms and as TOML and JSON have them: checked, and
told what is wrong with them."""

import re
import typing
from collections.abc import Mapping
from typing import Any

from tui_al.core.close_names import did_you_mean
from tui_al.core.settings.amounts import Amount
from tui_al.core.settings.schema import Entry, allowed, entries
from tui_al.errors import ConfigError


def check(entry: Entry, value: Any, called: str) -> Any:
    """The value as experiments keep it: whole numbers made floats, lists tuples, amounts read,
    where that is wanted.

    `called` is how the person gave it, to stand before the value: "--epochs ", "[learner] epochs =
    ".

    Raises:
        ConfigError: names the setting, the value, and what is allowed.
    """
    kinds, setting = entry.kinds, entry.setting
    if isinstance(value, bool) and setting.switch and bool not in kinds:
        value = setting.switch[0 if value else 1]
    if value is None and entry.optional:
        return None
    if isinstance(value, str) and value in entry.words:
        return value
    if Amount in kinds:
        given = isinstance(value, Amount | str) or type(value) in (int, float)
        return Amount.parse(str(value), called) if given else _wrong(entry, value, called)
    if type(value) in (int, float) and (float in kinds or (int in kinds and type(value) is int)):
        return _in_range(entry, float(value) if float in kinds else value, called)
    if isinstance(value, str) and setting.share and value.rstrip().endswith("%"):
        return _in_range(entry, _number(entry, value.strip(), called), called, value)
    for kind in kinds:
        inside = typing.get_args(kind)[0] if typing.get_origin(kind) is tuple else None
        if inside and isinstance(value, list | tuple) and all(type(v) is inside for v in value):
            return tuple(value)
    if str in kinds and isinstance(value, str):
        return _fitting(entry, value, called)
    if bool in kinds and isinstance(value, bool):
        return value
    return _wrong(entry, value, called)


def from_text(entry: Entry, text: str, called: str) -> Any:
    """The value that a text of the command line or of the form stands for; raises ConfigError as
    `check` does."""
    kinds, plain = entry.kinds, text.strip()
    if plain in entry.words:
        return plain
    if Amount in kinds or (str in kinds and not entry.words):
        return check(entry, text, called)
    if any(typing.get_origin(kind) is tuple for kind in kinds):
        return _list(entry, plain, called)
    if int in kinds or float in kinds:
        return _in_range(entry, _number(entry, plain, called), called, plain)
    if bool in kinds and plain in ("yes", "no"):
        return plain == "yes"
    return check(entry, plain, called)


def check_all(config: Any, called: str = "") -> None:
    """Hold every setting of a configuration against its bounds; raises ConfigError for the first
    that is wrong."""
    for key, entry in entries(type(config)).items():
        check(entry, getattr(config, key), f"{called}{key} = ")


def shown(value: object, entry: Entry | None = None) -> str:
    """A value as forms and help show it; of None what it stands for, where the entry says it, else
    nothing."""
    if value is None:
        return entry.setting.unset if entry and entry.picked else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if entry and entry.setting.percent and isinstance(value, float):
        return f"{value * 100:.10g}%"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def in_report(entry: Entry, value: Any) -> str:
    """How reports put the value; "" where the setting leaves that to them."""
    words = entry.setting.reports.get(value, entry.setting.report)
    if "{%}" in words:
        return words.replace("{%}", f"{value * 100:g} %")
    return words.format(f"{value:g}" if isinstance(value, float) else shown(value))


def flat(plain: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables by dotted key, as TOML itself reads `a.b = 1`."""
    found: dict[str, Any] = {}
    for key, value in plain.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def _number(entry: Entry, text: str, called: str) -> int | float:
    """What the text says; `check` looks whether it is in range."""
    percent = entry.setting.share and text.endswith("%")
    plain = text.removesuffix("%").rstrip() if percent else text
    try:
        if int in entry.kinds and float not in entry.kinds:
            return int(plain)
        return float(plain) / 100 if percent else float(plain)
    except ValueError:
        return _wrong(entry, text, called)  # type: ignore[no-any-return]  # it raises


def _list(entry: Entry, text: str, called: str) -> tuple[Any, ...] | None:
    inside = next(typing.get_args(k)[0] for k in entry.kinds if typing.get_origin(k) is tuple)
    if not text and entry.optional:
        return None
    if inside is str:
        return tuple(part.strip() for part in text.split(","))
    found = []
    for part in text.replace(",", " ").split():
        try:
            found.append(int(part))
        except ValueError:
            raise ConfigError(
                f"{called}{part!r} is not a whole number.", "Give whole numbers, 0 or more."
            ) from None
    return tuple(found)


def _in_range(entry: Entry, value: float, called: str, given: str = "") -> float:
    setting = entry.setting
    fits = (
        value == value
        and abs(value) != float("inf")
        and (setting.low is None or value >= setting.low)
        and (setting.high is None or value <= setting.high)
        and (setting.above is None or value > setting.above)
        and (setting.below is None or value < setting.below)
    )
    if not fits:
        raise ConfigError(f"{called}{given or value} is out of range.", allowed(entry))
    return value


def _fitting(entry: Entry, value: str, called: str) -> str:
    if entry.setting.pattern and not re.fullmatch(entry.setting.pattern, value):
        raise ConfigError(f"{called}{value!r} is unknown.", allowed(entry))
    return value


def _wrong(entry: Entry, value: Any, called: str) -> Any:
    """Raise what is wrong with a value of the wrong kind."""
    kinds = entry.kinds
    near = did_you_mean(value, entry.words) if isinstance(value, str) else ""
    if int in kinds or float in kinds:
        number = "number" if float in kinds else "whole number"
        what = " or ".join((f"not a {number}", *entry.words))
    else:
        what = "unknown" if entry.words else "not allowed"
    raise ConfigError(f"{called}{value!r} is {what}.", f"{near}{allowed(entry)}")
