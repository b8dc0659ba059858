"""Whole numbers in texts of others, which may have any length."""

_MOST_DIGITS = (
    18  # Python reads no more than some thousand, and no count, offset or class has as many
)


def whole_number(text: str) -> int | None:
    """The number that decimal digits stand for; None for other texts, and for numbers of over 18
    digits."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None
