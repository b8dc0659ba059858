"""JSON records that annotation programs write, and folders of their files, as rows: read by the
very code that `import` uses.

Prodigy, Label Studio, doccano, spaCy and plain `{"text", "entities"}` come through
`tui_al.store.formats`; here their annotations become rows of settled tables. Which text has an
answer is not guessed: an empty list of entities leaves it unlabelled, unless `empty_means` says
otherwise.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from tui_al.core.annotation.records import Annotation, Status
from tui_al.core.data.examples import Task
from tui_al.core.data.offsets import spans_to_tags, token_offsets, words_within
from tui_al.core.data.stored_spans import Unit, unit_of
from tui_al.core.data.word_split import words_of
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import tables as sizes
from tui_al.engine.data.record_kinds import RecordKind, kind_of
from tui_al.engine.data.split_names import split_of
from tui_al.engine.data.tables import LoadReport, Table
from tui_al.store.formats.brat import BRAT, documents, is_brat
from tui_al.store.formats.fields import sound, tokens_of
from tui_al.store.formats.reading import (
    CONVERTED,
    HEAD,
    ItemError,
    Parsed,
    Reading,
    ReadOptions,
    parsed_item,
    reason_of,
    with_entities,
)
from tui_al.store.tally import Tally

Record = Mapping[str, Any]
Row = Mapping[str, object]

_SKIP = "Correct the file, or read the others with --skip-mismatched."
_TOKENS = "whose words are not in their text"
_BORDERS = "with entities that do not begin and end with the file's words"
_DIFFER = "texts that annotators label differently"
_ALIKE = "texts that several annotators label alike, a row each"
_SPLIT = "texts in which words were split where an entity begins or ends"


class RecordConverter(Protocol):
    """Turns the records of one file into rows of a settled table."""

    settled: Task

    def convert(self, record: Mapping[str, object], origin: str) -> Mapping[str, object] | None:
        """The row's columns as in `Table`; None for a record that is left out and counted."""

    def finish(self) -> None:
        """Tell what was left out or mended, after the last record."""


def recognise(
    records: Sequence[Mapping[str, object]], name: str, config: DataConfig, load_report: LoadReport
) -> RecordConverter | None:
    """What reads records like these first ones of a file; None if their columns are to be guessed.

    Raises:
        DataError: the records hold classes and entities, and nothing says which to read; or a
        column that is named is not there.
    """
    kind = kind_of(records, name, config)
    if kind is None:
        return None
    load_report.notes.append(f"{name}: read as {kind.described}")
    return AnnotatedRecords(kind, records, name, config, load_report)


