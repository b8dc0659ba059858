"""A person's answer in words."""

from tui_al.core.annotation.decisions import UserAnswer


def answer_in_words(given: UserAnswer | None, text: str) -> str:
    """A class, or entities by their words and types."""
    if given is None:
        return "nothing"
    if isinstance(given, str):
        return given or "(empty)"
    found = [f"{text[start:end]} {kind}" for start, end, kind in given]
    return " · ".join(found) or "no entities"
