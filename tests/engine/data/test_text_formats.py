"""CSV, TSV, JSON, JSON lines and plain text: what is read, from which line, and how bad input is
refused."""

import gzip
import json
import time
from pathlib import Path

import pytest

from tests.engine.data.loading import Load
from tui_al.core.data.examples import Dataset
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.errors import DataError

CSV = "text,label\ngood film,pos\nbad film,neg\nfine play,pos\n"


def pairs(data: Dataset) -> list[tuple[str, object]]:
    return [(example.text, example.answer) for example in data.train]


def test_csv(load_text: Load) -> None:
    data = load_text("film.csv", CSV)
    assert pairs(data) == [("good film", "pos"), ("bad film", "neg"), ("fine play", "pos")]
    assert data.name == "film"
    assert data.labels == ("neg", "pos")
    assert [example.origin for example in data.train] == ["film.csv:2", "film.csv:3", "film.csv:4"]


def test_quoted_csv_keeps_commas_quotes_and_line_breaks(load_text: Load) -> None:
    data = load_text("a.csv", 'text,label\r\n"one, ""two""\nthree",x\r\n\r\nfour,y\r\n')
    assert pairs(data) == [('one, "two"\nthree', "x"), ("four", "y")]
    assert [example.origin for example in data.train] == ["a.csv:2", "a.csv:5"]


