"""CoNLL columns, for tagging: a token and its IOB2 tag a line, a blank line after each sentence, as CoNLL-2003 has it.

No comment lines are written, since most readers know none: examples are found again by their words.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_al.core.annotations import Annotation, Header
from tui_al.core.offsets import spans_to_tags, tags_to_spans
from tui_al.core.tags import split_tag
from tui_al.core.tasks import Task
from tui_al.store.formats.fields import sound
from tui_al.store.formats.files import read_text, write_text
from tui_al.store.formats.format import Format, Part
from tui_al.store.formats.reading import DEFAULTS, ItemError, Read, Reading, ReadOptions

_DOCUMENT = "-DOCSTART-"
_BREAKS = " \t\r\n\ufeff"


def write(path: Path, _header: Header, annotations: Sequence[Annotation]) -> None:
    """Two columns, one blank between them."""
    write_text(path, (_sentence(annotation) for annotation in annotations))


def _sentence(annotation: Annotation) -> str:
    tags = spans_to_tags(annotation.text, annotation.tokens, annotation.spans)
    lines = [f"{token} {tag}\n" for token, tag in zip(annotation.tokens, tags, strict=True)]
    return "".join(lines) + "\n"


def refuses(annotation: Annotation) -> str:
    """Why a sentence cannot be written in columns."""
    if annotation.answer is None:
        return "there is no answer"
    if not annotation.tokens:
        return "there are no words"
    if not all(annotation.tokens):
        return "a word is empty"
    if any(any(c in _BREAKS for c in token) for token in annotation.tokens):
        return "a word holds a blank"
    if _DOCUMENT in annotation.tokens:
        return f"a word is {_DOCUMENT}"
    if any(any(c in _BREAKS for c in kind) for _, _, kind in annotation.spans):
        return "the name of a label holds a blank"
    return ""


def read(path: Path, task: Task, options: ReadOptions = DEFAULTS) -> Read:
    """The first column is the token, the last the tag, of any of the usual schemes; a sentence with another line is a misfit."""
    reading = Reading(task, options)
    found: list[Annotation] = []
    for number, rows in _sentences(path):
        place = f"{path.name}:{number}"
        try:
            for line, fields in rows:
                _check(fields, f"{path.name}:{line}")
        except ItemError as error:
            reading.misfit(error, place)
            continue
        tokens = tuple(sound(fields[0]) for _, fields in rows)
        text = " ".join(tokens)
        spans = tags_to_spans(text, tokens, [fields[-1] for _, fields in rows])
        found.append(Annotation("", text, spans, tokens, origin=place))
    reading.check()
    return Read(found, reading.left_out)


def _sentences(path: Path) -> Iterator[tuple[int, list[tuple[int, list[str]]]]]:
    """The number of each sentence's first line, and its lines, numbered, in columns."""
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate((*read_text(path).split("\n"), ""), start=1):
        fields = _fields(line)
        if fields and fields[0] != _DOCUMENT:
            rows.append((number, fields))
        elif rows:
            yield rows[0][0], rows
            rows = []


def _fields(line: str) -> list[str]:
    """Only tabs and plain blanks separate: other white space may be a token."""
    return [field for field in line.strip(" \t\r").replace("\t", " ").split(" ") if field]


def _check(fields: Sequence[str], place: str) -> None:
    try:
        if len(fields) < 2:
            raise ValueError("one column only")
        split_tag(fields[-1])
    except ValueError as error:
        raise ItemError(
            f"{place}: {error}.",
            "Every line has a token first and a tag last, as O or B-PER; a blank line ends a sentence.",
            "with a line that is no token and tag",
        ) from error


CONLL = Format(
    name="conll",
    summary="CoNLL columns: a word and its IOB2 tag a line; tagging only",
    tasks=frozenset({Task.TAGGING}),
    carries=frozenset({Part.TOKENS}),
    write=write,
    read=read,
    refuses=refuses,
)
