"""Nothing pickled is read, by whatever way a library would come to it."""

import importlib
import io
import json
import os
import pickle
import shelve
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.package.package_exporter import PackageExporter
from torch.package.package_importer import PackageImporter
from transformers import AutoModel

from tests.engine import tiny
from tests.hub_double import HubDouble
from tui_al.core.data.examples import Dataset, Task
from tui_al.engine.hub.sources import find
from tui_al.engine.models.checkpoint import ADAPTER_FOLDER, HEAD, load_trained
from tui_al.engine.models.pretrained import load_model, load_tokenizer
from tui_al.errors import HubError, ModelError


class Mine:
    """What runs where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (os.environ["TEST_PICKLE_RAN"],)


@pytest.fixture(autouse=True)
def _never_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TEST_PICKLE_RAN", str(tmp_path / "ran"))
    yield
    assert not (tmp_path / "ran").exists()


@pytest.fixture
def mine() -> bytes:
    """As `torch.save` writes it."""
    stream = io.BytesIO()
    torch.save({"weight": Mine()}, stream)
    return stream.getvalue()


@pytest.fixture
def copied(bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bert, tmp_path / "model"))


def load(directory: Path) -> Any:
    source = find(str(directory))
    load_tokenizer(source, Task.CLASSIFICATION)
    return load_model(source, Task.CLASSIFICATION, ("a", "b"), 0.0)


def test_every_reader_is_closed(tmp_path: Path, mine: bytes) -> None:
    plain = pickle.dumps(Mine())
    path = tmp_path / "mine.bin"
    path.write_bytes(mine)
    array = np.empty(1, dtype=object)
    array[0] = Mine()
    np.save(tmp_path / "mine.npy", array, allow_pickle=True)
    ways: list[Callable[[], object]] = [
        lambda: pickle.loads(plain),
        lambda: pickle._Unpickler(io.BytesIO(plain)).load(),
        lambda: np.load(tmp_path / "mine.npy", allow_pickle=True),
        lambda: torch.load(path),
        lambda: torch.load(path, weights_only=True),
        lambda: torch.load(path, weights_only=False),
        lambda: torch.load(io.BytesIO(mine), mmap=False),
        lambda: torch.serialization.load(path),
        lambda: torch.jit.load(path),  # type: ignore[no-untyped-call] # torch's has no types
        lambda: torch.hub.load_state_dict_from_url(path.as_uri(), weights_only=False),
    ]
    for way in ways:
        with pytest.raises(ModelError, match=r"is not read"):
            way()


def test_the_libraries_ways_are_closed_too(tmp_path: Path, mine: bytes) -> None:
    joblib, pandas, dill = map(importlib.import_module, ("joblib", "pandas", "dill"))
    plain = pickle.dumps(Mine())
    (tmp_path / "a.pkl").write_bytes(plain)
    (tmp_path / "t.pt").write_bytes(mine)
    with tarfile.open(tmp_path / "web.tar", "w") as tar:
        for name, content in (("0.pth", mine), ("1.pickle", plain)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    ways: dict[str, Callable[[], object]] = {
        "joblib": lambda: joblib.load(tmp_path / "a.pkl"),
        "pandas": lambda: pandas.read_pickle(tmp_path / "a.pkl"),
        "shelve": lambda: shelve.Shelf({b"key": plain})["key"],
        "dill": lambda: dill.loads(plain),
        "torch's inner readers": lambda: torch.serialization._load(torch._C.PyTorchFileReader(str(tmp_path / "t.pt")), "cpu", pickle),  # type: ignore[no-untyped-call] # torch's has no types  # noqa: E501
        "datasets": lambda: datasets.load_dataset("webdataset",
            data_files=str(tmp_path / "web.tar"), cache_dir=str(tmp_path / "c")),
    }  # fmt: skip
    for name, way in ways.items():
        with pytest.raises(ModelError, match=r"is not read"):
            way()
            pytest.fail(name)


def test_code_beside_a_pickle_does_not_run(tmp_path: Path) -> None:
    source = "import os; os.mkdir(os.environ['TEST_PICKLE_RAN'])\ndef made(): pass\n"
    with PackageExporter(str(tmp_path / "p.pt")) as package:
        package.save_source_string("odd", source)
    (tmp_path / "hubconf.py").write_text(source)
    with pytest.raises(ModelError, match=r"p.pt is not read"):
        PackageImporter(str(tmp_path / "p.pt")).import_module("odd")
    with pytest.raises(ModelError, match="is not read"):
        torch.hub.load(str(tmp_path), "made", source="local")  # type: ignore[no-untyped-call] # as above


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "notes.txt", "../../mine.bin", "optimizer.pt"]
)
def test_an_index_that_leads_to_a_pickle(copied: Path, mine: bytes, name: str) -> None:
    names = list(load_file(copied / "model.safetensors"))
    (copied / "model.safetensors").rename(copied / "model-00001-of-00001.safetensors")
    (copied / name).write_bytes(mine)
    index = {"metadata": {}, "weight_map": dict.fromkeys(names, name)}
    for file in ("model.safetensors.index.json", "pytorch_model.bin.index.json"):
        (copied / file).write_text(json.dumps(index))
        with pytest.raises(ModelError):
            load(copied)
        with pytest.raises((ModelError, OSError)):  # as transformers alone would read it
            AutoModel.from_pretrained(copied)
        (copied / file).unlink()


def test_pickles_under_every_name(copied: Path, mine: bytes, tmp_path: Path) -> None:
    for name in (
        "pytorch_model.bin",
        "training_args.bin",
        "optimizer.pt",
        "scheduler.pt",
        "rng_state.pth",
        "tf_model.h5",
        "flax_model.msgpack",
        "pytorch_model_head.bin",
        "embedding.pt",
    ):
        (copied / name).write_bytes(mine)
    load(copied)  # they lie there, and that is all
    (copied / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="no weights as safetensors"):
        load(copied)
    (copied / "model.safetensors").write_bytes(mine)  # a name proves nothing
    with pytest.raises(ModelError, match="not a whole file of safetensors"):
        load(copied)
    (copied / "model.safetensors").unlink()
    (copied / "model.safetensors").symlink_to("pytorch_model.bin")
    with pytest.raises(ModelError, match="not a whole file of safetensors"):
        load(copied)
    outside = tmp_path / "mine.bin"
    outside.write_bytes(mine)
    (copied / "model.safetensors").unlink()
    (copied / "model.safetensors").symlink_to(outside)
    with pytest.raises(ModelError, match="a link to"):
        load(copied)


def test_adapters_and_heads(bert: Path, classified: Dataset, tmp_path: Path, mine: bytes) -> None:
    learner = tiny.learner(bert, "adapter", classified)
    tiny.fit(learner, range(12))
    kept = tmp_path / "kept"
    learner.save(kept)
    adapter = kept / ADAPTER_FOLDER
    for name in ("pytorch_adapter.bin", "pytorch_model_head.bin", "embedding.pt"):
        (adapter / name).write_bytes(mine)
    load_trained(kept)
    weights = (adapter / "adapter.safetensors").read_bytes()
    (adapter / "adapter.safetensors").unlink()
    with pytest.raises(ModelError, match="no weights as safetensors"):
        load_trained(kept)
    with pytest.raises(OSError, match="Unable to load"):  # as `adapters` alone would read it
        learner.model.load_adapter(str(adapter), load_as="theirs", with_head=False)
    (adapter / "adapter.safetensors").write_bytes(mine)
    with pytest.raises(ModelError):
        load_trained(kept)
    (adapter / "adapter.safetensors").write_bytes(weights)
    (kept / HEAD).write_bytes(mine)
    with pytest.raises(ModelError):
        load_trained(kept)


@pytest.mark.slow
def test_the_same_through_the_hub(hub: HubDouble, bert: Path, mine: bytes) -> None:
    files = {path.name: path.read_bytes() for path in bert.iterdir()}
    weights = files.pop("model.safetensors")
    names = list(load_file(bert / "model.safetensors"))
    for count, shard in enumerate(("pytorch_model.bin", "model-00001-of-00001.safetensors")):
        index = json.dumps({"metadata": {}, "weight_map": dict.fromkeys(names, shard)}).encode()
        repo = f"somebody/odd-{count}"
        hub.models[repo] = {
            "main": {**files, "model.safetensors.index.json": index, shard: mine,
                "pytorch_model.bin": mine}
        }  # fmt: skip
        with pytest.raises((ModelError, HubError)):
            load_model(find(repo), Task.CLASSIFICATION, ("a", "b"), 0.0)
    hub.models["somebody/good"] = {
        "main": {**files, "model.safetensors": weights, "pytorch_model.bin": mine}
    }
    load_model(find("somebody/good"), Task.CLASSIFICATION, ("a", "b"), 0.0)


@pytest.mark.slow
def test_torch_is_closed_whoever_imports_it() -> None:
    script = (
        "import tui_al.engine, sys; assert 'torch' not in sys.modules\n"
        "import torch; print(torch.load.__module__, torch.serialization.load.__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["tui_al.engine.no_pickle"] * 2


def test_weights_are_still_written_and_read(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "a.safetensors")
    assert load_file(tmp_path / "a.safetensors")["a"].tolist() == [1.0, 1.0]
