"""CoNLL columns: a token and its tag a line, a blank line after each sentence."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from tui_al.core.config import DataConfig
from tui_al.core.tags import is_tag
from tui_al.core.tasks import Task
from tui_al.engine.data import tables as sizes
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.tables import Findings, Table, amount
from tui_al.errors import DataError

_COMMENT = re.compile(r"#\s*[\w.:-]+\s*=")  # "# sent_id = 3"
_DOCUMENT = "-DOCSTART-"
_PROBE = 200  # token lines looked at to tell CoNLL columns from plain text
_FEW_ODD_LINES = 0.9


def looks_like_conll(lines: Sequence[str], name: str) -> bool:  # noqa: ARG001
    """Whether the first lines of a file hold columns: nearly all have two or more, and a tag in the last."""
    tokens = islice((line.rstrip("\n") for line in lines if line.strip()), _PROBE)
    fields = [_fields(line, tabs="\t" in line) for line in tokens if not line.startswith(_DOCUMENT)]
    hits = sum(len(columns) > 1 and is_tag(columns[-1]) for columns in fields)
    return hits > 0 and hits >= _FEW_ODD_LINES * len(fields)


def stream_conll(lines: Lines, config: DataConfig, findings: Findings) -> Iterator[Table]:
    """Sentences as settled tables; notes count the comments and document marks of the whole file."""
    skipped: Counter[str] = Counter()
    tabs = _uses_tabs([line.rstrip("\n") for line in lines.peek(_PROBE)])
    width = 0
    for first, block in _blocks(lines):
        if any(True for _ in _token_lines(block)):
            table, width = read_conll(lines.name, block, config, skipped, first, tabs, width)
            yield table
    if not width:
        raise DataError(f"{lines.name} holds no tokens.", "Name a file with at least one sentence.")
    for what, count in sorted(skipped.items()):
        if not count:
            continue
        findings.notes.append(f"{lines.name}: {amount(count, what)} skipped")


def _blocks(lines: Lines) -> Iterator[tuple[int, list[str]]]:
    """Lines of whole sentences that make a table, with the number of the first."""
    block: list[str] = []
    size, first = 0, lines.number + 1
    for line in lines:
        block.append(line.removesuffix("\n").removesuffix("\r"))
        size += len(line)
        full = len(block) >= sizes.ROWS or size >= sizes.CHARACTERS
        if full and not line.strip():
            yield first, block
            first, block, size = lines.number + 1, [], 0
    if block:
        yield first, block


def read_conll(
    name: str,
    lines: Sequence[str],
    config: DataConfig,
    skipped: Counter[str],
    first: int,
    tabs: bool,
    width: int,
) -> tuple[Table, int]:
    """Sentences as rows with the columns `tokens` and `tags` (none if there is one column only), and the number of columns.

    The first column is the token and the last the tag unless `tokens_column` and `tags_column` number others, from 1.
    `first` is the number of the first line, `width` the number of columns so far, 0 if none is known.
    """
    rows: list[list[list[str]]] = []
    numbers: list[int] = []
    sentence: list[list[str]] = []
    for number, line in enumerate(lines, start=first):
        fields = _fields(line, tabs)
        if not fields or fields[0] == _DOCUMENT:
            skipped[f"{_DOCUMENT} line"] += bool(fields)
            sentence = []
            continue
        if _is_comment(line, fields, width):
            skipped["comment line"] += 1
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
    columns = _columns(name, rows, width, config)
    return Table(name, columns, numbers, "line", Task.TAGGING), width


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
