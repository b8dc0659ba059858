"""`import` reads labels of classes as a simulation does: nested fields, spellings; what only one of
the commands can read is told."""

import json
from pathlib import Path

import pytest

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.loading import load
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport
from tui_al.engine.jobs.annotation_files import guessed_format, read_annotations
from tui_al.engine.jobs.annotation_tables import TABLE_FORMATS
from tui_al.errors import DataError
from tui_al.store.formats import TEXT_FORMATS
from tui_al.store.formats.reading import Read, ReadOptions

CLASSES = ("bill", "roof")
PAIRS = [(f"letter {i} about it", CLASSES[i % 2]) for i in range(12)]


def imported(path: Path, options: ReadOptions | None = None) -> Read:
    config = DataConfig(str(path))
    known = (TEXT_FORMATS | TABLE_FORMATS)[guessed_format(path, config) or ""]
    options = options or ReadOptions()
    return read_annotations(path, known, Task.CLASSIFICATION, options, config, CLASSES)


def pairs(read: Read) -> list[tuple[str, object]]:
    return [(one.text, one.answer) for one in read.annotations]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_nested_fields(tmp_path: Path, name: str) -> None:
    rows = [{"doc": {"body": text}, "gold": {"topic": label}} for text, label in PAIRS]
    path = tmp_path / name
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(lines if name == "a.jsonl" else json.dumps(rows), encoding="utf-8")
    read = imported(path)
    assert pairs(read) == PAIRS
    assert "label column: gold.topic (guessed; --label-column overrides)" in read.notes
    assert pairs(imported(path, ReadOptions("doc.body", "gold.topic"))) == PAIRS
    data = load(DataConfig(str(path), test_share=0))
    assert [(one.text, one.answer) for one in data.train] == PAIRS
    with pytest.raises(DataError, match=r"gold\.tpic"):
        imported(path, ReadOptions("doc.body", "gold.tpic"))


def test_spellings_of_one_label(tmp_path: Path) -> None:
    """As a simulation has them; what the session itself calls a label stays."""
    path = tmp_path / "a.csv"
    spelled = [" bill", "\u200broof", "'bill'", "roof"]
    rows = "".join(f"{text},{spelled[i % 4]}\n" for i, (text, _) in enumerate(PAIRS))
    path.write_text(f"text,label\n{rows}", encoding="utf-8")
    read = imported(path)
    assert pairs(read) == PAIRS
    data = load(DataConfig(str(path), test_share=0))
    assert [(one.text, one.answer) for one in data.train] == PAIRS
    told = [note for note in read.notes if "spellings" in note or "written without" in note]
    assert told
    assert any(r"\u200broof" in note for note in told)
    path.write_text("text,label\na letter,'bill'\nanother,1.0\nthird,2\n", encoding="utf-8")
    known = TEXT_FORMATS["csv"]
    config = DataConfig(str(path))
    own = ("'bill'", "1.0")
    kept = read_annotations(path, known, Task.CLASSIFICATION, ReadOptions(), config, own)
    assert [one.answer for one in kept.annotations] == ["'bill'", "1.0", "2"]
    assert not any("spell" in note or "written without" in note for note in kept.notes)


def test_the_other_text_of_pairs_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(
        f"{text},{PAIRS[i - 1][0]},{label},2026-01-{i + 1:02}\n"
        for i, (text, label) in enumerate(PAIRS)
    )
    path.write_text(f"premise,hypothesis,label,date\n{rows}", encoding="utf-8")
    told = "a.csv: the texts of hypothesis are not read: a row has one text, that of premise"
    for by_people in (False, True):
        data = load(DataConfig(str(path)), by_people=by_people)
        assert told in data.warnings
    named = load(DataConfig(str(path), text_column="hypothesis"))
    assert not any("not read" in warning for warning in named.warnings)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("folder", "folder is a folder.", "one of the files in it"),
        ("old.xls", "old.xls: spreadsheets that end in .xls are not read.", ".xlsx"),
        ("other.ods", "other.ods: spreadsheets that end in .ods are not read.", ".csv"),
        ("other.docx", "other.docx: the format '.docx' is unknown.", "Known are .csv"),
    ],
)
def test_what_is_no_data_file_is_told(tmp_path: Path, name: str, message: str, hint: str) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(DataError) as caught:
        list(open_tables(path, name, DataConfig(name), LoadReport()))
    assert caught.value.message == message
    assert hint in caught.value.hint
