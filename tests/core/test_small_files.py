"""Files that are read whole: no more of them than such a file has."""

import gzip
import time
from pathlib import Path

import pytest

from tui_al.core.settings.bundled_sweeps import sweep_text
from tui_al.core.settings.data_settings import DataConfig
from tui_al.core.small_files import read_small
from tui_al.engine.data import load
from tui_al.errors import ConfigError, DataError
from tui_al.store.formats import files
from tui_al.ui.keymap import FILE, load_keymap


@pytest.fixture
def nothing(tmp_path: Path) -> Path:
    """A terabyte of it, which takes no room on the disk."""
    path = tmp_path / "nothing.toml"
    with path.open("wb") as file:
        file.truncate(2**40)
    return path


def test_a_small_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    assert read_small(path) == "a = 1\r\n"
    assert read_small(path, 10) == "a = 1\r\n"
    with pytest.raises(ValueError, match="it has more than 9 bytes"):
        read_small(path, 9)


def test_a_terabyte_of_nothing_is_told_at_once(nothing: Path) -> None:
    began = time.process_time()
    with pytest.raises(ConfigError, match="cannot be read: it has more than 16,777,216 bytes"):
        sweep_text(str(nothing))
    nothing.rename(nothing.with_name(FILE))
    with pytest.raises(ConfigError, match="cannot be read: it has more than 16,777,216 bytes"):
        load_keymap(nothing.parent)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "jsonl", "txt", "conll", "parquet",
    "arrow", "xlsx", "csv.gz", "csv.zst", "zip"])  # fmt: skip
def test_data_of_nothing_are_told_at_once(nothing: Path, suffix: str) -> None:
    path = nothing.with_name(f"a.{suffix}")
    nothing.rename(path)
    began = time.process_time()
    with pytest.raises(DataError, match=rf"^a\.{suffix}"):
        load(DataConfig(str(path)))
    assert time.process_time() - began < 2


def test_a_document_that_unpacks_to_very_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LARGEST", 1_000)
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"a" * 1_000))
    assert files.read_text(path) == "a" * 1_000
    path.write_bytes(gzip.compress(b"a" * 1_001))
    with pytest.raises(DataError, match="it unpacks to more than 1,000 bytes"):
        files.read_text(path)
