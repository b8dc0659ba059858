"""Files as programs and people leave them: titles above a header, tables that are called
otherwise, headers that come again, entities marked in the line."""

from pathlib import Path

import pytest

from tests.engine.data.loading import Load
from tests.engine.data.workbook import write_workbook
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport
from tui_al.engine.jobs.annotation_files import read_annotations
from tui_al.errors import DataError
from tui_al.store.formats.csv_file import CSV
from tui_al.store.formats.jsonl import JSONL
from tui_al.store.formats.reading import ReadOptions

PAIRS = [
    (f"{text} {n}", label)
    for n in range(4)
    for text, label in (
        ("Mein Paket kommt seit Tagen nicht", "Lieferung"),
        ("Ich möchte den Artikel gern zurückgeben", "Rückgabe"),
        ("Alles bestens, ich komme gerne wieder", "Lob"),
    )
]


def pairs(data: Dataset) -> list[tuple[str, str | None]]:
    return sorted(
        (e.text, e.answer if isinstance(e.answer, str) else None) for e in (*data.train, *data.test)
    )


def imported(path: Path) -> list[tuple[str, object]]:
    """What `import` reads of a table or of JSON lines."""
    known = JSONL if path.suffix == ".jsonl" else CSV
    config = DataConfig(str(path))
    read = read_annotations(path, known, Task.CLASSIFICATION, ReadOptions(), config, ())
    return sorted((one.text, one.answer) for one in read.annotations)


def test_what_excel_calls_unicode_text_has_a_header(tmp_path: Path, load_text: Load) -> None:
    """Its names may be of any language; the header is no class and no text to be labelled."""
    rows = "".join(f"{text}\t{label}\r\n" for text, label in PAIRS)
    content = f"Text\tKategorie\r\n{rows}".encode("utf-16")
    data = load_text("a.txt", content)
    assert pairs(data) == sorted(PAIRS)
    assert imported(tmp_path / "a.txt") == sorted(PAIRS)
    for_people = load(DataConfig(str(tmp_path / "a.txt")), by_people=True)
    assert {e.text for e in for_people.train} == {text for text, _ in PAIRS}


def test_without_a_header_the_first_of_such_lines_is_a_row(load_text: Load) -> None:
    rows = "".join(f"{text}\t{label}\n" for text, label in PAIRS)
    assert pairs(load_text("a.txt", rows)) == sorted(PAIRS)
    named = load_text("b.txt", f"Wer hat wann geschrieben und was?\tWas\n{rows}", header="yes")
    assert pairs(named) == sorted(PAIRS)
    assert len(load_text("c.txt", f"Text\tKategorie\n{rows}", header="no").train) == 13


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_titles_above_a_header_are_left_out_and_told(
    tmp_path: Path, load_text: Load, name: str
) -> None:
    rows = [(n, text, label) for n, (text, label) in enumerate(PAIRS)]
    above = [("Umfrage 2026", "", ""), ("erstellt am 3.11.2026", "", ""), ("", "", "")]
    table = [*above, ("Nr", "Nachricht", "Thema"), *rows]
    if name == "a.xlsx":
        write_workbook(
            tmp_path / name, {"Daten": [[c if c != "" else None for c in r] for r in table]}
        )
        data = load(DataConfig(str(tmp_path / name), test_share=0.0))
    else:
        data = load_text(name, "".join(";".join(map(str, row)) + "\r\n" for row in table))
    assert pairs(data) == sorted(PAIRS)
    unit = "row" if name == "a.xlsx" else "line"
    told = (
        f"{name}: the header is taken to stand on {unit} 4; left out before it: 'Umfrage 2026', "
        f"'erstellt am 3.11.2026' (--header takes the first {unit})"
    )
    assert told in data.warnings


def test_rows_that_lack_a_label_are_no_titles(load_text: Load) -> None:
    """Neither without a header nor under one."""
    unlabelled = "".join(f"{text} noch,\n" for text, _ in PAIRS[:3]).replace("Alles bestens, ", "")
    rows = "".join(f'"{text}",{label}\n' for text, label in PAIRS)
    assert len(load_text("a.csv", f"{unlabelled}{rows}").train) == 15
    assert len(load_text("b.csv", f"Nachricht,Thema\n{unlabelled}{rows}").train) == 15


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_header_that_comes_again_behind_a_byte_order_mark_is_no_row(
    load_text: Load, encoding: str
) -> None:
    rows = "".join(f'"{text}",{label}\n' for text, label in PAIRS)
    part = f"\ufefftext,label\n{rows}".encode(encoding)
    data = load_text("a.csv", part + part)
    assert set(pairs(data)) == set(PAIRS)
    assert data.labels == ("Lieferung", "Lob", "Rückgabe")
    assert "1 line that repeats the header left out (a.csv:14)" in data.warnings


@pytest.mark.parametrize(
    "form", ["{}/B-PER went/O to/O {}/B-LOC", "<PER>{}</PER> saw <LOC>{}</LOC>"]
)
def test_entities_marked_in_the_line_are_told(load_text: Load, form: str) -> None:
    lines = "\n".join(form.format(f"Anna{n}", "Paris") for n in range(6))
    told = " ".join(load_text("a.txt", lines, label_column="").warnings)
    assert "most have entities marked in them" in told
    plain = "\n".join(f"<b>She</b> and/or he went to <i>Paris</i> {n}" for n in range(6))
    assert not load_text("b.txt", plain).warnings


