"""The names of numbered tags or labels: from the person, or from a file that lies beside the data."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import metadata_load

from tui_al.core.config import DataConfig
from tui_al.core.tag_notation import numbered
from tui_al.core.tasks import iob2_tags

_STEMS = (
    "labels", "label", "label_names", "label_list", "label_map", "labels_list", "label2id",
    "id2label", "tags", "tag_names", "tag_list", "tag2id", "id2tag", "tagset", "ner_tags",
    "ner_labels", "ner_tag_names", "classes", "class_names", "classnames", "names", "config",
    "dataset_info", "dataset_infos",
)  # fmt: skip
_SUFFIXES = (".txt", ".json", ".csv", ".tsv", ".lst")
_CARD = "README.md"  # of a data set of the Hub: its head lists features
_LARGEST = 1_000_000  # bytes of a file that is looked into
_NUMBERED = re.compile(r"(\d+)[\s,;:=]+(\S.*)|(\S.*?)[\s,;:=]+(\d+)")

Names = tuple[str, ...]


def tag_names(config: DataConfig) -> tuple[Names, str] | None:
    """Names of tags from 0 on, and where they were found; None if there are none.

    First what the person named: all tags in their order, or types alone, which are then numbered as O, B-x, I-x, B-y, ...
    """
    if config.labels:
        names = config.labels if "O" in config.labels else iob2_tags(config.labels)
        return (names, "--labels") if _are_tags(names) else None
    for name, names in names_beside(Path(config.source).expanduser()):
        if _are_tags(names):
            return names, name
    return None


def types_of(labels: Sequence[str]) -> Names:
    """The types of entities where whole tags (`O,B-PER,I-PER`) were named as labels; otherwise what was named."""
    if "O" not in labels or not _are_tags(labels):
        return tuple(labels)
    read = (tag[2:] for tag in numbered(labels).names if tag != "O")
    return tuple(dict.fromkeys(read))


def names_beside(source: Path) -> Iterator[tuple[str, Names]]:
    """Lists of names in the folder of a file, or in a folder: the file each is in, and the names from 0 on."""
    folder = source if source.is_dir() else source.parent
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        known = path.stem.lower() in _STEMS and path.suffix.lower() in _SUFFIXES
        if path == source or not (known or path.name == _CARD) or not path.is_file():
            continue
        for names in _read(path):
            yield path.name, names


def _are_tags(names: Sequence[str]) -> bool:
    try:
        numbered(names)
    except ValueError:
        return False
    return len(names) == len(set(names))


def _read(path: Path) -> Iterator[Names]:
    try:
        if path.stat().st_size > _LARGEST:
            return
        if path.name == _CARD:
            yield from _nested(metadata_load(path))
        elif path.suffix.lower() == ".json":
            yield from _nested(json.loads(path.read_text(encoding="utf-8-sig")))
        elif names := _lines(path.read_text(encoding="utf-8-sig").splitlines()):
            yield names
    except (OSError, ValueError, RecursionError):
        return


def _lines(lines: Sequence[str]) -> Names | None:
    """A name a line, or a number and a name in either order."""
    lines = [line.strip() for line in lines if line.strip()]
    pairs = [_NUMBERED.fullmatch(line) for line in lines]
    if lines and all(pairs):
        numbers = {}
        for pair in pairs:
            if pair is not None:
                number, name = (pair[1], pair[2]) if pair[1] else (pair[4], pair[3])
                numbers[int(number)] = name.strip()
        return _in_order(numbers)
    return tuple(lines) or None


def _in_order(numbers: Mapping[int, str]) -> Names | None:
    """Names by number, if these are 0, 1, 2 and so on."""
    if not numbers or sorted(numbers) != list(range(len(numbers))):
        return None
    return tuple(numbers[number] for number in range(len(numbers)))


def _nested(value: Any) -> Iterator[Names]:
    """Every list of names, or table from numbers to names or back, in a JSON or YAML value."""
    if isinstance(value, list):
        if value and all(isinstance(one, str) for one in value):
            yield tuple(value)
        else:
            for one in value:
                yield from _nested(one)
    elif isinstance(value, dict):
        names = _table(value)
        if names is not None:
            yield names
        else:
            for one in value.values():
                yield from _nested(one)


def _table(value: Mapping[Any, Any]) -> Names | None:
    if value and all(isinstance(one, int) and not isinstance(one, bool) for one in value.values()):
        return _in_order({number: str(name) for name, number in value.items()})
    texts = all(isinstance(one, str) for one in value.values())
    if texts and value and all(str(key).isdecimal() for key in value):
        return _in_order({int(key): one for key, one in value.items()})
    return None
