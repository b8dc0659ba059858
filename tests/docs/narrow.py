"""Tables that fit a terminal: wide ones are split by columns, and notes that stand under several
tables are told once."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tui_al.report.markdown import table

#: Columns of a terminal that a table of the documentation fits in.
WIDTH = 120


def narrow(markdown: str, width: int = WIDTH) -> str:
    """The text with each table that is wider than `width` columns split into several, the first
    column in each of them."""
    return "\n\n".join(
        "\n\n".join(_split(block, width)) if _is_wide(block, width) else block
        for block in markdown.split("\n\n")
    )


def wide_rows(markdown: str, width: int = WIDTH) -> list[str]:
    """The rows of tables that are wider than `width` columns."""
    return [line for line in markdown.splitlines() if line.startswith("|") and len(line) > width]


def notes_once(blocks: Sequence[str], caption: str = "") -> tuple[list[str], list[str]]:
    """Paragraphs that occur more than once, and all other blocks; tables, headings, lists and
    pictures stay where they are.

    So do paragraphs with the words of `caption`: they say what their own table shows.
    """
    counts = Counter(paragraph for block in blocks for paragraph in _paragraphs(block))
    repeated = [
        paragraph
        for paragraph, times in counts.items()
        if times > 1 and not (caption and caption in paragraph)
    ]
    kept = [
        "\n\n".join(part for part in block.split("\n\n") if part not in repeated)
        for block in blocks
    ]
    return repeated, [block for block in kept if block]


def _paragraphs(block: str) -> Iterator[str]:
    for part in block.split("\n\n"):
        if not part.startswith(("|", "#", "-", "!", "*")):
            yield part


def _is_wide(block: str, width: int) -> bool:
    return block.startswith("|") and bool(wide_rows(block, width))


def _split(block: str, width: int) -> list[str]:
    """As few tables as hold all columns, evenly filled where those are about as wide."""
    header, _, *body = [_cells(line) for line in block.splitlines()]
    room = [max(len(row[i]) for row in (header, *body)) + 3 for i in range(len(header))]
    greedy: list[list[int]] = [[]]
    for column in range(1, len(header)):
        used = room[0] + 1 + sum(room[i] for i in greedy[-1])
        if greedy[-1] and used + room[column] > width:
            greedy.append([])
        greedy[-1].append(column)
    each = -(-(len(header) - 1) // len(greedy))
    even = [list(range(i, min(i + each, len(header)))) for i in range(1, len(header), each)]
    fits = all(room[0] + 1 + sum(room[i] for i in group) <= width for group in even)
    return [
        table([header[i] for i in (0, *group)], [[row[i] for i in (0, *group)] for row in body])
        for group in (even if fits else greedy)
    ]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
