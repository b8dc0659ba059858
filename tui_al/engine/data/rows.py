"""Cells to rows: text cleaned, labels trimmed, tokens and tags paired; what is left out or mended
is counted."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tui_al.core.data.examples import Answer, Task
from tui_al.core.data.tag_notation import PLAIN
from tui_al.core.data.word_split import words_of
from tui_al.engine.data.cells import plain_spelling, string
from tui_al.engine.data.columns import Columns
from tui_al.engine.data.multi_label import HINT, labels_of, several
from tui_al.engine.data.tables import LoadReport, Table, TagReading, amount, column_of, some
from tui_al.engine.data.tag_reader import TAG_FORMS
from tui_al.errors import DataError

_REPLACEMENT = "\ufffd"


class Row(NamedTuple):
    """An example on its way: not yet numbered, tags still in the scheme of the source."""

    text: str
    answer: Answer | None
    tokens: tuple[str, ...]
    origin: str


class RowReader:
    """Turns the tables of a data set into rows and keeps count of what was odd in them."""

    def __init__(self, columns: Columns, load_report: LoadReport) -> None:
        self._columns, self._findings = columns, load_report
        self._cleaned: list[str] = []
        self._empty_tokens: list[str] = []
        self._tag_readers: dict[int, TagReading] = {}

    def rows(self, table: Table) -> Iterator[Row]:
        """All rows of a table, also those without a text."""
        if self._columns.task is Task.CLASSIFICATION:
            return self._text_rows(table)
        return self._raw_rows(table) if self._columns.raw else self._token_rows(table)

    def finish(self) -> None:
        """Tell what was mended, once all splits are read."""
        warnings = self._findings.warnings
        if self._cleaned:
            warnings.append(
                f"{amount(len(self._cleaned), 'row')} with NUL characters or broken Unicode "
                f"mended ({some(self._cleaned)})"
            )
        if self._empty_tokens:
            warnings.append(
                f"{amount(len(self._empty_tokens), 'sentence')} with an empty token kept "
                f"({some(self._empty_tokens)})"
            )
        for tags in self._tag_readers.values():
            tags.finish()

    def _text_rows(self, table: Table) -> Iterator[Row]:
        texts = column_of(table, self._columns.unit)
        labels = column_of(table, self._columns.answer)
        for place, (text, label) in enumerate(zip(texts, labels, strict=True)):
            origin = table.origin(place)
            if self._columns.listed:
                label = self._only(label, origin)
            for column, cell in ((self._columns.unit, text), (self._columns.answer, label)):
                if isinstance(cell, list | dict):
                    raise DataError(
                        f"{origin}: the column {column!r} holds "
                        f"{'a list' if isinstance(cell, list) else 'an object'}.",
                        HINT,
                    )
            yield Row(self._clean(string(text), origin), self._label(label, origin), (), origin)

    def _raw_rows(self, table: Table) -> Iterator[Row]:
        """Texts to be tagged: kept as they are, their words found in them."""
        for place, cell in enumerate(column_of(table, self._columns.unit)):
            origin = table.origin(place)
            text = self._clean(string(cell), origin)
            yield Row(text, None, words_of(text), origin)

    def _only(self, cell: object, origin: str) -> object:
        """The label of a list of one; None for an empty one."""
        labels = labels_of(cell)
        if labels is None:
            return cell
        if len(labels) > 1:
            raise several(origin, self._columns.answer, labels)
        return labels[0] if labels else None

    def _label(self, cell: object, origin: str) -> str | None:
        """As it is written; None for one without a visible character."""
        written = self._clean(string(cell), origin)
        return written if plain_spelling(written) else None

    def _token_rows(self, table: Table) -> Iterator[Row]:
        all_tokens = column_of(table, self._columns.unit)
        all_tags = column_of(table, self._columns.answer)
        texts = column_of(table, self._columns.text)
        for place, (cell, tags, text) in enumerate(zip(all_tokens, all_tags, texts, strict=True)):
            origin = table.origin(place)
            tokens = tuple(
                self._clean(string(token), origin)
                for token in _list(cell, self._columns.unit, origin)
            )
            if any(not token.strip() for token in tokens):
                self._empty_tokens.append(origin)
            written = " ".join(tokens) if text is None else self._clean(string(text), origin)
            yield Row(written, self._tags(table, tags, len(tokens), origin), tokens, origin)

    def _tags(self, table: Table, cell: object, length: int, origin: str) -> tuple[str, ...] | None:
        """Checked tags; None for a missing cell or an empty list beside tokens: an unlabelled
        sentence."""
        tags = tuple(string(tag).strip() for tag in _list(cell, self._columns.answer or "", origin))
        if not tags:
            return None
        if len(tags) != length:
            raise DataError(
                f"{origin}: {amount(length, 'token')} but {amount(len(tags), 'tag')}.",
                "Give exactly one tag for each token.",
            )
        if table.tag_reader is not None:
            self._tag_readers[id(table.tag_reader)] = table.tag_reader
            return table.tag_reader.read(tags, origin)
        try:
            return PLAIN.read(tags)
        except ValueError as error:
            raise DataError(f"{origin}: {error}.", TAG_FORMS) from error

    def _clean(self, text: str, origin: str) -> str:
        """Without NULs, and without halves of surrogate pairs, which no file and no database can
        hold."""
        cleaned = text.replace("\0", "") if "\0" in text else text
        try:
            cleaned.encode()
        except UnicodeEncodeError:
            cleaned = "".join(
                _REPLACEMENT if "\ud800" <= character <= "\udfff" else character
                for character in cleaned
            )
        if cleaned != text and self._cleaned[-1:] != [origin]:
            self._cleaned.append(origin)
        return cleaned


def _list(cell: object, column: str, origin: str) -> Sequence[object]:
    if cell is None:
        return ()
    if not isinstance(cell, list):
        raise DataError(
            f"{origin}: the column {column!r} holds {str(cell)[:40]!r}, not a list.",
            "Tokens and tags are lists of strings; --tokens-column and --tags-column name them.",
        )
    return cell
