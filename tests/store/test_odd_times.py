"""Times that no one can have answered at: refused where they come in, and survived where they are
stored."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.store.labelled_sessions import Clock, by_people
from tui_al.cli.app import app
from tui_al.cli.export_labels import ExportOptions, export_labels
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.session.timestamps import is_date, is_plausible, local_clock
from tui_al.errors import TuiAlError
from tui_al.store.annotations import labels_of
from tui_al.store.decisions import DecisionLog
from tui_al.ui.summaries import ago

FORMATS = {
    "jsonl": "a.jsonl",
    "csv": "a.csv",
    "parquet": "a.parquet",
    "prodigy": "p.jsonl",
    "label-studio": "a.json",
    "doccano": "d.jsonl",
    "datasets": "d",
}
ODD = [1.7e12, -1e18, 1e18, float("inf"), float("-inf"), 1e308]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1700000000000", "it may be in milliseconds"), ("1e400", "inf"), ("-1e400", "-inf"),
        ("1e18", "1e\\+18"), ("-1e18", "-1e\\+18"),
        ("-1", "-1"), ("NaN", "nan"), ('"9999-12-31T23:59:59-14:00"', "9999"),
        ('"0001-01-01T00:00:00+14:00"', "0001"), ("1" * 400, "111"),
        ("4102444800", "4102444800"),
    ],
)  # fmt: skip
def test_an_import_names_file_and_line(tmp_path: Path, written: str, said: str) -> None:
    with by_people(tmp_path, "s") as session:
        Clock(session).label("ann", "a", "return")
    file = tmp_path / "ms.jsonl"
    sound = '{"text": "text b", "label": "return", "annotator": "ann", "time": 5}\n'
    file.write_text(
        sound
        + f'{{"text": "text a", "label": "complaint", "annotator": "ann", "time": {written}}}\n'
    )
    done = CliRunner().invoke(app, ["import", "s", str(file), "--home", str(tmp_path)])
    error = done.exception
    assert isinstance(error, TuiAlError)
    assert error.exit_code == 3
    assert error.message.startswith("ms.jsonl:2: 'time' is ")
    assert "not a time" in error.message
    assert re.search(said, error.message)
    with by_people(tmp_path, "t") as other:
        assert labels_of(other).annotations == []
    with DecisionLog(tmp_path / "sessions" / "s") as log:
        assert len(log.read()) == 1  # nothing of the file
    arguments = ["import", "s", str(file), "--home", str(tmp_path), "--leave-out-misfits"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    with DecisionLog(tmp_path / "sessions" / "s") as log:
        assert len(log.read()) == 2


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_exports_what_is_stored(
    tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with by_people(tmp_path, "s") as session, DecisionLog(session.directory) as log:
        log.insert(
            [
                DecisionRecord(0, when, "ann", f"u{n}", de.Label(("abcdef"[n],), "return"))
                for n, when in enumerate(ODD)
            ]
        )
    out = tmp_path / FORMATS[form]
    export_labels("s", ExportOptions(out, form), tmp_path)
    said = capsys.readouterr()
    assert "annotations: 6" in said.out
    assert "6 answers were stored with a time that is not a date, as 1.7e+12" in said.err
    assert out.exists()


def test_an_odd_time_here_does_not_win_over_a_file(tmp_path: Path) -> None:
    with by_people(tmp_path, "s") as session, DecisionLog(session.directory) as log:
        log.insert([DecisionRecord(0, 1.7e12, "ann", "u", de.Label(("a",), "complaint"))])
    file = tmp_path / "f.jsonl"
    file.write_text(
        '{"text": "text a", "label": "return", "annotator": "ann", "time": 1700000000}\n'
    )
    assert (
        CliRunner().invoke(app, ["import", "s", str(file), "--home", str(tmp_path)]).exit_code == 0
    )
    with by_people(tmp_path, "t"), DecisionLog(tmp_path / "sessions" / "s") as log:
        assert len(log.read()) == 2


def test_a_screen_shows_a_number_that_is_no_date_as_such() -> None:
    assert {len(local_clock(when, "%d.%m. %H:%M")) for when in [*ODD, 0.0, 1.7e9]} == {12}
    assert local_clock(1e18, "%H:%M:%S") == "no date "
    assert ago(1e18) == "at no date"
    assert not any(is_date(when) for when in ODD if when != 1.7e12)
    assert is_plausible(10.0 + 86400, now=10.0)
    assert not is_plausible(11.0 + 86400, now=10.0)


def test_a_note_with_half_a_character_is_stored_with_a_mark_in_its_place(tmp_path: Path) -> None:
    with by_people(tmp_path, "s") as session, DecisionLog(session.directory) as log:
        log.insert([DecisionRecord(0, 1.0, "an\udce9", "u", de.Note("a", "caf\udce9"))])
        (record,) = log.read()
    assert (record.annotator, record.decision) == ("an\ufffd", de.Note("a", "caf\ufffd"))