def test_utf8_that_was_saved_as_something_else_is_told(load_text: Load) -> None:
    rows = "".join(f'"{text}",{label}\n' for text, label in PAIRS)
    good = load_text("a.csv", f"text,label\n{rows}“Spaß…” and „Ä“,Lob\n")
    assert not any("cp1252" in line for line in good.warnings)
    bad = load_text("b.csv", f"text,label\n{rows}".encode().decode("cp1252"))
    (told,) = (line for line in bad.warnings if "cp1252" in line)
    assert told.startswith("4 texts with 'Ã¶' and the like (b.csv:3, b.csv:6, b.csv:9")
    assert "is 'ö' meant" in told


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("text,label\nhello there you,a\nwhat is this,b\n", "a table with commas"),
        ("text,label\ngood,pos\nbad,neg\n", "a table with commas"),
        ("text\tlabel\nhello there you\ta\nwhat is this\tb\n", "a table with tabs"),
        ("hello there you\nwhat is this all about\n", "plain text"),
    ],
)
@pytest.mark.parametrize("name", ["a.conll", "a.iob"])
def test_tables_and_texts_called_as_columns_are_refused(
    load_text: Load, name: str, content: str, what: str
) -> None:
    with pytest.raises(DataError, match=f"{name} is {what}.*, whatever its name says"):
        load_text(name, content)


def test_tokens_without_tags_and_named_columns_are_read_all_the_same(
    tmp_path: Path, load_text: Load
) -> None:
    assert load_text("a.conll", "Anna\nwent\nhome\n").train[0].tokens == ("Anna", "went", "home")
    assert len(load_text("b.conll", "Anna NNP\nran VBD\n\nBob NNP\nsat VBD\n").train) == 2
    named = load_text("c.conll", "Anna NNP\nran VBD\n", tokens_column="1")
    assert named.train[0].tokens == ("Anna", "ran")
    (tmp_path / "d.conll").write_text("Anna NNP\nran VBD\n")
    config = DataConfig(str(tmp_path / "d.conll"))
    asked = open_tables(tmp_path / "d.conll", "d.conll", config, LoadReport(), "conll")
    assert [list(table.columns["tokens"]) for table in asked] == [[["Anna", "ran"]]]


@pytest.mark.parametrize(
    "fields",
    [
        ('"spam": false', '"spam": true'),
        ('"cats": {"spam": 0.0, "ham": 1.0}', '"cats": {"spam": 1.0, "ham": 0.0}'),
        ('"cats": {"spam": false, "ham": true}', '"cats": {"spam": true, "ham": false}'),
    ],
)
def test_import_reads_the_classes_of_json_that_a_simulation_reads(
    tmp_path: Path, fields: tuple[str, str]
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"text": "text {n}", {fields[n % 2]}}}\n' for n in range(8)))
    simulated = load(DataConfig(str(path), test_share=0.0))
    assert len(simulated.labels) == 2
    assert imported(path) == sorted((e.text, e.answer) for e in simulated.train)


@pytest.mark.parametrize("column", ["Bearbeiter", "Autor", "Sprache", "auteur", "Ville", "usuario"])
def test_who_where_and_in_which_language_is_no_label_in_other_languages_either(
    load_text: Load, column: str
) -> None:
    rows = "".join(f'"{text}",{("Ann", "Bob")[n % 2]}\n' for n, (text, _) in enumerate(PAIRS))
    data = load_text("a.csv", f"Nachricht,{column}\n{rows}")
    assert data.labels == ()
    assert len(data.train) == len(PAIRS)


def test_an_object_among_labels_is_not_taken_for_no_label(load_text: Load) -> None:
    """As Label Studio's JSON-MIN has several choices; where people label it is told."""
    rows = [f'{{"text": "{text}", "label": "{label}"}}' for text, label in PAIRS]
    rows[5] = '{"text": "both of it", "label": {"choices": ["Lob", "Lieferung"]}}'
    with pytest.raises(DataError, match=r'a.jsonl:6: .* holds a list: \["Lob", "Lieferung"\]'):
        load_text("a.jsonl", "\n".join(rows))


def test_labels_with_number_signs_between_them_are_several(load_text: Load) -> None:
    """As doccano joins them in its tables; a name that ends in one is a name."""
    rows = "".join(f'"{text}",{label}\n' for text, label in PAIRS)
    with pytest.raises(DataError, match="holds labels apart by '#', as 'Lob#Lieferung'"):
        load_text("a.csv", f"text,label\n{rows}both of it,Lob#Lieferung\n")
    named = f"text,label\n{rows}sharp,C#\nsharper,C#\n"
    assert "C#" in load_text("b.csv", named).labels


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("{label},{text}", "all begin with one of few words and a comma"),
        ("{text} | {label}", "all end with a bar and one of few words"),
        ("{text}, more;{label}", "all end with a semicolon and one of few words"),
        ("[{label}] {text}", "all begin with one of few words in brackets"),
    ],
)
def test_labels_in_lines_of_text_are_told(load_text: Load, form: str, told: str) -> None:
    lines = "\n".join(form.format(text=text, label=label) for text, label in PAIRS)
    assert told in " ".join(load_text("a.txt", lines).warnings)
    texts = "\n".join(f"{text}, {text} [{n}]" for n, (text, _) in enumerate(PAIRS))
    assert not load_text("b.txt", texts).warnings


def test_of_a_label_s_name_and_number_the_name_is_taken(load_text: Load) -> None:
    rows = [
        f'{{"text": "{text}", "label": {{"id": {n % 3}, "name": "{label}"}}}}'
        for n, (text, label) in enumerate(PAIRS)
    ]
    assert load_text("a.jsonl", "\n".join(rows)).labels == ("Lieferung", "Lob", "Rückgabe")
