"""What the tests of the engine share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import reset_sessions

from tests.hub_double import HubDouble
from tui_al.engine import hub_access


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubDouble]:
    """A running double that this process takes for the Hub, with an empty cache."""
    with HubDouble() as double:
        monkeypatch.setattr(hub_access, "ENDPOINT", double.url)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
        for variable in ("HTTP_PROXY", "http_proxy", "HF_TOKEN"):
            monkeypatch.delenv(variable, raising=False)
        reset_sessions()
        yield double
        reset_sessions()
