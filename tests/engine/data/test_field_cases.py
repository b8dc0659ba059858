"""Files as people have them: what is read as what, and what is said about it. All texts are
invented."""

import bz2
import gzip
import json
import lzma
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pytest

from tests.engine.data.loading import Load
from tests.engine.data.workbook import write_workbook
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.errors import DataError

TEXTS = [
    f"the {what} of order {i} {verb}"
    for i, (what, verb) in enumerate(
        [("lid", "broke"), ("bill", "is wrong"), ("box", "came late")] * 4
    )
]
LABELS = ["repair", "billing", "delivery"] * 4
PAIRS = list(zip(TEXTS, LABELS, strict=True))


def table(header: str, delimiter: str = ",") -> str:
    return "\n".join([header, *(f"{text}{delimiter}{label}" for text, label in PAIRS)]) + "\n"


def pairs(data: Dataset) -> list[tuple[str, object]]:
    return [(example.text, example.answer) for example in data.train]


def told(data: Dataset) -> str:
    return "\n".join((*data.notes, *data.warnings))


# Delimiters


def test_commas_of_a_header_are_no_delimiters(load_text: Load) -> None:
    rows = "\n".join(f"well, {text};{label}" for text, label in PAIRS)
    data = load_text("a.csv", f"Text, gekürzt;Klasse\n{rows}\n")
    assert pairs(data) == [(f"well, {text}", label) for text, label in PAIRS]
    assert "separated by semicolon (guessed before comma; --delimiter overrides)" in told(data)


def test_quoted_delimiters_do_not_count(load_text: Load) -> None:
    rows = "\n".join(f'"{text}; {"; " * (i % 3)}",{label}' for i, (text, label) in enumerate(PAIRS))
    data = load_text("a.csv", f"text,label\n{rows}\n")
    assert data.labels == ("billing", "delivery", "repair")


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_excel_names_the_delimiter(load_text: Load, first: str) -> None:
    data = load_text("a.csv", "\ufeff" + first + "\r\n" + table("text;label", ";"))
    assert pairs(data) == PAIRS
    assert data.train[0].origin == "a.csv:3"
    assert "the first line, sep=;, sets the delimiter" in told(data)


def test_texts_with_commas_are_one_column(load_text: Load) -> None:
    data = load_text("a.csv", "one, two\nthree\nfour, five, six\nseven\neight\n")
    assert [text for text, _ in pairs(data)] == [
        "one, two",
        "three",
        "four, five, six",
        "seven",
        "eight",
    ]
    assert "read as one column" in told(data)


def test_blanks_before_quotes(load_text: Load) -> None:
    rows = "\n".join(f'"{text}", "{label}"' for text, label in PAIRS)
    assert pairs(load_text("a.csv", f"text, label\n{rows}\n")) == PAIRS


def test_a_tsv_that_is_separated_by_commas(load_text: Load) -> None:
    assert pairs(load_text("a.tsv", table("text,label"))) == PAIRS


def test_an_open_quote_late_in_a_tsv_swallows_no_rows(load_text: Load) -> None:
    rows = [f"{text} {i}\t{label}" for i, (text, label) in enumerate(PAIRS * 50)]
    rows[500] = '"open\trepair'
    data = load_text("a.tsv", "text\tlabel\n" + "\n".join(rows) + "\n")
    assert len(data.train) == 600
    assert data.train[500].text == '"open'
    assert "double quotes are read as plain characters" in told(data)


def test_line_breaks_in_quotes_of_a_tsv(load_text: Load) -> None:
    content = 'text\tlabel\n"one\ntwo ""x"""\trepair\nthree\tbilling\n'
    assert pairs(load_text("a.tsv", content)) == [('one\ntwo "x"', "repair"), ("three", "billing")]


def test_headers_inside_a_file_that_was_put_together(load_text: Load) -> None:
    data = load_text("a.csv", table("text,label") + table("text,label").replace("order", "case"))
    assert len(data.train) == 24
    assert "1 line that repeats the header left out (a.csv:14)" in data.warnings


# Headers


def test_one_column_without_a_header_keeps_its_first_text(load_text: Load) -> None:
    data = load_text("a.csv", "\n".join(TEXTS) + "\n")
    assert [text for text, _ in pairs(data)] == TEXTS
    assert "no header line; the column is called 1 (guessed; --header overrides)" in told(data)
    assert len(load_text("a.csv", "\n".join(TEXTS) + "\n", header="yes").train) == 11


