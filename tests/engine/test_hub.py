"""Models and data sets of the Hub, through a double of it on the loopback interface."""

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import reset_sessions

from tests.hub_double import Files, HubDouble, commit_of, pull_request
from tui_al.engine import hub_access
from tui_al.engine.hub import (
    CONVERSION_TITLE,
    CONVERTER,
    dataset_parquet_files,
    ensure_reachable,
    model_snapshot,
)
from tui_al.engine.hub_datasets import CONVERTED, parquet_layout
from tui_al.errors import DataError, HubError, ModelError

FLAT = {"config.json": b"{}", "vocab.txt": b"[UNK]", "model.safetensors": b"weights"}
PICKLED = {"config.json": b"{}", "vocab.txt": b"[UNK]", "pytorch_model.bin": b"pickle"}


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


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """What save_pretrained writes for a randomly initialised BERT, with files that nobody should fetch beside it."""
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


def test_a_broken_connection_is_taken_up_where_it_stopped(
    hub: HubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    weights = bytes(range(250)) * 256  # 64,000 bytes
    hub.models["lab/flat"] = {"main": FLAT | {"model.safetensors": weights}}
    hub_access.fetch("model", "lab/flat", "main", ["config.json", "vocab.txt"])
    hub.drops = 3
    with pytest.raises(HubError, match="lost while fetching the model lab/flat") as caught:
        model_snapshot("lab/flat")
    assert "goes on where it stopped" in caught.value.hint
    hub.drops = 1
    folder = model_snapshot("lab/flat").path
    assert (folder / "model.safetensors").read_bytes() == weights
    ranges = [span for method, path, span in hub.requests if method == "GET" and span]
    # Each of the five attempts gets half of what is missing; the last gets all.
    assert ranges == ["bytes=32000-", "bytes=48000-", "bytes=56000-", "bytes=60000-"]


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "cannot be written")]
)
def test_a_disk_that_takes_nothing_is_named(
    hub: HubDouble, monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    def write(*args: object, **kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("huggingface_hub.file_download.http_get", write)
    hub.models["lab/flat"] = {"main": FLAT}
    with pytest.raises(HubError, match=says) as caught:
        model_snapshot("lab/flat")
    assert "HF_HOME" in caught.value.hint


def test_a_hub_that_falls_silent_after_the_check_is_given_up(
    hub: HubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_access, "LISTING_SECONDS", 0.3)
    hub.models["lab/old"] = {"main": PICKLED}
    for silent in ("/revision/", "/discussions"):
        hub.silent = silent
        with pytest.raises(HubError, match="no answer in time"):
            model_snapshot("lab/old")


def _serve(answer: Callable[[socket.socket], None]) -> tuple[str, socket.socket]:
    """A raw server that gives each connection to `answer`; its address, and the socket to close."""
    listener = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    answer(connection)
                except OSError:
                    return

    threading.Thread(target=work, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}", listener


def _dribble(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(40):
        connection.sendall(b"x")
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(None, "refused", id="closed port"),
        pytest.param(lambda connection: time.sleep(8), "no answer in time", id="silence"),
        pytest.param(_dribble, "no answer in time", id="a byte at a time"),
        pytest.param(lambda connection: None, "closed|reset|aborted", id="hang-up"),
    ],
)
def test_an_unreachable_hub_is_noticed_within_five_seconds(
    hub: HubDouble,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[socket.socket], None] | None,
    says: str,
) -> None:
    url, listener = _serve(answer or (lambda connection: None))
    if answer is None:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    monkeypatch.setattr(hub_access, "ENDPOINT", url)
    start = time.monotonic()
    with pytest.raises(HubError, match=says) as caught:
        model_snapshot("lab/flat")
    assert time.monotonic() - start < 5.5
    assert url in caught.value.message and "the model lab/flat" in caught.value.message
    for way in ("minilm", "tickets", "events", "local paths", constants.HF_HUB_CACHE):
        assert way in caught.value.hint
    if answer is not None:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_name_resolution_cannot_hold_it_up(hub: HubDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(hub_access, "PROBE_SECONDS", 0.3)

    def hang(*args: object, **kwargs: object) -> None:
        released.wait(10)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(HubError, match="no answer in time"):
        ensure_reachable("the model lab/flat")
    released.set()
    with pytest.raises(HubError, match="its name cannot be resolved"):
        ensure_reachable("the model lab/flat")


def test_a_dead_proxy_and_a_hub_in_trouble_are_named(
    hub: HubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_reachable("the model lab/flat")
    for status in (503, 407):
        hub.status = status
        with pytest.raises(HubError, match=f"HTTP status {status}"):
            ensure_reachable("the model lab/flat")
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(HubError, match="proxy"):
        ensure_reachable("the model lab/flat")


def test_offline_mode_asks_nobody(hub: HubDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        model_snapshot("lab/flat")
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        dataset_parquet_files("lab/set")
    assert hub.requests == []


def test_the_environment_names_mirror_and_cache(hub: HubDouble, tmp_path: Path) -> None:
    """The same in fresh processes, which read HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE as a user sets them."""
    hub.models["lab/flat"] = {"main": FLAT}
    script = "from tui_al.engine.hub import model_snapshot; print(model_snapshot('lab/flat').path)"

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


def test_parquet_files_are_sorted_into_subsets_and_splits() -> None:
    layout = parquet_layout(
        [
            "README.md",
            "data/train-00001-of-00002-b42a775f407cee45.parquet",
            "data/train-00000-of-00002-a42a775f407cee45.parquet",
            "data/test-00000-of-00001.parquet",
            "en-US/train/0001.parquet",
            "en-US/train/0000.parquet",
            "de-DE/partial-train/0000.parquet",
            "fr/dev.parquet",
            "ner/auxiliary_train-00000-of-00001.parquet",
            "train/part-00000-of-00001.parquet",
            "data/0000.parquet",
            "nothing.parquet",
            "train_and_test.parquet",
        ]
    )
    assert layout == {
        "default": {
            "train": [
                "data/train-00000-of-00002-a42a775f407cee45.parquet",
                "data/train-00001-of-00002-b42a775f407cee45.parquet",
                "train/part-00000-of-00001.parquet",
            ],
            "test": ["data/test-00000-of-00001.parquet"],
        },
        "en-US": {"train": ["en-US/train/0000.parquet", "en-US/train/0001.parquet"]},
        "de-DE": {"train": ["de-DE/partial-train/0000.parquet"]},
        "fr": {"validation": ["fr/dev.parquet"]},
        "ner": {"auxiliary_train": ["ner/auxiliary_train-00000-of-00001.parquet"]},
    }


def test_parquet_files_of_main_are_fetched_and_cached(hub: HubDouble) -> None:
    files = {
        "data/train-00000-of-00002.parquet": b"one",
        "data/train-00001-of-00002.parquet": b"two",
        "data/test-00000-of-00001.parquet": b"three",
    }
    hub.datasets["lab/set"] = {
        "main": files | {"loader.py": b"raise SystemExit", "README.md": b"# Set"},
        CONVERTED: {"default/train/0000.parquet": b"converted"},
    }
    found = dataset_parquet_files("lab/set")
    content = {split: [path.read_bytes() for path in paths] for split, paths in found.items()}
    assert content == {"train": [b"one", b"two"], "test": [b"three"]}
    assert sorted(hub.fetched()) == sorted(f"datasets/lab/set/{path}" for path in files)
    hub.stop()
    assert dataset_parquet_files("lab/set") == found
    found["train"][1].unlink()
    with pytest.raises(HubError, match="the data set lab/set"):
        dataset_parquet_files("lab/set")


def test_a_cached_copy_without_our_record_needs_all_its_shards(hub: HubDouble) -> None:
    """Such as other programs leave behind."""
    shards = [f"data/train-0000{number}-of-00002.parquet" for number in range(2)]
    hub.datasets["lab/set"] = {"main": dict.fromkeys(shards, b"rows")}
    hub_access.fetch("dataset", "lab/set", "main", shards[:1])
    assert [path.name for path in dataset_parquet_files("lab/set")["train"]] == [
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
    ]
    hub.datasets["lab/whole"] = {"main": dict.fromkeys(shards, b"rows")}
    hub_access.fetch("dataset", "lab/whole", "main", shards)
    hub.stop()
    assert len(dataset_parquet_files("lab/whole")["train"]) == 2


def test_the_conversion_serves_a_data_set_with_a_script(hub: HubDouble) -> None:
    hub.datasets["lab/script"] = {
        "main": {"script.py": b"raise SystemExit", "raw.csv": b"a,b"},
        CONVERTED: {
            "en-US/train/0000.parquet": b"train",
            "en-US/test/0000.parquet": b"test",
            "de-DE/partial-train/0000.parquet": b"train",
        },
    }
    for subset, problem in ((None, "2 subsets, and none is chosen"), ("fr", "no subset 'fr'")):
        with pytest.raises(DataError, match=problem) as caught:
            dataset_parquet_files("lab/script", subset)
        assert caught.value.hint == "Choose one with --subset: de-DE, en-US."
    found = dataset_parquet_files("lab/script", "en-US")
    assert {split: path.read_bytes() for split, (path,) in found.items()} == {
        "train": b"train",
        "test": b"test",
    }
    assert len(hub.fetched()) == 2
    hub.stop()
    assert dataset_parquet_files("lab/script", "en-US") == found
    with pytest.raises(DataError, match="2 subsets"):
        dataset_parquet_files("lab/script")


def test_a_data_set_without_parquet_says_what_it_holds(hub: HubDouble) -> None:
    hub.datasets["lab/raw"] = {"main": {"a.csv": b"a,b", "b.jsonl": b"{}", "README.md": b"#"}}
    with pytest.raises(DataError, match=r"it holds \.csv, \.jsonl files"):
        dataset_parquet_files("lab/raw")
    with pytest.raises(DataError) as caught:
        dataset_parquet_files("lab/raw", revision="main")
    assert "leave the revision out" in caught.value.hint
    with pytest.raises(HubError, match="no data set lab/missing"):
        dataset_parquet_files("lab/missing")
    with pytest.raises(HubError, match="no revision 'v9'"):
        dataset_parquet_files("lab/raw", revision="v9")
