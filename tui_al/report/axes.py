"""Axes of a drawn plot: how far they reach, which round values they name, and how those are
written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_STEPS = (1.0, 2.0, 2.5, 5.0)
_SHORT_STEPS = (1.0, 2.0, 5.0)  # names with fewer digits, where there is room to choose


@dataclass(frozen=True, slots=True)
class Axis:
    """A closed interval with named values in it; `low` < `high`."""

    low: float
    high: float
    ticks: tuple[float, ...]
    names: tuple[str, ...]

    def positions(self, values: npt.ArrayLike, cells: int) -> npt.NDArray[np.int64]:
        """Which of `cells` equal parts each value lies in, counted from low; values outside are put
        into the nearest."""
        share = (np.asarray(values, dtype=float) - self.low) / (self.high - self.low)
        return np.clip(np.floor(share * cells), 0, cells - 1).astype(np.int64)

    def position(self, value: float, cells: int) -> int:
        """`positions` of one value."""
        return int(self.positions(value, cells))


def value_axis(
    values: Sequence[float], rows: int, bounds: tuple[float, float] | None = (0.0, 1.0)
) -> Axis:
    """The vertical axis over `values` on `rows` rows: named values are a whole number of rows
    apart, in the middle of theirs.

    Nothing beyond `bounds` is named. Values closer together than a fifth of the bounds are not
    blown up to fill the plot."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    size = max(abs(low), abs(high))
    least = 0.2 * (bounds[1] - bounds[0]) if bounds else 1e-3 * size if size > 1e-6 else 1.0
    if high - low < least:
        middle, half = (low + high) / 2, least / 2
        low, high = middle - half, middle + half
        if bounds and low < bounds[0] <= min(values):
            low, high = bounds[0], bounds[0] + 2 * half
        if bounds and high > bounds[1] >= max(values):
            low, high = bounds[1] - 2 * half, bounds[1]
    step, apart = _value_step(low, high, rows)
    per_row = step / apart
    bottom = _bottom(low, step, per_row)
    top = bottom + rows * per_row
    named_low, named_high = (
        (max(bottom, bounds[0]), min(top, bounds[1])) if bounds else (bottom, top)
    )
    first, last = math.ceil(named_low / step - 1e-9), math.floor(named_high / step + 1e-9)
    ticks = tuple(round(i * step, 12) for i in range(first, last + 1))
    return Axis(bottom, top, ticks, _names(ticks, step))


def _value_step(low: float, high: float, rows: int) -> tuple[float, int]:
    """The finest (step between names, rows between names) that covers low to high."""
    closest = 1 if rows < 4 else 2 if rows < 10 else 3
    factors = _STEPS if rows < 10 else _SHORT_STEPS
    exponent = math.floor(math.log10((high - low) / rows))
    candidates = sorted(
        (
            (factor * 10.0**power, apart)
            for power in range(exponent - 1, exponent + 4)
            for factor in factors
            for apart in range(closest, max(closest, min(6, rows // 2)) + 1)
        ),
        key=lambda candidate: (candidate[0] / candidate[1], -candidate[0]),
    )
    for step, apart in candidates:
        per_row = step / apart
        if _bottom(low, step, per_row) + rows * per_row >= high:
            return step, apart
    return candidates[-1]


def _bottom(low: float, step: float, per_row: float) -> float:
    """The highest edge at or below `low` that puts multiples of the step into the middle of
    rows."""
    tick = math.ceil(low / step) * step
    return tick - (math.ceil((tick - low) / per_row - 0.5) + 0.5) * per_row


def budget_axis(values: Sequence[float], most: int) -> Axis:
    """The horizontal axis: from the first to the last number of labels; whole numbers are named."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if not high > low:
        low, high = (0.0, 2 * high) if high > 0 else (low, low + 1.0)
    axis = _axis(low, high, most)
    if len(axis.ticks) >= min(2, most):
        return axis
    ends = (math.ceil(low), math.floor(high))[: max(1, most)]
    return Axis(low, high, tuple(map(float, ends)), _names([float(end) for end in ends], 1.0))


def _axis(low: float, high: float, most: int) -> Axis:
    """With up to `most` whole multiples of 1, 2, 2.5 or 5 times a power of ten, as many as fit."""
    exponent = max(0, math.floor(math.log10((high - low) / most)) - 1)
    for power in range(exponent, exponent + 5):
        for factor in _STEPS:
            step = factor * 10.0**power
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            if step == int(step) and last - first + 1 <= most:
                ticks = tuple(round(i * step, 12) for i in range(first, last + 1))
                return Axis(low, high, ticks, _names(ticks, step))
    return Axis(low, high, (), ())


def _names(ticks: Sequence[float], step: float) -> tuple[str, ...]:
    """With as many decimals as the step needs; ".70" for 0.70, "1,000" for 1000."""
    decimals = 0
    while decimals < 9 and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1
    return tuple(short_number(tick, decimals) if tick else "0" for tick in ticks)


def short_number(value: float, decimals: int) -> str:
    """Thousands apart, and no zero before the point of a fraction: "1,200", ".741", "-.031"."""
    text = f"{value:,.{decimals}f}"
    if decimals and text.startswith(("0.", "-0.")):
        text = text.replace("0.", ".", 1)
    return text