def test_one_column_under_a_name(load_text: Load) -> None:
    data = load_text("a.csv", "Nachricht\n" + "\n".join(TEXTS) + "\n")
    assert [text for text, _ in pairs(data)] == TEXTS
    assert (
        "the first line is taken for a header: Nachricht (guessed; --no-header overrides)"
        in told(data)
    )
    kept = load_text("a.csv", "Nachricht\n" + "\n".join(TEXTS) + "\n", header="no")
    assert kept.train[0].text == "Nachricht"


@pytest.mark.parametrize("header", ["0,1", "Texto,Etiqueta", "v1,v2"])
def test_headers_that_no_list_knows(load_text: Load, header: str) -> None:
    data = load_text("a.csv", table(header))
    assert pairs(data) == PAIRS
    assert f"taken for a header: {header.replace(',', ', ')}" in told(data)


def test_no_header_where_the_first_line_is_like_the_others(load_text: Load) -> None:
    data = load_text("a.csv", table("the hinge of order 99 squeaks,repair"))
    assert pairs(data)[0] == ("the hinge of order 99 squeaks", "repair")
    assert "no header line; the columns are called 1, 2 (guessed; --header overrides)" in told(data)


# Encodings


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("我的水壶坏了", "gb18030"),
        ("お湯が沸かない", "shift_jis"),
        ("чайник не работает", "cp1251"),
        ("주전자가 샌다", "euc_kr"),
        ("die Lieferung kam verspätet, schöne Grüße", "cp1252"),
    ],
)
def test_encodings_are_advised_with_what_they_read(
    load_text: Load, text: str, encoding: str
) -> None:
    content = table("text,label").replace("broke", text.replace(",", ""))
    with pytest.raises(DataError, match=r"a\.csv:2: byte .* is not valid utf-8") as caught:
        load_text("a.csv", content.encode(encoding))
    assert f"--encoding {encoding} (" in caught.value.hint
    assert text[:5] in caught.value.hint.partition(f"--encoding {encoding} (")[2]
    read = load_text("a.csv", content.encode(encoding), encoding=encoding)
    assert read.train[0].text == f"the lid of order 0 {text.replace(',', '')}"


def test_the_first_wrong_byte_may_come_late(load_text: Load) -> None:
    rows = "".join(f"plain text number {i},{'ab'[i % 2]}\n" for i in range(20_000))
    content = ("text,label\n" + rows + "caf\xe9,a\n").encode("latin-1")
    with pytest.raises(DataError, match=r"a\.csv:20002: byte 0xe9") as caught:
        load_text("a.csv", content)
    assert f"offset {content.index(0xE9):,}" in caught.value.message
    assert "--encoding cp1252 (café,a)" in caught.value.hint


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings_that_say_what_they_are(load_text: Load, encoding: str) -> None:
    data = load_text("a.csv", table("text,label").encode(encoding))
    assert pairs(data) == PAIRS
    assert ("a.csv: read as" in "\n".join(data.warnings)) == (encoding != "utf-8-sig")


def test_an_encoding_that_is_named_but_not_there(load_text: Load) -> None:
    data = load_text("a.csv", table("text,label").replace("lid", "läd").encode(), encoding="cp1252")
    assert any("though its first part is valid utf-8" in warning for warning in data.warnings)


def test_files_of_another_kind_are_named(load_text: Load) -> None:
    with pytest.raises(DataError, match="gzip-compressed, whatever its name says") as caught:
        load_text("a.csv", gzip.compress(table("text,label").encode()))
    assert ".gz" in caught.value.hint


# Which column holds the labels


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("created", ["2024-01-01", "2024-01-02", "2024-01-03"]),
        ("stand", ["3.1.2024 10:15", "4.1.2024 11:15"]),
        ("ticket_id", ["7", "8"]),
        ("customerId", ["7", "8"]),
        ("author", ["Ana", "Ole"]),
        ("lang", ["en", "de"]),
        ("sprache", ["en", "de", "fr"]),
        ("link", ["see a", "see b"]),
        ("woher", ["https://a.example", "https://b.example"]),
        ("is_verified", ["true", "false"]),
        ("split", ["train", "test"]),
    ],
)
def test_what_is_about_a_text_is_no_label(load_text: Load, name: str, values: list[str]) -> None:
    rows = "\n".join(f"{text},{values[i % len(values)]}" for i, text in enumerate(TEXTS))
    data = load_text("a.csv", f"text,{name}\n{rows}\n")
    assert data.labels == ()
    assert f"no label column was found among text, {name}" in told(data)


