"""Reading a data set from start to end: files, columns, rows, splits, checks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.allowance import memory_told
from tui_al.engine.data.checks import check_labels, check_sentences, check_texts, unify_tags
from tui_al.engine.data.class_names import name_classes, names_given
from tui_al.engine.data.columns import Columns, Use, choose_columns, require, tagged_columns
from tui_al.engine.data.label_column import has_label_word
from tui_al.engine.data.label_spellings import unify_spellings
from tui_al.engine.data.locate import DatasetFiles, locate
from tui_al.engine.data.missing_labels import without_missing
from tui_al.engine.data.rare_labels import tell_rare_labels
from tui_al.engine.data.rows import Row, RowReader
from tui_al.engine.data.splits import check_amounts, split_rows
from tui_al.engine.data.tables import SAMPLE, LoadReport, Table, amount, sampled, some
from tui_al.engine.data.tag_names import types_of
from tui_al.errors import DataError


def load(config: DataConfig, *, by_people: bool = False) -> Dataset:
    """Find, read and check a data set; the same configuration and files give the same result.

    Args:
        config: where the data is and how to read it.
        by_people: people label it. Then no column is taken for labels because of what is in it.

    Raises DataError (ConfigError for impossible amounts, HubError from downloads, MachineError
    where there is not enough memory). A wholly unlabelled source gives `labels=()` and `test=()`.
    """
    with memory_told(config.source):
        return _load(config, by_people)


def _load(config: DataConfig, by_people: bool) -> Dataset:
    check_amounts(config)
    load_report = LoadReport()
    located = locate(config, load_report)
    columns, rows = _rows(located, config, Use.GIVEN if by_people else Use.GOLD, load_report)
    without_missing(rows, config.labels or (), load_report)
    unify_spellings(rows, load_report)
    if (names := names_given(config.labels or ()) or located.class_names) is not None:
        name_classes(rows, names, load_report)
    tell_rare_labels(rows, config.labels or (), load_report)
    _tell_difference(located, rows, load_report)
    train, test = split_rows(rows, columns.task, config, load_report)
    if not train:
        raise DataError(f"{_files(located)} has no row to train on.", "Check the text column.")
    if columns.task is Task.TAGGING:
        train, test = unify_tags(train, test, load_report)
        if not columns.raw:
            check_sentences(train, load_report)
    named = _named(config, columns.task, train, by_people)
    labels = check_labels(columns.task, train, test, load_report, named, _files(located))
    check_texts(train, test, load_report)
    ids = example_ids(row.text for row in (*train, *test))
    return Dataset(
        name=located.name,
        task=columns.task,
        labels=labels,
        train=_examples(train, ids[: len(train)]),
        test=_examples(test, ids[len(train) :]),
        notes=tuple(load_report.notes),
        warnings=tuple(load_report.warnings),
    )


def _named(config: DataConfig, task: Task, train: Sequence[Row], by_people: bool) -> Sequence[str]:
    """Labels that the person begins with. Where the data labels all, names are no more than names
    of its numbers."""
    if not by_people and all(row.answer is not None for row in train):
        return ()
    labels = config.labels or ()
    return types_of(labels) if task is Task.TAGGING else labels


def _files(located: DatasetFiles) -> str:
    """What the training rows come from, for messages."""
    sources = (*located.splits.get("train", ()), *located.splits.get("pool", ()))
    return some([source.name for source in sources]) or located.name


def _rows(
    located: DatasetFiles, config: DataConfig, use: Use, load_report: LoadReport
) -> tuple[Columns, dict[str, list[Row]]]:
    """Rows of every split. The first training file settles the columns."""
    split = "train" if located.splits.get("train") else "pool"
    first, *others = located.splits[split]
    sample, tables = sampled(first.tables(config, load_report))
    assert sample is not None  # a source without a row is an error
    columns = choose_columns(sample, config, located.named, load_report, use)
    reader = _SplitReader(sample, columns, config, load_report)
    rows = {split: reader.read(split, [tables, *(s.tables(config, load_report) for s in others)])}
    for split, sources in located.splits.items():
        if split not in rows:
            rows[split] = reader.read(split, [s.tables(config, load_report) for s in sources])
    reader.finish()
    return columns, rows


class _SplitReader:
    """Reads the files of all splits by the columns of the first; a pool may call its text
    otherwise."""

    def __init__(
        self, first: Table, columns: Columns, config: DataConfig, load_report: LoadReport
    ) -> None:
        self._first, self._columns = first, columns
        self._config, self._findings = config, load_report
        self._readers: dict[Columns, RowReader] = {}
        self._seen = set(first.columns)
        self._late: dict[str, str] = {}  # column that the sample lacks to where it is first

    def read(self, split: str, files: Sequence[Iterator[Table]]) -> list[Row]:
        """All rows of a split that have a text; what is left out is told."""
        read: list[Row] = []
        empty: list[str] = []
        for file in files:
            sample, tables = sampled(file)
            assert sample is not None  # a source without a row is an error
            columns = self._columns_of(split, sample)
            if columns is None:
                continue
            reader = self._readers.setdefault(columns, RowReader(columns, self._findings))
            for part in tables:
                if split == "train":
                    self._look_at(part)
                for row in reader.rows(part):
                    if row.text.strip():
                        read.append(row)
                    else:
                        empty.append(row.origin)
        if empty:
            self._findings.warnings.append(
                f"{split}: {amount(len(empty), 'empty text')} left out ({some(empty)})"
            )
        return read

    def finish(self) -> None:
        """Tell what was mended in all rows, and what columns came too late. DataError for one that
        never came."""
        for reader in self._readers.values():
            reader.finish()
        for column in (self._columns.unit, self._columns.answer):
            if column is not None and column not in self._seen:
                require(self._first, column, "--text-column or --label-column")
        late = [f"{column} ({place})" for column, place in self._late.items()]
        if late:
            self._findings.warnings.append(
                f"columns that are not read, since the first {SAMPLE:,} rows do not have them: "
                f"{some(late)} "
                "(--text-column and --label-column name them)"
            )

    def _look_at(self, table: Table) -> None:
        """Remember columns that a later part of an uneven file has, and the sample has not."""
        for column in table.columns.keys() - self._seen:
            self._seen.add(column)
            if table.uneven and column not in (self._columns.unit, self._columns.answer):
                row = next(i for i, cell in enumerate(table.columns[column]) if cell is not None)
                self._late[column] = table.origin(row)

    def _columns_of(self, split: str, table: Table) -> Columns | None:
        """Those to read a file by, a sample of it given; None for one that is not used. DataError
        if it does not fit."""
        columns = self._columns
        if split == "pool" and columns.unit not in table.columns:
            return _pool_columns(table, columns, self._config, self._findings)
        if columns.raw and table.tagged:  # beside raw texts, read by its own columns
            return tagged_columns(table)
        if columns.task is not Task.TAGGING and table.tagged:
            raise DataError(
                f"{table.name} holds tagged tokens, but {self._first.name} texts with labels.",
                "All files of a data set are of one kind.",
            )
        tagging = columns.task is Task.TAGGING
        if self._has_no_answers(split, table):
            self._findings.warnings.append(
                f"{table.name} has no column {columns.answer!r}: it is not used, since nothing "
                "can be measured on it"
            )
            return None
        if table.uneven and len(table) >= SAMPLE:  # what is missing may come later
            return columns
        require(table, columns.unit, "--tokens-column" if tagging else "--text-column")
        if split != "pool" and columns.answer is not None and columns.answer not in table.columns:
            require(table, columns.answer, "--tags-column" if tagging else "--label-column")
        return columns

    def _has_no_answers(self, split: str, table: Table) -> bool:
        """Whether a test is without labels, as those of competitions: no column is called as labels
        usually are."""
        missing = self._columns.answer is not None and self._columns.answer not in table.columns
        return (
            split in ("test", "validation")
            and missing
            and not any(map(has_label_word, table.columns))
        )


def _pool_columns(
    table: Table, columns: Columns, config: DataConfig, load_report: LoadReport
) -> Columns:
    own = choose_columns(table, replace(config, label_column=None), None, load_report)
    if own.task is not columns.task:
        raise DataError(
            f"{table.name} is read as {own.task}, but the training file as {columns.task}.",
            "All files of a data set are of one kind.",
        )
    return replace(own, answer=None)


def _tell_difference(
    located: DatasetFiles, rows: Mapping[str, Sequence[Row]], load_report: LoadReport
) -> None:
    """A named set that is not as large as the published one must not be taken for it."""
    if located.named is None:
        return
    published = {"train": located.named.train_size, "test": located.named.test_size}
    for split, size in published.items():
        here = len(rows.get(split, ()))
        if size is not None and here != size:
            load_report.warnings.append(
                f"{split}: {amount(here, 'row')} here, {size:,} in the published {located.name}: "
                "do not compare with results on that"
            )


def _examples(rows: Sequence[Row], ids: Sequence[str]) -> tuple[Example, ...]:
    return tuple(
        Example(id=key, text=row.text, answer=row.answer, tokens=row.tokens, origin=row.origin)
        for row, key in zip(rows, ids, strict=True)
    )
