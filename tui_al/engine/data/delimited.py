"""CSV and TSV: lines to records, records to tables of strings."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import tables as sizes
from tui_al.engine.data.delimiters import delimiter_of, is_setting, line_of_header
from tui_al.engine.data.headers import header_of, lines_above_header, told_above
from tui_al.engine.data.lines import LONGEST, Lines
from tui_al.engine.data.tables import LoadReport, Table, amount, check_columns, some
from tui_al.errors import DataError

csv.field_size_limit(LONGEST)  # Python's own limit, 128 KiB, is shorter than some texts

_HEAD = 200  # records that the header is guessed from
_END_OF_FILE = "\0\x1a \t"  # what some systems write after the last line

Record = tuple[int, list[str]]  # line it starts on, fields


def stream_delimited(lines: Lines, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
    """Records as rows, all cells strings. The first record names the columns if it differs from the
    others in kind."""
    _skip_remarks(lines, config, load_report)
    delimiter = delimiter_of(lines, config, load_report)
    records = records_of(lines, delimiter, load_report, leave_out=config.misfits == "leave out")
    records = _without_marks(records)
    sample = list(islice(records, _HEAD))
    if not sample:
        raise DataError(f"{lines.name} is empty.", "Name a file that has at least one row.")
    check_columns(lines.name, len(sample[0][1]))
    if above := lines_above_header([fields for _, fields in sample], config):
        titles = [fields for _, fields in sample[:above]]
        load_report.warnings.append(told_above(lines.name, titles, f"line {sample[above][0]}"))
        del sample[:above]
    names, has_header = header_of(lines.name, [fields for _, fields in sample], config, load_report)
    body: Iterator[Record] = chain(sample[has_header:], records)
    if has_header and delimiter == "|" and len(sample) > 1 and _is_rule(sample[1][1]):
        load_report.notes.append(
            f"{lines.name}: line {sample[1][0]} draws a rule under the header, as in Markdown: "
            "left out, and the blanks around every cell"
        )
        next(body)
        body = ((line, [field.strip() for field in fields]) for line, fields in body)
    if has_header and len(names) > 1:
        body = _without_repeats(lines.name, sample[0][1], body, load_report)
    blocks = 0
    while block := _block(body):
        blocks += 1
        yield table_of(lines.name, names, block)
    if not blocks:
        raise DataError(
            f"{lines.name} has a header but no rows.", "Name a file with at least one row."
        )


def _is_rule(fields: Sequence[str]) -> bool:
    """Whether these are the dashes that part the header of a Markdown table from its rows."""
    cells = [field.strip() for field in fields if field.strip()]
    return bool(cells) and all(re.fullmatch(r":?-{2,}:?", cell) for cell in cells)


def _skip_remarks(lines: Lines, config: DataConfig, load_report: LoadReport) -> None:
    """Take the lines out that an exporter wrote before the header; told with what they say."""
    number = line_of_header(lines, config)
    if number is None or number == 1 or is_setting(lines):
        return
    left_out = [next(lines).strip() for _ in range(number - 1)]
    shown = some([repr(line[:40]) for line in left_out if line])
    load_report.warnings.append(
        f"{lines.name}: the header is taken to stand on line {number}; left out before it: "
        f"{shown} (--header takes the first line)"
    )


def table_of(name: str, names: Sequence[str], records: Sequence[Record]) -> Table:
    """Records under these column names."""
    columns: dict[str, Sequence[object]] = dict(
        zip(names, zip(*(fields for _, fields in records), strict=True), strict=True)
    )
    return Table(name, columns, [line for line, _ in records], "line")


def records_of(
    lines: Lines, delimiter: str, load_report: LoadReport, *, leave_out: bool = False
) -> Iterator[Record]:
    """Records in order, each with the line it starts on.

    One that is not as wide as the first is a DataError, or left out and told once all are read.
    """
    width, misfits = 0, list[str]()
    read = _tab_records if delimiter == "\t" else _csv_records
    for line, fields in read(lines, delimiter, load_report):
        if not fields or (len(fields) == 1 and width > 1 and not fields[0].strip(_END_OF_FILE)):
            continue
        width = width or len(fields)
        if len(fields) == width:
            yield line, fields
        elif leave_out:
            misfits.append(f"{lines.name}:{line}")
        else:
            raise DataError(
                f"{lines.name}:{line}: {amount(len(fields), 'field')}, but the first line has "
                f"{width}.",
                "Put fields that contain the delimiter or a line break in double quotes, or name "
                "the delimiter with --delimiter; "
                "--skip-mismatched leaves such lines out.",
            )
    if misfits:
        load_report.warnings.append(
            f"{lines.name}: left out: {amount(len(misfits), 'row')} with too few or too many "
            f"fields ({some(misfits)})"
        )


def _csv_records(lines: Lines, delimiter: str, load_report: LoadReport) -> Iterator[Record]:
    head = lines.peek(_HEAD)
    spaced = sum(_has_blank_before_quote(line, delimiter) for line in head) * 2 > len(head)
    if spaced:
        load_report.notes.append(f"{lines.name}: blanks between delimiter and quote are left out")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=spaced, strict=True)
    first = lines.number + 1
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "new-line character" in str(error):
                raise DataError(
                    f"{lines.name}:{first}: a carriage return stands alone here, where other "
                    "lines end in a line feed.",
                    "Save the file with one kind of line ends; a line break inside a field needs "
                    "double quotes around it.",
                ) from error
            raise DataError(
                f"{lines.name}:{first}: {error}.",
                "Quotes inside a quoted field are doubled, and every opening quote needs a "
                "closing one.",
            ) from error
        yield first, fields
        first = lines.number + 1


def _has_blank_before_quote(line: str, delimiter: str) -> bool:
    """Whether a field begins with blanks and a quote; not what looks so inside a quoted one, as
    JSON does."""
    if f"{delimiter} " not in line:
        return False
    try:
        fields = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return False
    return any(field.startswith(" ") and field.lstrip(" ").startswith('"') for field in fields[1:])


def _tab_records(lines: Lines, _delimiter: str, load_report: LoadReport) -> Iterator[Record]:
    """Quotes in tab-separated files often mean nothing: a line that is whole without them is a
    record, whatever they say.

    They are quotes where the line alone is a record with them too, or where it is none without.
    """
    width, told = 0, False
    for line in lines:
        first = lines.number
        plain = line.rstrip("\r\n").split("\t")
        if not line.strip("\r\n"):
            continue
        if '"' not in line:
            width = width or len(plain)
            yield first, plain
            continue
        quoted = _quoted([line])
        if quoted is None and not _goes_on(lines, width or len(plain), len(plain)):
            quoted = []
        elif quoted is None:
            quoted = _quoted_over_lines(line, lines)
        width = width or len(quoted or plain)
        if quoted is not None and len(quoted) == width:
            yield first, quoted
            continue
        if not told:
            told = True
            load_report.notes.append(f"{lines.name}: double quotes are read as plain characters")
        yield first, plain


def _quoted(lines: Sequence[str]) -> list[str] | None:
    """The fields of one record, its quotes read as quotes; None if they do not close as they
    should."""
    try:
        (fields,) = csv.reader(lines, delimiter="\t", strict=True)
    except (csv.Error, ValueError):
        return None
    return fields


def _goes_on(lines: Lines, width: int, fields: int) -> bool:
    """Whether a line with an open quote goes on in the next: one of them is not a record of its
    own."""
    after = lines.peek(1)
    return bool(after) and (fields != width or after[0].count("\t") + 1 != width)


def _quoted_over_lines(line: str, lines: Lines) -> list[str] | None:
    """The record that begins with this line, up to where its quotes close; None, and no line taken,
    if they do not."""
    most = 2
    while len(ahead := lines.peek(most)) == most or lines.at_end:
        for taken in range(1, len(ahead) + 1):
            fields = _quoted([line, *ahead[:taken]])
            if fields is not None:
                for _ in range(taken):
                    next(lines)
                return fields
        if len(ahead) < most or most > _HEAD:
            return None
        most *= 2
    return None


def _without_marks(records: Iterator[Record]) -> Iterator[Record]:
    """Where the first record comes again behind a byte-order mark, as in a file that was put
    together from several, it is the same as the first."""
    first: list[str] | None = None
    for line, fields in records:
        first = first or fields
        yield line, first if fields == [f"\ufeff{first[0]}", *first[1:]] else fields


def _without_repeats(
    name: str, header: Sequence[str], records: Iterator[Record], load_report: LoadReport
) -> Iterator[Record]:
    """Without the header lines that files have inside which were put together from several."""
    repeats = []
    for line, fields in records:
        if fields == header:
            repeats.append(f"{name}:{line}")
        else:
            yield line, fields
    if repeats:
        load_report.warnings.append(
            f"{amount(len(repeats), 'line')} that repeat{'s' if len(repeats) == 1 else ''} the "
            f"header left out ({some(repeats)})"
        )


def _block(records: Iterator[Record]) -> list[Record]:
    block, size = [], 0
    for record in records:
        block.append(record)
        size += sum(map(len, record[1]))
        if len(block) >= sizes.ROWS or size >= sizes.CHARACTERS:
            break
    return block
