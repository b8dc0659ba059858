"""A folder of small files, and a short way to load them."""

from functools import partial
from pathlib import Path

import pytest

from tests.engine.data import loading
from tests.engine.data.loading import Load


@pytest.fixture
def load_text(tmp_path: Path) -> Load:
    """Write one file and load it: `load_text("a.csv", "text,label\\n...", test_share=0)`."""
    return partial(loading.load_text, tmp_path)


@pytest.fixture
def load_folder(tmp_path: Path) -> Load:
    """Write several files and load the folder: `load_folder({"train.csv": ..., "test.csv":
    ...})`."""
    return partial(loading.load_folder, tmp_path)
