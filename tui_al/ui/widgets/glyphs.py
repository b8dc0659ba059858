"""Bars and sparklines made of characters, with twins for terminals that show ASCII only."""

from collections.abc import Sequence

from textual.widget import Widget

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = "_.-:=+*#"


def is_ascii(widget: Widget) -> bool:
    """Whether the app shows ASCII only."""
    return bool(getattr(widget.app, "ascii", False))


def bar(share: float, width: int, ascii_only: bool) -> tuple[str, str]:
    """The filled and the open part of a bar, `width` columns together."""
    share = min(1.0, max(0.0, share))
    if ascii_only:
        filled = int(share * width)
        return "#" * filled, "-" * (width - filled)
    filled, half = divmod(int(share * width * 2), 2)
    return "━" * filled + "╸" * half, "─" * (width - filled - half)


def spark(
    values: Sequence[float | None],
    width: int,
    ascii_only: bool,
    *,
    low: float | None = None,
    high: float | None = None,
) -> str:
    """The values as a row of blocks: the mean of neighbours where there are more than `width`; a
    gap for None."""
    blocks = _ASCII_BLOCKS if ascii_only else _BLOCKS
    thinned = _thinned(values, width)
    known = [value for value in thinned if value is not None]
    if not known:
        return ""
    floor = min(known) if low is None else low
    span = (max(known) if high is None else high) - floor
    shown = ""
    for value in thinned:
        share = 0.0 if value is None or span <= 0 else (value - floor) / span
        shown += " " if value is None else blocks[round(min(1.0, max(0.0, share)) * 7)]
    return shown


def _thinned(values: Sequence[float | None], width: int) -> list[float | None]:
    if len(values) <= width:
        return list(values)
    thinned: list[float | None] = []
    for column in range(width):
        group = values[column * len(values) // width : (column + 1) * len(values) // width]
        known = [value for value in group if value is not None]
        thinned.append(sum(known) / len(known) if known else None)
    return thinned
