"""A file of any size as a stream of tables, in bounded memory: what models predict on. Standard input is a file too."""

import csv
import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

from tui_al.core.config import DataConfig
from tui_al.engine.data.arrow_file import stream_arrow, stream_parquet
from tui_al.engine.data.conll import has_tokens, looks_like_conll, read_conll
from tui_al.engine.data.delimited import (
    Quoting,
    Record,
    delimiter_of,
    header_of,
    records_of,
    table_of,
)
from tui_al.engine.data.json_file import check_object, read_json_lines, table_of_objects
from tui_al.engine.data.readers import format_of
from tui_al.engine.data.tables import Findings, Table
from tui_al.engine.data.text_file import codec_of
from tui_al.errors import DataError

#: Rows in a table, and characters after which a table of long lines is full as well.
ROWS, _CHARACTERS = 1_000, 4_000_000

_CONLL = (".conll", ".iob", ".iob2", ".bio", ".bioes", ".train", ".testa", ".testb")

#: Formats that can be named for standard input; the suffix is what a file of the kind would have.
KINDS = {
    "text": ".txt",
    "csv": ".csv",
    "tsv": ".tsv",
    "jsonl": ".jsonl",
    "json": ".json",
    "conll": ".conll",
}

_READ = 1 << 16  # characters
_HEAD = 200  # lines that delimiter, quotes and header are guessed from
_DATA = re.compile(r'\s*(?:\{\s*"data"\s*:\s*)?\[')


def stream_tables(
    path: Path, config: DataConfig, findings: Findings, kind: str | None = None
) -> Iterator[Table]:
    """The rows of a file, or of standard input for the path "-", in order.

    Args:
        path: any format of `tui_al.engine.data.readers`, by its suffix.
        config: encoding, delimiter and columns.
        findings: takes what was guessed.
        kind: one of KINDS, where the suffix does not tell.

    Raises:
        DataError: the file cannot be read, or not further; the message names the line.
    """
    stdin = str(path) == "-"
    name = "stdin" if stdin else path.name
    suffix = KINDS[kind] if kind else ".txt" if stdin else format_of(path)
    if not suffix:
        raise DataError(
            f"{name}: the format {path.suffix or '(no suffix)'!r} is unknown.",
            f"Name it with --input-format: {', '.join(KINDS)}.",
        )
    if suffix == ".parquet":
        yield from stream_parquet(path, name, ROWS)
    elif suffix in (".arrow", ".feather"):
        yield from stream_arrow(path, name, ROWS)
    else:
        with _opened(path, stdin, config.encoding) as stream:
            lines = _Lines(stream, name, codec_of(config.encoding))
            yield from _text_tables(suffix, lines, config, findings)


def _text_tables(
    suffix: str, lines: "_Lines", config: DataConfig, findings: Findings
) -> Iterator[Table]:
    name = lines.name
    if suffix in (".csv", ".tsv"):
        yield from _delimited(lines, suffix, config, findings)
    elif suffix == ".json":
        yield from _json_items(lines)
    elif suffix in (".jsonl", ".ndjson"):
        for first, text in _blocks(lines, lambda _: True):
            if text.strip():
                yield read_json_lines(name, text, first)
    elif suffix in _CONLL:
        yield from _conll(lines, config, findings)
    else:
        yield from _plain(lines, config, findings)


def _plain(lines: "_Lines", config: DataConfig, findings: Findings) -> Iterator[Table]:
    """A text a line; or CoNLL columns, if the first lines look so."""
    head = list(islice(lines, _HEAD))
    lines.put_back(head)
    if looks_like_conll("".join(head)):
        findings.notes.append(f"{lines.name}: read as CoNLL columns (each line ends in a tag)")
        yield from _conll(lines, config, findings)
        return
    for first, text in _blocks(lines, lambda _: True):
        texts = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
        yield Table(lines.name, {"text": texts}, range(first, first + len(texts)), "line")


def _conll(lines: "_Lines", config: DataConfig, findings: Findings) -> Iterator[Table]:
    for first, text in _blocks(lines, lambda line: not line.strip()):
        if has_tokens(text):
            told = findings if first == 1 else Findings()
            yield read_conll(lines.name, text, config, told, first)


