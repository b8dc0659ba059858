"""Models of the Hub, through a double of it on the loopback interface."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub_double import Files, HubDouble, commit_of, pull_request
from tui_al.engine.hub import client as hub_access
from tui_al.engine.hub.models import CONVERSION_TITLE, CONVERTER, model_snapshot
from tui_al.errors import HubError, ModelError

FLAT = {"config.json": b"{}", "vocab.txt": b"[UNK]", "model.safetensors": b"weights"}
PICKLED = {"config.json": b"{}", "vocab.txt": b"[UNK]", "pytorch_model.bin": b"pickle"}


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """What save_pretrained writes for a randomly initialised BERT, with files that nobody should
    fetch beside it."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("bert")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "tiny", "model"]
    (folder / "words.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(vocab_file=str(folder / "words.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config).save_pretrained(folder)
    unwanted = {
        "pytorch_model.bin": b"pickle",
        "training_args.bin": b"pickle",
        "modeling_custom.py": b"raise SystemExit",
        "README.md": b"# Tiny",
        "onnx/config.json": b"{}",
        "onnx/model.onnx": b"graph",
    }
    return {file.name: file.read_bytes() for file in folder.iterdir()} | unwanted


def test_a_model_is_downloaded_and_then_needs_no_network(
    hub: HubDouble, tiny_bert: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoModel, AutoTokenizer

    hub.models["lab/tiny"] = {"main": tiny_bert}
    first = model_snapshot("lab/tiny")
    assert (first.revision, first.commit, first.note) == ("main", commit_of(tiny_bert), "")
    fetched = {path.removeprefix("lab/tiny/") for path in hub.fetched()}
    assert fetched == {
        "config.json",
        "model.safetensors",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.txt",
        "words.txt",
    }
    assert hub.fetched()[-1] == "lab/tiny/model.safetensors"
    asked = len(hub.requests)
    hub.stop()

    def refuse(*args: object) -> None:
        raise AssertionError("a network call")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    again = model_snapshot("lab/tiny")
    assert again == first
    assert model_snapshot("lab/tiny", first.commit).path == first.path
    assert len(hub.requests) == asked
    tokenizer = AutoTokenizer.from_pretrained(again.path)
    model = AutoModel.from_pretrained(again.path, use_safetensors=True)
    states = model(**tokenizer("a tiny model", return_tensors="pt")).last_hidden_state
    assert states.shape == (1, 5, 8)


def test_sharded_weights_come_with_their_index(hub: HubDouble) -> None:
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    sharded = {
        "config.json": b"{}",
        "spiece.model": b"sentencepiece",
        "model.safetensors.index.json": json.dumps({"weight_map": shards}).encode(),
        shards["a"]: b"first",
        shards["b"]: b"second",
    }
    hub.models["lab/large"] = {"main": sharded}
    folder = model_snapshot("lab/large").path
    assert {file.name for file in folder.iterdir()} == sharded.keys()

    (folder / shards["b"]).unlink()
    asked = len(hub.requests)
    model_snapshot("lab/large")
    assert (folder / shards["b"]).read_bytes() == b"second"
    assert len(hub.requests) > asked

    del sharded[shards["b"]]
    hub.models["lab/broken"] = {"main": sharded}
    with pytest.raises(ModelError, match="lacks a tokenizer, or shards"):
        model_snapshot("lab/broken")


def test_the_conversion_pull_request_is_used_where_main_has_only_pickled_weights(
    hub: HubDouble,
) -> None:
    converted = PICKLED | {"model.safetensors": b"converted"}
    hub.models["lab/old"] = {
        "main": PICKLED,
        "refs/pr/3": converted,
        "refs/pr/5": converted | {"model.safetensors": b"somebody's"},
        "refs/pr/6": converted | {"pytorch_model.bin": b"other weights"},
        "refs/pr/7": converted,
    }
    hub.discussions["lab/old"] = [
        pull_request(7, CONVERSION_TITLE, CONVERTER, status="closed"),
        pull_request(6, CONVERSION_TITLE, CONVERTER),
        pull_request(5, CONVERSION_TITLE, "somebody"),
        pull_request(3, CONVERSION_TITLE, CONVERTER),
    ]
    found = model_snapshot("lab/old")
    assert found.revision == "refs/pr/3"
    assert found.commit == commit_of(converted)
    assert "refs/pr/3" in found.note
    assert (found.path / "model.safetensors").read_bytes() == b"converted"
    assert not any(path.endswith(".bin") for path in hub.fetched())
    hub.stop()
    assert model_snapshot("lab/old") == found


def test_pickled_weights_are_never_fetched(hub: HubDouble) -> None:
    hub.models["lab/old"] = {"main": PICKLED, "v1": PICKLED}
    for revision in (None, "v1"):
        with pytest.raises(ModelError, match=r"it holds pytorch_model\.bin") as caught:
            model_snapshot("lab/old", revision)
        assert "save_pretrained" in caught.value.hint
    assert hub.fetched() == []


def test_a_partial_copy_is_not_taken_for_a_cached_one(hub: HubDouble) -> None:
    hub.models["lab/flat"] = {"main": FLAT}
    hub_access.fetch("model", "lab/flat", "main", ["config.json", "vocab.txt"])
    assert (model_snapshot("lab/flat").path / "model.safetensors").read_bytes() == b"weights"


def test_what_is_no_transformers_model_is_named_so(hub: HubDouble) -> None:
    hub.models["lab/other"] = {"main": {"model.safetensors": b"weights"}}
    with pytest.raises(ModelError, match=r"no config\.json"):
        model_snapshot("lab/other")
    with pytest.raises(ModelError, match="no id of a model"):
        model_snapshot("not/a/model")


def test_refusals_say_what_to_do(hub: HubDouble) -> None:
    hub.models |= {name: {"main": FLAT} for name in ("lab/flat", "lab/gated", "lab/secret")}
    hub.gated.add("lab/gated")
    hub.private.add("lab/secret")
    for repo_id in ("lab/missing", "lab/secret"):
        with pytest.raises(HubError, match=f"no model {repo_id}") as caught:
            model_snapshot(repo_id)
        assert "HF_TOKEN" in caught.value.hint
    with pytest.raises(HubError, match="gated") as caught:
        model_snapshot("lab/gated")
    assert f"{hub.url}/lab/gated" in caught.value.hint
    with pytest.raises(HubError, match="no revision 'v9'"):
        model_snapshot("lab/flat", "v9")
    hub.status_of_files = 429
    with pytest.raises(HubError, match="too many requests"):
        model_snapshot("lab/flat")


@pytest.mark.slow
def test_the_environment_names_mirror_and_cache(hub: HubDouble, tmp_path: Path) -> None:
    """The same in fresh processes, which read HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE as a user
    sets them."""
    hub.models["lab/flat"] = {"main": FLAT}
    script = (
        "from tui_al.engine.hub.models import model_snapshot; "
        "print(model_snapshot('lab/flat').path)"
    )

    def run(**more: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, **hub.environment(tmp_path / "home"), **more},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    first = run()
    assert first.startswith(str(tmp_path / "home"))
    hub.stop()
    assert run(HF_HUB_OFFLINE="1") == first
