"""Whole runs from Python and from the command line, with the strategies of a package that pip has
installed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tui_al
from tests.engine import tiny
from tests.plugins.packages import on_path
from tui_al.errors import EngineError, EngineStopped
from tui_al.store.engine_lock import is_live
from tui_al.testing import check_strategy

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked")]

EXAMPLE = Path(__file__).parents[1] / "plugin_example"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example package as pip installs it."""
    target = tmp_path_factory.mktemp("site")
    source = target / "source"
    source.mkdir()
    for name in ("pyproject.toml", "tui_al_example.py"):
        (source / name).write_bytes((EXAMPLE / name).read_bytes())
    options = [
        "--quiet",
        "--no-build-isolation",
        "--no-deps",
        "--no-index",
        "--disable-pip-version-check",
    ]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        *options,
        "--target",
        str(target / "lib"),
        str(source),
    ]
    subprocess.run(command, check=True)
    return target / "lib"


@pytest.fixture
def _example(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with on_path(installed, monkeypatch):
        yield


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("encoder")
    return tiny.save_encoder("bert", place / "small", tiny.corpus(), width=32)


def small(encoder: Path) -> dict[str, Any]:
    return {
        "train_limit": 60, "test_limit": 20, "epochs": 1, "rounds": 2, "seeds": 1, "seed_size": 12,
        "batch": 12,
        "max_length": 24, "device": "cpu", "save_models": False, "acquisition": str(encoder),
        "successor": str(encoder),
    }  # fmt: skip


def command(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tui_al", *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.usefixtures("_example")
class TestExample:
    def test_its_strategies_pass_the_checks_for_authors(self) -> None:
        import tui_al_example  # type: ignore[import-not-found]

        check_strategy(tui_al_example.ratio)
        check_strategy(tui_al_example.SAMPLED)

    def test_from_python_and_from_the_command_line_it_is_one_session(
        self, encoder: Path, tmp_path: Path
    ) -> None:
        settings = small(encoder)
        data = tui_al.load_dataset("tickets", train_limit=60, test_limit=20)
        seen: list[int] = []
        run = tui_al.simulate(
            data, strategy="sampled", home=tmp_path, session="mine",
            on_round=lambda point: seen.append(point.round), **settings,
        )  # fmt: skip
        assert (run.status, seen) == ("finished", [0, 1, 2])
        assert run.curve()["labels"].tolist() == [12, 24, 36]
        queries = run.queries()
        assert len(set(queries["id"])) == queries.rows == 36
        chosen = queries["score"][queries["round"] == 2]
        assert not np.all(np.diff(chosen) <= 0)  # drawn, not the highest
        answers = {one.id: one.answer for one in data.train}
        assert all(answers[i] == a for i, a in zip(queries["id"], queries["answer"], strict=True))
        used = [
            {"kind": "strategy", "name": "sampled", "package": "tui-al-example", "version": "0.3.1"}
        ]
        assert run.state.manifest["plugins"] == used
        assert run.state.engine is not None
        assert run.state.engine.manifest["plugins"] == used

        options = [
            part
            for name, value in settings.items()
            if not isinstance(value, bool)
            for part in (f"--{name.replace('_', '-')}", value)
        ]
        where = ("--home", tmp_path)
        again = command(
            "simulate",
            "tickets",
            "--strategy",
            "sampled",
            "--session",
            "mine",
            "--no-save-models",
            *options,
            *where,
        )
        assert again.returncode == 0, again.stderr
        assert len(run.state.runs) == 1  # the same experiment: nothing was left to do
        other = command(
            "simulate",
            "tickets",
            "--strategy",
            "ratio",
            "--session",
            "other",
            "--no-save-models",
            *options,
            *where,
        )
        assert other.returncode == 0, other.stderr
        assert tui_al.open_session("other", tmp_path).queries().rows == 36
        assert (
            "strategy ratio of tui-al-example 0.3.1"
            in command("report", "other", *where, "--format", "md").stdout
        )
        verified = command("verify", "mine", "--rounds", 1, *where)
        assert "The same queries and metrics." in verified.stdout, verified.stdout + verified.stderr

    def test_a_strategy_that_fails_costs_its_own_run(
        self, installed: Path, encoder: Path, tmp_path: Path
    ) -> None:
        module = installed / "tui_al_example.py"
        before = module.read_text()
        try:
            module.write_text(
                before.replace("return 1 - predictions", "return [1] + 1 - predictions")
            )
            with pytest.raises(
                EngineError,
                match=r"strategy ratio of package tui-al-example 0\.3\.1 failed: its scorer "
                r"raised TypeError",
            ):
                tui_al.simulate(
                    "tickets", strategy="ratio", home=tmp_path, session="broken", **small(encoder)
                )
        finally:
            module.write_text(before)
        run = tui_al.open_session("broken", tmp_path)
        assert (run.status, run.curve()["round"].tolist()) == ("failed", [0])


def test_an_interrupt_stops_the_engine_and_the_same_call_goes_on(
    encoder: Path, tmp_path: Path
) -> None:
    settings = {**small(encoder), "epochs": 60, "home": str(tmp_path), "session": "long"}
    code = (
        "import time, tui_al\n"
        "def wait(point):\n"
        "    print(point.round, flush=True)\n"
        "    time.sleep(5)\n"  # it is here when it is interrupted, however quick the engine is
        f"tui_al.simulate('tickets', on_round=wait, **{settings!r})"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "0\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert said.rstrip().endswith("KeyboardInterrupt")
    run = tui_al.open_session("long", tmp_path)
    assert not is_live(run.directory)
    assert run.status == "stopped"
    done = run.curve()["round"].tolist()
    assert done[0] == 0 and len(done) < 3
    before = run.queries()["id"].tolist()
    finished = tui_al.simulate("tickets", **settings)
    assert finished.curve()["round"].tolist() == [0, 1, 2]
    assert finished.queries()["id"].tolist()[: len(before)] == before


def test_what_somebody_else_stops_is_told(encoder: Path, tmp_path: Path) -> None:
    settings = {**small(encoder), "epochs": 60, "home": tmp_path, "session": "long"}
    stopped: list[str] = []

    def stop(_: object) -> None:
        if not stopped:
            stopped.append(command("stop", "long", "--home", tmp_path).stdout)

    with pytest.raises(EngineStopped, match="Session long was stopped"):
        tui_al.simulate("tickets", on_round=stop, **settings)
    assert stopped
