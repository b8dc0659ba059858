"""Tables with a token a row: recognised, and put together to sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tui_al.core.data.tag_notation import Form, Notation, notation_of
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.whole_numbers import whole_number
from tui_al.engine.data.tables import LoadReport, Table
from tui_al.errors import DataError

_TOKEN_NAMES = ("token", "word", "form", "tokens", "words", "text", "surface")
_TAG_NAMES = (
    "ner_tag",
    "ner",
    "tag",
    "tags",
    "ner_tags",
    "iob",
    "bio",
    "label",
    "labels",
    "entity",
)
_NEARLY_ALL, _SPARSE = 0.95, 0.6
_FEWEST_ROWS = 4
_WORDS_OF_TEXTS = 3  # more in a cell, on average, are texts
_LONGEST = 50_000  # tokens of a sentence
_ASKED_ABOUT = 50  # tokens from which on a file of one sentence is odd


@dataclass(frozen=True, slots=True)
class Border:
    """How a table shows where sentences begin.

    `filled`: the column has a value in the first row of a sentence only; `changes`: it is the same
    all through a sentence; `counts`: it numbers the tokens; `blank`: rows without a value, or blank
    lines, stand between sentences."""

    kind: str
    column: str = ""

    def __str__(self) -> str:
        return {
            "filled": f"begin where {self.column!r} has a value",
            "changes": f"begin where {self.column!r} changes",
            "counts": f"begin where the numbers in {self.column!r} do",
            "blank": "end at blank lines",
            "none": "end nowhere",
        }[self.kind]


@dataclass(frozen=True, slots=True)
class TokenRows:
    """The columns of such a table; no `tags`: nothing is tagged."""

    tokens: str
    tags: str | None
    notation: Notation
    border: Border


def find_token_rows(sample: Table, config: DataConfig) -> TokenRows | None:
    """What a table with a token a row looks like; None if this is none.

    Single words in one column, tags as entities have them in another, and a way to tell sentences
    apart. Tags alone are enough evidence only if an entity goes on over two rows somewhere.
    """
    cells = {column: list(map(_string, values)) for column, values in sample.columns.items()}
    tags, notation = _tag_column(cells, config)
    tokens = _word_column(cells, tags, config)
    if tokens is None or len(sample) < _FEWEST_ROWS:
        return None
    border = _border(sample, cells, tokens, tags)
    if tags is None:
        asked = config.task == "tagging" or config.tokens_column is not None
        named = "sent" in border.column.lower() and tokens.lower() in _TOKEN_NAMES
        return TokenRows(tokens, None, Notation(), border) if asked and named else None
    rows = TokenRows(tokens, tags, notation, border)
    asked = config.tags_column is not None and config.tokens_column is not None
    return rows if asked or _is_evident(rows, cells) else None


def _is_evident(rows: TokenRows, cells: dict[str, list[str]]) -> bool:
    """Whether these are words and their tags, and not names and their labels.

    Letters with types are evidence where sentences are parted, or an entity goes on over two rows.
    Other tags are so only under the usual names, and nothing is if there are texts in the table.
    """
    tags = cells[rows.tags or ""]
    if (
        not any(tag in rows.notation.outside for tag in tags)
        and rows.notation.form is not Form.NUMBERS
    ):
        return False
    texts = any(
        sum(len(value.split()) for value in values) > _WORDS_OF_TEXTS * len(values)
        for values in cells.values()
    )
    parted = rows.border.kind != "none"
    if rows.notation.form is Form.TYPED:
        return _goes_on(rows.notation, tags) or (parted and not texts)
    named = rows.tokens.lower() in _TOKEN_NAMES[:5]
    clear = rows.border.kind in ("blank", "counts") or "sent" in rows.border.column.lower()
    has_outside = "0" in tags or bool({"O", "o"} & set(tags))
    return named and parted and clear and has_outside and not texts


def _string(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return (
        value.strip()
        if isinstance(value, str)
        else ""
        if isinstance(value, list | dict)
        else str(value)
    )


def _tag_column(cells: dict[str, list[str]], config: DataConfig) -> tuple[str | None, Notation]:
    """The column whose values are tags: those with letters and types first, then named ones of
    other forms."""
    found: list[tuple[bool, int, int, str, Notation]] = []
    for column, values in cells.items():
        filled = [value for value in values if value]
        notation = notation_of([filled])
        if column == config.tags_column:
            return column, notation or Notation()
        if notation is None or config.tags_column is not None:
            continue
        rank = _TAG_NAMES.index(column.lower()) if column.lower() in _TAG_NAMES else len(_TAG_NAMES)
        typed = notation.form is Form.TYPED and bool(notation.letters)
        hits = sum(notation.is_tag(value) for value in filled)
        if hits >= _NEARLY_ALL * len(filled) and (typed or rank < len(_TAG_NAMES)):
            found.append((not typed, rank, -len(found), column, notation))
    best = min(found, key=lambda one: one[:3], default=None)
    return (best[3], best[4]) if best else (None, Notation())


def _word_column(cells: dict[str, list[str]], tags: str | None, config: DataConfig) -> str | None:
    if config.tokens_column is not None:
        return config.tokens_column if config.tokens_column in cells else None
    found = []
    for column, values in cells.items():
        filled = [value for value in values if value]
        single = sum(len(value.split()) == 1 for value in filled)
        figures = sum(value.isdecimal() for value in filled)
        if column == tags or not filled or single < _NEARLY_ALL * len(filled):
            continue
        if figures > len(filled) / 2 or len(filled) < len(values) / 2:
            continue
        known = column.lower() in _TOKEN_NAMES
        rank = _TOKEN_NAMES.index(column.lower()) if known else len(_TOKEN_NAMES)
        found.append((rank, -len(set(filled)), column))
    return min(found)[2] if found else None


def _border(sample: Table, cells: dict[str, list[str]], tokens: str, tags: str | None) -> Border:
    others = [column for column in cells if column not in (tokens, tags)]
    others.sort(key=lambda column: "sent" not in column.lower())
    if any(_is_blank(cells, row) for row in range(len(sample))) or any(
        _gap(sample, row) for row in range(1, len(sample))
    ):
        return Border("blank")
    for column in others:
        values = cells[column]
        filled = sum(map(bool, values))
        if values and values[0] and 1 < filled <= _SPARSE * len(values):
            return Border("filled", column)
    for column in others:
        if _has_runs(cells[column], named="sent" in column.lower()):
            return Border("changes", column)
    for column in others:
        if _counts_up(cells[column]):
            return Border("counts", column)
    return Border("none")


def _is_blank(cells: dict[str, list[str]], row: int) -> bool:
    return not any(values[row] for values in cells.values())


def _gap(table: Table, row: int) -> bool:
    """Whether there is a blank line before a row of a text file."""
    if table.unit != "line":
        return False
    breaks = sum(
        str(values[row - 1]).count("\n") for values in table.columns.values() if values[row - 1]
    )
    return table.numbers[row] - table.numbers[row - 1] - breaks > 1


def _has_runs(values: Sequence[str], named: bool) -> bool:
    """Whether equal values stand together, on average two or more, and (unless the name says so)
    never come again."""
    starts = [values[0], *(after for before, after in pairwise(values) if after != before)]
    again = len(starts) != len(set(starts))
    return (
        all(values) and len(starts) > 1 and 2 * len(starts) <= len(values) and (named or not again)
    )


def _counts_up(values: Sequence[str]) -> bool:
    numbers = [number for value in values if (number := whole_number(value)) is not None]
    if len(numbers) < len(values):
        return False
    first = numbers[0]
    fine = sum(after in (before + 1, first) for before, after in pairwise(numbers))
    begins = numbers.count(first)
    return first in (0, 1) and begins > 1 and fine >= _NEARLY_ALL * (len(numbers) - 1)


def _goes_on(notation: Notation, tags: Sequence[str]) -> bool:
    """Whether an entity of two tokens is there."""
    if notation.form is not Form.TYPED:
        return False
    read = [notation.one(tag) or "O" for tag in tags]
    return any(
        before[0] in "BI" and after[0] in "IEL" and before[2:] == after[2:]
        for before, after in pairwise(read)
    )


class Sentence(NamedTuple):
    """The tokens of a sentence and their tags, as they are written, and the number of its first
    row."""

    tokens: list[str]
    tags: list[str]
    number: int


@dataclass(slots=True)
class Grouping:
    """Puts the rows of a table after table together to sentences."""

    rows: TokenRows
    name: str
    _open: Sentence | None = None
    _before: tuple[int, int, str] | None = (
        None  # row number, line breaks in its cells, border value
    )
    _sentences: int = 0
    _tokens: int = 0

    def of(self, table: Table) -> Iterator[Sentence]:
        """The sentences that end in this table."""
        columns = table.columns
        for row, number in enumerate(table.numbers):
            values = {column: _string(cells[row]) for column, cells in columns.items()}
            blank = not any(values.values())
            here = values[self.rows.border.column] if self.rows.border.column else ""
            if self._open is not None and (blank or self._begins(table, number, here)):
                yield self._open
                self._open = None
            breaks = sum(value.count("\n") for value in values.values())
            self._before = number, breaks, here
            if not blank:
                self._add(number, columns[self.rows.tokens][row], values)

    def finish(self, load_report: LoadReport) -> Iterator[Sentence]:
        """The last sentence; DataError or a warning if it is the only one of many tokens."""
        few = self._tokens < _ASKED_ABOUT
        if self.rows.border.kind == "none" and not few:
            raise self._without_borders()
        if self._open is not None:
            yield self._open
        if self._sentences == 1 and not few:
            load_report.warnings.append(
                f"{self.name}: one sentence only, of {self._tokens:,} tokens: are the borders of "
                "sentences missing?"
            )

    def _add(self, number: int, token: object, values: Mapping[str, str]) -> None:
        if self._open is None:
            self._open = Sentence([], [], number)
            self._sentences += 1
        self._tokens += 1
        self._open.tokens.append(token if isinstance(token, str) else _string(token))
        self._open.tags.append(values[self.rows.tags] if self.rows.tags else "")
        if len(self._open.tokens) > _LONGEST:
            raise self._without_borders()

    def _begins(self, table: Table, number: int, here: str) -> bool:
        """Whether a row begins a sentence, after the one before it."""
        if self._before is None:
            return False
        last, breaks, before = self._before
        border = self.rows.border.kind
        if border == "blank":
            return table.unit == "line" and number - last - breaks > 1
        if border == "filled":
            return bool(here)
        if border == "changes":
            return here != before
        if border != "counts":
            return False
        now, earlier = whole_number(here), whole_number(before)
        return now is not None and earlier is not None and now <= earlier

    def _without_borders(self) -> DataError:
        return DataError(
            f"{self.name}: a token a row, and one sentence only of {self._tokens:,} tokens: are "
            "the blank lines missing?",
            "Part sentences by blank lines, or by a column with the number of the sentence.",
        )