def three(header: str) -> str:
    """A text and two columns that repeat, without agreeing."""
    rows = (f"{text},{'ab'[i % 2]},{'xyz'[i % 3]}" for i, text in enumerate(TEXTS))
    return "\n".join([header, *rows]) + "\n"


def test_a_close_call_names_the_candidates(load_text: Load) -> None:
    for header in ("text,mood,desk", "text,category,intent"):
        _, one, other = header.split(",")
        with pytest.raises(
            DataError, match=f"a.csv: the labels may be in '{one}' or '{other}'"
        ) as caught:
            load_text("a.csv", three(header))
        assert "--label-column" in caught.value.hint
        assert load_text("a.csv", three(header), label_column=other).labels == ("x", "y", "z")


def test_labels_and_their_numbers_are_no_close_call(load_text: Load) -> None:
    rows = "\n".join(f"{text},{LABELS.index(label)},{label}" for text, label in PAIRS)
    assert pairs(load_text("a.csv", f"text,label,labels\n{rows}\n")) == PAIRS


def test_the_only_column_that_fits_is_told_loudly(load_text: Load) -> None:
    data = load_text("a.csv", table("text,desk"))
    assert pairs(data) == PAIRS
    assert (
        "label column: desk (guessed by its values; --label-column names another)" in data.warnings
    )


def test_people_are_given_no_labels_that_nobody_named(load_text: Load, tmp_path: Path) -> None:
    load_text("a.csv", table("text,desk"))
    config = DataConfig(str(tmp_path / "a.csv"), labels=("x", "y"))
    data = load(config, by_people=True)
    assert data.labels == ("x", "y")
    assert {example.answer for example in data.train} == {None}
    named = load(DataConfig(str(tmp_path / "a.csv"), label_column="desk"), by_people=True)
    assert named.labels == ("billing", "delivery", "repair")


def test_people_are_told_of_labels_that_are_taken_by_name(load_text: Load, tmp_path: Path) -> None:
    load_text("a.csv", table("text,category"))
    data = load(DataConfig(str(tmp_path / "a.csv"), test_share=0), by_people=True)
    assert pairs(data) == PAIRS
    (warning,) = data.warnings
    assert warning.startswith("labels are taken from the column 'category', because of its name")
    assert '--label-column ""' in warning
    none = load(DataConfig(str(tmp_path / "a.csv"), label_column=""), by_people=True)
    assert none.labels == ()


# Several labels a text


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["a|b", "a", "b|c", "c"], "labels apart by '|', as 'a|b'"),
        (["a; b", "b", "a", "a; c", "c"], "labels apart by ';'"),
        ([["a", "b"], ["a"], ["c"]], r'holds a list: \["a", "b"\]'),
        (["['a', 'b']", "['a']", "['c']"], r'holds a list: \["a", "b"\]'),
        (['["a", "b"]', '["a"]', "[]"], r'holds a list: \["a", "b"\]'),
    ],
)
def test_several_labels_are_refused(load_text: Load, cells: list[object], what: str) -> None:
    rows = [{"text": f"text {i}", "label": cell} for i, cell in enumerate(cells * 3)]
    content = "\n".join(map(json.dumps, rows))
    with pytest.raises(DataError, match=what) as caught:
        load_text("a.jsonl", content)
    assert "multi-label" in caught.value.hint


def test_lists_of_one_label_are_that_label(load_text: Load) -> None:
    rows = [{"text": text, "label": [label]} for text, label in PAIRS]
    for content in (rows, [{**row, "label": str(row["label"])} for row in rows]):
        data = load_text("a.jsonl", "\n".join(map(json.dumps, content)))
        assert pairs(data) == PAIRS
        assert "is a list of one label" in told(data)


@pytest.mark.slow
def test_a_list_of_two_after_many_of_one_is_named(load_text: Load) -> None:
    rows = [{"text": f"text {i}", "label": ["ab"[i % 2]]} for i in range(6_000)]
    rows[5_500]["label"] = ["a", "b"]
    with pytest.raises(DataError, match=r"a\.jsonl:5501: the column 'label' holds a list"):
        load_text("a.jsonl", "\n".join(map(json.dumps, rows)))


def test_commas_in_one_label_do_not_make_it_several(load_text: Load) -> None:
    rows = "\n".join(f'{text},"{label}, other"' for text, label in PAIRS)
    assert load_text("a.csv", f"text,label\n{rows}\n").labels == (
        "billing, other", "delivery, other", "repair, other",
    )  # fmt: skip


