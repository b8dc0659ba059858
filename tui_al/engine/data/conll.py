"""CoNLL columns: a token and its tag a line, a blank line after each sentence; in whatever file
they are."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tui_al.core.data.examples import Task
from tui_al.core.data.tag_notation import Form, Notation
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import tables as sizes
from tui_al.engine.data.conll_columns import split_line, token_lines
from tui_al.engine.data.conll_layout import Layout, guess_layout
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.tables import LoadReport, Table
from tui_al.engine.data.tag_reader import TagReader
from tui_al.engine.data.token_lines import TokenLines, TokenSentence, has_blank_lines
from tui_al.errors import DataError

_TOKENS = 200_000  # after which a table is full, besides its rows
_FEW_ODD_LINES = 0.9
_SINGLE_WORDS = 0.95
_SHORTEST = 1.5  # token lines between blank lines, on average
_OUTSIDE_OF_TYPES = 0.3
_MOST_TYPES = 60
_TABLE = re.compile(r"\.(csv|tsv|tab)(\.\w+)?$", re.IGNORECASE)


def looks_like_conll(lines: Sequence[str], name: str) -> bool:
    """Whether a file of texts or of delimited columns has a token and a tag a line, from its first
    lines.

    Needs evidence that labelled texts do not give: words without blanks, tags that follow each
    other as in entities, O, and (most often) blank lines between sentences.
    """
    layout = guess_layout(name, lines, DataConfig(name))
    if layout is None or layout.tags is None or layout.tags.key:
        return False
    body = [split_line(line, layout.tabs) for line in token_lines(lines)][layout.header :]
    rows = [fields for fields in body if layout.fits(fields)]
    if not rows or len(rows) < _FEW_ODD_LINES * len(body):
        return False
    words = sum(" " not in fields[layout.tokens].strip() for fields in rows)
    if words < _SINGLE_WORDS * len(rows):
        return False
    blank = has_blank_lines(lines) and len(rows) >= _SHORTEST * _blocks(lines)
    parted = blank or layout.index is not None or layout.run is not None
    tags = [fields[layout.tags.place] for fields in rows]
    return _are_tags(layout, tags, parted, is_table=bool(_TABLE.search(name)))


def _are_tags(layout: Layout, tags: Sequence[str], parted: bool, is_table: bool) -> bool:
    notation = layout.tags.notation if layout.tags else Notation()
    hits = sum(notation.is_tag(tag) for tag in tags)
    outside = sum(tag in notation.outside for tag in tags)
    if hits < _FEW_ODD_LINES * len(tags):
        return False
    if notation.form is Form.TYPED:
        inside = _inside_after_begin(notation, tags)
        return parted or (
            not is_table and (inside or (not layout.tabs and 0 < outside < len(tags)))
        )
    if notation.form is Form.TYPES:
        types = len(set(tags))
        return parted and outside >= _OUTSIDE_OF_TYPES * len(tags) and types <= _MOST_TYPES
    return parted and notation.form is not Form.NUMBERS


def _inside_after_begin(notation: Notation, tags: Sequence[str]) -> bool:
    """Whether an entity goes on over two tokens somewhere."""
    read = [notation.one(tag) or "O" for tag in tags]
    return any(
        before[2:] == after[2:] and before[0] in "BI" and after[0] in "IEL"
        for before, after in pairwise(read)
        if before != "O"
    )


def _blocks(lines: Sequence[str]) -> int:
    """Groups of token lines between blank lines."""
    blank = [not line.strip() for line in lines if not line.startswith("#")]
    return sum(not now and before for before, now in pairwise([True, *blank]))


def stream_conll(lines: Lines, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
    """Sentences as rows with the columns `tokens` and, unless no column looks like tags, `tags`.

    Token and tag columns are found by their shape over many lines, unless `tokens_column` and
    `tags_column` give their numbers, from 1, or their names in a header.

    Raises:
        DataError: no tokens, or a line that has not the columns of the others; the message names
        it.
    """
    for asked, option in ((config.text_column, "text"), (config.label_column, "label")):
        if asked is not None:
            raise DataError(
                f"{lines.name} has tokens and tags, no {option} column {asked!r}.",
                "Use --tokens-column and --tags-column with column numbers.",
            )
    source = TokenLines(lines, config, load_report)
    tags = source.layout.tags if source.layout else None
    reader = TagReader(lines.name, tags.notation, config, load_report) if tags else None
    block: list[TokenSentence] = []
    size = 0
    for sentence in source.sentences():
        block.append(sentence)
        size += len(sentence.tokens)
        if len(block) >= sizes.ROWS or size >= _TOKENS:
            yield _table(lines.name, block, reader)
            block, size = [], 0
    if block:
        yield _table(lines.name, block, reader)


def _table(name: str, block: Sequence[TokenSentence], reader: TagReader | None) -> Table:
    columns: dict[str, Sequence[object]] = {"tokens": [sentence.tokens for sentence in block]}
    if reader is not None:
        columns["tags"] = [sentence.tags for sentence in block]
    numbers = [sentence.number for sentence in block]
    return Table(name, columns, numbers, "line", settled=Task.TAGGING, tag_reader=reader)
