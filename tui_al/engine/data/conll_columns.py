"""Which columns of a file with a token a line hold tokens and tags: found by their shape over many
lines."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tui_al.core.data.tag_notation import Form, Notation, notation_of
from tui_al.core.whole_numbers import whole_number

DOCUMENT = "-DOCSTART-"
#: Columns of a token line, and the token lines of a sentence.
Fields = list[str]
Sentence = list[Fields]

_MARKS = ("#", "%", "//", ";;", "<!--", "==")
_ELEMENT = re.compile(r"\s*</?(s|p|sent|sentence|text|doc|document)(\s[^>]*)?/?>\s*", re.IGNORECASE)
_KEY_VALUE = re.compile(r"#\s*[\w.:-]+\s*=")  # "# sent_id = 3"
_INDEX = re.compile(r"\d+([-.]\d+)?")
_FIGURES = re.compile(r"[\d.,:\-_]+")
_NEARLY_ALL, _MANY, _HALF = 0.95, 0.3, 0.5
_NAMED_TAGS = frozenset({"ner", "ne", "name", "entity", "tag", "tags", "label"})
_CHUNKS = frozenset({
    "NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "INTJ", "CONJP", "LST", "UCP", "NX",
})  # fmt: skip
_ARGUMENT = re.compile(r"(R-|C-)?(ARG\w+|A\d|AM|V)(-\w+)?")
_PREFERRED = (Form.TYPED, Form.BRACKETS, Form.UNTYPED, Form.TYPES)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may hold the tags; `key` where it is one of the `key=value` pairs of a
    column."""

    place: int
    notation: Notation
    key: str = ""
    types: frozenset[str] = frozenset()
    marked: frozenset[int] = frozenset()  #: token lines of the sample that are in an entity
    lines: int = 0  #: of the sample

    @property
    def is_chunks(self) -> bool:
        """Whether its types are those of chunking, which stand beside entities in CoNLL-2003."""
        return bool(self.types) and self.types <= _CHUNKS


def split_line(line: str, tabs: bool) -> Fields:
    """Columns of a line, [] for a blank one. Only tabs and plain spaces separate: other white space
    may be a token."""
    if not line.strip(" \t\r\n\ufeff"):
        return []
    line = line.rstrip(" \t\r\n").removeprefix("\ufeff")
    if tabs:
        return line.split("\t")
    return [field for field in line.replace("\t", " ").split(" ") if field]


def may_be_comment(line: str) -> bool:
    """Whether a line that lacks the columns of the others, or a tag where they have one, is not
    meant as a token."""
    return line.lstrip().startswith(_MARKS) or is_element(line)


def is_element(line: str) -> bool:
    """Whether it is an XML mark of a sentence or document, as `<s>` or `</doc>`: a border of
    sentences."""
    return bool(_ELEMENT.fullmatch(line))


def is_key_value(line: str) -> bool:
    """Whether it is a comment such as "# sent_id = 3"."""
    return bool(_KEY_VALUE.match(line))


def token_lines(lines: Sequence[str]) -> list[str]:
    """Those that are neither blank nor a document mark nor begin as a comment does."""
    return [
        line
        for line in lines
        if line.strip(" \t\r\n\ufeff")
        and not line.startswith(DOCUMENT)
        and not may_be_comment(line)
    ]


def uses_tabs(lines: Sequence[str]) -> bool:
    """Whether tabs alone separate the columns of these token lines."""
    with_tab = [line for line in lines if "\t" in line]
    if not with_tab or len(with_tab) < _NEARLY_ALL * len(lines):
        return False
    width = common_width([split_line(line, tabs=True) for line in with_tab])
    others = (line for line in lines if "\t" not in line)
    return not any(len(split_line(line, tabs=False)) == width for line in others)


