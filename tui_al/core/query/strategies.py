"""The strategies by name: those built in, and those that other packages bring."""

from tui_al.core.close_names import did_you_mean
from tui_al.core.query.built_in_strategies import (
    NEEDS,
    STRATEGIES,
    Needs,
    Selector,
    Strategy,
    bald,
    breaking_ties,
    entropy,
    least_confidence,
    normalized_log_probability,
    prediction_entropy,
    select,
)
from tui_al.core.query.plugin_strategies import listed_plugins, plugin_strategy
from tui_al.errors import ConfigError

__all__ = [
    "NEEDS",
    "STRATEGIES",
    "Needs",
    "Selector",
    "Strategy",
    "all_strategies",
    "bald",
    "breaking_ties",
    "entropy",
    "find_strategy",
    "least_confidence",
    "normalized_log_probability",
    "prediction_entropy",
    "select",
    "strategy",
]


def strategy(name: str, called: str = "strategy: ") -> Strategy:
    """The strategy of that name, built in or of another package; raises ConfigError with the names
    there are, and with what stands before the name where the person gave it."""
    if name in STRATEGIES:
        return STRATEGIES[name]
    if found := plugin_strategy(name):
        return found
    names = [one.name for one in all_strategies()]
    raise ConfigError(
        f"{called}{name!r} is unknown.",
        f"{did_you_mean(name, names)}Choose one of {', '.join(names)}. "
        "If it is of another package, that has to be installed here.",
    )


def find_strategy(name: str) -> Strategy | None:
    """The strategy of that name; None where there is none, as of a session whose package is not
    installed, or it is broken."""
    try:
        return strategy(name)
    except ConfigError:
        return None


def all_strategies() -> list[Strategy]:
    """Those built in, then those of other packages that can be used."""
    return [*STRATEGIES.values(), *listed_plugins()[0]]
