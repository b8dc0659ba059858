"""CoNLL columns: a token and its tag a line, a blank line after each sentence."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from tui_al.core.config import DataConfig
from tui_al.core.tags import is_tag
from tui_al.engine.data.tables import Findings, Table, amount
from tui_al.engine.data.text_file import lines_of
from tui_al.errors import DataError

_COMMENT = re.compile(r"#\s*[\w.:-]+\s*=")  # "# sent_id = 3"
_DOCUMENT = "-DOCSTART-"
_PROBE = 200  # token lines looked at to tell CoNLL columns from plain text
_FEW_ODD_LINES = 0.9


def looks_like_conll(text: str) -> bool:
    """Whether a .txt file holds columns: nearly all lines have two or more, and a tag in the last."""
    tokens = islice((line for line in text.split("\n") if line.strip()), _PROBE)
    fields = [_fields(line, tabs="\t" in line) for line in tokens if not line.startswith(_DOCUMENT)]
    hits = sum(len(columns) > 1 and is_tag(columns[-1]) for columns in fields)
    return hits > 0 and hits >= _FEW_ODD_LINES * len(fields)


def has_tokens(text: str) -> bool:
    """Whether there is anything but blank lines, comments and document marks."""
    return any(True for _ in _token_lines(lines_of(text)))


def read_conll(
    name: str, text: str, config: DataConfig, findings: Findings, first: int = 1
) -> Table:
    """Sentences as rows with the columns `tokens` and `tags` (none if there is one column only).

    The first column is the token and the last the tag unless `tokens_column` and `tags_column` number others, from 1.
    `first` is the number of the first line.
    """
    lines = lines_of(text)
    tabs = _uses_tabs(lines)
    rows: list[list[list[str]]] = []
    numbers: list[int] = []
    sentence: list[list[str]] = []
    documents = comments = width = 0
    for number, line in enumerate(lines, start=first):
        fields = _fields(line, tabs)
        if not fields or fields[0] == _DOCUMENT:
            documents += bool(fields)
            sentence = []
            continue
        if _is_comment(line, fields, width):
            comments += 1
            continue
        width = width or len(fields)
        if len(fields) != width:
            raise DataError(
                f"{name}:{number}: {amount(len(fields), 'column')}, but the lines before have {width}: {line[:60]!r}.",
                "Every token line has the same columns; a blank line ends a sentence.",
            )
        if not sentence:
            rows.append(sentence)
            numbers.append(number)
        sentence.append(fields)
    if not rows:
        raise DataError(f"{name} holds no tokens.", "Name a file with at least one sentence.")
    if documents:
        findings.notes.append(f"{name}: {amount(documents, f'{_DOCUMENT} line')} skipped")
    if comments:
        findings.notes.append(f"{name}: {amount(comments, 'comment line')} skipped")
    return Table(name, _columns(name, rows, width, config), numbers, "line", tagged=True)


def _columns(
    name: str, rows: Sequence[Sequence[Sequence[str]]], width: int, config: DataConfig
) -> dict[str, Sequence[object]]:
    def place(asked: str | None, option: str, default: int) -> int:
        if asked is None:
            return default
        if not asked.isdecimal() or not 1 <= int(asked) <= width:
            raise DataError(
                f"{name} has no column {asked!r}.",
                f"Columns of CoNLL files are numbered: {option} takes 1 to {width}.",
            )
        return int(asked) - 1

    for asked, option in ((config.text_column, "text"), (config.label_column, "label")):
        if asked is not None:
            raise DataError(
                f"{name} has tokens and tags, no {option} column {asked!r}.",
                "Use --tokens-column and --tags-column with column numbers.",
            )
    tokens = place(config.tokens_column, "--tokens-column", 0)
    columns: dict[str, Sequence[object]] = {
        "tokens": [[fields[tokens] for fields in sentence] for sentence in rows]
    }
    if width > 1 or config.tags_column is not None:
        tags = place(config.tags_column, "--tags-column", width - 1)
        columns["tags"] = [[fields[tags] for fields in sentence] for sentence in rows]
    return columns


def _uses_tabs(lines: Sequence[str]) -> bool:
    return any(map(_has_tab, islice(_token_lines(lines), _PROBE))) and all(
        map(_has_tab, _token_lines(lines))
    )


def _has_tab(line: str) -> bool:
    return "\t" in line


def _token_lines(lines: Sequence[str]) -> Iterator[str]:
    return (
        line
        for line in lines
        if line.strip(" \t") and not line.startswith(_DOCUMENT) and not _COMMENT.match(line)
    )


def _fields(line: str, tabs: bool) -> list[str]:
    """Columns of a line, [] for a blank one. Only tabs and plain spaces separate: other white space may be a token."""
    line = line.strip(" \t\r")
    if not line:
        return []
    if tabs:
        return line.split("\t")
    return [field for field in line.replace("\t", " ").split(" ") if field]


def _is_comment(line: str, fields: Sequence[str], width: int) -> bool:
    """A line such as "# sent_id = 3" that does not have the file's columns."""
    if not _COMMENT.match(line):
        return False
    is_token = len(fields) > 1 and len(fields) == (width or len(fields)) and is_tag(fields[-1])
    return not is_token