class AnnotatedRecords:
    """Records of one file with their answers, as rows of tokens and tags, or of texts and labels.

    Raises:
        DataError: from `convert`, for a record that cannot be read, unless such are to be left out.
    """

    def __init__(
        self,
        kind: RecordKind,
        head: Sequence[Record],
        name: str,
        config: DataConfig,
        load_report: LoadReport,
    ) -> None:
        self.settled = kind.task
        self._kind, self._name, self._config, self._findings = kind, name, config, load_report
        self._accept_empty = config.empty_means == "no entity"
        options = ReadOptions(kind.text_column, kind.label_column, accept_empty=self._accept_empty)
        self._reading = Reading(kind.task, options)
        self._parse = kind.format.parser(head, self._reading)
        self._unanswered, self._left_out = Tally(), Tally()
        self._unit = self._unit_of(head)
        self._reading.aside, self._reading.counted = Tally(), Tally()  # the head is read again

    def _unit_of(self, head: Sequence[Record]) -> Unit:
        parsed = (one for record in head for one in parsed_item(record, "", self._parse))
        return unit_of(
            (one.annotation.text, one.marks) for one in parsed if isinstance(one,
                Parsed) and one.marks
        )  # fmt: skip

    def convert(self, record: Record, origin: str) -> Row | None:
        """See `RecordConverter`."""
        if self._config.misfits == "texts only":
            return self._bare(record, origin)
        found = [self._row(one) for one in parsed_item(record, origin, self._parse)]
        errors = [one for one in found if isinstance(one, ItemError)]
        read = [one for one in found if not isinstance(one, ItemError)]
        if errors and self._config.misfits == "refuse":
            raise ItemError(errors[0].message, _SKIP, errors[0].reason)
        if errors and not read:
            self._left_out.add(errors.pop(0).reason, origin)
        for error in errors:
            self._reading.aside.add(
                f"annotations {error.reason}, beside others of their text", origin
            )
        return self._one_of(read, origin) if read else None

    def finish(self) -> None:
        """See `RecordConverter`."""
        notes, warnings = self._findings.notes, self._findings.warnings
        notes += [f"{self._name}: {note}" for note in self._reading.notes]
        notes += [f"{self._name}: {line}" for line in self._reading.counted.told()]
        notes += [f"{self._name}: not read: {line}" for line in self._reading.aside.told()]
        warnings += [f"{self._name}: unlabelled: {line}" for line in self._unanswered.told()]
        warnings += [f"{self._name}: left out: {line}" for line in self._left_out.told()]

    def _row(self, one: Parsed | ItemError) -> tuple[Row, str] | ItemError:
        """The row of one annotation; and why it has no answer, "" if it has one."""
        if isinstance(one, ItemError):
            return one
        place = one.annotation.origin
        try:
            annotation, converted = with_entities(one, self._unit, self._accept_empty)
            labelled = annotation.status is Status.LABELLED
            answer = annotation.answer if labelled else None
            if self.settled is Task.CLASSIFICATION:
                row: Row = {
                    "text": annotation.text,
                    "label": answer,
                    **self._named(annotation, answer),
                }
            else:
                spans = answer if isinstance(answer, tuple) else None
                row = self._tagged(annotation.text, annotation.tokens, spans, place)
        except ItemError as error:
            return error
        if converted:
            self._reading.counted.add(CONVERTED, place)
        if answer is not None:
            return row, ""
        return row, reason_of(one, annotation) if labelled else f"{annotation.status} in the file"

    def _named(self, annotation: Annotation, answer: object) -> Row:
        """Columns under the names that the person gave for them, which are looked for in a
        table."""
        given = {self._kind.text_column: annotation.text, self._kind.label_column: answer}
        return {name: cell for name, cell in given.items() if name}

    def _tagged(
        self,
        text: str,
        tokens: Sequence[str],
        spans: Sequence[tuple[int, int, str]] | None,
        place: str,
    ) -> Row:
        """Words as the file has them, else those of the text, split where an entity begins or
        ends."""
        if not tokens:
            tokens, split = words_within(text, spans or ())
            if split:
                self._reading.counted.add(_SPLIT, place)
        else:
            try:
                token_offsets(text, tokens)
            except ValueError as error:
                raise ItemError(f"{place}: {error}.", _SKIP, _TOKENS) from error
        try:
            tags = None if spans is None else list(spans_to_tags(text, tokens, spans))
        except ValueError as error:
            raise ItemError(f"{place}: {error}.", _SKIP, _BORDERS) from error
        return {"tokens": list(tokens), "tags": tags, "text": text}

    def _one_of(self, read: Sequence[tuple[Row, str]], origin: str) -> Row:
        """The row of a record, out of those of its annotations; where annotators differ, it is
        unlabelled."""
        key = "tags" if self.settled is Task.TAGGING else "label"
        answered = [row for row, why in read if not why]
        first, why = read[0]
        if not answered:
            self._unanswered.add(why, origin)
            return first
        if any(row != answered[0] for row in answered[1:]):
            self._unanswered.add(_DIFFER, origin)
            text = str(first["text"])
            return {**first, key: None} | (
                {"tokens": list(words_of(text))} if key == "tags" else {}
            )
        if len(answered) > 1:
            self._reading.counted.add(_ALIKE, origin)
        return answered[0]

    def _bare(self, record: Record, origin: str) -> Row:
        """The text alone, whatever is said of it; "" where there is none."""
        text = self._kind.text_of(record)
        cleaned = sound(text) if isinstance(text, str) else ""
        if self.settled is Task.CLASSIFICATION:
            return {"text": cleaned}
        try:
            tokens = tokens_of(record, origin)
            token_offsets(cleaned, tokens)
        except (ItemError, ValueError):
            tokens = ()
        return {"tokens": list(tokens or words_of(cleaned)), "text": cleaned}


