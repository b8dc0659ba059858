"""Tokens and tags of annotation files as items for `import`, read as a simulation reads them: any
columns, any notation of tags."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from tui_al.core.data.examples import Task
from tui_al.core.data.offsets import token_offsets
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import tables as sizes
from tui_al.engine.data.checks import unify_tags
from tui_al.engine.data.columns import choose_columns, tagged_columns
from tui_al.engine.data.json_file import table_of
from tui_al.engine.data.rows import Row, RowReader
from tui_al.engine.data.tables import SAMPLE, LoadReport, Table, column_of
from tui_al.engine.data.tag_cells import Pair, Shape, find_pair
from tui_al.engine.data.tag_tables import Cells, reshape
from tui_al.engine.data.token_rows import find_token_rows
from tui_al.errors import DataError
from tui_al.store.formats.fields import is_mark
from tui_al.store.formats.reading import ItemError, Items
from tui_al.store.formats.rows import listed

_TAGS = "with tags that cannot be read"
_NO_TOKENS = "without a token"
_DETAILS = ("id", "annotator", "time", "note")  # of a row, beside its tokens and tags
_OWN = "status"  # a field of every row that this program writes: its tags are IOB2

Item = tuple[object, str]


def of_tables(tables: Iterator[Table], load_report: LoadReport) -> Iterator[Item]:
    """The sentences of settled tables of tokens, each as an object with `text`, `tokens` and
    `tags`, None for an untagged one.

    An ItemError stands for one whose tags are none. Notes and warnings are complete when the first
    item is given."""
    gathered = _Gathered(load_report)
    for table in tables:
        for row in range(len(table)):
            gathered.add(_only(table, row), {})
    yield from gathered.items()


def of_objects(
    items: Items, name: str, config: DataConfig, load_report: LoadReport
) -> Iterator[Item]:
    """Objects whose tokens and tags have any names and notation, with `tokens` and `tags` in IOB2;
    all others as they are.

    Objects with entities by their offsets, and those that this program wrote, are left alone. Where
    each object is one token, they become sentences.

    Args:
        items: objects with their places; what is not an object is passed on.
        name: the file's name, for messages.
        config: names of columns that the person gave.
        load_report: takes what was guessed or mended.
    """
    items = iter(items)
    head = list(islice(items, SAMPLE))
    rows = [item for item, _ in head if isinstance(item, Mapping)]
    everything = chain(head, items)
    if not rows or any(_OWN in row or _has_marks(row) for row in rows):
        yield from everything
        return
    sample = table_of(name, list(enumerate(rows, start=1)), "row")
    config = replace(config, task=Task.TAGGING.value)
    pair = find_pair(sample, config)
    by_token = pair is None and find_token_rows(sample, config) is not None
    if pair is None and not by_token:
        pair = _named_pair(sample, config)
    if pair is not None and pair.tags is not None:
        yield from _paired(everything, name, Cells(pair, config, load_report), load_report)
    elif by_token:
        others: list[Item] = []
        tables = reshape(_blocks(everything, name, others), sample, config, load_report)
        yield from of_tables(tables, load_report)
        yield from others
    else:
        yield from everything


def _named_pair(sample: Table, config: DataConfig) -> Pair | None:
    """Lists under the usual names, though many of them do not fit each other: each that does not is
    told of."""
    try:
        chosen = choose_columns(sample, config, None, LoadReport())
    except DataError:
        return None
    return None if chosen.raw else Pair(chosen.unit, Shape.LIST, chosen.answer)


def _has_marks(row: Mapping[str, object]) -> bool:
    return any(is_mark(one) for cell in row.values() for one in listed(cell)[:1])


def _paired(items: Items, name: str, cells: Cells, load_report: LoadReport) -> Iterator[Item]:
    """Objects with a sentence each."""
    gathered = _Gathered(load_report)
    for item, place in items:
        if not isinstance(item, Mapping):
            gathered.pass_on(item, place)
            continue
        table = replace(table_of(name, [(0, item)], "row"), places=[place])
        details = {key: item[key] for key in _DETAILS if item.get(key) is not None}
        if cells.pair.tokens != "text" and isinstance(item.get("text"), str):
            details["text"] = item["text"]
        try:
            table = replace(cells.of(table), places=[place])
        except DataError as error:
            gathered.pass_on(ItemError(error.message, error.hint, _TAGS), place)
            continue
        gathered.add(table, details)
    yield from gathered.items()


def _blocks(items: Items, name: str, others: list[Item]) -> Iterator[Table]:
    """Objects as tables of some rows; what is not an object goes to `others`."""
    numbered = enumerate(items, start=1)
    while block := list(islice(numbered, sizes.ROWS)):
        others += [one for _, one in block if not isinstance(one[0], Mapping)]
        rows = [(number, item) for number, (item, _) in block if isinstance(item, Mapping)]
        if rows:
            yield table_of(name, rows, "row")


def _only(table: Table, row: int) -> Table:
    """A table of one row of another."""
    columns: dict[str, Sequence[object]] = {
        name: [column_of(table, name)[row]] for name in table.columns
    }
    return replace(table, columns=columns, numbers=[table.numbers[row]], places=[table.origin(row)])


@dataclass(slots=True)
class _Gathered:
    """All sentences of a file: their tags are of one scheme, which only all of them tell."""

    load_report: LoadReport
    _read: list[tuple[object, str, Mapping[str, object]]] = field(default_factory=list)
    _reader: RowReader | None = None

    def add(self, table: Table, details: Mapping[str, object]) -> None:
        """A settled table of one row, and what else its item has."""
        self._reader = self._reader or RowReader(tagged_columns(table), self.load_report)
        place = table.origin(0)
        try:
            (row,) = self._reader.rows(table)
        except DataError as error:
            self.pass_on(ItemError(error.message, error.hint, _TAGS), place)
            return
        if not row.text.strip():
            hint = "Correct the file, or leave that sentence out."
            self.pass_on(ItemError(f"{place}: there is no token.", hint, _NO_TOKENS), place)
            return
        self._read.append((row, place, details))

    def pass_on(self, item: object, place: str) -> None:
        """What is not a sentence that can be read, at its place among the others."""
        self._read.append((item, place, {}))

    def items(self) -> Iterator[Item]:
        """Everything in order, tags as IOB2."""
        rows = [item for item, _, _ in self._read if isinstance(item, Row)]
        unified, _ = unify_tags(rows, (), self.load_report)
        if self._reader is not None:
            self._reader.finish()
        sentences = iter(unified)
        for item, place, details in self._read:
            yield (_object(next(sentences), details) if isinstance(item, Row) else item), place


def _object(row: Row, details: Mapping[str, object]) -> dict[str, object]:
    tags = None if row.answer is None else list(row.answer)
    text = details.get("text")
    kept = text if isinstance(text, str) and _lie_in(text, row.tokens) else row.text
    return {**details, "text": kept, "tokens": list(row.tokens), "tags": tags}


def _lie_in(text: str, tokens: Sequence[str]) -> bool:
    try:
        token_offsets(text, tokens)
    except ValueError:
        return False
    return True
