"""Reading a data set from start to end: files, columns, rows, splits, checks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tui_al.core.config import DataConfig
from tui_al.core.tasks import Dataset, Example, Task, example_ids
from tui_al.engine.data.checks import check_labels, check_texts, unify_tags
from tui_al.engine.data.columns import Columns, choose_columns, require
from tui_al.engine.data.locate import Located, locate
from tui_al.engine.data.readers import read_table
from tui_al.engine.data.rows import Row, RowReader
from tui_al.engine.data.splits import check_amounts, split_rows
from tui_al.engine.data.tables import Findings, Table, amount
from tui_al.errors import DataError


def load(config: DataConfig) -> Dataset:
    """Find, read and check a data set; the same configuration and files give the same result.

    Raises DataError (ConfigError for impossible amounts, HubError from downloads). A wholly unlabelled source gives
    `labels=()` and `test=()`.
    """
    check_amounts(config)
    findings = Findings()
    located = locate(config, findings)
    names = _file_names(located)
    tables = {
        split: [read_table(path, names[path], config, findings) for path in paths]
        for split, paths in located.splits.items()
    }
    columns, rows = _rows(tables, config, located, findings)
    _tell_difference(located, rows, findings)
    train, test = split_rows(rows, columns.task, config, findings)
    if not train:
        raise DataError(f"{located.name} has no row to train on.", "Check the text column.")
    if columns.task is Task.TAGGING:
        train, test = unify_tags(train, test, findings)
    labels = check_labels(columns.task, train, test, findings, config.labels or ())
    check_texts(train, test, findings)
    ids = example_ids(row.text for row in (*train, *test))
    return Dataset(
        name=located.name,
        task=columns.task,
        labels=labels,
        train=_examples(train, ids[: len(train)]),
        test=_examples(test, ids[len(train) :]),
        notes=tuple(findings.notes),
        warnings=tuple(findings.warnings),
    )


def _file_names(located: Located) -> dict[Path, str]:
    """What each file is called in messages; with its split where that alone tells two apart (`test/0000.parquet`)."""
    files = [(split, path) for split, paths in located.splits.items() for path in paths]
    unique = len({path.name for _, path in files}) == len(files)
    return {path: path.name if unique else f"{split}/{path.name}" for split, path in files}


def _rows(
    tables: Mapping[str, Sequence[Table]],
    config: DataConfig,
    located: Located,
    findings: Findings,
) -> tuple[Columns, dict[str, list[Row]]]:
    """Rows of every split. The training file settles the columns; a pool may have a text column of another name."""
    first = next(table for split in ("train", "pool") for table in tables.get(split, ()))
    columns = choose_columns(first, config, located.named, findings)
    pool_columns = columns
    for split, parts in tables.items():
        for table in parts:
            if split == "pool" and columns.unit not in table.columns:
                pool_columns = _pool_columns(table, columns, config, findings)
            elif columns.raw and table.tagged:
                continue  # a tagged file beside raw texts, read by its own columns
            elif columns.task is Task.TAGGING or not table.tagged:
                option = "--tokens-column" if columns.task is Task.TAGGING else "--text-column"
                require(table, columns.unit, option)
                _require_answers(split, table, columns)
            else:
                raise DataError(
                    f"{table.name} holds tagged tokens, but {first.name} texts with labels.",
                    "All files of a data set are of one kind.",
                )
    reader, pool_reader = RowReader(columns, findings), RowReader(pool_columns, findings)
    tagged_reader = RowReader(Columns(Task.TAGGING, "tokens", "tags"), findings)
    rows = {}
    for split, parts in tables.items():
        chosen = pool_reader if split == "pool" else reader
        if columns.raw and all(table.tagged for table in parts):
            chosen = tagged_reader
        rows[split] = chosen.read(split, parts)
    for one in (reader, pool_reader, tagged_reader):
        one.finish()
    return columns, rows


def _pool_columns(
    table: Table, columns: Columns, config: DataConfig, findings: Findings
) -> Columns:
    own = choose_columns(table, replace(config, label_column=None), None, findings)
    if own.task is not columns.task:
        raise DataError(
            f"{table.name} is read as {own.task}, but the training file as {columns.task}.",
            "All files of a data set are of one kind.",
        )
    return replace(own, answer=None)


def _require_answers(split: str, table: Table, columns: Columns) -> None:
    if split != "pool" and columns.answer is not None:
        option = "--tags-column" if columns.task is Task.TAGGING else "--label-column"
        require(table, columns.answer, option)


def _tell_difference(
    located: Located, rows: Mapping[str, Sequence[Row]], findings: Findings
) -> None:
    """A named set that is not as large as the published one must not be taken for it."""
    if located.named is None:
        return
    published = {"train": located.named.train_size, "test": located.named.test_size}
    for split, size in published.items():
        here = len(rows.get(split, ()))
        if size is not None and here != size:
            findings.warnings.append(
                f"{split}: {amount(here, 'row')} here, {size:,} in the published {located.name}: do not compare with results on that"
            )


def _examples(rows: Sequence[Row], ids: Sequence[str]) -> tuple[Example, ...]:
    return tuple(
        Example(id=key, text=row.text, answer=row.answer, tokens=row.tokens, origin=row.origin)
        for row, key in zip(rows, ids, strict=True)
    )
