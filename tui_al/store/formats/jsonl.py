"""JSON lines of our own: one annotation a line, nothing left out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui_al.core.annotation.records import Annotation, Header
from tui_al.core.data.examples import Task
from tui_al.store.formats.files import dumped, write_text
from tui_al.store.formats.format import ALL_PARTS, Format, Part
from tui_al.store.formats.rows import parser, to_row


def write(path: Path, header: Header, annotations: Sequence[Annotation]) -> None:
    """One object a line; its fields are those of `rows`, empty ones (but not an empty text) left
    out."""
    write_text(path, (dumped(_filled(annotation, header)) + "\n" for annotation in annotations))


def _filled(annotation: Annotation, header: Header) -> dict[str, Any]:
    row = to_row(annotation, header.task)
    return {
        key: value
        for key, value in row.items()
        if key == "text" or (value is not None and value != "")
    }


JSONL = Format(
    name="jsonl",
    summary="JSON lines, one annotation a line; carries everything but descriptions of labels",
    tasks=frozenset(Task),
    carries=ALL_PARTS - {Part.DESCRIPTION},
    write=write,
    parser=parser,
)
