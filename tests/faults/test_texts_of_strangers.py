"""TOML that is made to do harm, and names that no file system takes, are told with the file and
what is allowed."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.command_line import Command
from tests.store.labelled_sessions import by_people
from tests.store.people import people_config
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.worker.session_setup import default_name
from tui_al.errors import ConfigError
from tui_al.store.home import checked_name
from tui_al.store.session import Session
from tui_al.ui.keymap import load_keymap

HARMFUL = {
    "nested": ("a = " + "[" * 5000 + "]" * 5000, "it is nested too deeply"),
    "digits": ("a = " + "7" * 5000, "it has a number with too many digits"),
    "broken": ("a = ", "Invalid value"),
}


@pytest.mark.parametrize("kind", HARMFUL)
def test_a_harmful_key_map_is_told(tmp_path: Path, kind: str) -> None:
    text, words = HARMFUL[kind]
    (tmp_path / "keys.toml").write_text(text)
    with pytest.raises(ConfigError, match=words) as error:
        load_keymap(tmp_path)
    assert str(tmp_path / "keys.toml") in error.value.message


@pytest.mark.parametrize("kind", HARMFUL)
def test_a_harmful_sweep_is_told(tmp_path: Path, command: Command, kind: str) -> None:
    text, words = HARMFUL[kind]
    file = tmp_path / "mine.toml"
    file.write_text(text)
    said = command("sweep", file, "--dry-run", "--home", tmp_path / "home")
    assert (said.code, words in said.err, "mine" in said.err) == (2, True, True)


def test_a_name_is_counted_in_bytes(tmp_path: Path) -> None:
    longest = "字" * 81 + "ab"  # 245 bytes
    with by_people(tmp_path, longest) as session:
        assert Session.open(tmp_path, longest).directory == session.directory
    with pytest.raises(ConfigError, match="is 246 bytes long") as error:
        by_people(tmp_path, "字" * 82)
    assert "A name has 245 bytes at most" in error.value.hint
    assert checked_name("sweep", "a" * 100)


def test_a_session_is_named_after_a_file_with_a_long_name(tmp_path: Path) -> None:
    name = default_name(replace(people_config(), data=DataConfig("字" * 80 + ".csv")))
    assert checked_name("session", name) == name
    by_people(tmp_path, name).close()


def test_an_output_with_a_name_that_is_too_long(tmp_path: Path, command: Command) -> None:
    by_people(tmp_path / "home", "mine").close()
    out = tmp_path / ("字" * 82 + ".jsonl")  # 252 bytes: a name that the file system takes
    said = command("export", "mine", "--given", "--out", out, "--home", tmp_path / "home")
    assert (said.code, out.is_file()) == (0, True), said.err
    out = tmp_path / ("字" * 85 + ".jsonl")
    said = command("export", "mine", "--given", "--out", out, "--home", tmp_path / "home")
    assert said.code == 7
    assert "the name is too long (261 bytes)" in said.err
