"""The names of numbered tags or labels: from the person, or from a file that lies beside the
data."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_al.core.data.examples import iob2_tags
from tui_al.core.data.tag_notation import numbered
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.names_files import in_order, numbered_names

_STEMS = (
    "labels", "label", "label_names", "label_list", "label_map", "labels_list", "label2id",
    "id2label", "tags", "tag_names", "tag_list", "tag2id", "id2tag", "tagset", "ner_tags",
    "ner_labels", "ner_tag_names", "classes", "class_names", "classnames", "names", "config",
    "dataset_info", "dataset_infos",
)  # fmt: skip
_SUFFIXES = (".txt", ".json", ".csv", ".tsv", ".lst")
_CARD = "README.md"  # of a data set of the Hub: its head lists features

Names = tuple[str, ...]


def tag_names(config: DataConfig) -> tuple[Names, str] | None:
    """Names of tags from 0 on, and where they were found; None if there are none.

    First what the person named: all tags in their order, or types alone, which are then numbered as
    O, B-x, I-x, B-y, ..."""
    if config.labels:
        names = config.labels if "O" in config.labels else iob2_tags(config.labels)
        return (names, "--labels") if _are_tags(names) else None
    for name, names in names_beside(Path(config.source).expanduser()):
        if _are_tags(names):
            return names, name
    return None


def types_of(labels: Sequence[str]) -> Names:
    """The types of entities where whole tags (`O,B-PER,I-PER`) were named as labels; otherwise what
    was named."""
    if "O" not in labels or not _are_tags(labels):
        return tuple(labels)
    read = (tag[2:] for tag in numbered(labels).names if tag != "O")
    return tuple(dict.fromkeys(read))


def names_beside(source: Path) -> Iterator[tuple[str, Names]]:
    """Lists of names in the folder of a file, or in a folder: the file each is in, and the names
    from 0 on."""
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
        for numbers in numbered_names(path):
            if (names := in_order(numbers)) is not None:
                yield names
    except (OSError, ValueError):
        return
