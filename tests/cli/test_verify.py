"""`tui-al verify`: a session made again from its manifest asks the same questions, or it is told
where not."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.engine import tiny
from tests.helpers.command_line import run_command
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.engine.data import load
from tui_al.engine.worker.runner import run_session
from tui_al.engine.worker.session_io import StopSignal
from tui_al.engine.worker.session_setup import open_or_create

pytestmark = pytest.mark.slow

DATA = DataConfig("tickets", train_limit=90, test_limit=40)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What verify sets is put back."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a finished session of two seeds."""
    home = tmp_path_factory.mktemp("verify")
    texts = [e.text for e in load(DATA).train]
    encoder = tiny.save_encoder("bert", home / "small", texts, width=32)
    given = {"epochs": 2, "dropout": 0.1, "max_length": 24}
    config = ExperimentConfig(
        DATA,
        acquisition=tiny.settings(encoder, "adapter", **given),
        successor=tiny.settings(encoder, "full", **given),
        loop=LoopConfig("bald", Amount(10, False), Amount(10, False), 2, label_noise=0.2),
        seeds=(7, 8),
        device="cpu",
    )
    with (
        pytest.MonkeyPatch.context() as patch,
        open_or_create(home, config, {"torch": "1.0", "cpu": "Example"}, "made") as session,
    ):
        patch.setenv("OMP_NUM_THREADS", "1")
        run_session(session, lambda _: None, StopSignal())
    return home


def said(home: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    return run_command(capsys, "verify", *arguments, "--home", home)


def test_the_same_machine_makes_the_same_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (home / "sessions/made/session.db").read_bytes()
    code, out, _ = said(home, "made", capsys=capsys)
    assert code == 0, out
    for seed in (7, 8):
        assert (
            f"seed {seed}  rounds 0 to 2: the same queries, the same scores, the same metrics"
            in out
        )
    assert "different here: cpu was Example, is " in out
    assert "different here: torch was" not in out  # the engine's own word counts
    assert (home / "sessions/made/session.db").read_bytes() == before
    assert [p.name for p in (home / "sessions").iterdir()] == ["made"]


def test_another_run_is_found_out(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A query and a metric are others in a copy that an older program wrote: both are named, with
    their round."""
    shutil.copytree(home / "sessions", tmp_path / "sessions")
    with sqlite3.connect(tmp_path / "sessions/made/session.db") as db:
        seq, body = db.execute(
            "SELECT seq, body FROM events WHERE kind = 'queried' AND seed = 7"
        ).fetchall()[1]
        plain = json.loads(body)
        plain["ids"] = plain["ids"][::-1]
        db.execute(
            "UPDATE events SET body = ?, checksum = NULL WHERE seq = ?", (json.dumps(plain), seq)
        )
        seq, body = db.execute(
            "SELECT seq, body FROM events WHERE kind = 'point' AND seed = 8"
        ).fetchone()
        plain = json.loads(body)
        plain["metrics"]["accuracy"] = 0.123456
        db.execute(
            "UPDATE events SET body = ?, checksum = NULL WHERE seq = ?", (json.dumps(plain), seq)
        )
    code, out, _ = said(tmp_path, "made", "--rounds", "1", capsys=capsys)
    assert code == 1
    assert "seed 7  round 1: the same 10 texts in another order" in out
    assert "seed 8  round 0: the same query, but accuracy was 0.123456" in out
    assert "Not the same" in out

    code, out, _ = said(tmp_path, "made", "--rounds", "0", "--seed", "7", capsys=capsys)
    assert code == 0  # the seed set is the same
    assert "rounds 0 to 0" in out


def test_a_damaged_session_is_not_called_the_same(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(home / "sessions", tmp_path / "sessions")
    with sqlite3.connect(tmp_path / "sessions/made/session.db") as db:
        db.execute("UPDATE events SET body = replace(body, '0.', '1.') WHERE kind = 'point'")
    code, out, err = said(tmp_path, "made", "--rounds", "0", capsys=capsys)
    assert code == 5
    assert "Session made is damaged" in err
    assert "same" not in out


def test_mistakes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(home, "made", "--seed", "9", capsys=capsys)
    assert code == 2
    assert "--seed 9: session made has no finished round of it" in err
    assert "7, 8" in err
