"""Cells that hold the tokens or the tags of a whole sentence: lists, lists written as strings,
words apart by blanks."""

import ast
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tui_al.core.data.tag_notation import PLAIN, Form, Notation, notation_of, numbered
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.whole_numbers import whole_number
from tui_al.engine.data.tables import Table

Cells = Sequence[object]


class Shape(StrEnum):
    """How a cell holds a sequence."""

    LIST = "lists"
    WRITTEN = "lists written as strings"
    JOINED = "words apart by blanks"
    COMMAS = "words apart by commas"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns of a table with as many tokens as tags in each row; `tags` is None where only
    tokens are there."""

    tokens: str
    tokens_shape: Shape
    tags: str | None = None
    tags_shape: Shape = Shape.LIST
    notation: Notation = PLAIN
    names: tuple[str, ...] = ()  #: of numbered tags, where another column has them

    @property
    def is_plain(self) -> bool:
        """Whether these are lists under the usual names, with tags that `core.data.tags` reads as
        they are."""
        usual = self.tokens in _TOKEN_NAMES and self.tags in _TAG_NAMES
        lists = self.tokens_shape is Shape.LIST and self.tags_shape is Shape.LIST
        return usual and lists and self.notation.is_plain


_QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_OF_NUMPY = re.compile(rf"\[\s*{_QUOTED}(?:\s+{_QUOTED})*\s*\]", re.DOTALL)
_FIGURES_OF_NUMPY = re.compile(r"\[\s*-?\d+(?:\s+-?\d+)+\s*\]")
_NUMPY_CALL = re.compile(r"array\((\[.*\])(?:,\s*dtype=.*)?\)", re.DOTALL)
_TOKEN_NAMES = ("tokens", "words", "token", "word", "sentence", "text", "utterance", "utt")
_TAG_NAMES = (
    "ner_tags", "tags", "ner", "labels", "bio_tags", "slots", "entities", "label", "tag",
)  # fmt: skip
_TYPES_OF_CHUNKS = ("chunk", "pos", "dep")
_PAIRED, _NEARLY_ALL = 0.9, 0.95
_IN_STRINGS = (Shape.JOINED, Shape.COMMAS)
_FEWEST = 2  # tags a row, on average, where a string holds them


def sequence_of(cell: object, shape: Shape) -> list[str] | None:
    """The tokens or tags in a cell; None for an empty cell. ValueError for one that is not of the
    shape."""
    if cell is None or cell == "":
        return None
    if shape is Shape.LIST:
        if not isinstance(cell, list):
            raise ValueError(f"{str(cell)[:40]!r} is not a list")
        return [_string(one) for one in cell]
    if not isinstance(cell, str):
        raise ValueError(f"{str(cell)[:40]!r} is not a string")
    if shape is Shape.COMMAS:
        return [word.strip() for word in cell.split(",")]
    return cell.split() if shape is Shape.JOINED else _written(cell.strip())


def _string(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _written(text: str) -> list[str]:
    call = _NUMPY_CALL.fullmatch(text)
    text = call[1] if call else text
    if not (text.startswith("[") and text.endswith("]")):
        raise ValueError(f"{text[:40]!r} is not a list")
    if _FIGURES_OF_NUMPY.fullmatch(text):
        return text[1:-1].split()
    try:
        value = json.loads(
            text
        )  # before anything else: only JSON writes a character as two escapes
    except ValueError:
        value = _in_python(text)
    if not isinstance(value, list) or not all(isinstance(one, str | int | float) for one in value):
        raise ValueError(f"{text[:40]!r} is not a list of strings or numbers")
    return [_string(one) for one in value]


def _in_python(text: str) -> object:
    """The list that Python or numpy wrote, the latter without commas."""
    if _OF_NUMPY.fullmatch(text):
        return [str(ast.literal_eval(one)) for one in re.findall(_QUOTED, text, re.DOTALL)]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"{text[:40]!r} is not a list") from error


def find_pair(sample: Table, config: DataConfig) -> Pair | None:
    """The columns of tokens and tags, by their names and by what is in them; None if there are
    none.

    Named columns of the configuration are taken, whatever is in them.
    """
    shapes = {
        column: shape
        for column, cells in sample.columns.items()
        if (shape := _shape(cells)) is not None
    }
    sequences = {column: _sequences(sample.columns[column], shapes[column]) for column in shapes}
    tags = _tag_columns(shapes, sequences, config)
    for column, notation in tags:
        tokens = _token_column(column, shapes, sequences, config)
        if tokens is not None and _is_evident(column, tokens, shapes, sequences, notation, config):
            numbers = notation.form is Form.NUMBERS
            largest = (
                max((whole_number(t) or 0 for v in sequences[column] for t in v or ()), default=0)
                if numbers
                else 0
            )
            names = _constant_names(sample, largest) if numbers else ()
            return Pair(tokens, shapes[tokens], column, shapes[column], notation, names)
    return _tokens_alone(shapes, config)


def _shape(cells: Cells) -> Shape | None:
    filled = [cell for cell in cells if cell is not None and cell != ""]
    if not filled:
        return None
    if all(isinstance(cell, list) for cell in filled):
        plain = all(isinstance(one, str | int | float | None) for cell in filled for one in cell)  # type: ignore[attr-defined]
        return Shape.LIST if plain else None
    if not all(isinstance(cell, str) for cell in filled):
        return None
    written = sum(_is_written(str(cell)) for cell in filled)
    if written >= _NEARLY_ALL * len(filled):
        return Shape.WRITTEN
    commas = all(isinstance(cell, str) and " " not in cell.replace(", ", ",") for cell in filled)
    return Shape.COMMAS if commas and any("," in str(cell) for cell in filled) else Shape.JOINED


def _is_written(cell: str) -> bool:
    try:
        _written(cell.strip())
    except ValueError:
        return False
    return True


def _sequences(cells: Cells, shape: Shape) -> list[list[str] | None]:
    found: list[list[str] | None] = []
    for cell in cells:
        try:
            found.append(sequence_of(cell, shape))
        except ValueError:
            found.append(None)
    return found


def _tag_columns(
    shapes: Mapping[str, Shape],
    sequences: Mapping[str, Sequence[list[str] | None]],
    config: DataConfig,
) -> list[tuple[str, Notation]]:
    """Columns that may hold tags, the likeliest first."""
    found = []
    for column, values in sequences.items():
        notation = notation_of(value for value in values if value)
        if config.tags_column is not None:
            if column == config.tags_column:
                return [(column, notation or Notation())]
            continue
        if notation is None or notation.form is Form.BRACKETS:
            continue
        rank = _rank(column, _TAG_NAMES)
        typed = notation.form is Form.TYPED
        needs_name = notation.form is Form.NUMBERS or (not typed and shapes[column] in _IN_STRINGS)
        if needs_name and rank >= _UNNAMED:
            continue
        found.append((not typed, rank, column, notation))
    found.sort(key=lambda one: one[:2])
    return [(column, notation) for _, _, column, notation in found]


_UNNAMED = 1_000


def _rank(column: str, names: Sequence[str]) -> int:
    """Place of a column's name among these: whole names, then those with such a word in them, then
    chunks and the like."""
    name = column.lower()
    if name in names:
        return names.index(name)
    parts = re.split(r"[\s_.\-#]+", name)
    if any(part.startswith(_TYPES_OF_CHUNKS) for part in parts):
        return _UNNAMED + 1
    places = [names.index(part) for part in parts if part in names]
    return 100 + min(places) if places else _UNNAMED


def _token_column(
    tags: str,
    shapes: Mapping[str, Shape],
    sequences: Mapping[str, Sequence[list[str] | None]],
    config: DataConfig,
) -> str | None:
    if config.tokens_column is not None:
        return config.tokens_column if config.tokens_column in shapes else None
    fitting = []
    for column, values in sequences.items():
        if column == tags:
            continue
        both = [(a, b) for a, b in zip(values, sequences[tags], strict=True) if a and b]
        equal = sum(len(a) == len(b) for a, b in both)
        if both and equal >= _PAIRED * len(both):
            words = Counter(word for value, _ in both for word in value)
            fitting.append((_rank(column, _TOKEN_NAMES), -len(words), column))
    return min(fitting)[2] if fitting else None


def _is_evident(
    tags: str,
    tokens: str,
    shapes: Mapping[str, Shape],
    sequences: Mapping[str, Sequence[list[str] | None]],
    notation: Notation,
    config: DataConfig,
) -> bool:
    """Whether the strings of a column are tags and no labels: lists are, words apart by blanks if
    they are many a row."""
    if config.tags_column is not None or shapes[tags] not in _IN_STRINGS:
        return True
    rows = [value for value in sequences[tags] if value]
    flat = [tag for value in rows for tag in value]
    outside = sum(tag in notation.outside for tag in flat)
    zeros = notation.form is Form.NUMBERS and "0" in flat
    return len(flat) >= _FEWEST * len(rows) and bool(outside or zeros) and tokens != tags


def _constant_names(sample: Table, largest: int) -> tuple[str, ...]:
    """The names of numbered tags, up to the largest number, in a column that repeats them in every
    row."""
    for cells in sample.columns.values():
        shape = _shape(cells)
        if shape in (Shape.LIST, Shape.WRITTEN) and all(cell == cells[0] for cell in cells):
            names = sequence_of(cells[0], shape) or []
            try:
                numbered(names)
            except ValueError:
                continue
            if largest < len(names) == len(set(names)):
                return tuple(names)
    return ()


def _tokens_alone(shapes: Mapping[str, Shape], config: DataConfig) -> Pair | None:
    """A column of lists of words, written as strings, beside which nothing is tagged."""
    named = [column for column in shapes if column == config.tokens_column]
    named = named or [column for column in shapes if column.lower() in ("tokens", "words")]
    for column in named:
        if shapes[column] is Shape.WRITTEN:
            return Pair(column, Shape.WRITTEN)
    return None