def common_width(rows: Sequence[Fields]) -> int:
    """The usual number of columns; the larger of two that are as usual; 0 without rows."""
    widths = Counter(len(row) for row in rows)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def varying_width(sentences: Sequence[Sentence]) -> int:
    """The smallest width where whole sentences differ in it (CoNLL-2012 has a column a verb); 0
    where they do not."""
    widths = [{len(row) for row in sentence} for sentence in sentences]
    whole = sum(len(found) == 1 for found in widths)
    different = set().union(*widths) if widths else set()
    smallest = min(different, default=0)
    if len(different) < 2 or smallest < 6 or whole < _NEARLY_ALL * len(widths):
        return 0
    return smallest


def index_column(sentences: Sequence[Sentence], width: int) -> int | None:
    """The column that numbers the tokens of a sentence from 0 or 1."""
    for place in range(width):
        values = [[row[place] for row in sentence] for sentence in sentences]
        if all(_INDEX.fullmatch(value) for column in values for value in column):
            numbers = [[n for n in map(whole_number, column) if n is not None] for column in values]
            if _counts_up(numbers):
                return place
    return None


def _counts_up(sentences: Sequence[Sequence[int]]) -> bool:
    """Whether numbers go up by one, from the same 0 or 1 in (nearly) every sentence, and often
    enough to be no chance."""
    steps = [after - before for one in sentences for before, after in pairwise(one)]
    starts = [one[0] for one in sentences if one]
    first = starts[0] if starts else -1
    if len(sentences) == 1:  # no blank lines perhaps: then it may begin again
        starts += [after for before, after in pairwise(sentences[0]) if after != before + 1]
        steps = [1 for before, after in pairwise(sentences[0]) if after == before + 1]
    up, same = steps.count(1), starts.count(first)
    return (
        first in (0, 1)
        and up > 0
        and up >= _NEARLY_ALL * len(steps)
        and same >= _NEARLY_ALL * len(starts)
    )


def tag_candidates(sentences: Sequence[Sentence], width: int, skip: int | None) -> list[Candidate]:
    """Columns whose values have the form of tags, in order. One of nothing but O is none."""
    found = []
    for place in range(width):
        if place == skip:
            continue
        columns = [[row[place] for row in sentence] for sentence in sentences]
        candidate = _candidate(columns, place, width)
        found += [candidate] if candidate else _pairs(columns, place)
    return found


def _candidate(columns: Sequence[Sequence[str]], place: int, width: int) -> Candidate | None:
    notation = notation_of(columns)
    if notation is None or notation.form is Form.NUMBERS or not _says_something(notation, columns):
        return None
    values = Counter(value for column in columns for value in column)
    if notation.form is Form.TYPES:
        if not notation.outside <= {"O", "o"}:
            return None  # features of words, where "_" is none
        outside = sum(values[value] for value in notation.outside)
        if len(values) > max(2, _HALF * values.total()) or (
            width > 2 and outside < _MANY * values.total()
        ):
            return None
    flat = [value for column in columns for value in column]
    marked = frozenset(i for i, value in enumerate(flat) if value not in notation.outside)
    return Candidate(place, notation, "", _types(notation, values), marked, len(flat))


def _pairs(columns: Sequence[Sequence[str]], place: int) -> list[Candidate]:
    """Candidates in a column of `key=value|key=value`, as MISC of CoNLL-U; a token without the key
    is in no entity."""
    keys = {
        pair.partition("=")[0]
        for column in columns
        for value in column
        for pair in value.split("|")
        if "=" in pair
    }
    found = []
    for key in sorted(keys):
        read = [[value_of(value, key) for value in column] for column in columns]
        notation = notation_of(read)
        if notation is None or not _says_something(notation, read):
            continue
        if notation.form is Form.TYPED or (
            notation.form in (Form.TYPES, Form.UNTYPED) and key.lower() in _NAMED_TAGS
        ):
            values = Counter(value for column in read for value in column)
            found.append(Candidate(place, notation, key, _types(notation, values)))
    return found


def value_of(field: str, key: str) -> str:
    """The value of a key in `key=value|key=value`; "O" where the key is not there."""
    for pair in field.split("|"):
        name, _, value = pair.partition("=")
        if name == key:
            return value
    return "O"


def _says_something(notation: Notation, columns: Sequence[Sequence[str]]) -> bool:
    return any(value not in notation.outside and value != "*" for row in columns for value in row)