def _blocks(lines: "_Lines", may_end: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
    """So many lines together that they make a table, with the number of the first; they end where they may."""
    block: list[str] = []
    size, first = 0, 1
    for line in lines:
        block.append(line)
        size += len(line)
        if (len(block) >= ROWS or size >= _CHARACTERS) and may_end(line):
            yield first, "".join(block)
            first += len(block)
            block, size = [], 0
    if block:
        yield first, "".join(block)


def _delimited(
    lines: "_Lines", suffix: str, config: DataConfig, findings: Findings
) -> Iterator[Table]:
    head = list(islice(lines, _HEAD))
    lines.put_back(head)
    name = lines.name if lines.name.lower().endswith((suffix, f"{suffix}.gz")) else suffix
    delimiter = delimiter_of(name, "".join(head), config, findings)
    records = records_of(lines.name, lines, delimiter, _quoting(head, delimiter))
    sample = list(islice(records, _HEAD))
    if not sample:
        raise DataError(f"{lines.name} is empty.", "Name a file that has at least one row.")
    names, has_header = header_of(lines.name, sample, config, findings)
    rest = chain(sample[has_header:], records)
    while block := _some_records(rest):
        yield table_of(lines.name, names, block)


def _some_records(records: Iterator[Record]) -> list[Record]:
    block, size = [], 0
    for record in records:
        block.append(record)
        size += sum(map(len, record[1]))
        if len(block) >= ROWS or size >= _CHARACTERS:
            break
    return block


def _quoting(head: list[str], delimiter: str) -> Quoting:
    """Quotes of tab-separated lines mean nothing where every line is whole without them, but not with them."""
    plain = delimiter == "\t" and len({line.count("\t") for line in head if line.strip()}) == 1
    if not plain or not any('"' in line for line in head):
        return csv.QUOTE_MINIMAL
    try:
        quoted = list(csv.reader(head, delimiter=delimiter, strict=True))
    except csv.Error:
        return csv.QUOTE_NONE
    return csv.QUOTE_MINIMAL if len(quoted) == len(head) else csv.QUOTE_NONE


def _json_items(lines: "_Lines") -> Iterator[Table]:
    """The objects of one array, read as far as each needs."""
    decoder = json.JSONDecoder()
    buffer, number = lines.read(), 0
    while not (start := _DATA.match(buffer)) and (more := lines.read()):
        buffer += more
    if not start:
        raise DataError(
            f"{lines.name} holds no array of objects.",
            'A JSON file is [{"text": ...}, ...]; one object a line is JSON lines (.jsonl).',
        )
    place = start.end()
    rows: list[dict[str, Any]] = []
    size = 0
    while True:
        item, end = _next_item(decoder, buffer, place)
        if end < 0:
            more = lines.read()
            if not more:
                raise DataError(
                    f"{lines.name} row {number + 1}: not valid JSON, or the file is cut off.",
                    "Check the file with a JSON tool.",
                )
            buffer, place = buffer[place:] + more, 0
            continue
        if item is _END:
            break
        number += 1
        check_object(lines.name, number, item)
        rows.append(item)
        size += end - place
        place = end
        if len(rows) >= ROWS or size >= _CHARACTERS:
            yield table_of_objects(
                lines.name, rows, range(number - len(rows) + 1, number + 1), "row"
            )
            rows, size = [], 0
    if rows:
        yield table_of_objects(lines.name, rows, range(number - len(rows) + 1, number + 1), "row")


_END = object()


def _next_item(decoder: json.JSONDecoder, buffer: str, place: int) -> tuple[Any, int]:
    """The next element and where it ends; _END at the closing bracket; an end of -1 where the buffer is too short."""
    while place < len(buffer) and buffer[place] in " \t\r\n,":
        place += 1
    if buffer[place : place + 1] == "]":
        return _END, place
    try:
        item, end = decoder.raw_decode(buffer, place)
    except ValueError:
        return None, -1
    # a number at the very end may go on
    return (item, end) if end < len(buffer) else (None, -1)


def _opened(path: Path, stdin: bool, encoding: str) -> TextIO:
    codec = codec_of(encoding)
    packed = path.suffix.lower() == ".gz"
    try:
        raw: Any = sys.stdin.buffer if stdin else (gzip.open if packed else open)(path, "rb")
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions."
        ) from error
    return io.TextIOWrapper(raw, encoding="utf-8-sig" if codec == "utf-8" else codec, newline="\n")


class _Lines(Iterator[str]):
    """Lines with their ends, split at line feeds only, some of which may be put back; reading errors name the line."""

    def __init__(self, stream: TextIO, name: str, codec: str) -> None:
        self.name = name
        self._stream, self._codec = stream, codec
        self._waiting: list[str] = []
        self._number = 0

    def __next__(self) -> str:
        if self._waiting:
            return self._waiting.pop()
        line = self._guarded(self._stream.readline)
        if not line:
            raise StopIteration
        self._number += 1
        return line

    def put_back(self, lines: list[str]) -> None:
        """Give these out again."""
        self._waiting += lines[::-1]

    def read(self) -> str:
        """Some characters, regardless of lines; "" at the end."""
        return self._guarded(lambda: self._stream.read(_READ))

    def _guarded(self, work: Callable[[], str]) -> str:
        try:
            return work()
        except UnicodeError as error:
            raise DataError(
                f"{self.name}: after line {self._number:,}: not valid {self._codec}: {error}.",
                "If the file is in another encoding, name it with --encoding, as cp1252 or utf-16.",
            ) from error
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(
                f"{self.name}: after line {self._number:,}: {error}.",
                "Copy the file again, or check the disk.",
            ) from error
