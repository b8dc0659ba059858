"""`tui-al docs`: pages as Markdown, and what is said of one that is not there."""

import io
import sys

import pytest

from tui_al.cli.docs import show_docs
from tui_al.errors import ConfigError
from tui_al.ui.doc_pages import FOLDER, doc_page, doc_pages


def test_in_a_pipe_a_page_is_its_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    show_docs("keys")
    assert capsys.readouterr().out == (FOLDER / "keys.md").read_text(encoding="utf-8")
    show_docs(None)
    assert capsys.readouterr().out == (FOLDER / "index.md").read_text(encoding="utf-8")


def test_an_output_without_unicode_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    output = io.TextIOWrapper(written, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", output)
    show_docs("architecture")
    output.flush()
    assert b"# Architecture" in written.getvalue()


@pytest.mark.parametrize("name", ["Keys", "keys.md", " KEYS "])
def test_a_name_may_be_written_as_the_file_s(name: str) -> None:
    assert doc_page(name).name == "keys"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("kyes", "keys"), ("label", "tutorial-label"), ("trouble", "troubleshooting")],
)
def test_an_unknown_page_is_told_with_what_was_meant_and_what_there_is(
    name: str, meant: str
) -> None:
    with pytest.raises(ConfigError) as told:
        show_docs(name)
    assert told.value.message == f"There is no page {name!r}."
    assert told.value.hint.startswith(
        f"Did you mean {meant}? The pages are index, tutorial-simulate, "
    )
    assert all(page in told.value.hint for page in doc_pages())


@pytest.mark.parametrize("name", ["zzzzz", "../README", "\x1b[31m"])
def test_nothing_is_guessed_where_nothing_is_alike(name: str) -> None:
    with pytest.raises(ConfigError) as told:
        show_docs(name)
    assert told.value.hint.startswith("The pages are index, ")
    assert "\x1b" not in str(told.value)