def test_a_column_for_each_label_is_refused(load_text: Load, tmp_path: Path) -> None:
    rows = "\n".join(f"{i},{text},{i % 2},{(i + 1) % 2},0" for i, text in enumerate(TEXTS))
    content = f"id,comment_text,rude,odd,threat\n{rows}\n"
    with pytest.raises(DataError, match="a column of 0 and 1 for each of rude, odd") as caught:
        load_text("a.csv", content)
    assert "multi-label" in caught.value.hint
    assert load_text("a.csv", content, label_column="rude").labels == ("0", "1")
    assert load(DataConfig(str(tmp_path / "a.csv")), by_people=True).labels == ()


# Spellings of one label


def test_spellings_across_files(load_folder: Load) -> None:
    numbers = {"repair": "0", "billing": "1", "delivery": "2"}
    train = "text,label\n" + "".join(f"{text},{numbers[label]}\n" for text, label in PAIRS)
    test = "text,label\n" + "".join(f"new {text},{numbers[label]}.0\n" for text, label in PAIRS)
    data = load_folder({"train.csv": train, "test.csv": test})
    assert data.labels == ("0", "1", "2")
    assert (
        "spellings of one label became one: 0 ('0', '0.0'), 1 ('1', '1.0'), 2 ('2', '2.0')"
        in data.warnings
    )


@pytest.mark.parametrize(
    "odd",
    ['"réparer"', " réparer ", "ré\u200bparer", "\ufeffréparer",
        unicodedata.normalize("NFD", "réparer"), "“réparer”"],
)  # fmt: skip
def test_spellings_that_look_alike(load_text: Load, odd: str) -> None:
    rows = [
        {"text": "a", "label": "réparer"},
        {"text": "b", "label": odd},
        {"text": "c", "label": "x"},
    ]
    data = load_text("a.jsonl", "\n".join(map(json.dumps, rows)))
    assert data.labels == ("réparer", "x")
    assert "spellings of one label became one: réparer" in told(data)


def test_versions_are_no_spellings(load_text: Load) -> None:
    rows = [{"text": f"t{i}", "label": ["2.0", "3.1"][i % 2]} for i in range(6)]
    assert load_text("a.jsonl", "\n".join(map(json.dumps, rows))).labels == ("2.0", "3.1")


def test_cases_stay_apart_and_are_told(load_text: Load) -> None:
    data = load_text("a.csv", "text,label\na,Bill\nb,bill\nc,x\n")
    assert data.labels == ("Bill", "bill", "x")
    assert (
        "labels that differ in upper and lower case only stay apart: Bill and bill" in data.warnings
    )


def test_one_class_only_names_the_file(load_text: Load) -> None:
    with pytest.raises(DataError, match=r"^a\.csv: all training rows have the label 'x'"):
        load_text("a.csv", "text,label\na,x\nb,x\n")


# JSON


ROWS = [{"text": text, "label": label} for text, label in PAIRS]
COLUMNS = {"text": TEXTS, "label": LABELS}


@pytest.mark.parametrize(
    "content",
    [
        ROWS,
        {"data": ROWS},
        {"version": "0.1", "tags": ["x"], "data": ROWS, "about": {"n": 12}},
        {"rasa_nlu_data": ROWS, "license": None},
        COLUMNS,
        {name: {str(i): cell for i, cell in enumerate(cells)} for name, cells in COLUMNS.items()},
        {"columns": ["text", "label"], "index": list(range(12)), "data": [list(p) for p in PAIRS]},
        {f"t{i}": row for i, row in enumerate(ROWS)},
        {"schema": {"fields": []}, "data": ROWS},
    ],
)
def test_json_in_all_its_ways(load_text: Load, content: object) -> None:
    for indent in (None, 1):
        assert pairs(load_text("a.json", json.dumps(content, indent=indent))) == PAIRS


def test_what_stands_beside_the_rows_is_told(load_text: Load) -> None:
    data = load_text("a.json", json.dumps({"version": 2, "data": ROWS, "by": "me"}))
    assert "a.json: the rows are those of data; not read: version, by" in data.notes


def test_splits_in_one_json_file(load_text: Load) -> None:
    test = [{**row, "text": f"new {row['text']}"} for row in ROWS]
    data = load_text("a.json", json.dumps({"train": ROWS, "test": test}))
    assert pairs(data) == PAIRS
    assert [example.text for example in data.test] == [row["text"] for row in test]
    assert data.test[2].origin == "a.json (test) row 3"


