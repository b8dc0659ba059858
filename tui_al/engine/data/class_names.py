"""Names of classes that a folder's files write as numbers: classes.txt, label_map.json and the like."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_al.engine.data.rows import Row
from tui_al.engine.data.tables import Findings, some

#: Files that list names of classes, one a line in the order of their numbers, or as a JSON object.
NAME_FILES = (
    "classes.txt", "labels.txt", "label_names.txt", "class_names.txt", "mapping.txt", "label_map.json", "id2label.json",
    "label2id.json", "labels.json", "classes.json", "class_names.json",
)  # fmt: skip

_NUMBERED = re.compile(r"(\d+)\s*[\t,:;= ]\s*(\S.*)")
_LARGEST = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class ClassNames:
    """Names by number, and the file they come from."""

    file: str
    names: Mapping[int, str]

    def for_labels(self, labels: Sequence[str]) -> Mapping[str, str] | None:
        """Name of each label; None if a label is no number, or has no name.

        Names that are counted from 0 also fit labels from 1 to their number, as AG News has them.
        """
        if not labels or not all(label.isdecimal() for label in labels):
            return None
        numbers = {label: int(label) for label in labels}
        first = min(self.names, default=0)
        shift = (
            first == 0 and 0 not in numbers.values() and max(numbers.values()) == len(self.names)
        )
        found = {label: self.names.get(number - shift) for label, number in numbers.items()}
        named = {label: name for label, name in found.items() if name is not None}
        return named if len(named) == len(found) else None


def class_names(folder: Path, findings: Findings) -> ClassNames | None:
    """Those of the first file in the folder that lists any; a file of that name that does not is told."""
    for name in NAME_FILES:
        path = folder / name
        if not path.is_file():
            continue
        try:
            content = path.read_bytes()[:_LARGEST].decode("utf-8-sig")
            names = _of_json(json.loads(content)) if path.suffix == ".json" else _of_lines(content)
        except (OSError, ValueError) as error:
            findings.warnings.append(f"{name} is not used as names of classes: {error}")
            continue
        if names:
            return ClassNames(name, names)
    return None


def names_given(labels: Sequence[str]) -> ClassNames | None:
    """Those that the person named, for data with numbers; None if nothing is named, or numbers are."""
    if not labels or any(label.isdecimal() for label in labels):
        return None
    return ClassNames("--labels", dict(enumerate(labels)))


def name_classes(rows: dict[str, list[Row]], found: ClassNames, findings: Findings) -> None:
    """Put names in place of numbers in all rows, if every label has one; told either way."""
    labels = sorted({row.answer for part in rows.values() for row in part if isinstance(row.answer, str)})  # fmt: skip
    names = found.for_labels(labels)
    if names is None:
        if labels and found.file != "--labels":
            findings.notes.append(
                f"{found.file} is not used: its names do not fit the labels {some(labels)}"
            )
        return
    for split, part in rows.items():
        rows[split] = [
            row._replace(answer=names[row.answer]) if isinstance(row.answer, str) else row
            for row in part
        ]
    told = some([f"{label} {name}" for label, name in names.items()])
    findings.notes.append(f"labels are named by {found.file}: {told}")


def _of_lines(content: str) -> dict[int, str]:
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    if lines and all(numbered):
        return {int(match[1]): match[2].strip() for match in numbered if match}
    return dict(enumerate(lines))


def _of_json(content: object) -> dict[int, str]:
    if isinstance(content, list) and all(isinstance(name, str) for name in content):
        return dict(enumerate(content))
    if not isinstance(content, dict):
        raise ValueError("it is neither a list nor an object of names")
    if "id2label" in content:
        return _of_json(content["id2label"])
    if all(str(key).isdecimal() and isinstance(name, str) for key, name in content.items()):
        return {int(key): name for key, name in content.items()}
    if all(type(number) is int for number in content.values()):
        return {number: name for name, number in content.items()}
    raise ValueError(f"its keys, {some(map(str, content))}, are no numbers with names")
