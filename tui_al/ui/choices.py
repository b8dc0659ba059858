"""Named things to choose from, as a dialog lists them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: its value, and a line on it. `step` is a folder on the way, not yet an
    answer."""

    value: str
    summary: str = ""
    step: bool = False


#: Choices for what has been typed so far.
Chooser = Callable[[str], Sequence[Choice]]


def among(choices: Sequence[Choice]) -> Chooser:
    """Those whose name contains what was typed; then those whose line does."""

    def matching(typed: str) -> list[Choice]:
        wanted = typed.strip().lower()
        named = [choice for choice in choices if wanted in choice.value.lower()]
        described = [c for c in choices if c not in named and wanted in c.summary.lower()]
        return sorted(named, key=lambda c: not c.value.lower().startswith(wanted)) + described

    return matching
