"""The layout of a file with a token a line: its separator, width, columns and sentence borders,
from a sample of lines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tui_al.core.close_names import did_you_mean
from tui_al.core.data.tag_notation import Form, Notation, notation_of
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.whole_numbers import whole_number
from tui_al.engine.data.conll_columns import (
    DOCUMENT,
    Candidate,
    Fields,
    Sentence,
    choose_tags,
    common_width,
    index_column,
    is_element,
    is_key_value,
    may_be_comment,
    outside_columns,
    run_column,
    runs,
    split_line,
    tag_candidates,
    token_column,
    token_lines,
    uses_tabs,
    varying_width,
)
from tui_al.errors import DataError

_TOKEN_NAMES = frozenset({
    "token", "tokens", "word", "words", "form", "wordform", "surface", "text",
})  # fmt: skip
_TAG_NAMES = frozenset({
    "tag", "tags", "ner", "ner_tag", "ner_tags", "label", "labels", "bio", "iob", "iob2",
    "entity", "entities", "ne",
})  # fmt: skip
_GLOBAL_COLUMNS = "# global.columns ="  # CoNLL-U Plus
_LONGEST_NAME = 30
_PLAIN_TAG = re.compile(r"O|[BI]-\S+")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in a token line. Places count from 0."""

    tabs: bool  #: whether only tabs separate
    width: int  #: columns; where they `vary` from sentence to sentence, the fewest
    varies: bool
    tokens: int
    tags: Candidate | None
    index: int | None  #: the column that numbers the tokens of a sentence
    run: int | None = (
        None  #: without blank lines: the column that is the same all through a sentence
    )
    names: tuple[str, ...] = ()  #: of the columns, from a header
    header: bool = False  #: whether the first line that is not a comment is the header

    def fits(self, fields: Fields) -> bool:
        """Whether a line has as many columns as a token line."""
        return len(fields) == self.width or (self.varies and len(fields) > self.width)

    def is_token(self, line: str, fields: Fields) -> bool:
        """Whether a line that begins as a comment does is a token: it has the columns, and a tag
        where tags are."""
        if not self.fits(fields):
            return False
        if self.index is not None:
            return fields[self.index].isdecimal()
        if self.tags is None or self.tags.key:
            return self.width == 1 or not is_key_value(line)
        tag = fields[self.tags.place]
        if self.tags.notation.form is Form.TYPES:
            return tag in self.tags.notation.outside or tag in self.tags.types
        return self.tags.notation.is_tag(tag)


def guess_layout(name: str, lines: Sequence[str], config: DataConfig) -> Layout | None:
    """The layout that most of these lines have, as far as the person has not named columns; None
    without token lines."""
    body = token_lines(lines) or [line for line in lines if split_line(line, tabs=False)]
    if not body:
        return None
    tabs = uses_tabs(body)
    names, header = _global_names(lines), False
    first = split_line(body[0], tabs)
    found = _without_header(name, lines, tabs, first, config)
    if found is None:
        found = _of_lines(name, lines, tabs, names, config)
    else:
        names, header = tuple(first), True
    return replace(found, names=names, header=header) if found else None


def _global_names(lines: Sequence[str]) -> tuple[str, ...]:
    for line in lines[:1]:
        if line.startswith(_GLOBAL_COLUMNS):
            return tuple(line.removeprefix(_GLOBAL_COLUMNS).split())
    return ()


def _without_header(
    name: str, lines: Sequence[str], tabs: bool, first: Fields, config: DataConfig
) -> Layout | None:
    """The layout of the lines after a header; None if the first token line is none.

    A header is a line of names where another kind of value stands in all other lines: no tag in the
    column of the tags."""
    if len(first) < 2 or not all(_is_name(field) for field in first):
        return None
    known = {field.lower() for field in first}
    known_names = bool(known & _TOKEN_NAMES) and bool(known & _TAG_NAMES)
    place = next(number for number, line in enumerate(lines) if split_line(line, tabs) == first)
    rest = _of_lines(name, lines[place + 1 :], tabs, tuple(first), config)
    if rest is None or len(first) != rest.width:
        return None
    if rest.tags is None or rest.tags.notation.form is Form.TYPES:
        return rest if known_names else None
    other_kind = not rest.tags.notation.is_tag(first[rest.tags.place])
    kinds = {kind.lower() for kind in rest.tags.types}
    return rest if other_kind and (known_names or not known & kinds) else None


