"""Names of classes that a folder's files write as numbers: classes.txt, label_map.json and the
like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_al.core.whole_numbers import whole_number
from tui_al.engine.data.names_files import numbered_names, told_names
from tui_al.engine.data.rows import Row
from tui_al.engine.data.tables import LoadReport, amount, some

#: Files that list names of classes, one a line in the order of their numbers, or as a JSON object.
NAME_FILES = (
    "classes.txt", "labels.txt", "label_names.txt", "class_names.txt", "mapping.txt",
    "label_map.json", "id2label.json",
    "label2id.json", "labels.json", "classes.json", "class_names.json",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClassNames:
    """Names by number, and the file they come from."""

    file: str
    names: Mapping[int, str]

    def for_labels(self, labels: Sequence[str]) -> Mapping[str, str] | None:
        """Name of each label; None if a label is not a number, or has no name.

        Names that are counted from 0 also fit labels from 1 to their number, as AG News has them.
        """
        numbers = {label: n for label in labels if (n := whole_number(label)) is not None}
        if not labels or len(numbers) < len(labels):
            return None
        first = min(self.names, default=0)
        shift = (
            first == 0 and 0 not in numbers.values() and max(numbers.values()) == len(self.names)
        )
        found = {label: self.names.get(number - shift) for label, number in numbers.items()}
        named = {label: name for label, name in found.items() if name is not None}
        return named if len(named) == len(found) else None


def class_names(folder: Path, load_report: LoadReport) -> ClassNames | None:
    """Those of the first file in the folder that lists any; a file of that name that does not is
    told."""
    for name in NAME_FILES:
        path = folder / name
        if not path.is_file():
            continue
        try:
            names = next(numbered_names(path), None)
        except (OSError, ValueError) as error:
            load_report.warnings.append(f"{name} is not used as names of classes: {error}")
            continue
        if names:
            return ClassNames(name, names)
        load_report.warnings.append(f"{name} is not used as names of classes: it lists none")
    return None


def names_given(labels: Sequence[str]) -> ClassNames | None:
    """Those that the person named, for data with numbers; None if nothing is named, or numbers
    are."""
    if not labels or any(label.isdecimal() for label in labels):
        return None
    return ClassNames("--labels", dict(enumerate(labels)))


def name_classes(rows: dict[str, list[Row]], found: ClassNames, load_report: LoadReport) -> None:
    """Put names in place of numbers in all rows, if every label has one; told either way."""
    labels = sorted(
        {row.answer for part in rows.values() for row in part if isinstance(row.answer, str)}
    )
    names = names_for(labels, found, load_report)
    if not names:
        return
    for split, part in rows.items():
        rows[split] = [
            row._replace(answer=names[row.answer]) if isinstance(row.answer, str) else row
            for row in part
        ]


def names_for(
    labels: Sequence[str], found: ClassNames, load_report: LoadReport
) -> Mapping[str, str]:
    """The name of each label; empty where one has none. Told either way."""
    names = found.for_labels(labels)
    if names is not None:
        load_report.notes.append(f"labels are named by {found.file}: {told_names(names)}")
        return names
    if labels and found.file != "--labels":
        load_report.notes.append(
            f"{found.file} is not used: its names do not fit the labels {some(labels)}"
        )
    elif labels and all(label.isdecimal() for label in labels):
        load_report.warnings.append(
            f"--labels has {amount(len(found.names), 'name')}, which do not fit the numbers "
            f"{some(labels)}: these stay"
        )
    return {}
