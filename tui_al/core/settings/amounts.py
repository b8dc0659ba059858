"""Numbers of examples as people write them: a count, or a percentage of what there is."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from tui_al.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Amount:
    """A count of examples, or a percentage of the training split (where people label: of the texts
    to label)."""

    value: float
    percent: bool

    @classmethod
    def parse(cls, text: str, called: str = "amount ") -> Self:
        """Read "1%", "2.5 %" or "100"; `called` stands before it in messages, as "--batch ".

        Raises ConfigError for anything else, and for amounts that are not positive."""
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
        if not match:
            raise ConfigError(
                f"{called}{text!r} is not a valid amount.",
                'Give a percentage, as "1%", or a count, as "100".',
            )
        value, percent = float(match[1]), bool(match[2])
        if percent and not 0 < value <= 100:
            raise ConfigError(
                f"{called}{text!r} is out of range.",
                "A percentage lies above 0 and at most at 100.",
            )
        if not percent and (value < 1 or value != int(value)):
            raise ConfigError(
                f"{called}{text!r} is not a whole number of examples.",
                'Counts are 1 or more; for a share of the training split add "%".',
            )
        return cls(value, percent)

    def of(self, total: int) -> int:
        """The count this stands for with `total` training examples: rounded half up, at least 1."""
        if not self.percent:
            return int(self.value)
        exact = Decimal(repr(self.value)) * total / 100
        return max(1, int(exact + Decimal("0.5")))

    def __str__(self) -> str:
        digits = format(Decimal(repr(self.value)), "f").removesuffix(".0")
        return f"{digits}%" if self.percent else digits
