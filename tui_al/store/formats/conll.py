"""CoNLL columns, for tagging: a token and its IOB2 tag a line, a blank line after each sentence, as
CoNLL-2003 has it.

No comment lines are written, since most readers know none: examples are found again by their words.
They are read as data files of tagged words are, in whatever columns and notation, by
`tui_al.engine.jobs.annotation_files`."""

from collections.abc import Sequence
from pathlib import Path

from tui_al.core.annotation.records import Annotation, Header
from tui_al.core.data.examples import Task
from tui_al.core.data.offsets import spans_to_tags
from tui_al.store.formats.files import write_text
from tui_al.store.formats.format import Format, Part

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


CONLL = Format(
    name="conll",
    summary="CoNLL columns: a word and its IOB2 tag a line; tagging only",
    tasks=frozenset({Task.TAGGING}),
    carries=frozenset({Part.TOKENS}),
    write=write,
    refuses=refuses,
)
