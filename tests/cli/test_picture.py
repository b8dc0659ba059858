"""`tui-al attach --once`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.store.labelled_sessions import Clock, by_people
from tests.ui.sessions import config, record
from tests.ui.test_sweeps_at_home import sweep, worked_on
from tui_al.cli.app import app
from tui_al.cli.picture import print_picture
from tui_al.errors import SessionError
from tui_al.store.session import Session


def printed(capsys: pytest.CaptureFixture[str], name: str | None, home: Path) -> list[str]:
    print_picture(name, home)
    return capsys.readouterr().out.splitlines()


def test_a_finished_session(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = record(tmp_path, "done", experiment=config(rounds=2))
    done.finish()
    lines = printed(capsys, "do", tmp_path)  # the beginning of its name will do
    assert lines[0].startswith("done  2 rounds, 2 seeds  ✓ finished")
    assert "tickets · lc · minilm adapter → minilm full" in lines[1]
    assert "accuracy on 20 test texts" in lines[3]
    table = next(n for n, line in enumerate(lines) if line.startswith("round"))
    assert [line.split()[:2] for line in lines[table + 1 : table + 4]] == [
        ["0", "5"], ["1", "10"], ["2", "15"],
    ]  # fmt: skip
    assert max(map(len, lines[3:table])) <= 100


def test_without_a_point(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path, "new").session.close()
    assert any("no points yet" in line for line in printed(capsys, "new", tmp_path))


def test_labels_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    by_people(tmp_path, "desk").close()
    with Session.open(tmp_path, "desk") as session:
        Clock(session).label("anna", "a", "return")
    lines = printed(capsys, "desk", tmp_path)
    assert lines[0].startswith("desk  1 labelled")


def test_a_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, sweep(tmp_path).name, tmp_path)
    assert lines[0].startswith("figure  sweep 2/6 cells")
    assert any(" lc, mean ± sd of 2 seeds" in line for line in lines)
    assert lines[-3] == "✓  full · lc  6 rounds, 2 seeds  .807  finished, just now"
    assert "full · bt  round 2/6, seed 1/2  .669" in lines[-2]
    assert lines[-1] == "·  random  not begun"


class TestWithoutAName:
    def test_what_is_at_work_is_shown(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with worked_on(sweep(tmp_path)):
            assert printed(capsys, None, tmp_path)[0].startswith("figure  sweep 2/6 cells  ● ")

    def test_nothing_is(self, tmp_path: Path) -> None:
        with pytest.raises(SessionError, match="No session or sweep is at work"):
            print_picture(None, tmp_path)

    def test_several_are(self, tmp_path: Path) -> None:
        with (
            worked_on(sweep(tmp_path)),
            worked_on(sweep(tmp_path, "second")),
            pytest.raises(SessionError, match="2 are at work: figure, second"),
        ):
            print_picture(None, tmp_path)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    directory = record(tmp_path, "hurt").directory
    (directory / "session.db").write_bytes(b"no database" * 1000)
    with pytest.raises(SessionError, match="damaged"):
        print_picture("hurt", tmp_path)


def test_as_a_command(tmp_path: Path) -> None:
    record(tmp_path, "new").session.close()
    result = CliRunner().invoke(app, ["attach", "new", "--once", "--home", str(tmp_path)])
    assert result.exit_code == 0
    assert result.stdout.startswith("new  ")
