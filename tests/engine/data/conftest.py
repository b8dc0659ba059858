"""A folder of small files, and a short way to load them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tui_al.core.data.examples import Dataset
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load

Load = Callable[..., Dataset]


@pytest.fixture
def load_text(tmp_path: Path) -> Load:
    """Write one file and load it: `load_text("a.csv", "text,label\\n...", test_share=0)`."""

    def write_and_load(name: str, content: str | bytes, **settings: Any) -> Dataset:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load(DataConfig(str(path), **{"test_share": 0.0, **settings}))

    return write_and_load


@pytest.fixture
def load_folder(tmp_path: Path) -> Load:
    """Write several files and load the folder: `load_folder({"train.csv": ..., "test.csv":
    ...})`."""

    def write_and_load(files: dict[str, str], **settings: Any) -> Dataset:
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8")
        return load(DataConfig(str(folder), **settings))

    return write_and_load
