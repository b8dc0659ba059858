"""Which column holds the labels: the one whose name says so, or the only one whose values do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from tui_al.engine.data.cells import ColumnSample
from tui_al.engine.data.column_names import LABEL_GROUPS, LABEL_NAMES, METADATA_NAMES, name_parts
from tui_al.engine.data.multi_label import one_label_each
from tui_al.engine.data.tables import LoadReport, Table, some
from tui_al.errors import DataError

_FEW_CLASSES = 200
_ROWS_PER_CLASS = 2
_LONGEST_CLASS = 60  # characters, on average


class Use(Enum):
    """What labels of the data are for: it decides how sure a guess has to be."""

    GOLD = "gold"  #: they answer for people, in a simulation
    GIVEN = "given"  #: people label; what the data holds counts beside
    NONE = "none"  #: none are needed, in a prediction


@dataclass(frozen=True, slots=True)
class Labels:
    """The column, None if every row is unlabelled; `listed` where each cell is a list of one
    label."""

    column: str | None = None
    listed: bool = False


def find_labels(
    table: Table,
    columns: Mapping[str, ColumnSample],
    text: str,
    asked: str | None,
    use: Use,
    load_report: LoadReport,
) -> Labels:
    """The label column: the one asked for ("" asks for none), else the one whose name says so.

    For a simulation a column without a telling name is taken as well, if it is the only one whose
    values repeat as labels do. Where people label, none is: what they have not named is nothing
    that they have answered.

    Raises:
        DataError: several columns fit alike, or a cell holds several labels, or there is a column
        for each label.
    """
    if use is Use.NONE or asked == "":
        return Labels()
    if asked is not None:
        return Labels(asked, one_label_each(table, asked, asked=True, load_report=load_report))
    try:
        told = LoadReport()
        label = _by_name(table, columns, text, use, told)
        if label is None and use is Use.GOLD:
            label = _by_values(table, columns, text, told)
        if label is not None:
            listed = one_label_each(table, label, asked=False, load_report=told)
            load_report.notes.extend(told.notes)
            load_report.warnings.extend(told.warnings)
            return Labels(label, listed)
    except DataError as error:
        if use is Use.GOLD:
            raise
        load_report.warnings.append(
            f"no labels are taken from the data: {error.message} {error.hint}"
        )
        return Labels()
    there = ", ".join(table.columns)
    found = "taken from" if use is Use.GIVEN else "found among"
    load_report.notes.append(
        f"no label column was {found} {there}: every row is unlabelled (--label-column names one)"
    )
    return Labels()


def is_metadata(name: str, column: ColumnSample) -> bool:
    """Whether name or values say that a column is about a text rather than its class: ids, dates,
    people, languages."""
    return bool(METADATA_NAMES.intersection(name_parts(name))) or column.is_metadata


def _by_name(
    table: Table,
    columns: Mapping[str, ColumnSample],
    text: str,
    use: Use,
    load_report: LoadReport,
) -> str | None:
    """The column with the surest name. Several of one group have to say the same, as labels and
    their numbers do."""
    groups = [
        [c for name in group for c in columns if c.lower() == name and c != text]
        for group in LABEL_GROUPS
    ]
    if use is Use.GOLD:
        groups.append([c for c in columns if c != text and has_label_word(c)])
    found = [c for group in groups for c in group]
    best = next((group for group in groups if group), None)
    if best is None:
        return None
    filled = [c for c in best if columns[c].kind != "empty"] or best[:1]
    plain = [c for c in filled if columns[c].kind in ("text", "number", "empty")] or filled
    chosen = min(plain, key=lambda c: _is_number(columns[c]))
    others = [c for c in plain if c != chosen]
    if any(not _say_the_same(table, chosen, other) for other in others):
        raise _close_call(table, plain)
    left = [c for c in dict.fromkeys(found) if c != chosen]
    why = f"guessed before {some(left)}" if left else "guessed"
    if use is Use.GIVEN and columns[chosen].kind != "empty":
        load_report.warnings.append(
            f"labels are taken from the column {chosen!r}, because of its name: they count as "
            "given "
            f'(--label-column NAME takes another, --label-column "" none)'
        )
    else:
        load_report.notes.append(f"label column: {chosen} ({why}; --label-column overrides)")
    return chosen


def has_label_word(column: str) -> bool:
    """A word in the name that label columns have, and none but `id` and `name` that speaks of
    something else."""
    field = column.rpartition(".")[2]  # of objects inside others: `row.label`
    words = set(name_parts(field if field.lower() in LABEL_NAMES else column))
    return bool(words.intersection(LABEL_NAMES)) and not words & (METADATA_NAMES - {"id", "name"})


def _is_number(column: ColumnSample) -> bool:
    return all(value.lstrip("-").replace(".", "", 1).isdecimal() for value in column.distinct)


def _say_the_same(table: Table, one: str, other: str) -> bool:
    """Whether each value of one column stands beside one value of the other."""
    pairs = {
        (str(a), str(b)) for a, b in zip(table.columns[one], table.columns[other], strict=True)
    }
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def _by_values(
    table: Table, columns: Mapping[str, ColumnSample], text: str, load_report: LoadReport
) -> str | None:
    """The only column whose values repeat as labels do; what is about the text does not count."""
    candidates = [
        name
        for name, column in columns.items()
        if name != text and not is_metadata(name, column) and _repeats(column)
    ]
    binary = [name for name in candidates if columns[name].is_binary]
    if len(binary) > 1 and _one_of_each(table, binary):
        raise DataError(
            f"{table.name} has a column of 0 and 1 for each of {some(binary)}, of which one is 1 "
            "in every row looked at.",
            "If each row has one class, write it into one column; several labels a text "
            "(multi-label) are not supported yet. "
            "--label-column takes one of these as yes or no.",
        )
    if len(binary) > 1:
        raise DataError(
            f"{table.name} has a column of 0 and 1 for each of {some(binary)}: labels of which a "
            "text may have several.",
            "That (multi-label) is not supported yet. --label-column takes one of them as yes "
            "or no.",
        )
    if len(candidates) > 1:
        raise _close_call(table, candidates)
    if not candidates:
        return None
    load_report.warnings.append(
        f"label column: {candidates[0]} (guessed by its values; --label-column names another)"
    )
    return candidates[0]


def _one_of_each(table: Table, columns: Sequence[str]) -> bool:
    rows = zip(*(table.columns[name] for name in columns), strict=True)
    return all(sum(str(c).lower() in ("1", "1.0", "true") for c in row) == 1 for row in rows)


def _repeats(column: ColumnSample) -> bool:
    rows, distinct = len(column.cells), len(column.distinct)
    if column.kind not in ("text", "number", "other") or column.mean_length > _LONGEST_CLASS:
        return False
    most = max(2, min(_FEW_CLASSES, rows // _ROWS_PER_CLASS))
    return 2 <= distinct <= most and distinct < rows


def _close_call(table: Table, candidates: Sequence[str]) -> DataError:
    return DataError(
        f"{table.name}: the labels may be in {' or '.join(map(repr, candidates))}.",
        f"Name the right one, as --label-column {candidates[0]!r}.",
    ).at("label_column")
