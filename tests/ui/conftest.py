"""A home for sessions, and a double of the engine's process."""

from pathlib import Path

import pytest

from tests.ui.fake_engine import FakeEngine
from tui_al.host import estimate, process


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home for sessions."""
    return tmp_path / "home"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Prepared data and an engine that only notes what it is asked, in place of
    `tui_al.host.process`."""
    fake = FakeEngine()
    monkeypatch.setattr(estimate, "estimate", fake.estimate)
    for name in ("preview", "create_session", "start_engine", "engine_end"):
        monkeypatch.setattr(process, name, getattr(fake, name))
    return fake
