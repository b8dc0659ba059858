"""Sentences of a file with a token a line, one after the other: comments and marks are counted,
other lines are errors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tui_al.core.settings.experiment import DataConfig
from tui_al.core.whole_numbers import whole_number
from tui_al.engine.data.conll_columns import (
    DOCUMENT,
    Fields,
    is_element,
    may_be_comment,
    split_line,
    value_of,
)
from tui_al.engine.data.conll_layout import Layout, guess_layout
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.tables import LoadReport, amount, some
from tui_al.errors import DataError

_SAMPLE = 5_000  # lines the layout is found from
_LONGEST = 50_000  # tokens of a sentence: more are a file without blank lines
_ASKED_ABOUT = 50  # tokens from which on a file of one sentence is odd


class TokenSentence(NamedTuple):
    """The tokens of a sentence, their tags (None where the file has no column of tags), and the
    number of its first line."""

    tokens: list[str]
    tags: list[str] | None
    number: int


@dataclass(slots=True)
class _Counts:
    documents: int = 0
    comments: int = 0
    parts: int = 0  # words that CoNLL-U spans over several lines, and its empty nodes
    sentences: int = 0
    tokens: int = 0


@dataclass(slots=True)
class TokenLines:
    """One file, read line by line. `layout` is None for one without any token line."""

    lines: Lines
    config: DataConfig
    load_report: LoadReport
    layout: Layout | None = field(init=False)
    _counts: _Counts = field(default_factory=_Counts)
    _misfits: list[str] = field(default_factory=list)  # lines for which sentences are left out
    _unparted: bool = False  # no blank lines: sentences end where a column says so

    def __post_init__(self) -> None:
        sample = self.lines.peek(_SAMPLE)
        self.layout = guess_layout(self.lines.name, sample, self.config)
        if self.layout is not None:
            by_column = self.layout.index is not None or self.layout.run is not None
            self._unparted = by_column and not has_blank_lines(sample)
            self._tell_layout(self.layout)

    def sentences(self) -> Iterator[TokenSentence]:
        """All sentences, in order. DataError, with the line, for a line that does not fit the
        layout.

        Where `misfits` are left out, a sentence with such a line is, with a warning that counts
        them."""
        layout = self.layout
        if layout is None:
            raise DataError(
                f"{self.lines.name} holds no tokens.", "Name a file with at least one sentence."
            )
        rows: list[Fields] = []
        first = 0
        header = layout.header
        spoilt = False  # the sentence has a line of other columns, and such are left out
        for line in self.lines:
            fields = split_line(line, layout.tabs)
            if not fields or fields[0] == DOCUMENT:
                self._counts.documents += bool(fields)
                if rows:
                    yield self._sentence(layout, rows, first)
                rows, spoilt = [], False
                continue
            if self._is_aside(layout, line, fields):
                if rows and is_element(line):
                    yield self._sentence(layout, rows, first)
                if is_element(line):
                    rows, spoilt = [], False
                continue
            if header:
                header = False
                continue
            if spoilt or self._is_misfit(layout, line, fields, rows):
                rows, spoilt = [], True
                continue
            if self._unparted and rows and _is_next(layout, rows[-1], fields):
                yield self._sentence(layout, rows, first)
                rows = []
            first = first if rows else self.lines.number
            rows.append(fields)
            if len(rows) > _LONGEST:
                raise DataError(
                    f"{self.lines.name}:{first}: a sentence of over {_LONGEST:,} tokens: are the "
                    "blank lines missing?",
                    "A blank line ends a sentence.",
                )
        if rows:
            yield self._sentence(layout, rows, first)
        self._finish()

    def _is_aside(self, layout: Layout, line: str, fields: Fields) -> bool:
        """Whether the line is a comment, or one of CoNLL-U that is not a word of its own;
        counted."""
        if layout.index is not None and layout.fits(fields):
            index = fields[layout.index]
            if not index.isdecimal() and index.replace("-", "", 1).replace(".", "", 1).isdecimal():
                self._counts.parts += 1
                return True
        comment = may_be_comment(line) and not layout.is_token(line, fields)
        self._counts.comments += comment
        return comment

    def _is_misfit(self, layout: Layout, line: str, fields: Fields, rows: Sequence[Fields]) -> bool:
        """Whether a sentence is to be left out for this line; DataError where it refuses the
        file."""
        try:
            self._check_width(layout, line, fields, rows)
        except DataError:
            if self.config.misfits != "leave out" or self._unparted:
                raise
            self._misfits.append(f"{self.lines.name}:{self.lines.number}")
            return True
        return False

    def _check_width(
        self, layout: Layout, line: str, fields: Fields, rows: Sequence[Fields]
    ) -> None:
        wanted = len(rows[-1]) if layout.varies and rows else layout.width
        if len(fields) != wanted and (rows or not layout.fits(fields)):
            separator = "apart by tabs" if layout.tabs else "apart by blanks"
            raise DataError(
                f"{self.lines.name}:{self.lines.number}: {amount(len(fields), 'column')}, but the "
                f"other lines have {wanted}, "
                f"{separator}: {line.strip()[:60]!r}.",
                "Every token line has the same columns; a blank line ends a sentence, and a "
                "comment begins with #.",
            )

    def _sentence(self, layout: Layout, rows: Sequence[Fields], first: int) -> TokenSentence:
        self._counts.sentences += 1
        self._counts.tokens += len(rows)
        tags = None
        if layout.tags is not None:
            place, key = layout.tags.place, layout.tags.key
            tags = [value_of(row[place], key) if key else row[place].strip() for row in rows]
        return TokenSentence([row[layout.tokens] for row in rows], tags, first)

    def _tell_layout(self, layout: Layout) -> None:
        name, notes = self.lines.name, self.load_report.notes
        if layout.header:
            notes.append(f"{name}: the first line names the columns: {', '.join(layout.names)}")
        if self._unparted:
            by_run = f"column {(layout.run or 0) + 1} changes"
            by_index = f"the numbers in column {(layout.index or 0) + 1} do"
            notes.append(
                f"{name}: there are no blank lines: a sentence begins where "
                f"{by_run if layout.index is None else by_index}"
            )
        usual = layout.tokens == 0 and layout.width <= 2
        if layout.tags is None:
            if layout.width > 1:
                notes.append(
                    f"{name}: tokens are column {layout.tokens + 1} of {layout.width}; no column "
                    "looks like tags, so every "
                    "sentence is unlabelled (--tokens-column and --tags-column name others)"
                )
        elif not usual:
            tags = f"column {layout.tags.place + 1}"
            tags += f" ({layout.tags.key}=)" if layout.tags.key else ""
            width = f"{layout.width} or more" if layout.varies else f"{layout.width}"
            notes.append(
                f"{name}: tokens are column {layout.tokens + 1} and tags {tags} of {width} "
                "(found by their shape; --tokens-column and --tags-column change it)"
            )

    def _finish(self) -> None:
        name, counts, notes = self.lines.name, self._counts, self.load_report.notes
        for count, what in (
            (counts.documents, f"{DOCUMENT} line"),
            (counts.comments, "comment line"),
            (counts.parts, "line of contracted words or empty nodes"),
        ):
            if count:
                plural = what.replace("line", "lines", 1) if "of" in what else None
                notes.append(f"{name}: {amount(count, what, plural)} skipped")
        if self._misfits:
            left_out = amount(len(self._misfits), "sentence")
            self.load_report.warnings.append(
                f"{name}: left out: {left_out} with a line of other columns ({some(self._misfits)})"
            )
        if not counts.sentences:
            raise DataError(f"{name} holds no tokens.", "Name a file with at least one sentence.")
        if counts.sentences == 1 and counts.tokens >= _ASKED_ABOUT:
            self.load_report.warnings.append(
                f"{name}: one sentence only, of {counts.tokens:,} tokens: are the blank lines "
                "between sentences missing?"
            )


def _is_next(layout: Layout, before: Fields, fields: Fields) -> bool:
    """Without blank lines: whether a line begins another sentence than the line before is in."""
    if layout.index is None:
        return layout.run is not None and fields[layout.run] != before[layout.run]
    first, second = map(whole_number, (before[layout.index], fields[layout.index]))
    return first is not None and second is not None and second <= first


def has_blank_lines(lines: Sequence[str]) -> bool:
    """Whether blank lines or document marks part token lines from token lines."""
    seen = False
    parted = False
    for line in lines:
        if not line.strip(" \t\r\n\ufeff") or line.startswith(DOCUMENT) or is_element(line):
            parted = seen
        elif not may_be_comment(line):
            if parted:
                return True
            seen = True
    return False