def test_two_arrays_that_are_no_splits_are_refused(load_text: Load) -> None:
    with pytest.raises(DataError, match="several arrays of objects: rows, users"):
        load_text("a.json", json.dumps({"rows": ROWS, "users": ROWS}))
    data = load_text("a.json", json.dumps({"rows": ROWS, "users": ROWS}), subset="users")
    assert len(data.train) == 12


def test_nested_fields_are_named_with_dots(load_text: Load) -> None:
    rows = [
        {"id": i, "document": {"text": t, "by": {"name": "x"}}, "label": lb}
        for i, (t, lb) in enumerate(PAIRS)
    ]
    data = load_text("a.jsonl", "\n".join(map(json.dumps, rows)))
    assert pairs(data) == PAIRS
    assert "text column: document.text" in told(data)
    assert (
        pairs(load_text("a.jsonl", "\n".join(map(json.dumps, rows)), text_column="document.text"))
        == PAIRS
    )


def test_fields_that_come_late(load_text: Load) -> None:
    rows: list[dict[str, object]] = [{"text": f"text {i}"} for i in range(7_000)]
    for i in range(6_000, 7_000):
        rows[i] |= {"mood": "ab"[i % 2]}
    content = "\n".join(map(json.dumps, rows))
    data = load_text("a.jsonl", content)
    assert len(data.train) == 7_000
    assert data.labels == ()
    assert any(
        "not read" in warning and "mood (a.jsonl:6001)" in warning for warning in data.warnings
    )
    assert load_text("a.jsonl", content, label_column="mood").labels == ("a", "b")
    with pytest.raises(DataError, match="no column 'desk'"):
        load_text("a.jsonl", content, label_column="desk")


def test_one_object_is_one_row(load_text: Load) -> None:
    assert pairs(load_text("a.json", '{"text": "only one"}')) == [("only one", None)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"data": [{"text": "a"}', "the file is cut off"),
        ('[{"text": "a"}] []', "there is more after its end"),
        ('{"text": ["a"], "label": ["x", "y"]}', "columns of different lengths: text 1, label 2"),
        ('{"data": [{"text": "a"}, 3]}', "row 2: 3 is not an object"),
        ('{"a": 1,}', "a key in double quotes is expected"),
    ],
)
def test_json_that_is_none(load_text: Load, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_text("a.json", content)


# Formats


def zipped(
    content: bytes, name: str = "inside.csv", others: Mapping[str, bytes] = MappingProxyType({})
) -> bytes:
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in {
            name: content,
            "README.txt": b"about",
            "__MACOSX/._x": b"",
            **others,
        }.items():
            archive.writestr(member, data)
    return buffer.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda content: pa.compress(content, codec="zstd", asbytes=True),
    ".zip": zipped,
}


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("kind", ["csv", "jsonl", "txt"])
def test_compressed_files(load_text: Load, suffix: str, kind: str) -> None:
    content = {
        "csv": table("text,label"),
        "jsonl": "\n".join(map(json.dumps, ROWS)),
        "txt": "\n".join(f"__label__{label} {text}" for text, label in PAIRS),
    }[kind].encode()
    packed = zipped(content, f"inside.{kind}") if suffix == ".zip" else PACKERS[suffix](content)
    assert pairs(load_text(f"a.{kind}{suffix}", packed)) == PAIRS
    with pytest.raises(DataError, match=rf"a\.{kind}{suffix}"):
        load_text(f"a.{kind}{suffix}", packed[: len(packed) // 2])


def test_a_zip_is_called_as_what_is_in_it(load_text: Load) -> None:
    assert pairs(load_text("a.zip", zipped(table("text,label").encode()))) == PAIRS
    with pytest.raises(DataError, match=r"a\.zip holds inside\.csv, more\.csv") as caught:
        load_text("a.zip", zipped(b"x", others={"more.csv": b"y"}))
    assert "Unpack it" in caught.value.hint


@pytest.mark.slow
def test_a_workbook_that_would_take_all_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, {"far": [["text"], ["x"]]})
    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    far = b'</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    for body, said in (
        (parts[sheet].replace(b"</row></sheetData>", far), r"17,179,869,184 cells"),
        (parts[sheet] + b"<!--" + b" " * (256 << 20) + b"-->", r"more than 268,435,456 bytes"),
        (b"<worksheet><sheetData/><!--" + b" " * (250 << 20), "more than 4,194,304 bytes without"),
    ):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, part in parts.items():
                archive.writestr(name, body if name == sheet else part)
        with pytest.raises(DataError, match=rf"a\.xlsx.* {said}"):
            load(DataConfig(str(path)))


