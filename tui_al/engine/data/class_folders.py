"""A folder for each class, a text in each file, as IMDB and 20 Newsgroups come."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import tables as sizes
from tui_al.engine.data.compression import is_documentation, open_bytes
from tui_al.engine.data.encodings import TextStream
from tui_al.engine.data.lines import LONGEST
from tui_al.engine.data.split_names import split_of
from tui_al.engine.data.tables import LoadReport, Table, some
from tui_al.errors import DataError


def class_folders(folder: Path) -> list[Path]:
    """The folders of the classes; none unless there are two or more, all with texts and no data
    files beside them."""
    folders = [
        path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")
    ]
    labels = [path for path in folders if split_of(path.name) != "pool"]
    if len(labels) < 2 or any(split_of(path.name) for path in labels):
        return []
    return folders if all(next(_texts(path), None) for path in folders) else []


def read_class_folders(
    folder: Path, config: DataConfig, load_report: LoadReport
) -> Iterator[Table]:
    """A row for each file, the name of its folder its label; files of a folder called unsup have
    none."""
    texts: list[str] = []
    labels: list[str | None] = []
    places: list[str] = []
    number = size = 0
    for place in class_folders(folder):
        label = None if split_of(place.name) == "pool" else place.name
        left_out = [p.name for p in sorted(place.iterdir()) if p.name[0] != "." and not _is_text(p)]
        if left_out:
            load_report.warnings.append(f"{place.name}: no texts, not read: {some(left_out)}")
        for path in _texts(place):
            text = _read(path, f"{place.name}/{path.name}", config, load_report)
            texts.append(text)
            labels.append(label)
            places.append(f"{folder.name}/{place.name}/{path.name}")
            size += len(text)
            if len(texts) >= sizes.ROWS or size >= sizes.CHARACTERS:
                yield _table(folder.name, texts, labels, places, number)
                number += len(texts)
                texts, labels, places, size = [], [], [], 0
    if texts:
        yield _table(folder.name, texts, labels, places, number)


def _table(
    name: str, texts: list[str], labels: list[str | None], places: list[str], before: int
) -> Table:
    numbers = range(before + 1, before + len(texts) + 1)
    columns: dict[str, Sequence[object]] = {"text": texts, "label": labels}
    return Table(name, columns, numbers, "row", Task.CLASSIFICATION, places=places)


def _texts(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if _is_text(path))


def _is_text(path: Path) -> bool:
    """A .txt file, or one that is called by a number or without a suffix."""
    plain = path.suffix.lower() in (".txt", "") or path.suffix[1:].isdecimal()
    return path.is_file() and plain and path.name[0] != "." and not is_documentation(path.name)


def _read(path: Path, name: str, config: DataConfig, load_report: LoadReport) -> str:
    pieces, size = [], 0
    with closing(open_bytes(path, name)) as raw:
        stream = TextStream(raw, name, config.encoding, load_report)
        while piece := stream.read():
            pieces.append(piece)
            size += len(piece)
            if size > LONGEST:
                raise DataError(f"{name} is longer than {LONGEST:,} characters.", "Is it one text?")
    return "".join(pieces).replace("\r\n", "\n").strip("\n")
