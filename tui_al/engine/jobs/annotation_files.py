"""Files of annotations for `import`, through the one reader of data files: compressed, in any
encoding, as tables of any kind.

What a file of another program holds is read by `tui_al.store.formats`; which columns of a plain
table hold texts and answers is guessed as for a simulation, and told.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from tui_al.core.annotation.records import Annotation, Status
from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.allowance import memory_told
from tui_al.engine.data.cells import string
from tui_al.engine.data.class_names import names_for, names_given
from tui_al.engine.data.columns import Use, choose_columns
from tui_al.engine.data.compression import open_bytes
from tui_al.engine.data.encodings import TextStream
from tui_al.engine.data.json_file import fields_of, items_of_any, table_of
from tui_al.engine.data.label_spellings import spellings
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.missing_labels import MissingLabels
from tui_al.engine.data.stream import KINDS, format_of, open_tables
from tui_al.engine.data.tables import LoadReport, Table, sampled
from tui_al.engine.jobs.annotation_tables import dataset_items
from tui_al.engine.jobs.tagged_items import of_objects, of_tables
from tui_al.errors import DataError
from tui_al.store.formats.format import Format
from tui_al.store.formats.reading import (
    HEAD,
    Items,
    Read,
    Reading,
    ReadOptions,
    read_items,
)
from tui_al.store.formats.recognition import format_of_objects
from tui_al.store.formats.rows import parser
from tui_al.store.tally import NO_ANSWER

#: Formats of objects, which are told apart by what is in them.
OBJECTS = ("jsonl", "prodigy", "doccano", "label-studio")

_JSON = (".json", ".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv", ".tab", ".xlsx", ".txt")
_ARROW = (".parquet", ".arrow", ".feather")


def guessed_format(path: Path, config: DataConfig) -> str | None:
    """The name of a file's format, by its suffix, and for JSON by its first objects; None if the
    suffix tells none."""
    if path.suffix.lower() == ".ann":
        return "brat"
    suffix = format_of(path)
    if suffix in _JSON:
        with _Opened(path, config, LoadReport()) as lines:
            items = _json_items(lines, suffix, config, LoadReport())
            return format_of_objects([item for item, _ in islice(items, HEAD)])
    if suffix in _TABLES:
        return "csv"
    if suffix in _ARROW:
        return "parquet"
    return "conll" if suffix else None


def read_annotations(
    path: Path,
    known: Format,
    task: Task,
    options: ReadOptions,
    config: DataConfig,
    classes: Collection[str] = (),
) -> Read:
    """What a file holds. Classes that stand for a missing one are none, and numbers get the names
    that are given for them.

    Args:
        path: the file, or the folder of a format that has folders.
        known: its format.
        task: whose answers are wanted.
        options: which columns to read, and what becomes of items that cannot be read.
        config: encoding, delimiter and header of the file; names of numbered labels.
        classes: labels that are known, which stand for themselves however they are spelled.

    Raises:
        DataError: the file, or an item of it, cannot be read; or it has no answers.
        MachineError: there is not enough memory.
    """
    with memory_told(path.name):
        return _read(path, known, task, options, config, classes)


def _read(
    path: Path,
    known: Format,
    task: Task,
    options: ReadOptions,
    config: DataConfig,
    classes: Collection[str],
) -> Read:
    load_report = LoadReport()
    if known.name in OBJECTS:
        with _Opened(path, config, load_report) as lines:
            read = _of_objects(lines, path, known, task, options, config, load_report)
    elif known.name in ("csv", "conll"):
        read = _of_tables(path, known, task, options, config, load_report)
    elif known.name == "parquet" and format_of(path):
        read = _of_arrow(path, known, task, options, config, load_report)
    elif known.name == "datasets" and task is Task.TAGGING:
        items = of_objects(dataset_items(path), path.name, config, load_report)
        read = read_items(items, parser, Reading(task, options, path.name))
    else:
        assert known.read is not None
        read = known.read(path, task, options)
    if task is Task.CLASSIFICATION:
        _leave_out_missing(read, classes, load_report)
        _unify_spellings(read, classes, load_report)
        _name_classes(read, config.labels or (), load_report)
    read.notes[:0] = [*load_report.notes, *load_report.warnings]
    return read


def _leave_out_missing(read: Read, classes: Collection[str], load_report: LoadReport) -> None:
    """Take labels as NA and null out, as a simulation does; what is left without an answer and a
    note is left out."""
    missing, kept = MissingLabels(classes), list[Annotation]()
    for one in read.annotations:
        if not isinstance(one.answer, str) or not missing.is_missing(one.answer, one.origin):
            kept.append(one)
        elif one.note or one.status is not Status.LABELLED:
            kept.append(replace(one, answer=None))
        else:
            read.left_out.add(NO_ANSWER, one.origin)
    read.annotations[:] = kept
    load_report.warnings.extend(
        missing.told("and left out (--labels keeps as classes what it names)")
    )


def _unify_spellings(read: Read, classes: Collection[str], load_report: LoadReport) -> None:
    """One spelling in place of all that mean one label, as in a simulation; told."""
    written = Counter(one.answer for one in read.annotations if isinstance(one.answer, str))
    spelled = spellings(written, classes, load_report)
    read.annotations[:] = [
        replace(one, answer=spelled.get(one.answer, one.answer))
        if isinstance(one.answer, str)
        else one
        for one in read.annotations
    ]


def _name_classes(read: Read, given: Sequence[str], load_report: LoadReport) -> None:
    """Names in place of numbers, if every label has one; told either way."""
    found = names_given(given)
    if found is None:
        return
    answers = {one.answer for one in read.annotations if isinstance(one.answer, str)}
    names = names_for(sorted(answers), found, load_report)
    read.annotations[:] = [
        replace(one, answer=names.get(one.answer, one.answer))
        if isinstance(one.answer, str)
        else one
        for one in read.annotations
    ]


class _Opened:
    """The lines of a text file."""

    def __init__(self, path: Path, config: DataConfig, load_report: LoadReport) -> None:
        self._path, self._config, self._findings = path, config, load_report

    def __enter__(self) -> Lines:
        name = self._path.name
        self._raw = open_bytes(self._path, name)
        return Lines(TextStream(self._raw, name, self._config.encoding, self._findings), name)

    def __exit__(self, *_: object) -> None:
        self._raw.close()


def _json_items(lines: Lines, suffix: str, config: DataConfig, load_report: LoadReport) -> Items:
    return items_of_any(lines, load_report, config.subset, in_lines=suffix != ".json")


def _of_objects(
    lines: Lines,
    path: Path,
    known: Format,
    task: Task,
    options: ReadOptions,
    config: DataConfig,
    load_report: LoadReport,
) -> Read:
    assert known.parser is not None
    if not lines.has_content():
        return Read([])
    suffix = format_of(path)
    if not suffix:  # named by --format
        first = next((line.lstrip()[:1] for line in lines.peek(HEAD) if line.strip()), "")
        suffix = ".json" if first == "[" else ".jsonl"
    items: Iterator[tuple[object, str]] = iter(_json_items(lines, suffix, config, load_report))
    if known.name == "jsonl" and task is Task.TAGGING:
        items = of_objects(items, path.name, config, load_report)
    head = list(islice(items, HEAD))
    rows = [item for item, _ in head if isinstance(item, Mapping)]
    if known.name == "jsonl" and rows:
        sample = table_of(path.name, list(enumerate(rows, start=1)), "row")
        options = _with_columns(sample, task, options, load_report)
    objects = _with_nested(chain(head, items), options)
    return read_items(objects, known.parser, Reading(task, options, path.name))


def _with_nested(items: Items, options: ReadOptions) -> Items:
    """The objects, where a column is a field of an object inside them also with that field under
    its name with dots."""
    nested = [name for name in (options.text_column, options.label_column) if name and "." in name]
    if not nested:
        return items
    return ((_one_with_nested(item, nested), place) for item, place in items)


def _one_with_nested(item: object, nested: Sequence[str]) -> object:
    if not isinstance(item, Mapping):
        return item
    inside = dict(fields_of(item))
    return {**item, **{name: inside[name] for name in nested if name in inside}}


def _tables(
    path: Path, known: Format, config: DataConfig, load_report: LoadReport
) -> Iterator[Table]:
    kind = None if format_of(path) else known.name
    kind = kind if kind in KINDS else None
    return open_tables(path, path.name, config, load_report, kind, annotated=False)


def _of_tables(
    path: Path,
    known: Format,
    task: Task,
    options: ReadOptions,
    config: DataConfig,
    load_report: LoadReport,
) -> Read:
    sample, tables = sampled(_tables(path, known, replace(config, task=task.value), load_report))
    assert sample is not None  # a file without a row is an error
    reading = Reading(task, _with_columns(sample, task, options, load_report), path.name)
    if sample.tagged and task is Task.TAGGING:
        _refuse_columns_of_texts(path, options)
        return read_items(of_tables(tables, load_report), parser, reading)
    return read_items(_rows(tables, reading.options), parser, reading)


def _refuse_columns_of_texts(path: Path, options: ReadOptions) -> None:
    for column, option in ((options.text_column, "text"), (options.label_column, "label")):
        if column is not None:
            raise DataError(
                f"{path.name} has tokens and tags, no {option} column {column!r}.",
                "Use --tokens-column and --tags-column; for a token a line without a header with "
                "numbers of columns.",
            )


def _rows(tables: Iterator[Table], options: ReadOptions) -> Iterator[tuple[object, str]]:
    """Rows as objects, without empty cells; texts and labels that are numbers as text."""
    scalars = {options.text_column or "text", options.label_column or "label"}
    for table in tables:
        for n in range(len(table)):
            row = {name: cells[n] for name, cells in table.columns.items() if cells[n] is not None}
            for name in scalars & row.keys():
                if isinstance(row[name], int | float):
                    row[name] = string(row[name])
            yield row, table.origin(n)


def _of_arrow(
    path: Path,
    known: Format,
    task: Task,
    options: ReadOptions,
    config: DataConfig,
    load_report: LoadReport,
) -> Read:
    raw = replace(config, task=Task.CLASSIFICATION.value)  # columns as they are in the file
    sample, tables = sampled(_tables(path, known, raw, load_report))
    assert sample is not None  # a file without a row is an error
    if task is Task.TAGGING and "status" not in sample.columns:  # not written by this program
        items = of_objects(_rows(tables, options), path.name, config, load_report)
        return read_items(items, parser, Reading(task, options, path.name))
    assert known.read is not None
    return known.read(path, task, _with_columns(sample, task, options, load_report))


def _with_columns(
    sample: Table, task: Task, options: ReadOptions, load_report: LoadReport
) -> ReadOptions:
    """The options with the columns of a table that does not call them as we do: named, or guessed
    as for a simulation."""
    _look_for_predictions(sample, options, load_report)
    names = {*sample.columns, *("cats" for name in sample.columns if name.startswith("cats."))}
    text, label = options.text_column or "text", options.label_column
    if task is Task.TAGGING or (text in names and (label or {"label", "cats", "status"} & names)):
        return options
    if sample.settled is not None:
        return options
    config = DataConfig(
        sample.name, text_column=options.text_column, label_column=label, task="classification"
    )
    chosen = choose_columns(sample, config, None, load_report, Use.GOLD)
    return replace(options, text_column=chosen.unit, label_column=chosen.answer)


def _look_for_predictions(sample: Table, options: ReadOptions, load_report: LoadReport) -> None:
    """DataError for a file that `predict` wrote, whose labels nobody gave, unless the column of
    these is named; then told."""
    columns = sample.columns
    entities = [cell for cell in columns.get("entities", ()) if cell not in (None, "", "[]", [])]
    probable = "probability" in columns or any(
        "'probability'" in str(e) or '"probability"' in str(e) for e in entities
    )
    if not (probable and {"row", "text"} <= columns.keys()):
        return
    answer = "label" if "label" in columns else "entities"
    if options.label_column != answer:
        raise DataError(
            f"{sample.name} holds what a model predicted, as `predict` writes it, and no person's "
            "answers.",
            f"--label-column {answer} imports the predictions as answers all the same; "
            "--annotator says whose they are.",
        )
    load_report.warnings.append(
        f"{sample.name}: what a model predicted counts as answers, as asked"
    )