def test_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows: list[list[object]] = [
        ["id", "text", "stars"],
        *([i, text, i % 3] for i, text in enumerate(TEXTS)),
    ]
    write_workbook(path, {"about": [], "tickets": rows, "old": [["text"], ["x"]]})
    data = load(DataConfig(str(path), label_column="stars", test_share=0))
    assert pairs(data) == [(text, str(i % 3)) for i, text in enumerate(TEXTS)]
    assert data.train[0].origin == "a.xlsx row 2"
    assert (
        "a.xlsx: the sheet tickets is read, not about, old (--subset names another)" in data.notes
    )
    assert pairs(load(DataConfig(str(path), subset="old"))) == [("x", None)]
    with pytest.raises(DataError, match="no sheet 'new'"):
        load(DataConfig(str(path), subset="new"))
    path.write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(DataError, match=r"a\.xlsx is not a readable Excel workbook"):
        load(DataConfig(str(path)))


def test_the_sheet_that_names_a_text_and_a_label_is_read(tmp_path: Path) -> None:
    """Not the page of remarks before it; the first that holds anything where none names them."""
    path = tmp_path / "a.xlsx"
    remarks: list[list[object]] = [["exported by", "Ana"], ["in May", None]]
    rows: list[list[object]] = [["text", "label"]]
    rows += [[text, label] for text, label in PAIRS]
    write_workbook(path, {"Info": remarks, "Data": rows, "Old": rows[:3]})
    data = load(DataConfig(str(path), test_share=0))
    assert sorted(pairs(data)) == sorted(PAIRS)
    assert "a.xlsx: the sheet Data is read, not Info, Old (--subset names another)" in data.notes
    write_workbook(path, {"empty": [], "Info": remarks, "Old": [["other", "things"]]})
    data = load(DataConfig(str(path), text_column="1", header="no"))
    assert [text for text, _ in pairs(data)] == ["exported by", "in May"]


