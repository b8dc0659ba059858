"""Small files of data, written and loaded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui_al.core.data.examples import Dataset
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load

#: Writes what it is given into this test's folder, and loads it.
Load = Callable[..., Dataset]


def load_text(folder: Path, name: str, content: str | bytes, **settings: Any) -> Dataset:
    """Write one file and load it: `load_text(folder, "a.csv", "text,label\\n...",
    test_share=0)`."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load(DataConfig(str(path), **{"test_share": 0.0, **settings}))


def load_folder(place: Path, files: dict[str, str], **settings: Any) -> Dataset:
    """Write several files and load their folder: `load_folder(place, {"train.csv": ...,
    "test.csv": ...})`."""
    folder = place / "mine"
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return load(DataConfig(str(folder), **settings))
