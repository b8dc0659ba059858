"""How a figure that was measured on a sample is written: with how many texts it rests on, and where
the true value may lie.

One place for all screens, tables, curves and cards, so that none of them claims more than another.
A share of few texts says next to nothing, and a perfect one tempts most: 14 of 14 right is an
accuracy of 1.00, and still only one above .77 with 95 % confidence."""

from dataclasses import dataclass

from tui_al.core.stats.intervals import Interval

#: Texts from which on a figure is told at all.
FEWEST = 10

#: What stands in place of a figure that rests on fewer.
TOO_FEW = "too few yet"


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure between 0 and 1 (a difference: -1 and 1), its 95 % interval, and the texts that it
    rests on."""

    interval: Interval
    texts: int

    @classmethod
    def of(cls, value: float, low: float, high: float, texts: int) -> "Measured":
        """From plain numbers, as events hold them."""
        return cls(Interval(value, low, high), texts)

    @property
    def is_enough(self) -> bool:
        """Whether there are texts enough to tell it."""
        return self.texts >= FEWEST

    def figure(self, digits: int = 2, *, signed: bool = False) -> str:
        """ ".93", "1.00", with a sign "+.02"; `TOO_FEW` of too few texts."""
        return short(self.interval.value, digits, signed=signed) if self.is_enough else TOO_FEW

    def limits(self, digits: int = 2, *, signed: bool = False) -> str:
        """ "[.84, .97]"; nothing of too few texts."""
        if not self.is_enough:
            return ""
        low, high = (
            short(x, digits, signed=signed) for x in (self.interval.low, self.interval.high)
        )
        return f"[{low}, {high}]"

    def in_words(self, digits: int = 2, *, signed: bool = False) -> str:
        """ ".93 [.84, .97] n=60", or "too few yet n=4"."""
        parts = [self.figure(digits, signed=signed), self.limits(digits, signed=signed)]
        return " ".join([*filter(None, parts), f"n={self.texts:,}"])


def short(value: float, digits: int = 2, *, signed: bool = False) -> str:
    """ ".93", "1.00", "-.02": without the zero in front of the point."""
    written = f"{value:{'+' if signed else ''}.{digits}f}"
    return written if abs(float(written)) >= 1 else written.replace("0.", ".", 1)
