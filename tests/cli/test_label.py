"""`tui-al label`: what its options make, which session it means, what it says where it cannot go
on."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ui.labelling import labelling_session
from tests.ui.sessions import record
from tui_al.cli import label as module
from tui_al.cli.label import LabelOptions, label_by_hand, tell_reading
from tui_al.cli.simulate import with_label_names
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.settings.options import experiment, options_of
from tui_al.errors import ConfigError, SessionError


def options(
    source: str = "tickets", *, home: Path | None = None, annotator: str | None = None, **given: Any
) -> LabelOptions:
    """As the command makes them."""
    return LabelOptions(source, given, annotator, home=home)


def made(source: str = "tickets", **given: Any) -> ExperimentConfig:
    return experiment("label", source, given)


def test_the_defaults() -> None:
    config = made()
    loop = config.loop
    assert (loop.oracle, loop.audit_share, loop.overlap, loop.strategy) == (
        "person",
        0.1,
        0.0,
        "lc",
    )
    assert (str(loop.batch), str(loop.seed_size), len(config.seeds)) == ("20", "20", 1)
    assert (config.data.source, config.data.task, config.data.labels) == ("tickets", None, None)
    assert config.acquisition.tuning == "adapter"
    assert config.successor.tuning == "full"


def test_every_option_arrives() -> None:
    config = made(
        labels=("refund", "repair", "praise"), task="classification", batch="5%", seed_size="30",
        audit_share="25 %",
        overlap="100%", strategy="bt", seed="7", epochs="3", text_column="body",
        acquisition_tuning="head", device="cpu",
    )  # fmt: skip
    assert config.data.labels == ("refund", "repair", "praise")
    assert (config.data.task, config.data.text_column) == ("classification", "body")
    loop = config.loop
    assert (str(loop.batch), str(loop.seed_size), loop.strategy) == ("5%", "30", "bt")
    assert (loop.audit_share, loop.overlap) == (0.25, 1.0)
    assert (config.seeds, config.acquisition.epochs, config.successor.epochs) == ((7,), 3, 3)
    assert (config.acquisition.tuning, config.device) == ("head", "cpu")


def test_options_shared_with_simulate_have_its_defaults_but_for_batches_and_precision() -> None:
    mine, theirs = ({o.flag: o.default for o in options_of(c)} for c in ("label", "simulate"))
    different = {flag for flag in mine.keys() & theirs.keys() if mine[flag] != theirs[flag]}
    assert different == {"--batch", "--seed-size", "--precision"}


@pytest.mark.parametrize("text", ["10", "ten %", "-5%", "110%", ""])
def test_what_is_not_a_share(text: str) -> None:
    with pytest.raises(ConfigError, match="--overlap") as caught:
        made(overlap=text)
    assert caught.value.hint == "It is a share: 0 to 1, or as a percentage."


def test_shares() -> None:
    shares = [made(overlap=text).loop.overlap for text in ("0%", "0", "2.5%", "50 %", "0.1")]
    assert shares == [0.0, 0.0, 0.025, 0.5, 0.1]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    """What the command does, without a terminal and an engine."""
    done: list[tuple[str, object]] = []
    monkeypatch.setattr(module, "check_terminal", lambda: None)
    monkeypatch.setattr(module, "_start", lambda directory: done.append(("start", directory.name)))
    monkeypatch.setattr(
        module,
        "open_app",
        lambda home, directory, annotator: done.append((annotator, directory.name)),
    )

    def create(home: Path, config: ExperimentConfig, name: str | None, group: int | None) -> Path:
        done.append(("create", config.data.source))
        return home / "sessions" / (name or "made")

    monkeypatch.setattr(module, "_make", create)
    return done


def test_a_session_by_name_or_path_is_gone_on_with(
    tmp_path: Path, calls: list[tuple[str, object]]
) -> None:
    session = labelling_session(tmp_path, "mine")
    for source in ("mine", str(session.directory)):
        label_by_hand(options(source=source, home=tmp_path, annotator="eva"))
    assert calls == [("start", "mine"), ("eva", "mine")] * 2


def test_data_makes_a_session(
    tmp_path: Path, calls: list[tuple[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUI_AL_ANNOTATOR", "noor")
    label_by_hand(options(source="tickets", home=tmp_path, session="first"))
    assert calls == [("create", "tickets"), ("start", "first"), ("noor", "first")]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("keys.toml", "[label]\nskip = 1\n", "line 2: 1 is not a key"),
        ("TUI_AL_THEME", "purple", "TUI_AL_THEME: 'purple' is not a theme"),
        ("TUI_AL_ANNOTATOR", "a\x1b[31mb", "TUI_AL_ANNOTATOR: .* cannot be an annotator's name"),
        ("TUI_AL_ANNOTATOR", "\udcff", "TUI_AL_ANNOTATOR: .* cannot be an annotator's name"),
        ("--annotator", " ", "--annotator: ' ' cannot be an annotator's name"),
        ("TEXTUAL_COLOR_SYSTEM", "purple", "TEXTUAL_COLOR_SYSTEM: 'purple' is not a colour system"),
        ("TEXTUAL_DRIVER", "nowhere:X", "TEXTUAL_DRIVER: 'nowhere:X' is not a driver"),
        ("TEXTUAL_LOG", "/nowhere/log", "TEXTUAL_LOG: '/nowhere/log' cannot be written"),
    ],
)
def test_what_the_app_would_not_take_is_told_before_a_session_is_made_or_an_engine_started(
    tmp_path: Path,
    calls: list[tuple[str, object]],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    said: str,
) -> None:
    given: dict[str, Any] = {}
    if name == "keys.toml":
        (tmp_path / name).write_text(value)
    elif name == "--annotator":
        given["annotator"] = value
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=said):
        label_by_hand(options(source="tickets", home=tmp_path, **given))
    assert calls == []


def test_a_simulated_experiment_is_refused(tmp_path: Path, calls: list[tuple[str, object]]) -> None:
    record(tmp_path, "simulated")
    with pytest.raises(SessionError, match="simulated experiment"):
        label_by_hand(options(source="simulated", home=tmp_path))
    assert calls == []


def test_without_a_terminal_it_says_so() -> None:
    with pytest.raises(ConfigError, match="needs a terminal"):
        label_by_hand(options())


class Keyboard(io.StringIO):
    """A terminal's input."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("warnings", [(), ("labels are taken from the column 'topic'",)])
def test_how_the_data_was_read_is_told_before_the_app(
    warnings: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = Keyboard("\nnext line\n")
    monkeypatch.setattr(sys, "stdin", keys)
    tell_reading(("text column: body (guessed; --text-column overrides)",), warnings)
    said = capsys.readouterr().err
    assert "note: text column: body (guessed; --text-column overrides)" in said
    for warning in warnings:
        assert f"warning: {warning}" in said
    assert ("Enter begins" in said) == bool(warnings)
    assert keys.read() == ("next line\n" if warnings else "\nnext line\n")


def test_labels_can_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("refund\nrepair\n")
    for given in ("refund,repair", str(tmp_path / "names.txt")):
        read = with_label_names({"labels": given, "task": "tagging"})
        assert read == {"labels": ("refund", "repair"), "task": "tagging"}


def test_no_label_column_can_be_asked_for() -> None:
    assert made(label_column="").data.label_column == ""