def _types(notation: Notation, values: Counter[str]) -> frozenset[str]:
    if notation.form is Form.BRACKETS:
        return frozenset(value.strip("()*") for value in values if "(" in value)
    read = (notation.one(value) for value in values)
    return frozenset(tag[2:] for tag in read if tag and tag != "O")


def choose_tags(candidates: Sequence[Candidate], all_outside: Sequence[int]) -> Candidate | None:
    """The likeliest: entities before chunks, prefixes before types alone, the last, but the
    outermost of nested levels.

    `all_outside` are columns that say nothing but O: better than chunks if they stand behind them.
    """
    entities = [
        one
        for one in candidates
        if not one.is_chunks and not (one.types and all(map(_ARGUMENT.fullmatch, one.types)))
    ]
    for form in _PREFERRED:
        fitting = [one for one in entities if one.notation.form is form]
        if fitting:
            return fitting[0] if form is Form.BRACKETS else _outermost(fitting)
    if all_outside:
        return Candidate(all_outside[-1], Notation())
    return candidates[-1] if candidates else None


def _outermost(fitting: Sequence[Candidate]) -> Candidate:
    """The first of those columns side by side, up to the last, that are levels of nested
    entities."""
    chosen = fitting[-1]
    for one in reversed(fitting[:-1]):
        if one.place != chosen.place - 1 or not _is_level_of(chosen, one):
            break
        chosen = one
    return chosen


def _is_level_of(inner: Candidate, outer: Candidate) -> bool:
    """Whether two columns have the same types, or what one marks lies within the little that the
    other does."""
    same_types = len(inner.types & outer.types) >= _HALF * len(inner.types)
    within = len(inner.marked & outer.marked) >= _NEARLY_ALL * len(inner.marked)
    little = len(inner.marked) < len(outer.marked) <= _HALF * outer.lines
    return same_types or (within and little)


def outside_columns(sentences: Sequence[Sentence], width: int) -> list[int]:
    """Columns with nothing but O."""
    return [
        place
        for place in range(width)
        if all(row[place] in ("O", "o") for sentence in sentences for row in sentence)
    ]


def token_column(sentences: Sequence[Sentence], width: int, taken: Sequence[int]) -> int:
    """The first column whose values differ as words do; 0 if none does.

    Not: columns that are `taken`, figures, and what is the same all through a sentence (names of
    documents, numbers of sentences)."""
    distinct: dict[int, int] = {}
    long = [sentence for sentence in sentences if len(sentence) > 1]
    for place in range(width):
        values = [row[place] for sentence in sentences for row in sentence]
        figures = sum(bool(_FIGURES.fullmatch(value)) for value in values)
        constant = sum(len({row[place] for row in sentence}) == 1 for sentence in long)
        same = bool(long) and constant >= _NEARLY_ALL * len(long)
        if place not in taken and not same and figures < _NEARLY_ALL * len(values):
            distinct[place] = len(set(values))
    most = max(distinct.values(), default=0)
    return next(
        (place for place, count in distinct.items() if count >= _HALF * most),
        next((place for place in range(width) if place not in taken), 0),
    )


def run_column(sentence: Sentence, width: int) -> int | None:
    """The column that says which sentence each line is of, where no blank lines do: its values come
    in runs, none twice."""
    for place in range(width):
        starts = [row[place] for row in sentence[:1]]
        starts += [
            after[place] for before, after in pairwise(sentence) if after[place] != before[place]
        ]
        some_runs = len(starts) >= 2 + (not all(map(str.isdecimal, starts)))
        if some_runs and len(starts) == len(set(starts)) and len(sentence) >= 2 * len(starts):
            return place
    return None


def runs(sentence: Sentence, place: int) -> Iterator[Sentence]:
    """Token lines without blank lines between them, cut where the value of a column changes."""
    run: Sentence = []
    for row in sentence:
        if run and row[place] != run[-1][place]:
            yield run
            run = []
        run.append(row)
    if run:
        yield run