def test_lines_that_are_no_objects_are_left_out_where_that_is_asked_for(load_text: Load) -> None:
    """And told with their places; else the first is an error that names the way."""
    good = [json.dumps({"text": text, "label": label}) for text, label in PAIRS]
    content = "\n".join([*good[:3], "{oops", *good[3:], "[1, 2]", '"text"'])
    with pytest.raises(DataError, match=r"a\.jsonl:4: not valid JSON") as caught:
        load_text("a.jsonl", content)
    assert "--skip-mismatched leaves such lines out" in caught.value.hint
    data = load_text("a.jsonl", content, misfits="leave out")
    assert sorted(pairs(data)) == sorted(PAIRS)
    told = [line for line in data.warnings if "left out" in line]
    assert told == [
        "a.jsonl: left out: 1 that are not valid JSON (a.jsonl:4)",
        f"a.jsonl: left out: 2 that are no objects (a.jsonl:{len(PAIRS) + 2}, "
        f"a.jsonl:{len(PAIRS) + 3})",
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_the_rule_under_the_header_of_a_markdown_table_is_no_row(
    load_text: Load, name: str
) -> None:
    rows = "\n".join(f"| {text} | {label} |" for text, label in PAIRS)
    data = load_text(name, f"| text | label |\n| --- | :---: |\n{rows}\n")
    assert sorted(pairs(data)) == sorted(PAIRS)
    assert (
        f"{name}: line 2 draws a rule under the header, as in Markdown: left out, and the blanks "
        "around every cell" in data.notes
    )


def test_a_word_and_a_colon_before_each_line_are_told(load_text: Load) -> None:
    lines = [f"{label}: {text}" for text, label in PAIRS]
    data = load_text("a.txt", "\n".join(lines))
    assert {e.text for e in (*data.train, *data.test)} == set(lines)
    assert "all begin with one of few words and a colon" in " ".join(data.warnings)
    read = load_text("a.txt", "\n".join(lines), delimiter=":", label_column="1")
    assert sorted((text.strip(), label) for text, label in pairs(read)) == sorted(PAIRS)
    free = load_text("b.txt", "\n".join(text for text, _ in PAIRS))
    assert "colon" not in " ".join(free.warnings)


@pytest.mark.parametrize("form", ["__label__{label} {text}", "{text} __label__{label}"])
@pytest.mark.parametrize("bare", [0, 2, 20])
def test_fasttext_labels_stand_before_or_behind_the_text_and_may_lack(
    load_text: Load, form: str, bare: int
) -> None:
    """Where most lines have none, the lines are texts, and that is told."""
    some = [(f"{text} {n}", label) for n in range(3) for text, label in PAIRS[:5]]
    lines = [form.format(text=text, label=label) for text, label in some]
    data = load_text("a.txt", "\n".join([*lines, *(f"unlabelled {n}" for n in range(bare))]))
    rows = {e.text: e.answer for e in (*data.train, *data.test)}
    if bare == 20:
        assert set(rows) == {*lines, *(f"unlabelled {n}" for n in range(bare))}
        assert "15 of the first 35 hold __label__" in " ".join(data.warnings)
    else:
        assert rows == {**dict(some), **{f"unlabelled {n}": None for n in range(bare)}}
        told = " ".join(data.warnings)
        assert ("15 of its first 17 lines are; the others are unlabelled" in told) == (bare == 2)


def test_fasttext_lines(load_text: Load) -> None:
    content = "\n".join(f"__label__{label} {text}" for text, label in PAIRS)
    data = load_text("a.txt", content)
    assert pairs(data) == PAIRS
    assert "read as fastText lines" in told(data)
    with pytest.raises(DataError, match=r"a\.txt:13: several labels: x, y") as caught:
        load_text("a.txt", content + "\n__label__x __label__y both")
    assert "multi-label" in caught.value.hint


@pytest.mark.parametrize("order", ["{label}\t{text}", "{text}\t{label}"])
def test_label_and_text_around_a_tab(load_text: Load, tmp_path: Path, order: str) -> None:
    content = "\n".join(order.format(text=text, label=label) for text, label in PAIRS)
    data = load_text("a.txt", content)
    assert pairs(data) == PAIRS
    assert any("a.txt: read as" in warning and "a tab" in warning for warning in data.warnings)
    people = load(DataConfig(str(tmp_path / "a.txt")), by_people=True)
    assert [example.text for example in people.train] == TEXTS
    assert people.labels == ()
    assert any("--label-column label takes them" in warning for warning in people.warnings)
    whole = load_text("a.txt", content, label_column="")
    assert whole.train[0].text == content.split("\n")[0]


# Folders


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def read(folder: Path, files: dict[str, str], **settings: object) -> Dataset:
    return load(DataConfig(str(write(folder / "set", files)), **{"test_share": 0.0, **settings}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("my_train_file.csv", "my_test_file.csv"),
        ("train_data.csv", "test_data.csv"),
        ("trainData.csv", "testData.csv"),
        ("train.csv", "devel.csv"),
        ("train.csv", "eval.csv"),
        ("set-train.v2.csv", "set-valid.v2.csv"),
        ("train/anything.csv", "test/other.csv"),
    ],
)
def test_splits_inside_longer_names(tmp_path: Path, train: str, test: str) -> None:
    new = table("text,label").replace("order", "case")
    data = read(tmp_path, {train: table("text,label"), test: new, "README.txt": "about"})
    assert pairs(data) == PAIRS
    assert len(data.test) == 12


def test_one_file_beside_a_readme(tmp_path: Path) -> None:
    files = {
        "reviews.csv": table("text,label"),
        "README.txt": "about",
        "LICENSE.txt": "free",
        "license.md": "",
    }
    assert pairs(read(tmp_path, files)) == PAIRS


@pytest.mark.parametrize("test", ["id,text\n0,new\n1,newer\n", "index\tsentence\n0\tnew\n"])
def test_a_test_without_labels_is_not_used_and_told(tmp_path: Path, test: str) -> None:
    suffix = "tsv" if "\t" in test else "csv"
    train = "id,text,target\n" + "".join(
        f"{i},{text},{label}\n" for i, (text, label) in enumerate(PAIRS)
    )
    if suffix == "tsv":
        train = "sentence\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in PAIRS)
    files = {
        f"train.{suffix}": train,
        f"test.{suffix}": test,
        "sample_submission.csv": "id,target\n0,x\n",
    }
    data = read(tmp_path, files)
    assert pairs(data) == PAIRS
    assert f"test.{suffix} has no column" in told(data)
    assert "sample_submission.csv" in told(data)


def test_the_matched_one_of_two_validation_files(tmp_path: Path) -> None:
    new = table("text,label").replace("order", "case")
    data = read(
        tmp_path,
        {"train.csv": table("text,label"), "dev_matched.csv": new, "dev_mismatched.csv": new},
    )
    assert len(data.test) == 12
    assert any("dev_matched.csv is read for" in warning for warning in data.warnings)


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    files = {f"{label}/{i}.txt": f"{text}\nin two lines\n" for i, (text, label) in enumerate(PAIRS)}
    data = read(tmp_path, files)
    assert sorted(pairs(data)) == sorted((f"{text}\nin two lines", label) for text, label in PAIRS)
    assert data.train[0].origin == "set/billing/1.txt"


def test_class_folders_below_train_and_test(tmp_path: Path) -> None:
    files = {f"train/{label}/{i}.txt": text for i, (text, label) in enumerate(PAIRS)}
    files |= {f"test/{label}/{i}.txt": f"new {text}" for i, (text, label) in enumerate(PAIRS)}
    files |= {"train/unsup/1.txt": "nobody knows", "README": "about", "words.vocab": "a"}
    data = read(tmp_path, files)
    assert len(data.train) == 13
    assert len(data.test) == 12
    assert ("nobody knows", None) in pairs(data)


def test_parallel_files(tmp_path: Path) -> None:
    files: dict[str, str] = {}
    for split, before in (("train", ""), ("valid", "so "), ("test", "new ")):
        files |= {
            f"{split}/seq.in": "".join(f"{before}{text}\n" for text in TEXTS),
            f"{split}/label": "".join(f"{label}\n" for label in LABELS),
            f"{split}/seq.out": "".join(
                " ".join(["O"] * len(before.split()) + ["O", "B-PART",
                    *["O"] * (len(text.split()) - 2)]) + "\n"
                for text in TEXTS
            ),
        }  # fmt: skip
    data = read(tmp_path, files)
    assert pairs(data) == PAIRS
    assert data.test[0].text == f"new {TEXTS[0]}"
    assert "--task tagging reads the tags" in told(data)
    tagged = load(DataConfig(str(tmp_path / "set"), task="tagging"))
    assert (tagged.task, tagged.labels) == (Task.TAGGING, ("PART",))
    (tmp_path / "set" / "train" / "label").write_text("repair\n", encoding="utf-8")
    with pytest.raises(DataError, match="label ends after line 1"):
        load(DataConfig(str(tmp_path / "set")))


@pytest.mark.parametrize(
    ("name", "content", "start"),
    [
        ("classes.txt", "repair\nbilling\ndelivery\n", 0),
        ("classes.txt", "repair\nbilling\ndelivery\n", 1),
        ("labels.txt", "0\trepair\n1\tbilling\n2\tdelivery\n", 0),
        ("label_map.json", '{"0": "repair", "1": "billing", "2": "delivery"}', 0),
        ("id2label.json", '{"id2label": {"0": "repair", "1": "billing", "2": "delivery"}}', 0),
        ("label2id.json", '{"repair": 0, "billing": 1, "delivery": 2}', 0),
    ],
)
def test_names_of_numbered_labels(tmp_path: Path, name: str, content: str, start: int) -> None:
    numbers = "text,label\n" + "".join(
        f"{text},{LABELS.index(label) + start}\n" for text, label in PAIRS
    )
    data = read(tmp_path, {"train.csv": numbers, name: content})
    assert pairs(data) == PAIRS
    assert f"labels are named by {name}" in told(data)


def test_names_that_do_not_fit_are_not_used(tmp_path: Path) -> None:
    numbers = "text,label\n" + "".join(f"{text},{LABELS.index(label)}\n" for text, label in PAIRS)
    data = read(tmp_path, {"train.csv": numbers, "classes.txt": "one\ntwo\n"})
    assert data.labels == ("0", "1", "2")
    assert "classes.txt is not used: its names do not fit the labels 0, 1, 2" in data.notes


def test_a_line_break_in_a_column_s_name_makes_no_data_of_the_header(load_text: Load) -> None:
    """As spreadsheets write names that are broken in a narrow column."""
    rows = "".join(f"this is text number {i} about it,{'ab'[i % 2]},{i}\n" for i in range(40))
    data = load_text("a.csv", f'Comment,"Class\nshort",ID\n{rows}')
    assert (data.labels, len(data.train) + len(data.test)) == (("a", "b"), 40)