@pytest.mark.parametrize(("delimiter", "word"), [(";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_delimiter_is_guessed_and_told(load_text: Load, delimiter: str, word: str) -> None:
    data = load_text("a.csv", CSV.replace(",", delimiter))
    assert pairs(data)[0] == ("good film", "pos")
    assert any(word in note and "--delimiter" in note for note in data.notes)


def test_delimiter_can_be_named(load_text: Load) -> None:
    data = load_text("a.csv", "text^label\na,b^x\nc^y\n", delimiter="^")
    assert pairs(data) == [("a,b", "x"), ("c", "y")]
    with pytest.raises(DataError, match="cannot separate"):
        load_text("a.csv", CSV, delimiter="::")


def test_tsv_with_plain_quotes(load_text: Load) -> None:
    data = load_text("a.tsv", 'text\tlabel\n" open quote\tx\nan inch is 1"\ty\n')
    assert pairs(data) == [('" open quote', "x"), ('an inch is 1"', "y")]
    assert any("plain characters" in note for note in data.notes)


def test_tsv_with_real_quotes(load_text: Load) -> None:
    data = load_text("a.tsv", 'text\tlabel\n"say ""hi"""\tx\nplain\ty\n')
    assert pairs(data) == [('say "hi"', "x"), ("plain", "y")]


def test_file_without_header(load_text: Load) -> None:
    data = load_text("a.csv", "how do I pay the bill,billing\nI am lost,help\npay it,billing\n")
    assert pairs(data)[0] == ("how do I pay the bill", "billing")
    assert len(data.train) == 3
    assert any("no header line" in note for note in data.notes)


def test_a_sentence_with_the_word_text_is_no_header(load_text: Load) -> None:
    data = load_text("a.csv", "a body was found near here,crime\nrain,weather\nhe stole,crime\n")
    assert len(data.train) == 3


def test_numeric_first_line_is_no_header(load_text: Load) -> None:
    data = load_text("a.csv", "3,Stocks fell again\n2,They won the cup\n3,Oil is up\n2,A draw\n")
    assert len(data.train) == 4
    assert data.labels == ("2", "3")
    assert data.train[0].text == "Stocks fell again"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\na,x\nb,y,z\n", r"bad\.csv:3: 3 fields"),
        ('text,label\na,x\n"b,y\n', r"bad\.csv:3: unexpected end"),
        ("text,label\n", "has a header but no rows"),
        ("text,text\na,x\n", "'text' is there 2 times"),
        ("", "is empty"),
        (" \n\n", "is empty"),
    ],
)
def test_bad_csv_is_refused(load_text: Load, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_text("bad.csv", content)


def test_gzip_and_byte_order_mark(load_text: Load) -> None:
    data = load_text("a.csv.gz", gzip.compress(b"\xef\xbb\xbf" + CSV.encode()))
    assert pairs(data)[0] == ("good film", "pos")
    assert data.name == "a"
    with pytest.raises(
        DataError, match="after line 0: the file cannot be read or unpacked further"
    ):
        load_text("a.csv.gz", gzip.compress(CSV.encode())[:20])


def test_wrong_encoding_names_line_offset_and_a_guess(load_text: Load) -> None:
    content = "text,label\ncaf\xe9,x\ntea,y\n".encode("cp1252")
    with pytest.raises(DataError, match=r"a\.csv:2: byte 0xe9 \(offset 14") as caught:
        load_text("a.csv", content)
    assert "--encoding cp1252" in caught.value.hint
    assert pairs(load_text("a.csv", content, encoding="cp1252"))[0] == ("café", "x")
    with pytest.raises(DataError, match="'klingon' is unknown"):
        load_text("a.csv", content, encoding="klingon")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_recognised(load_text: Load, encoding: str) -> None:
    content = CSV.encode(encoding)
    data = load_text("a.csv", content)
    assert pairs(data) == pairs(load_text("b.csv", CSV))
    assert any(f"a.csv: read as {encoding}" in warning for warning in data.warnings)
    assert pairs(load_text("a.csv", content, encoding=encoding)) == pairs(data)


def test_json_array_and_data_object(load_text: Load) -> None:
    rows = [{"body": "one two", "category": "x"}, {"body": "three", "category": "y"}]
    for content in (rows, {"version": 1, "data": rows}):
        data = load_text("a.json", json.dumps(content))
        assert pairs(data) == [("one two", "x"), ("three", "y")]
        assert data.train[1].origin == "a.json row 2"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"rows": 3}', "keys 'rows'"),
        ("[1]", "row 1: 1 is not an object"),
        ("[]", "holds no rows"),
        ('"a"', "holds a string, not a list"),
        ('[{"text": "a"},\n oops]', r"a\.json:2: not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_bad_json_is_refused(load_text: Load, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_text("a.json", content)


def test_json_lines_called_json(load_text: Load) -> None:
    data = load_text("a.json", '{"text": "a"}\n{"text": "b"}\n')
    assert pairs(data) == [("a", None), ("b", None)]
    assert "a.json: read as JSON lines, an object on each" in data.notes


def test_json_lines(load_text: Load) -> None:
    content = (
        '{"text": "a\\u2028b \u2028 c", "label": "x"}\n\n{"text": "d", "label": "y", "more": 1}\n'
    )
    data = load_text("a.jsonl", content)
    assert pairs(data) == [("a\u2028b \u2028 c", "x"), ("d", "y")]
    assert [example.origin for example in data.train] == ["a.jsonl:1", "a.jsonl:3"]


@pytest.mark.parametrize("line", ["{", "[1]", '{"text": "x"} {}'])
def test_bad_json_line_is_named(load_text: Load, line: str) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl:2:"):
        load_text("a.jsonl", f'{{"text": "a", "label": "x"}}\n{line}\n')


def test_plain_text_is_unlabelled(load_text: Load) -> None:
    data = load_text("a.txt", "first text\n\nsecond text\n")
    assert pairs(data) == [("first text", None), ("second text", None)]
    assert (data.labels, data.test) == ((), ())
    assert data.train[1].origin == "a.txt:3"
    assert any("1 empty text left out (a.txt:2)" in warning for warning in data.warnings)


def test_unknown_format_lists_the_known_ones(load_text: Load) -> None:
    with pytest.raises(DataError, match="docx") as caught:
        load_text("a.docx", "x")
    assert ".parquet" in caught.value.hint


@pytest.mark.slow
def test_time_grows_with_rows_not_with_their_square(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    rows = (json.dumps({"text": f"text {i}", "label": f"l{i % 7}"}) for i in range(100_000))
    path.write_text("\n".join(rows), encoding="utf-8")
    started = time.monotonic()
    data = load(DataConfig(str(path)))
    assert len(data.train) + len(data.test) == 100_000
    assert time.monotonic() - started < 30
