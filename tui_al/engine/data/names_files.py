"""Files that list names of numbered classes or tags: one a line, numbers with names in either
order, JSON, or the head of a README."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_al.engine.data.tables import some
from tui_al.errors import DataError

_CARD = "README.md"  # of a data set of the Hub: its head lists features
_LARGEST = 1 << 20  # bytes of a file that is looked into
_DEEPEST = 40  # levels of lists and objects that are looked into
_NUMBER_FIRST = re.compile(r"(\d{1,9})[\s,;:=]+(\S.*)")
_NUMBER_LAST = re.compile(r"(\S.*?)[\s,;:=]+(\d{1,9})")
_SUFFIXES = (".txt", ".json", ".csv", ".tsv", ".lst")

#: Names by number.
Numbered = Mapping[int, str]


def numbered_names(path: Path) -> Iterator[Numbered]:
    """Every list of names in a file, in order; numbers of names that have none of their own count
    from 0.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not a text, no JSON, or larger than such files are.
    """
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST:,} bytes")
    if path.name == _CARD:
        from huggingface_hub import metadata_load

        try:
            yield from _nested(metadata_load(path))
        except Exception as error:  # whatever its YAML library raises
            raise ValueError(f"its head is not YAML: {error}") from error
        return
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix.lower() == ".json":
        try:
            content = json.loads(text)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
        yield from _nested(content)
    elif names := _of_lines(text.split("\n")):
        yield names


def in_order(names: Numbered) -> tuple[str, ...] | None:
    """The names, if their numbers are 0, 1, 2 and so on."""
    if not names or sorted(names) != list(range(len(names))):
        return None
    return tuple(names[number] for number in range(len(names)))


def names_of_file(path: Path) -> tuple[str, ...]:
    """The names in a file that a person gives. DataError for one without a list of names, counted
    from 0 or from 1."""
    try:
        for names in numbered_names(path):
            first = min(names)
            if first <= 1 and (found := in_order({n - first: name for n, name in names.items()})):
                return found
    except (OSError, ValueError) as error:
        raise DataError(f"--labels: {path} cannot be read: {error}.", _WHAT) from error
    raise DataError(f"--labels: {path} holds no names, counted from 0 or from 1.", _WHAT)


_WHAT = (
    "It has a name on each line, numbers with names, or is JSON: a list of names, or an "
    "object of numbers and names."
)


def given_names(labels: str) -> tuple[str, ...]:
    """What `--labels` names: names apart by commas, or those in a file. DataError for a file that
    is not there."""
    if "," not in labels and labels.lower().endswith(_SUFFIXES):
        return names_of_file(Path(labels).expanduser())
    return tuple(name.strip() for name in labels.split(","))


def _of_lines(lines: Sequence[str]) -> dict[int, str]:
    """A name a line; or a number before each, or behind it where these just count: a name may end
    in a number."""
    lines = [line.strip() for line in lines if line.strip()]
    before = [match for match in map(_NUMBER_FIRST.fullmatch, lines) if match]
    if len(before) == len(lines):
        return {int(match[1]): match[2].strip() for match in before}
    behind = [match for match in map(_NUMBER_LAST.fullmatch, lines) if match]
    counted = [int(match[2]) for match in behind]
    names = {match[1].strip() for match in behind}
    if len(behind) == len(names) == len(lines) and counted in (
        [*range(len(lines))],
        [*range(1, len(lines) + 1)],
    ):
        return {int(match[2]): match[1].strip() for match in behind}
    return dict(enumerate(lines))


def _nested(value: Any, depth: int = 0) -> Iterator[Numbered]:
    """Every list of names, or table from numbers to names or back, in a JSON or YAML value."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        yield dict(enumerate(value))
    elif isinstance(value, list):
        for one in value:
            yield from _nested(one, depth + 1)
    elif isinstance(value, dict) and (names := _table(value)):
        yield names
    elif isinstance(value, dict):
        for one in value.values():
            yield from _nested(one, depth + 1)


def _table(value: Mapping[Any, Any]) -> dict[int, str] | None:
    if all(type(one) is int and one >= 0 for one in value.values()):
        return {number: str(name) for name, number in value.items()}
    texts = all(isinstance(one, str) for one in value.values())
    if texts and all(str(key).isdecimal() and len(str(key)) < 10 for key in value):
        return {int(key): one for key, one in value.items()}
    return None


def told_names(names: Mapping[str, str]) -> str:
    """Numbers with their names, for messages."""
    return some([f"{label} {name}" for label, name in names.items()])
