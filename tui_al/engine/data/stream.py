"""The one way from a file to tables, in bounded memory: what is simulated, labelled and predicted
on. Standard input is a file too."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import tables as sizes
from tui_al.engine.data.allowance import Allowance, within_memory
from tui_al.engine.data.annotated_records import recognised
from tui_al.engine.data.arrow_file import stream_arrow, stream_parquet
from tui_al.engine.data.compression import PACKED, open_bytes, unpacked_name
from tui_al.engine.data.conll import looks_like_conll, stream_conll
from tui_al.engine.data.conll_layout import guess_layout
from tui_al.engine.data.content import misnamed_text
from tui_al.engine.data.delimited import stream_delimited
from tui_al.engine.data.delimiters import delimiter_of_table
from tui_al.engine.data.encodings import TextStream
from tui_al.engine.data.excel import stream_workbook
from tui_al.engine.data.json_file import (
    json_whatever_its_name,
    stream_json,
    stream_json_lines,
)
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.plain_text import stream_lines, stream_text
from tui_al.engine.data.plugin_readers import plugin_for, read_tables
from tui_al.engine.data.tables import LoadReport, Table, sampled
from tui_al.engine.data.tag_tables import reshape
from tui_al.engine.data.token_lines import has_blank_lines
from tui_al.engine.data.zip_members import what_is_nested
from tui_al.errors import DataError

_HEAD = 200  # lines that are looked at to tell formats apart
_WEBANNO = "#FORMAT=WebAnno TSV"  # how its files begin
_LONGEST_HEAD = 1_000  # characters of a first line that may say so

LineReader = Callable[[Lines, DataConfig, LoadReport], Iterator[Table]]
FileReader = Callable[[Path, str, DataConfig, LoadReport, int], Iterator[Table]]


def _by_content(other: LineReader) -> LineReader:
    """JSON and CoNLL columns where the lines look so, whatever the file is called; else as the
    other reader has it."""

    def stream(lines: Lines, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
        if (found := json_whatever_its_name(lines, config, load_report)) is not None:
            return found
        if looks_like_conll(lines.peek(_HEAD), lines.name):
            load_report.notes.append(
                f"{lines.name}: read as CoNLL columns (a token and its tag a line)"
            )
            return stream_conll(lines, config, load_report)
        return other(lines, config, load_report)

    return stream


def _columns_or_json(lines: Lines, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
    found = json_whatever_its_name(lines, config, load_report)
    if found is not None:
        return found
    _refuse_texts(lines, config)
    return stream_conll(lines, config, load_report)


def _refuse_texts(lines: Lines, config: DataConfig) -> None:
    """DataError for a table or texts that are called as CoNLL columns are: nothing in them looks
    like tags, no blank line ends a sentence, and no line is a word. Named columns are taken at
    their word."""
    head = lines.peek(_HEAD)
    filled = [line for line in head if line.strip()]
    if config.tokens_column or config.tags_column or len(filled) < 2 or has_blank_lines(head):
        return
    layout = guess_layout(lines.name, head, config)
    if layout is None or layout.tags is not None or layout.index is not None:
        return
    is_table = delimiter_of_table(filled) is not None
    if is_table or any(len(line.split()) > 1 for line in filled):
        raise misnamed_text(
            lines.name,
            "".join(head),
            "If each line is a token, name the columns with --tokens-column and --tags-column.",
        )


_TEXT_READERS: dict[str, LineReader] = {
    ".csv": _by_content(stream_delimited),
    ".tsv": _by_content(stream_delimited),
    ".tab": _by_content(stream_delimited),
    ".json": stream_json,
    ".jsonl": stream_json_lines,
    ".ndjson": stream_json_lines,
    ".txt": _by_content(stream_text),
    ".conll": _columns_or_json,
    ".conllu": _columns_or_json,
    ".iob": _columns_or_json,
    ".iob2": _columns_or_json,
    ".bio": _columns_or_json,
    ".bioes": _columns_or_json,
    ".train": _columns_or_json,  # eng.train, eng.testa and eng.testb, the names of CoNLL-2003
    ".testa": _columns_or_json,
    ".testb": _columns_or_json,
}
_BINARY_READERS: dict[str, FileReader] = {
    ".parquet": stream_parquet,
    ".arrow": stream_arrow,
    ".feather": stream_arrow,
    ".xlsx": stream_workbook,
}

_SPREADSHEETS = (".xls", ".xlsm", ".xlsb", ".ods", ".numbers")

#: Formats that can be named where the suffix does not tell; the suffix is what a file of the kind
#: would have.
KINDS = {
    "text": ".txt",
    "csv": ".csv",
    "tsv": ".tsv",
    "jsonl": ".jsonl",
    "json": ".json",
    "conll": ".conll",
}


def format_of(path: Path) -> str:
    """The suffix that decides how a file is read, "" if none does: ".csv" for train.csv and for
    train.csv.gz.

    Raises DataError for a .zip that does not hold one data file.
    """
    suffix = Path(unpacked_name(path)).suffix.lower()
    packed = path.suffix.lower() in PACKED
    known = suffix in _TEXT_READERS or (suffix in _BINARY_READERS and not packed)
    if not known and not packed:
        known = plugin_for(suffix, _built_in()) is not None
    return suffix if known else ""


def open_tables(
    path: Path,
    name: str,
    config: DataConfig,
    load_report: LoadReport,
    kind: str | None = None,
    *,
    annotated: bool = True,
) -> Iterator[Table]:
    """The rows of a file, or of standard input for the path "-", in order; nothing is read before
    the first is asked for.

    Args:
        path: a file of a format known here, by its suffix.
        name: what it is called in messages.
        config: encoding, delimiter, header and columns.
        load_report: takes what was guessed, mended or left out.
        kind: one of KINDS, where the suffix does not tell.
        annotated: whether rows of annotation programs in tables are read as such; JSON always is.

    Raises:
        DataError: the file cannot be read, or not further, or has no row; the message names the
        line.
        MachineError: there is not enough memory.
    """
    tables = _open(path, name, config, load_report, kind, annotated)
    allowance = Allowance(path, name) if path.suffix.lower() in PACKED else None
    for table in within_memory(tables, name):
        if allowance is not None:  # values of JSON need not be lines
            allowance.take(0, len(table))
        yield table


def _open(
    path: Path,
    name: str,
    config: DataConfig,
    load_report: LoadReport,
    kind: str | None,
    annotated: bool,
) -> Iterator[Table]:
    suffix = KINDS[kind] if kind else ".txt" if str(path) == "-" else format_of(path)
    if not suffix:
        raise unknown_format(name, path)
    if suffix not in _BINARY_READERS and suffix not in _TEXT_READERS:
        plugin = plugin_for(suffix, _built_in())
        assert plugin is not None  # so `format_of` said
        tables = read_tables(plugin, path, name, load_report, sizes.ROWS)
        yield from _shaped(tables, name, config, load_report, annotated)
        return
    if suffix in _BINARY_READERS:
        tables = _BINARY_READERS[suffix](path, name, config, load_report, sizes.ROWS)
        yield from _shaped(tables, name, config, load_report, annotated)
        return
    # what is asked for is not guessed
    reader = {"text": stream_lines, "conll": stream_conll}.get(kind or "", _TEXT_READERS[suffix])
    raw = open_bytes(path, name)
    try:
        lines = Lines(TextStream(raw, name, config.encoding, load_report), name)
        if not lines.has_content():
            raise DataError(f"{name} is empty.", "Name a file that has at least one row.")
        _refuse_webanno(lines)
        yield from _shaped(reader(lines, config, load_report), name, config, load_report, annotated)
    finally:
        if str(path) != "-":
            raw.close()


def _refuse_webanno(lines: Lines) -> None:
    """DataError for WebAnno's own format: its columns are token numbers, offsets and layers, and no
    tags in order."""
    first = next(iter(lines.peek(1, longest=_LONGEST_HEAD)), "").lstrip("\ufeff")
    if first.startswith(_WEBANNO):
        version = first.removeprefix("#FORMAT=").strip()[:40]
        raise DataError(
            f"{lines.name} is in the format {version} of WebAnno and INCEpTION, which is not read.",
            "Export the documents there once more, as CoNLL 2002 (or another CoNLL format that "
            "has the named entities).",
        )


def _shaped(
    tables: Iterator[Table], name: str, config: DataConfig, load_report: LoadReport, annotated: bool
) -> Iterator[Table]:
    """The tables, one at least; with tokens and tags as lists where the first rows hold them in
    another shape."""
    first = next(tables, None)
    if first is None:
        raise DataError(f"{name} holds no rows.", "Name a file with at least one row.")
    tables = chain([first], tables)
    if first.settled is None:
        sample, tables = sampled(tables)
        assert sample is not None
        if annotated:
            tables = recognised(tables, sample, config, load_report)
        if (first := next(tables, None)) is None:
            return  # all of it is left out, and told
        tables = chain([first], tables)
        if first.settled is None:
            tables = reshape(tables, sample, config, load_report)
    yield from tables


def _built_in() -> tuple[str, ...]:
    return (*_TEXT_READERS, *_BINARY_READERS)


def unknown_format(name: str, path: Path) -> DataError:
    """The error for a file whose name says nothing of what is in it, or that it holds more files;
    DataError too where it cannot be opened."""
    if path.is_dir():
        return DataError(f"{name} is a folder.", "Name one of the files in it: one file is read.")
    if (nested := what_is_nested(path.name, unpacked_name(path), PACKED)) is not None:
        return DataError(*nested)
    if path.suffix.lower() in _SPREADSHEETS:
        return DataError(
            f"{name}: spreadsheets that end in {path.suffix} are not read.",
            "Save it as .xlsx or as .csv in its program.",
        )
    suffix = path.suffix or "(no suffix)"
    readers = _built_in()
    return DataError(
        f"{name}: the format {suffix!r} is unknown.",
        f"Known are {', '.join(readers)}; those of text also compressed as {', '.join(PACKED)}. "
        f"`predict` takes --input-format: {', '.join(KINDS)}.",
    )
