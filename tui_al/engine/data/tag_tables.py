"""Tables that hold tagged sentences, whatever the file: a token a row, or the tokens and tags of a
sentence in two cells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import tables as sizes
from tui_al.engine.data.tables import LoadReport, Table
from tui_al.engine.data.tag_cells import Pair, Shape, find_pair, sequence_of
from tui_al.engine.data.tag_reader import TagReader
from tui_al.engine.data.token_rows import Grouping, Sentence, TokenRows, find_token_rows
from tui_al.errors import DataError

_TEXT_NAMES = (
    "text",
    "sentence",
    "utt",
    "utterance",
    "content",
    "message",
    "query",
    "review",
    "tweet",
)
_LABEL_NAMES = ("label", "labels", "category", "intent", "class", "target", "topic", "sentiment")


def reshape(
    tables: Iterator[Table], sample: Table, config: DataConfig, load_report: LoadReport
) -> Iterator[Table]:
    """The tables as they are, or as sentences with `tokens` and `tags`, by the shape of their
    cells.

    `sample` are the first rows, which are in `tables` too. Raises DataError for a row that
    contradicts it."""
    texts_asked = config.text_column is not None or config.label_column is not None
    tagging_asked = config.tokens_column is not None or config.tags_column is not None
    if config.task == "classification" or (texts_asked and not tagging_asked):
        return tables
    if pair := find_pair(sample, config):
        if pair.is_plain:
            return tables  # which every reader of columns knows
        if not (tagging_asked or config.task) and (why := _labelled_texts(sample, pair)):
            load_report.notes.append(why)
            return tables
        return _from_cells(tables, pair, config, load_report)
    if rows := find_token_rows(sample, config):
        return _from_rows(tables, rows, config, load_report)
    return tables


def _labelled_texts(sample: Table, pair: Pair) -> str:
    """What is told of a table that has texts with a label each besides tagged tokens; "" if this
    one has not."""
    plain = {
        column.lower(): column
        for column, cells in sample.columns.items()
        if column != pair.tags and not any(isinstance(cell, list | dict) for cell in cells)
    }
    text = next((plain[name] for name in _TEXT_NAMES if name in plain), None)
    label = next(
        (plain[name] for name in _LABEL_NAMES if name in plain and plain[name] != pair.tokens), None
    )
    if text is None or label is None or pair.tags is None:
        return ""
    return (
        f"{sample.name}: read as texts with labels; there are tokens and tags too: "
        f"--tokens-column {pair.tokens} --tags-column {pair.tags} reads those"
    )


def _from_cells(
    tables: Iterator[Table], pair: Pair, config: DataConfig, load_report: LoadReport
) -> Iterator[Table]:
    cells = Cells(pair, config, load_report)
    for table in tables:
        yield cells.of(table)


@dataclass(slots=True)
class Cells:
    """Two columns of one file, to lists."""

    pair: Pair
    config: DataConfig
    load_report: LoadReport
    _reader: TagReader | None = None
    _told: bool = False

    def of(self, table: Table) -> Table:
        """The table with nothing but `tokens` and `tags`."""
        if not self._told:
            self._tell(table.name)
        columns: dict[str, Sequence[object]] = {
            "tokens": self._lists(table, self.pair.tokens, self.pair.tokens_shape)
        }
        if self.pair.tags is not None:
            columns["tags"] = self._lists(table, self.pair.tags, self.pair.tags_shape)
        return Table(
            table.name, columns, table.numbers, table.unit, Task.TAGGING, tag_reader=self._reader
        )

    def _lists(self, table: Table, column: str, shape: Shape) -> list[list[str] | None]:
        cells = table.columns.get(column)
        if cells is None:
            return [None] * len(table)
        found = []
        for row, cell in enumerate(cells):
            try:
                found.append(sequence_of(cell, shape))
            except ValueError as error:
                raise DataError(
                    f"{table.origin(row)}: the column {column!r} has {shape} in the rows before, "
                    f"but here {error}.",
                    "Give every row the tokens and tags in one form.",
                ) from error
        return found

    def _tell(self, name: str) -> None:
        self._told = True
        pair, notes = self.pair, self.load_report.notes
        for role, column, shape in (
            ("tokens", pair.tokens, pair.tokens_shape),
            ("tags", pair.tags, pair.tags_shape),
        ):
            if column is not None:
                form = "" if shape is Shape.LIST else f", {shape}"
                asked = getattr(self.config, f"{role}_column") == column
                how = "" if asked else f" (guessed{form}; --{role}-column overrides)"
                if (note := f"{role} column: {column}{how}") not in notes:  # of another split
                    notes.append(note)
        if pair.tags is not None:
            self._reader = TagReader(name, pair.notation, self.config, self.load_report, pair.names)


def _from_rows(
    tables: Iterator[Table], rows: TokenRows, config: DataConfig, load_report: LoadReport
) -> Iterator[Table]:
    grouping: Grouping | None = None
    reader: TagReader | None = None
    unit: Literal["line", "row"] = "row"
    waiting: list[Sentence] = []
    for table in tables:
        if grouping is None:
            grouping, unit = Grouping(rows, table.name), table.unit
            reader = (
                TagReader(table.name, rows.notation, config, load_report) if rows.tags else None
            )
            load_report.notes.append(_told(table.name, rows))
        for sentence in grouping.of(table):
            waiting.append(sentence)
            if len(waiting) >= sizes.ROWS:
                yield _table(grouping.name, unit, waiting, reader)
                waiting = []
    if grouping is not None:
        waiting += grouping.finish(load_report)
        if waiting:
            yield _table(grouping.name, unit, waiting, reader)


def _told(name: str, rows: TokenRows) -> str:
    tags = f" and tags in {rows.tags!r}" if rows.tags else ""
    return (
        f"{name}: a token a row: tokens in {rows.tokens!r}{tags} (guessed; --tokens-column and "
        "--tags-column override); "
        f"sentences {rows.border}"
    )


def _table(
    name: str, unit: Literal["line", "row"], sentences: Sequence[Sentence], reader: TagReader | None
) -> Table:
    columns: dict[str, Sequence[object]] = {"tokens": [one.tokens for one in sentences]}
    if reader is not None:
        columns["tags"] = [one.tags if any(one.tags) else None for one in sentences]
    numbers = [one.number for one in sentences]
    return Table(name, columns, numbers, unit, Task.TAGGING, tag_reader=reader)
