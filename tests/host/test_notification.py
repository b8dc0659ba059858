"""A session's end is said by a real command, and to a real server."""

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.report.states import session
from tests.ui.sessions import record
from tui_al.core.session import events as ev
from tui_al.core.session.state import SessionState
from tui_al.errors import ConfigError
from tui_al.host import supervisor
from tui_al.host.notification import VARIABLE, News, check_target, news_of, notify
from tui_al.host.process import start_engine
from tui_al.store.engine_lock import take_engine_lock

NEWS = News("desk [/x] $HOME", "/home/desk", "finished", "desk [/x] $HOME is finished: 12 labels")


@pytest.fixture
def heard() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a server, and what it was sent."""
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            assert self.headers["Content-Type"] == "application/json"
            bodies.append(json.loads(self.rfile.read(length)))
            self.send_response(500 if self.path == "/broken" else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()
    server.server_close()


def listener(place: Path) -> tuple[str, Path]:
    """A command that writes down what it is told, and where."""
    script, out = place / "hear it.py", place / "told.json"
    script.write_text(
        "import json, os, sys\n"
        f"json.dump([sys.argv[1:], {{k: os.environ[k] for k in os.environ if 'TUI_AL_' in k}}],"
        f" open({str(out)!r}, 'w'))\n"
    )
    return f"{sys.executable} '{script}' --to me", out


class TestSaying:
    def test_a_command_gets_the_message_as_it_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        command, out = listener(tmp_path)
        monkeypatch.setenv(VARIABLE, command)
        check_target()
        assert notify(NEWS) == ""
        words, environment = json.loads(out.read_text())
        assert words == ["--to", "me", NEWS.message]
        told = {key: environment[f"TUI_AL_{key}"] for key in ("SESSION", "PATH", "STATE")}
        assert told == {"SESSION": NEWS.name, "PATH": NEWS.path, "STATE": "finished"}

    def test_a_webhook_gets_an_object(
        self, heard: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(VARIABLE, heard[0])
        check_target()
        assert notify(NEWS) == ""
        assert heard[1] == [asdict(NEWS)]

    @pytest.mark.parametrize("what", ["server", "command", "nobody"])
    def test_what_goes_wrong_is_told(
        self, heard: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch, what: str
    ) -> None:
        targets = {
            "server": f"{heard[0]}/broken",
            "command": "false",
            "nobody": "http://127.0.0.1:9",
        }
        monkeypatch.setenv(VARIABLE, targets[what])
        assert notify(NEWS).startswith(f"{VARIABLE}: {NEWS.message!r} could not be said: ")

    def test_without_the_variable_nothing_happens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(VARIABLE, raising=False)
        check_target()
        assert notify(NEWS) == ""

    @pytest.mark.parametrize("target", ["no-such-program-here x", "'open", "ftp://host/x"])
    def test_what_could_not_be_said_is_told_before_the_work(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
    ) -> None:
        monkeypatch.setenv(VARIABLE, target)
        with pytest.raises(ConfigError, match=VARIABLE):
            check_target()
        made = record(tmp_path, "desk")
        with pytest.raises(ConfigError, match=VARIABLE):
            start_engine(made.directory)


class TestNews:
    def news(self, state: SessionState, failure: tuple[str, str] = ("", "")) -> News | None:
        return news_of("lc", Path("/h/lc"), state, failure)

    def test_finished(self) -> None:
        found = self.news(session({7: (0.4, 0.6), 8: (0.5, 0.7)}))
        assert found == News("lc", "/h/lc", "finished", "lc is finished: 100 labels, 2 seeds")

    def test_failed(self) -> None:
        state = session({7: (0.4,)}, finish=False)
        found = self.news(state, ("model: x is gone.", "Put it back."))
        assert found is not None
        assert (found.state, found.message) == (
            "failed", "lc failed: model: x is gone. Put it back.",
        )  # fmt: skip

    def test_of_what_a_person_stopped_there_is_none(self) -> None:
        state = session({7: (0.4,)}, finish=False)
        assert self.news(replace(state, ended="stopped")) is None


@pytest.mark.slow
def test_who_watches_over_an_engine_says_that_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, out = listener(tmp_path)
    monkeypatch.setenv(VARIABLE, command)
    made = record(tmp_path, "desk")
    made.append(ev.EngineFinished("failed", "model: x is gone.", "Put it back."))
    made.session.close()
    monkeypatch.setattr(supervisor, "module_command", lambda *_: ["false"])  # it dies at once
    supervisor.main(made.directory, take_engine_lock(made.directory), "")
    (*_, message), environment = json.loads(out.read_text())
    assert environment["TUI_AL_STATE"] == "failed"
    assert message.startswith("desk failed: ")
