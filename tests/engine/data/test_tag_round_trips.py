"""Entities, written as tags of every scheme into files of every format, are read back; every
sentence is read or told of."""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_al.core.data.examples import Dataset, Task
from tui_al.core.data.tags import Scheme, Span, spans_of, tags_of
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load

Sentence = tuple[list[str], list[Span]]
Rows = list[tuple[list[str], list[str]]]  # tokens and tags as they are written

#: What makes the scheme clear, whatever is drawn besides.
SURE: list[Sentence] = [
    (["Ann", "van", "Lee", "met", "Bo", "."], [(0, 3, "PER"), (4, 5, "PER")]),
    (["in", "New", "Ulm", "and", "elsewhere", "too"], [(1, 3, "LOC")]),
    (["no", "entity", "here", "at", "all", "!"], []),
]

WORDS = st.one_of(
    st.sampled_from(["#", "%", "//", "1", "3.1", "1-2", "O", "_", '"', "'", ",", ";", "[", "]", "|",
        "=", "a=b", "naïve", "東京"]),
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=6),
)  # fmt: skip


@st.composite
def sentences(draw: st.DrawFn) -> Sentence:
    tokens = draw(st.lists(WORDS.filter(lambda word: word != "-DOCSTART-"), min_size=1, max_size=7))
    spans: list[Span] = []
    place = 0
    while place < len(tokens):
        place += draw(st.integers(0, 2))
        end = min(place + draw(st.integers(1, 3)), len(tokens))
        if place < end and draw(st.booleans()):
            spans.append((place, end, draw(st.sampled_from(["PER", "LOC", "a-b"]))))
        place = end
    return tokens, spans


def _prefixed(scheme: Scheme) -> Callable[[Sentence], list[str]]:
    return lambda sentence: list(tags_of(sentence[1], len(sentence[0]), scheme))


def _bmes(sentence: Sentence) -> list[str]:
    tags = tags_of(sentence[1], len(sentence[0]), Scheme.BIOES)
    return ["M" + tag[1:] if tag[0] == "I" else tag for tag in tags]


def _small(sentence: Sentence) -> list[str]:
    tags = tags_of(sentence[1], len(sentence[0]))
    return [tag[0].lower() + tag[1:] for tag in tags]


def _underscored(sentence: Sentence) -> list[str]:
    return [tag.replace("-", "_", 1) for tag in tags_of(sentence[1], len(sentence[0]))]


def _type_first(sentence: Sentence) -> list[str]:
    tags = tags_of(sentence[1], len(sentence[0]))
    return [tag if tag == "O" else f"{tag[2:]}-{tag[0]}" for tag in tags]


SCHEMES: dict[str, Callable[[Sentence], list[str]]] = {
    **{str(scheme): _prefixed(scheme) for scheme in Scheme},
    "BMES": _bmes,
    "small": _small,
    "underscore": _underscored,
    "type first": _type_first,
}


def _token_lines(rows: Rows, line: Callable[[int, str, str], str], before: str = "") -> str:
    return "".join(
        before + "".join(line(place, *pair) + "\n" for place,
            pair in enumerate(zip(*row, strict=True), start=1)) + "\n"
        for row in rows
    )  # fmt: skip


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(row) if row else file.write("\n")
    return file.getvalue()


def _flat(rows: Rows, sparse: bool) -> list[Sequence[object]]:
    return [
        ("" if sparse and place else f"Sentence: {number}", *pair)
        for number, row in enumerate(rows)
        for place, pair in enumerate(zip(*row, strict=True))
    ]


def _parted(rows: Rows) -> list[Sequence[object]]:
    return [one for row in rows for one in (*zip(*row, strict=True), ())]


FORMATS: dict[str, Callable[[Rows], str]] = {
    "blanks.conll": lambda rows: _token_lines(rows, lambda _, a, b: f"{a} {b}"),
    "tabs.tsv": lambda rows: _token_lines(rows, lambda _, a, b: f"{a}\t{b}"),
    "four.txt": lambda rows: _token_lines(rows, lambda _, a, b: f"{a} NN I-NP {b}"),
    "numbered.iob": lambda rows: _token_lines(rows, lambda i, a, b: f"{i}\t{a}\t{b}"),
    "comments.txt": lambda rows: _token_lines(rows, lambda _, a, b: f"{a}\t{b}", "# a text of "
        "it\n"),
    "full.conllu": lambda rows: _token_lines(
        rows, lambda i, a, b: f"{i}\t{a}\t_\tX\t_\t_\t0\t_\t_\tNER={b}", "# text = it\n"
    ),
    "kaggle.csv": lambda rows: _csv(("Sentence #", "Word", "Tag"), _flat(rows, sparse=True)),
    "beside.csv": lambda rows: _csv(("sentence_id", "token", "label"), _flat(rows, sparse=False)),
    "parted.csv": lambda rows: _csv(("word", "tag"), _parted(rows)),
    "repr.csv": lambda rows: _csv(("tokens", "ner_tags"), [(str(a), str(b)) for a, b in rows]),
    "json.csv": lambda rows: _csv(("tokens", "tags"),
        [(json.dumps(a), json.dumps(b)) for a, b in rows]),
    "joined.csv": lambda rows: _csv(("text", "tags"),
        [(" ".join(a), " ".join(b)) for a, b in rows]),
    "lists.jsonl": lambda rows: "".join(json.dumps({"tokens": a, "tags": b}) + "\n" for a,
        b in rows),
}  # fmt: skip


def _load(name: str, content: str) -> Dataset:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(content, encoding="utf-8", newline="")
        return load(DataConfig(str(path), test_share=0.0))


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=12, deadline=None)
@given(drawn=st.lists(sentences(), max_size=5), scheme=st.sampled_from(sorted(SCHEMES)))
def test_entities_are_read_back(name: str, drawn: list[Sentence], scheme: str) -> None:
    whole = [*SURE, *drawn]
    rows = [(tokens, SCHEMES[scheme]((tokens, spans))) for tokens, spans in whole]
    data = _load(name, FORMATS[name](rows))
    assert data.task is Task.TAGGING
    assert [list(row.tokens) for row in data.train] == [tokens for tokens, _ in whole]
    assert [spans_of(row.answer) for row in data.train if isinstance(row.answer, tuple)] == [
        spans for _, spans in whole
    ]
    comments = {"comments.txt": "comment line", "full.conllu": "comment line"}.get(name)
    if comments:
        assert f"{name}: {len(whole)} {comments}s skipped" in data.notes
    assert not any("malformed" in warning or "left out" in warning for warning in data.warnings)