def _is_name(field: str) -> bool:
    plain = field.replace("_", "").replace("-", "").replace(" ", "").replace("#", "")
    return len(field) <= _LONGEST_NAME and plain.isalnum() and not plain.isdecimal()


def _of_lines(
    name: str, lines: Sequence[str], tabs: bool, names: tuple[str, ...], config: DataConfig
) -> Layout | None:
    sentences = list(_sentences(lines, tabs))
    if not sentences:
        return None
    width = common_width([row for sentence in sentences for row in sentence])
    smallest = varying_width(sentences)
    usable = [
        kept
        for sentence in sentences
        if (kept := [row for row in sentence if len(row) == width or (smallest and row)])
    ]
    width = smallest or width
    plain = width == 2 and not smallest and _are_plain(usable)
    index = index_column(usable, width) if width > 1 and not plain else None
    alone = len(usable) == 1 and index is None and not plain
    run = run_column(usable[0], width) if alone else None
    if run is not None:
        usable = list(runs(usable[0], run))
    candidates = tag_candidates(usable, width, index) if width > 1 else []
    outside = outside_columns(usable, width) if width > 1 else []
    tags = choose_tags(candidates, outside) or _numbers(usable, width, index)
    if plain:  # whatever the words look like
        candidates = [one for one in candidates if one.place == 1]
        tags = candidates[0] if candidates else Candidate(1, _notation(usable, 1))
    asked = _asked(name, config.tags_column, "--tags-column", width, names)
    if asked is not None:
        tags = next((one for one in candidates if one.place == asked and not one.key), None)
        tags = tags or Candidate(asked, _notation(usable, asked))
    taken = {*outside, *(one.place for one in candidates if not one.key)}
    if tags is not None:
        taken.add(tags.place)
    taken |= {place for place in (index, run) if place is not None}
    tokens = _asked(name, config.tokens_column, "--tokens-column", width, names)
    if tokens is None and "FORM" in names[:width]:
        tokens = names.index("FORM")
    if tokens is None:
        tokens = token_column(usable, width, sorted(taken))
    return Layout(tabs, width, bool(smallest), tokens, tags, index, run)


def _are_plain(sentences: Sequence[Sentence]) -> bool:
    """Whether the last of two columns has nothing but IOB2 tags: then the other has the words, be
    they few or odd."""
    return all(_PLAIN_TAG.fullmatch(row[1]) for sentence in sentences for row in sentence)


def _sentences(lines: Sequence[str], tabs: bool) -> Iterator[Sentence]:
    """Token lines between blank lines; comments are left out, unless there is nothing else."""
    only_marks = not token_lines(lines)
    sentence: Sentence = []
    for line in lines:
        fields = split_line(line, tabs)
        if fields and fields[0] != DOCUMENT:
            if is_element(line):
                fields = []
            elif only_marks or not may_be_comment(line):
                sentence.append(fields)
        if sentence and (not fields or fields[0] == DOCUMENT):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _numbers(sentences: Sequence[Sentence], width: int, index: int | None) -> Candidate | None:
    """The last column if it holds numbers from 0 on beside one column of words: tags that lack
    their names."""
    last = width - 1
    if last == index or width - (index is not None) != 2:
        return None
    notation = _notation(sentences, last)
    zero = any(row[last] == "0" for sentence in sentences for row in sentence)
    return Candidate(last, notation) if zero and notation.form is Form.NUMBERS else None


def _notation(sentences: Sequence[Sentence], place: int) -> Notation:
    return notation_of([[row[place] for row in sentence] for sentence in sentences]) or Notation()


def _asked(
    name: str, asked: str | None, option: str, width: int, names: tuple[str, ...]
) -> int | None:
    """The place of a column that the person named, by its number from 1 or its name in the
    header."""
    if asked is None:
        return None
    if asked in names[:width]:
        return names.index(asked)
    number = whole_number(asked)
    if number is None or not 1 <= number <= width:
        known = f", or {', '.join(names)}" if names else ""
        raise DataError(
            f"{name} has no column {asked!r}.",
            f"{did_you_mean(asked, names)}Columns of CoNLL files are numbered: {option} takes 1 "
            f"to {width}{known}.",
        ).at(option.strip("-").replace("-", "_"))
    return number - 1
