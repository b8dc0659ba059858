"""Texts, labels and tags in files of their own, line by line, as ATIS, SNIPS and TweetEval come."""

from collections.abc import Iterator, Sequence
from itertools import repeat, zip_longest
from pathlib import Path

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import tables as sizes
from tui_al.engine.data.compression import open_bytes
from tui_al.engine.data.encodings import TextStream
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.sources import FolderSource, Source
from tui_al.engine.data.split_names import split_of
from tui_al.engine.data.tables import LoadReport, Table
from tui_al.errors import DataError

#: Names of a file of texts, and of those beside it, of labels and of tags; before each may stand a
#: split and "_" or ".".
_TEXTS = ("seq.in", "text.txt", "texts.txt", "sentences.txt")
_LABELS = ("label", "label.txt", "labels.txt", "intent", "intents.txt")
_TAGS = ("seq.out", "tags.txt", "slots.txt")


def parallel_sources(folder: Path) -> dict[str, Sequence[Source]]:
    """Sources by split of a folder that holds files of texts beside files of labels or tags; {} for
    any other."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    found: dict[str, Sequence[Source]] = {}
    for name in names:
        base = next((text for text in _TEXTS if name.lower().endswith(text)), None)
        if base is None:
            continue
        prefix = name[: -len(base)]
        split = "train" if not prefix else split_of(prefix.strip("_.-"))
        labels = next((prefix + other for other in _LABELS if prefix + other in names), None)
        tags = next((prefix + other for other in _TAGS if prefix + other in names), None)
        if split is not None and (labels or tags):
            source = _source(folder, name, labels, tags)
            found.setdefault(split, [source])
    return found


def _source(folder: Path, texts: str, labels: str | None, tags: str | None) -> Source:
    def read(config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
        tagging = config.task == "tagging" or labels is None
        answers = tags if tagging and tags else None if tagging else labels
        beside = [name for name in (labels, tags) if name and name != answers]
        load_report.notes.append(
            f"{folder.name}: {texts} is read with {answers or 'no answers'}"
            + (f", not {', '.join(beside)}" if beside else "")
            + (" (--task tagging reads the tags)" if labels and tags and not tagging else "")
        )
        return _read(folder, texts, answers, tagging and tags is not None, config, load_report)

    return FolderSource(f"{folder.name}/{texts}", read)


def _read(
    folder: Path,
    texts: str,
    answers: str | None,
    tagged: bool,
    config: DataConfig,
    load_report: LoadReport,
) -> Iterator[Table]:
    name = f"{folder.name}/{texts}"
    left = _lines(folder, texts, config, load_report)
    right = _lines(folder, answers, config, load_report) if answers else repeat(None)
    units: list[str] = []
    given: list[str | None] = []
    number = 0
    for unit, answer in zip_longest(left, right) if answers else zip(left, right, strict=False):
        if unit is None or (answers and answer is None):
            shorter = answers if answer is None else texts
            raise DataError(
                f"{folder.name}: {shorter} ends after line {number:,}, before the file beside it.",
                f"{texts} and {answers} have a line for each text.",
            )
        number += 1
        units.append(unit.rstrip("\r\n"))
        given.append(None if answer is None else answer.rstrip("\r\n"))
        if len(units) >= sizes.ROWS:
            yield _table(name, units, given, number, tagged)
            units, given = [], []
    if units:
        yield _table(name, units, given, number, tagged)


def _table(name: str, units: list[str], given: list[str | None], last: int, tagged: bool) -> Table:
    numbers = range(last - len(units) + 1, last + 1)
    if not tagged:
        columns: dict[str, Sequence[object]] = {"text": units, "label": given}
        return Table(name, columns, numbers, "line", Task.CLASSIFICATION)
    columns = {
        "tokens": [unit.split() for unit in units],
        "tags": [(answer or "").split() for answer in given],
    }
    return Table(name, columns, numbers, "line", Task.TAGGING)


def _lines(folder: Path, name: str, config: DataConfig, load_report: LoadReport) -> Iterator[str]:
    shown = f"{folder.name}/{name}"
    raw = open_bytes(folder / name, shown)
    try:
        yield from Lines(TextStream(raw, shown, config.encoding, load_report), shown)
    finally:
        raw.close()