def recognised(
    tables: Iterator[Table], sample: Table, config: DataConfig, load_report: LoadReport
) -> Iterator[Table]:
    """Tables of rows that are annotated records, as CSV and Parquet hold them too, as settled ones;
    others as they are.

    Args:
        tables: of one file, none of them settled.
        sample: its first rows, which are still in `tables`.
        config: columns, where they are named, and what becomes of misfits.
        load_report: take what was recognised, mended and left out.
    """
    head = list(islice(_records(sample), HEAD))
    converter = recognise(head, sample.name, config, load_report)
    return tables if converter is None else _converted(tables, converter)


def _records(table: Table) -> Iterator[dict[str, object]]:
    """Rows as objects, without empty cells."""
    names = list(table.columns)
    for cells in zip(*(table.columns[name] for name in names), strict=True):
        yield {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}


def _converted(tables: Iterator[Table], converter: RecordConverter) -> Iterator[Table]:
    for table in tables:
        rows = [converter.convert(r, table.origin(n)) for n, r in enumerate(_records(table))]
        kept = [n for n, row in enumerate(rows) if row is not None]
        if kept:
            numbers = [table.numbers[n] for n in kept]
            origins = None if table.places is None else [table.places[n] for n in kept]
            found = [row for row in rows if row is not None]
            yield _table(table.name, found, numbers, converter.settled, table.unit, origins)
    converter.finish()


def _table(
    name: str,
    rows: Sequence[Row],
    numbers: Sequence[int],
    settled: Task,
    unit: Any = "row",
    places: Sequence[str] | None = None,
) -> Table:
    keys = dict.fromkeys(key for row in rows for key in row)
    columns: dict[str, Sequence[object]] = {key: [row.get(key) for row in rows] for key in keys}
    return Table(name, columns, numbers, unit, settled, places=places)


def open_folder(
    folder: Path, config: DataConfig, load_report: LoadReport
) -> Iterator[Table] | None:
    """The rows of a folder of brat's files, a text file each; None for any other folder, also one
    of folders by split."""
    if any(path.is_dir() and split_of(path.name) for path in folder.iterdir()):
        return None
    return _brat(folder, config, load_report) if is_brat(folder) else None


def _brat(folder: Path, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
    load_report.notes.append(f"{folder.name}: read as brat's texts with their annotations")
    kind = RecordKind(BRAT, Task.TAGGING, "brat's texts with their annotations")
    converter = AnnotatedRecords(kind, (), folder.name, config, load_report)
    rows: list[Row] = []
    places: list[str] = []
    size = number = 0
    for fields, place in documents(folder):
        row = converter.convert(fields, place)
        if row is None:
            continue
        rows.append(row)
        places.append(place)
        size += len(fields["text"])
        if len(rows) >= sizes.ROWS or size >= sizes.CHARACTERS:
            numbers = range(number + 1, number + len(rows) + 1)
            yield _table(folder.name, rows, numbers, Task.TAGGING, "row", places)
            number, rows, places, size = number + len(rows), [], [], 0
    if rows:
        numbers = range(number + 1, number + len(rows) + 1)
        yield _table(folder.name, rows, numbers, Task.TAGGING, "row", places)
    converter.finish()
