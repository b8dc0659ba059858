"""Text files without columns: a text a line, or a label and a text."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import tables as sizes
from tui_al.engine.data.delimited import stream_delimited
from tui_al.engine.data.delimiters import delimiter_in_all, delimiter_of_table
from tui_al.engine.data.headers import names_every_column
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.tables import LoadReport, Table, amount
from tui_al.errors import DataError

_HEAD = 200  # lines that are looked at
_ENOUGH = 4  # lines that have the same shape not by chance
#: fastText's labels before the text, or behind it.
_FASTTEXT = re.compile(r"^(?:(?:__label__\S+\s+)+|__label__\S+$)|(?:\s+__label__\S+)+\s*$")
_MARK = "__label__"
#: What may part a label from its text, and what it is called.
_BETWEEN = {": ": "colon", ";": "semicolon", "|": "bar", ",": "comma"}
_IN_BRACKETS = re.compile(r"\s*[\[(<]([^\])>]+)[\])>]\s*(.+)")
_TAGGED_WORD = re.compile(r"\S[/|_](?:O|[BIELSUM]-[\w.]+)(?=\s|$)")
_ELEMENT = re.compile(r"<([A-Z][A-Z_]*)>[^<>]+</\1>")


def stream_text(lines: Lines, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
    """A text a line; fastText lines, lines of a label and a text around a tab, and tables with a
    header are recognised.

    Raises:
        DataError: a fastText line has several labels.
    """
    head = [line for line in lines.peek(_HEAD) if line.strip()]
    marked = sum(_FASTTEXT.search(line) is not None for line in head)
    if marked * 2 > len(head):
        told = f"{lines.name}: read as fastText lines, {_MARK}… and the text"
        if marked == len(head):
            load_report.notes.append(told)
        else:
            load_report.warnings.append(
                f"{told}, which {marked} of its first {len(head)} lines are; the others are "
                "unlabelled"
            )
        yield from _fasttext(lines)
    elif config.delimiter is not None or (head and _is_table(head, config)):
        load_report.warnings.append(
            f"{lines.name}: read as a table with "
            f"columns{'' if config.delimiter else ', which its first line names'} "
            "(--input-format text of `predict` reads whole lines)"
        )
        yield from stream_delimited(lines, config, load_report)
    elif config.label_column != "" and (label := _place_of_label(head)) is not None:
        order = ("label", "text") if label == 0 else ("text", "label")
        load_report.warnings.append(
            f"{lines.name}: read as {order[0]}, a tab, {order[1]} (guessed; "
            '--label-column "", or --input-format text of `predict`, reads whole lines)'
        )
        yield from _pairs(lines, label)
    else:
        if marked:
            load_report.warnings.append(
                f"{lines.name}: each line is read as one text, though {marked} of the first "
                f"{len(head)} hold {_MARK}…, "
                "as fastText's lines do"
            )
        if 2 * sum(map(_has_marked_entities, head)) > len(head):
            load_report.warnings.append(
                f"{lines.name}: each line is read as one text, though most have entities marked "
                "in them, as Anna/B-PER or <PER>Anna</PER>: such marks are not read (write a token "
                "and its tag a line)"
            )
        if told := _label_in_line(head):
            load_report.warnings.append(
                f"{lines.name}: each line is read as one text, though {told}"
            )
        if len(head) >= _ENOUGH and (found := delimiter_in_all(head)):
            load_report.warnings.append(
                f"{lines.name}: each line is read as one text, though {found[0]}s part every one "
                f"in {found[1]} fields "
                f"(--delimiter reads them as columns)"
            )
        yield from stream_lines(lines, config, load_report)


def _is_table(head: Sequence[str], config: DataConfig) -> bool:
    """Whether the lines are those of a table: its first names a text and a label, or stands above
    values of another kind in every column, as in what Excel calls Unicode text."""
    if delimiter_of_table(head) is not None:
        return True
    records = [line.rstrip("\r\n").split("\t") for line in head]
    widths = set(map(len, records))
    if config.header == "no" or len(records) < _ENOUGH or len(widths) > 1 or widths == {1}:
        return False
    return config.header == "yes" or names_every_column(records[0], records[1:])


def stream_lines(lines: Lines, _config: DataConfig, _findings: LoadReport) -> Iterator[Table]:
    """A text a line, whatever is in it."""
    for first, block in _blocks(lines):
        numbers = range(first, first + len(block))
        yield Table(lines.name, {"text": block}, numbers, "line", Task.CLASSIFICATION)


def _blocks(lines: Lines) -> Iterator[tuple[int, list[str]]]:
    """Lines without their ends that make a table, and the number of the first."""
    block: list[str] = []
    size, first = 0, lines.number + 1
    for line in lines:
        block.append(line.removesuffix("\n").removesuffix("\r"))
        size += len(line)
        if len(block) >= sizes.ROWS or size >= sizes.CHARACTERS:
            yield first, block
            first, block, size = lines.number + 1, [], 0
    if block:
        yield first, block


def _fasttext(lines: Lines) -> Iterator[Table]:
    for first, block in _blocks(lines):
        texts: list[str] = []
        labels: list[str | None] = []
        for number, line in enumerate(block, start=first):
            words = line.split()
            found = [word.removeprefix(_MARK) for word in words if word.startswith(_MARK)]
            if len(found) > 1:
                raise DataError(
                    f"{lines.name}:{number}: several labels: {', '.join(found)}.",
                    "A text has one label: data with several (multi-label) is not supported yet.",
                )
            labels.append(found[0] if found else None)
            texts.append(_FASTTEXT.sub("", line.strip(), count=1) if found else line)
        numbers = range(first, first + len(block))
        columns: dict[str, Sequence[object]] = {"text": texts, "label": labels}
        yield Table(lines.name, columns, numbers, "line", Task.CLASSIFICATION)


def _has_marked_entities(line: str) -> bool:
    """Whether most words of a line have a tag behind them, or some stand in an element whose name
    is in capitals."""
    tagged = len(_TAGGED_WORD.findall(line))
    return 2 * tagged > len(line.split()) or _ELEMENT.search(line) is not None


def _place_of_label(head: Sequence[str]) -> int | None:
    """0 or 1: the side of the tab on which the lines have labels; None if they are no such pairs.

    Every line has one tab."""
    pairs = [line.rstrip("\r\n").split("\t") for line in head]
    if any(len(pair) != 2 for pair in pairs):
        return None
    return next((label for label in (0, 1) if _are_labels(pairs, label)), None)


def _label_in_line(head: Sequence[str]) -> str:
    """What is to be told where all lines seem to begin or end with a label; "" if they do not."""
    for between, name in _BETWEEN.items():
        if not all(between in line for line in head):
            continue
        once = all(line.count(between) == 1 for line in head)
        how = f" (--delimiter '{between.strip()}' reads them as columns)" if once else ""
        if _are_labels([line.strip().partition(between)[::2] for line in head], 0):
            return f"all begin with one of few words and a {name}, as with a label{how}"
        if _are_labels([line.strip().rpartition(between)[::2] for line in head], 1):
            return f"all end with a {name} and one of few words, as with a label{how}"
    brackets = [match.groups() for line in head if (match := _IN_BRACKETS.match(line))]
    if len(brackets) == len(head) and _are_labels(brackets, 0):
        return "all begin with one of few words in brackets, as with a label"
    return ""


def _are_labels(pairs: Sequence[Sequence[str]], label: int) -> bool:
    """Whether this side of all pairs repeats few short values, and the other is texts that do not
    repeat."""
    if len(pairs) < _ENOUGH:
        return False
    labels = Counter(pair[label].strip() for pair in pairs)
    texts = [pair[1 - label] for pair in pairs]
    return (
        all(name and len(name.split()) <= 3 and len(name) <= 40 for name in labels)
        and 2 <= len(labels) <= len(pairs) // 2
        and len(set(texts)) > len(pairs) // 2
        and sum(len(text.split()) for text in texts) >= 2 * len(pairs)
    )


def _pairs(lines: Lines, label: int) -> Iterator[Table]:
    for first, block in _blocks(lines):
        texts: list[str] = []
        labels: list[str | None] = []
        for number, line in enumerate(block, start=first):
            pair = line.split("\t")
            if line.strip() and len(pair) != 2:
                raise DataError(
                    f"{lines.name}:{number}: {amount(len(pair) - 1, 'tab')}, where the lines "
                    "before have one.",
                    "Every line is a label and a text, apart by a tab.",
                )
            texts.append(pair[1 - label] if len(pair) == 2 else "")
            labels.append(pair[label] if len(pair) == 2 else None)
        numbers = range(first, first + len(block))
        columns: dict[str, Sequence[object]] = {"text": texts, "label": labels}
        yield Table(lines.name, columns, numbers, "line", Task.CLASSIFICATION, guessed=True)
