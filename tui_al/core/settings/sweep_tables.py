"""The tables of a sweep file: which settings stand in them, under which names, and what they
vary."""

from collections.abc import Mapping, Sequence
from typing import Any

from tui_al.core.close_names import did_you_mean
from tui_al.core.settings.data_settings import DataConfig
from tui_al.core.settings.learner_settings import LearnerConfig
from tui_al.core.settings.loop_settings import LoopConfig
from tui_al.core.settings.schema import entries, named
from tui_al.core.settings.values import check, flat
from tui_al.errors import ConfigError

SECTIONS: Mapping[str, type[Any]] = {
    "data": DataConfig,
    "learner": LearnerConfig,
    "acquisition": LearnerConfig,
    "successor": LearnerConfig,
    "loop": LoopConfig,
}


def read_axes(grid: Mapping[str, Any], name: str) -> dict[str, list[Any]]:
    """The grid by dotted key; tables of tables are dotted keys as TOML reads them."""
    axes: dict[str, list[Any]] = {}
    for key, values in flat(_grid(grid, name)).items():
        section, _, setting = key.partition(".")
        if section not in SECTIONS and key not in ("preset", "device"):
            raise ConfigError(
                f"{name}: [grid] has the unknown key {key!r}.",
                f"{did_you_mean(key, (*SECTIONS, 'preset', 'device'))}Vary a section "
                f"({', '.join(SECTIONS)}), one of its settings, as loop.strategy, or preset.",
            )
        if setting:
            by_field(section, {setting: None}, f"{name}: [grid] {section}")
        if not isinstance(values, list) or not values:
            raise ConfigError(
                f"{name}: [grid] {key} = {values!r} is not a list.", 'Write ["a", "b"].'
            )
        same = next((one for one in axes if field_of(one) == field_of(key)), None)
        if same:
            raise ConfigError(
                f"{name}: [grid] {same} and {key} are the same setting.", "Give it once."
            )
        axes[key] = values
    return axes


def field_of(key: str) -> str:
    """A dotted key by the field's name: "loop.mismatch_sample" is "loop.gauge"."""
    section, _, setting = key.partition(".")
    entry = named(SECTIONS[section], setting) if section in SECTIONS else None
    return f"{section}.{entry.key}" if entry else key


def _grid(grid: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(grid, dict):
        raise ConfigError(
            f"{name}: grid = {grid!r} is not a table.", "Write [grid] above its keys."
        )
    return grid


def label_of(value: Any) -> str:
    """A value of the grid as people say it."""
    if isinstance(value, dict):
        if "name" in value:
            return str(value["name"])
        return " ".join(str(one) for one in value.values())
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def varied_section(section: str, value: Any, name: str) -> dict[str, Any]:
    """A varied section; data sets can be given by name alone."""
    if isinstance(value, dict):
        return value
    if section == "data" and isinstance(value, str):
        return {"source": value}
    raise ConfigError(
        f"{name}: [grid] {section} holds {value!r}, which is not a table.",
        '{ name = "full", model = "minilm", tuning = "full" } is one.',
    )


def list_of_tables(plain: Mapping[str, Any], key: str, name: str) -> Sequence[Mapping[str, Any]]:
    """The tables under [[key]]; raises ConfigError where it is something else."""
    found = plain.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ConfigError(f"{name}: {key} is not a list of tables.", f"Write [[{key}]] above each.")
    return found


def section_values(section: str, plain: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The section's settings by field, each within its bounds."""
    found = {}
    for key, value in by_field(section, plain, f"{name}: [{section}]").items():
        entry = entries(SECTIONS[section])[key]
        found[key] = check(entry, value, f"{name}: [{section}] {entry.name} = ")
    return found


def by_field(section: str, plain: Any, where: str = "") -> dict[str, Any]:
    """The section by field, whichever of a setting's two names stands in it; what is unknown stays,
    or with `where` is an error."""
    found: dict[str, Any] = {}
    for key, value in plain.items():
        entry = named(SECTIONS[section], key)
        if entry is None and where:
            known = [one.name for one in entries(SECTIONS[section]).values()]
            check_known({key: None}, known, where)
        field = entry.key if entry else key
        if entry and field in found:
            raise ConfigError(
                f"{where or section}: {entry.name} and {field} are the same setting.",
                "Give it once.",
            )
        found[field] = value
    return found


def check_known(
    plain: Mapping[str, Any], allowed: Sequence[str] | Mapping[str, Any], where: str
) -> None:
    """Raise ConfigError for a key that is not allowed, with what was probably meant."""
    for key in plain:
        if key not in allowed:
            raise ConfigError(
                f"{where} has the unknown key {key!r}.",
                f"{did_you_mean(key, allowed)}It may have {', '.join(sorted(allowed))}.",
            )


def in_words(rule: Mapping[str, Any]) -> str:
    """ "loop.strategy = lc, loop.rounds = 3"."""
    return ", ".join(f"{key} = {value}" for key, value in rule.items())
