"""What the cells of a column are, seen from a sample of them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

Kind = Literal["text", "number", "fraction", "list", "empty", "other"]


_LANGUAGES = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nb nl no pl pt ro "
    "ru sk sl sr sv ta te "
    "th tr uk ur vi zh"
)
_METADATA = (
    re.compile(r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([ "
        r"T]\d{1,2}:\d{2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(,? \d{1,2}:\d{2}.*)?"),
    re.compile(r"(mon|tue|wed|thu|fri|sat|sun),? (\d{1,2} )?[a-z]{3} (\d{1,2} )?(\d{4} "
        r")?\d{2}:\d{2}.*", re.IGNORECASE),
    re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[ap]m)?", re.IGNORECASE),
    re.compile(r"(https?://|www\.)\S+|\S+@\S+\.\w+", re.IGNORECASE),
    re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|[0-9a-f]{16,64}", re.IGNORECASE),
    re.compile(rf"({_LANGUAGES.replace(' ', '|')})([-_][A-Za-z]{{2}})?", re.IGNORECASE),
)  # fmt: skip


#: Characters that nobody sees.
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»", "‘": "’"}


@dataclass(frozen=True)
class ColumnSample:
    """The cells of a column that are not empty, and what kind they are all of."""

    cells: Sequence[object]
    kind: Kind

    @classmethod
    def of(cls, cells: Sequence[object]) -> Self:
        """Of all cells of a sample, the empty ones among them."""
        filled = [cell for cell in cells if cell is not None and cell != ""]
        return cls(filled, _kind(filled))

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The cells as text, without white space around."""
        return tuple(string(cell).strip() for cell in self.cells)

    @cached_property
    def distinct(self) -> frozenset[str]:
        """The different values."""
        return frozenset(self.values)

    @property
    def is_binary(self) -> bool:
        """Whether all are 0 or 1, and both occur; or true and false."""
        return self.distinct in ({"0", "1"}, {"0.0", "1.0"}, {"true", "false"}, {"True", "False"})

    @property
    def is_metadata(self) -> bool:
        """Whether all are dates, times, addresses of pages or people, hashes, or codes of
        languages."""
        return bool(self.values) and any(
            all(pattern.fullmatch(value) for value in self.distinct) for pattern in _METADATA
        )

    @cached_property
    def mean_length(self) -> float:
        """Characters of a cell."""
        return sum(len(str(cell)) for cell in self.cells) / max(1, len(self.cells))


def _kind(cells: Sequence[object]) -> Kind:
    if not cells:
        return "empty"
    if all(isinstance(cell, str) for cell in cells):
        return "text"
    if all(isinstance(cell, list) for cell in cells):
        return "list"
    if all(
        isinstance(cell, int) or (isinstance(cell, float) and cell.is_integer()) for cell in cells
    ):
        return "number"
    return "fraction" if all(isinstance(cell, int | float) for cell in cells) else "other"


def string(cell: object) -> str:
    """A cell as text: None and NaN are "", 3.0 is "3" (a table of whole numbers with gaps), True is
    "true"."""
    if isinstance(cell, str):
        return cell
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def plain_spelling(label: str) -> str:
    """A label in composed characters, without invisible ones, and without blanks and a pair of
    quotes around it."""
    plain = INVISIBLE.sub("", unicodedata.normalize("NFC", label)).strip()
    while len(plain) > 2 and _QUOTES.get(plain[0]) == plain[-1]:
        plain = plain[1:-1].strip()
    return plain
