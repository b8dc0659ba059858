"""A kept model is read whole while it is replaced or removed."""

import shutil
from pathlib import Path

import pytest

from tui_al.core.session.events import ModelSaved
from tui_al.errors import SessionError
from tui_al.store import kept_models, strangers
from tui_al.store.kept_models import copy_snapshot, remove_atomically, replace_dir

NAMES = ("a.json", "b.safetensors", "c.txt")


def model(directory: Path, content: str) -> Path:
    """A directory of a few files, all with this content."""
    (directory / "adapter").mkdir(parents=True)
    for name in (*NAMES, "adapter/d.json"):
        (directory / name).write_text(content)
    return directory


def contents(directory: Path) -> set[str]:
    return {p.read_text() for p in directory.rglob("*") if p.is_file()}


def saved(path: str) -> ModelSaved:
    return ModelSaved(1, 0, "successor", path)


def after_copies(number: int, then: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do something once, in the middle of a copy."""
    copied: list[str] = []
    copy = strangers._copy

    def counted(source: Path, target: Path) -> None:
        if len(copied) == number:
            then()  # type: ignore[operator]
        copied.append(source.name)
        copy(source, target)

    monkeypatch.setattr(strangers, "_copy", counted)


@pytest.mark.parametrize("copies", [0, 1, 3])
def test_one_that_is_replaced_in_the_middle_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: int
) -> None:
    model(tmp_path / "successor", "old")
    new = model(tmp_path / ".new", "new")
    after_copies(copies, lambda: replace_dir(new, tmp_path / "successor"), monkeypatch)
    with copy_snapshot(tmp_path, lambda: saved("successor")) as (_, files):
        assert contents(files) == {"new"}
        assert sorted(p.name for p in files.rglob("*.*")) == sorted([*NAMES, "d.json"])
    assert not files.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["successor"]


def test_one_that_is_removed_in_the_middle_makes_way_for_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model(tmp_path / "successor-0001", "old")
    model(tmp_path / "successor-0002", "new")
    found = [saved("successor-0001"), saved("successor-0002")]
    after_copies(2, lambda: remove_atomically(tmp_path / "successor-0001"), monkeypatch)
    with copy_snapshot(tmp_path, lambda: found.pop(0)) as (which, files):
        assert which.path == "successor-0002"
        assert contents(files) == {"new"}


def test_one_that_is_half_removed_by_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model(tmp_path / "successor", "old")
    after_copies(1, lambda: (tmp_path / "successor" / "c.txt").unlink(), monkeypatch)
    monkeypatch.setattr(kept_models, "_PAUSE", 0.0)
    with copy_snapshot(tmp_path, lambda: saved("successor")) as (_, files):
        assert len(list(files.rglob("*.*"))) == 3  # read anew: what was there at one moment


def test_one_that_never_holds_still_and_one_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_models, "_PAUSE", 0.0)

    def replaced() -> ModelSaved:
        shutil.rmtree(tmp_path / "successor", ignore_errors=True)
        return saved("successor")

    with (
        pytest.raises(SessionError, match="replaced again and again"),
        copy_snapshot(tmp_path, replaced),
    ):
        pass

    def none() -> ModelSaved:
        raise SessionError("It has kept no successor.")

    with pytest.raises(SessionError, match="kept no successor"), copy_snapshot(tmp_path, none):
        pass
