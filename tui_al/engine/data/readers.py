"""File name to reader. A new format is one function here and its suffix in one of the two tables."""

from collections.abc import Callable
from pathlib import Path

from tui_al.core.config import DataConfig
from tui_al.engine.data.arrow_file import read_arrow, read_parquet
from tui_al.engine.data.conll import looks_like_conll, read_conll
from tui_al.engine.data.delimited import read_delimited
from tui_al.engine.data.json_file import read_json, read_json_lines
from tui_al.engine.data.tables import Findings, Table
from tui_al.engine.data.text_file import lines_of, read_text
from tui_al.errors import DataError

TextReader = Callable[[str, str, DataConfig, Findings], Table]


def _json(name: str, text: str, _config: DataConfig, _findings: Findings) -> Table:
    return read_json(name, text)


def _json_lines(name: str, text: str, _config: DataConfig, _findings: Findings) -> Table:
    return read_json_lines(name, text)


def _plain(name: str, text: str, config: DataConfig, findings: Findings) -> Table:
    """One text a line, without labels; or CoNLL columns, if it looks so."""
    if looks_like_conll(text):
        findings.notes.append(f"{name}: read as CoNLL columns (each line ends in a tag)")
        return read_conll(name, text, config, findings)
    lines = lines_of(text)
    return Table(name, {"text": lines}, range(1, len(lines) + 1), "line")


_TEXT_READERS: dict[str, TextReader] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".conll": read_conll,
    ".iob": read_conll,
    ".iob2": read_conll,
    ".bio": read_conll,
    ".bioes": read_conll,
    ".train": read_conll,  # eng.train, eng.testa and eng.testb, the names of CoNLL-2003
    ".testa": read_conll,
    ".testb": read_conll,
    ".txt": _plain,
}
_BINARY_READERS: dict[str, Callable[[Path, str], Table]] = {
    ".parquet": read_parquet,
    ".arrow": read_arrow,
    ".feather": read_arrow,
}


def format_of(path: Path) -> str:
    """The suffix that decides how a file is read, "" if none does: ".csv" for train.csv and for train.csv.gz."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _BINARY_READERS:
        return suffixes[-1]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return suffixes[-1] if suffixes and suffixes[-1] in _TEXT_READERS else ""


def read_table(path: Path, name: str, config: DataConfig, findings: Findings) -> Table:
    """Read one file, called `name` in messages; DataError names it, and the line where there is one."""
    kind = format_of(path)
    if kind in _BINARY_READERS:
        return _BINARY_READERS[kind](path, name)
    if not kind:
        raise DataError(
            f"{name}: the format {path.suffix or '(no suffix)'!r} is unknown.",
            f"Known are {', '.join((*_TEXT_READERS, *_BINARY_READERS))}; text formats also with .gz.",
        )
    return _TEXT_READERS[kind](name, read_text(path, name, config.encoding), config, findings)
