"""How much memory an Excel workbook would take, told before it is read; what it says of its own
sizes is not believed."""

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.parsers import expat

from tui_al.engine.data.allowance import Allowance
from tui_al.errors import DataError

_LARGEST = 256 << 20  # bytes unpacked; the library takes several times as much memory
_MOST_CELLS = 20_000_000  # up to a sheet's last used one, as the library makes room for all of them
_MOST_ROWS = 1 << 20  # of a sheet, as Excel has it

#: Bytes of a comment, a tag or the like: until its end is seen, expat before 2.6 reads it from its
#: beginning again with each piece.
_LONGEST_TOKEN = 1 << 22

_SHARED = "sharedstrings.xml"

_PLACE = re.compile(r"([A-Z]{0,3})(\d{1,9})", re.IGNORECASE)


def check_sizes(path: Path, name: str) -> None:
    """Raise DataError where a workbook would take too much memory, BadZipFile where a sheet is no
    XML."""
    unpacked = references = 0
    allowance = Allowance(path, name, table=True)
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            sheet = _Sheet()
            for chunk in _chunks(archive, info):
                unpacked += len(chunk)
                if unpacked > _LARGEST:
                    raise DataError(
                        f"{name} unpacks to more than {_LARGEST:,} bytes.",
                        "Save the sheet as CSV, which is read piece by piece.",
                    )
                sheet.read(chunk)
                allowance.check(0, sheet.written)
            sheet.check(name, info.filename)
            references += sheet.references
        shared = [info for info in archive.infolist() if info.filename.lower().endswith(_SHARED)]
        for info in shared:
            lengths = _lengths(archive, info)
            if references * max(lengths, default=0) > allowance.bytes:
                _take_texts(archive, lengths, allowance)


class _Xml:
    """The elements of a part of a workbook, piece by piece."""

    def __init__(self) -> None:
        self.error = ""  #: why the rest cannot be read
        self._given = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._begin

    def read(self, chunk: bytes) -> None:
        """The next piece."""
        if self.error:
            return
        self._given += len(chunk)
        try:
            self._parser.Parse(chunk)
        except (expat.ExpatError, ValueError) as error:
            self.error = str(error)
            return
        if self._given - self._parser.CurrentByteIndex > _LONGEST_TOKEN:
            self.error = f"more than {_LONGEST_TOKEN:,} bytes without an end"

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        raise NotImplementedError

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self.begin(name.rpartition(" ")[2], attributes)


class _Sheet(_Xml):
    """The last row and the last column of a sheet, and how many of its cells have a shared text."""

    def __init__(self) -> None:
        super().__init__()
        self.references = 0
        self.written = 0  #: rows and cells that are written down
        self._is_sheet = False
        self._row = self._column = 0
        self._last_row = self._last_column = 0

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A row or a cell; one without a place follows the one before."""
        if tag == "sheetData":
            self._is_sheet = True
        if tag not in ("row", "c") or not self._is_sheet:
            return
        self.written += 1
        place = _PLACE.fullmatch(attributes.get("r", ""))
        if tag == "row":
            self._row, self._column = int(place[2]) if place else self._row + 1, 0
        else:
            self._row = int(place[2]) if place else self._row
            self._column = _column_number(place[1]) if place else self._column + 1
            self.references += attributes.get("t") == "s"
        self._last_row = max(self._last_row, self._row)
        self._last_column = max(self._last_column, self._column)

    def check(self, name: str, part: str) -> None:
        """DataError where there are too many rows or cells up to the last used one; BadZipFile
        where a sheet cannot be read to its end."""
        if self.error and self._is_sheet:
            raise zipfile.BadZipFile(f"{part}: {self.error}")
        rows, cells = self._last_row, self._last_row * self._last_column
        if rows <= _MOST_ROWS and cells <= _MOST_CELLS:
            return
        found, most = (
            (f"{cells:,} cells", _MOST_CELLS)
            if cells > _MOST_CELLS
            else (f"{rows:,} rows", _MOST_ROWS)
        )
        raise DataError(
            f"{name}: a sheet has {found} up to its last used one; at most {most:,} can be read.",
            "Delete stray cells far from the others, or save the sheet as CSV.",
        )


class _Texts(_Xml):
    """The lengths of the texts that cells share, in characters."""

    def __init__(self) -> None:
        super().__init__()
        self.lengths: list[int] = []
        self._parser.CharacterDataHandler = self._text

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002
        """A text."""
        if tag == "si":
            self.lengths.append(0)

    def _text(self, text: str) -> None:
        if self.lengths:
            self.lengths[-1] += len(text)


class _References(_Xml):
    """Takes the texts that the cells of a sheet have from an allowance, each in its own cell."""

    def __init__(self, lengths: list[int], allowance: Allowance) -> None:
        super().__init__()
        self._lengths, self._allowance = lengths, allowance
        self._shared = False
        self._digits = ""
        self._parser.CharacterDataHandler = self._text
        self._parser.EndElementHandler = self._end

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A cell, or its value."""
        if tag == "c":
            self._shared = attributes.get("t") == "s"
        self._digits = ""

    def _text(self, text: str) -> None:
        if self._shared and len(self._digits) < 12:
            self._digits += text

    def _end(self, _: str) -> None:
        digits, self._digits = self._digits.strip(), ""
        if digits.isdecimal() and int(digits) < len(self._lengths):
            self._allowance.take(self._lengths[int(digits)], 0)


def _lengths(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> list[int]:
    texts = _Texts()
    for chunk in _chunks(archive, info):
        texts.read(chunk)
    return texts.lengths


def _take_texts(archive: zipfile.ZipFile, lengths: list[int], allowance: Allowance) -> None:
    """Raise DataError where texts that cells share are far more, each in its own cell."""
    for info in archive.infolist():
        cells = _References(lengths, allowance)
        for chunk in _chunks(archive, info):
            cells.read(chunk)


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member piece by piece."""
    with archive.open(info) as file:
        while chunk := file.read(1 << 20):
            yield chunk


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
