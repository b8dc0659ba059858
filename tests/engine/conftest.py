"""What the tests of the engine share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from huggingface_hub.utils import reset_sessions  # type: ignore[attr-defined] # re-exported

from tests.engine import tiny
from tests.hub_double import HubDouble
from tui_al.core.data.examples import Dataset
from tui_al.engine.hub import client as hub_access


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


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """So small models are slower on more threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a tiny, randomly initialised BERT."""
    return tiny.save_encoder("bert", tmp_path_factory.mktemp("encoders") / "bert")


@pytest.fixture(scope="session")
def encoders(tmp_path_factory: pytest.TempPathFactory, bert: Path) -> dict[str, Path]:
    """Tiny encoders of every kind, by kind."""
    home = tmp_path_factory.mktemp("encoders")
    others = ("electra", "distilbert", "roberta", "deberta-v2", "modernbert")
    return {"bert": bert} | {kind: tiny.save_encoder(kind, home / kind) for kind in others}


@pytest.fixture
def classified() -> Dataset:
    return tiny.classified()


@pytest.fixture
def tagged() -> Dataset:
    return tiny.tagged()
