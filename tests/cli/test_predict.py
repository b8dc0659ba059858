"""`tui-al predict` and `tui-al export-model` on sessions that hold trained models."""

import csv
import io
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.engine import tiny
from tests.helpers.command_line import Command
from tests.report import states
from tests.store.labelled_sessions import simulated
from tui_al.core.arrays import FloatArray
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.data.offsets import tags_to_spans
from tui_al.core.session import events as ev
from tui_al.store.file_hashes import hashes_of


@dataclass(frozen=True)
class Kept:
    """A home with the sessions "things" and "people", and what their models say of their test
    splits."""

    home: Path
    data: dict[str, Dataset]
    probs: dict[str, FloatArray]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    home = tmp_path_factory.mktemp("kept")
    encoder = tiny.save_encoder("bert", home / "encoder")
    data, probs = {}, {}
    for dataset in (tiny.classified(), tiny.tagged()):
        learner = tiny.learner(encoder, "full", dataset, epochs=6, max_length=12)
        tiny.fit(learner)
        with simulated(home, dataset.name, dataset) as session:
            told = states.run_events(8, [0.5, 0.75], finish=False)
            session.append(*told, ev.ModelSaved(8, 1, "successor", "models/8"))
            learner.save(session.directory / "models" / "8")
        data[dataset.name] = dataset
        rows = np.arange(len(dataset.test))
        probs[dataset.name] = learner.predict("test", rows, tiny.silent).probs
    return Kept(home, data, probs)


def ours(command: Command, kept: Kept, *arguments: object) -> tuple[int, str, str]:
    return command(*arguments, "--home", kept.home)


def test_classes_with_their_probabilities(command: Command, kept: Kept, tmp_path: Path) -> None:
    test = kept.data["things"].test
    source, out = tmp_path / "in.csv", tmp_path / "out.jsonl"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["text", "label"], *([e.text, "?"] for e in test), ["", ""]])
    code, said, aside = ours(
        command, kept, "predict", "things", source, "--out", out, "--top", 2, "--batch-size", 5
    )
    assert (code, said) == (0, "")
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    labels = kept.data["things"].labels
    for number, (line, example, probs) in enumerate(
        zip(lines, test, kept.probs["things"], strict=False), start=2
    ):
        order = np.argsort(-probs)
        assert (line["row"], line["text"], line["label"]) == (
            number,
            example.text,
            labels[order[0]],
        )
        assert line["probability"] == pytest.approx(probs[order[0]], abs=1e-4)
        assert [one["label"] for one in line["top"]] == [labels[i] for i in order[:2]]
    assert len(lines) == len(test) + 1
    assert lines[-1] == {"row": 38, "text": "", "label": None, "probability": None, "top": []}
    assert "text column: text" in aside
    assert f"rows: {len(test) + 1}" in aside
    assert "empty texts, which got an empty result: 1" in aside
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_csv_to_standard_output(command: Command, kept: Kept, tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text('the cat, "my" cat\n\n', encoding="utf-8")
    code, said, _ = ours(command, kept, "predict", "things", source, "--format", "csv", "--top", 2)
    assert code == 0
    rows = list(csv.reader(io.StringIO(said)))
    assert rows[0] == ["row", "text", "label", "probability", "label_2", "probability_2"]
    assert rows[1][:2] == ["1", 'the cat, "my" cat']
    assert rows[2] == ["2", "", "", "", "", ""]
    assert len(rows) == 3


def test_entities_by_character_offsets(command: Command, kept: Kept, tmp_path: Path) -> None:
    data = kept.data["people"]
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(
        "".join(json.dumps({"tokens": e.tokens,
            "tags": ["O"] * len(e.tokens)}) + "\n" for e in data.test)
    )  # fmt: skip
    assert ours(command, kept, "predict", "people", source, "--out", out)[0] == 0
    ends = [0, *np.cumsum([len(e.tokens) for e in data.test]).tolist()]
    found = 0
    for place, line in enumerate(out.read_text(encoding="utf-8").splitlines()):
        example, row = data.test[place], json.loads(line)
        units = kept.probs["people"][ends[place] : ends[place + 1]]
        tags = [data.outputs[i] for i in units.argmax(1)]
        expected = tags_to_spans(example.text, example.tokens, tags)
        assert [(e["start"], e["end"], e["label"]) for e in row["entities"]] == list(expected)
        for entity in row["entities"]:
            assert entity["text"] == row["text"][entity["start"] : entity["end"]]
            assert 0 < entity["probability"] <= 1
            found += 1
    assert found > 5


def test_raw_text_from_standard_input(
    command: Command,
    kept: Kept,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = "Anna Berg  lives in\tNew York.\n" + "word " * 30 + "\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw.encode())))
    code, said, aside = ours(command, kept, "predict", "people", "-")
    assert code == 0
    first, second = (json.loads(line) for line in said.splitlines())
    assert [(e["text"], e["label"]) for e in first["entities"]] == [
        ("Anna Berg", "PER"),
        ("New York", "LOC"),
    ]
    assert (first["entities"][1]["start"], first["entities"][1]["end"]) == (20, 28)
    assert second["row"] == 2
    assert "texts of more than 12 sub-tokens, whose ends were not read: 1" in aside
    assert "the texts of 'text' are split into words" in aside


def test_what_cannot_be_predicted(command: Command, kept: Kept, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("a,b\n1,2\n", encoding="utf-8")
    empty = tmp_path / "empty.txt"
    empty.write_text("", encoding="utf-8")
    webanno = tmp_path / "webanno.tsv"
    webanno.write_text("#FORMAT=WebAnno TSV 3.2\n\n1-1\t0-3\tAnn\tPER\n", encoding="utf-8")
    for arguments, message in [
        (["nobody", source], "There is no session 'nobody'"),
        (["things", webanno], "webanno.tsv is in the format WebAnno TSV 3.2"),
        (["things", tmp_path / "missing.csv"], "missing.csv cannot be read"),
        (["things", source, "--text-column", "x"], "has no column 'x'"),
        (["things", source, "--input-format", "xml"], "--input-format 'xml' is unknown"),
        (["things", source, "--format", "xml"], "--format 'xml' is unknown"),
        (["things", source, "--out", source], "is there already"),
        (["things", source, "--device", "cuda:9"], "device: cuda:9 is not there"),
        (["things", source, "--role", "acquisition"], "has kept no acquisition"),
        (["things", source, "--role", "both"], "--role 'both' is unknown"),
        (["things", source, "--seed", 7], "has kept no successor of seed 7"),
        (["things", empty], "empty.txt is empty"),
    ]:
        code, said, aside = ours(command, kept, "predict", *arguments)
        assert (code != 0, said) == (True, ""), arguments
        assert message in aside
        assert "Traceback" not in aside


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("in.jsonl", '{"text": "a cat"}\noops\n{"text": "a dog"}\n', "1 that are not valid JSON"),
        ("in.csv", 'id,text\n1,a cat\n2,"a",cow\n3,a dog\n', "1 row with too few or too many"),
    ],
)
def test_what_cannot_be_read_is_skipped_where_that_is_asked_for(
    command: Command,
    kept: Kept,
    tmp_path: Path,
    name: str,
    content: str,
    told: str,
) -> None:
    """The error names a flag that `predict` has; the rows that are left keep their numbers."""
    source = tmp_path / name
    source.write_text(content, encoding="utf-8")
    code, _, aside = ours(command, kept, "predict", "things", source)
    assert (code, "--skip-mismatched leaves such lines out" in aside) == (3, True)
    code, said, aside = ours(command, kept, "predict", "things", source, "--skip-mismatched")
    rows = [json.loads(line) for line in said.splitlines()]
    first = 1 if name == "in.jsonl" else 2
    assert [(row["row"], row["text"]) for row in rows] == [(first, "a cat"), (first + 2, "a dog")]
    assert (code, f"{name}: left out: {told}" in aside) == (0, True)


def test_models_are_exported_with_their_card(command: Command, kept: Kept, tmp_path: Path) -> None:
    out = tmp_path / "model"
    code, said, _ = ours(command, kept, "export-model", "things", "--out", out)
    assert (code, said) == (
        0,
        f"{out}: successor of seed 8, round 1, for transformers; its README.md says how to load "
        "it\n",
    )
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "pipeline_tag: text-classification" in card
    assert "| accuracy | 0.750" in card
    assert json.loads((out / "config.json").read_text())["id2label"]["0"] == "animal"
    code, _, aside = ours(command, kept, "export-model", "things", "--out", out)
    assert code != 0
    assert "is there already" in aside
    code, _, aside = ours(command, kept, "export-model", "things", "--out", f"{out}2", "--seed", 7)
    assert code != 0
    assert "It has successor of seed 8." in aside


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("model.safetensors", lambda raw: raw[:3000] + bytes([raw[3000] ^ 1]) + raw[3001:]),
        ("model.safetensors", lambda raw: raw[:-100]),
        ("model.safetensors", lambda raw: raw[:2000] + bytes(len(raw) - 2000)),
        ("config.json", lambda raw: raw.replace(b"gelu", b"relu")),
        ("tokenizer.json", lambda raw: raw.replace(b'"the"', b'"thf"')),
        ("tui_al.json", lambda raw: raw.replace(b"fruit", b"fruiz")),
    ],
)
def test_a_damaged_model_is_not_used(
    command: Command,
    kept: Kept,
    tmp_path: Path,
    file: str,
    change: Callable[[bytes], bytes],
) -> None:
    things = kept.data["things"]
    model = kept.home / "sessions" / "things" / "models" / "8"
    with simulated(kept.home, "damaged", things) as session:
        copy = Path(shutil.copytree(model, session.directory / "models" / "8"))
        session.append(ev.ModelSaved(8, 1, "successor", "models/8", hashes_of(copy)))
    source, out = tmp_path / "in.txt", tmp_path / "out"
    source.write_text("the cat sleeps\n", encoding="utf-8")
    ways: list[tuple[object, ...]] = [("predict", "damaged", source), ("export-model", "damaged")]
    try:
        for way in ways:
            assert ours(command, kept, *way, "--out", f"{out}-{way[0]}")[0] == 0
        raw = (copy / file).read_bytes()
        (copy / file).write_bytes(change(raw))
        assert (copy / file).read_bytes() != raw
        for way in ways:
            code, said, aside = ours(command, kept, *way, "--out", out)
            assert (code, said) == (5, "")
            assert f"damaged: {file} is not as it was saved" in aside
            assert "backup" in aside
            assert not out.exists()
    finally:
        shutil.rmtree(kept.home / "sessions" / "damaged")


@pytest.mark.slow
def test_an_encoder_outside_of_the_session_is_named(
    command: Command,
    kept: Kept,
    tmp_path: Path,
) -> None:
    things = kept.data["things"]
    learner = tiny.learner(kept.home / "encoder", "adapter", things, epochs=1, max_length=12)
    tiny.fit(learner)
    with simulated(kept.home, "received", things) as session:
        learner.save(session.directory / "models" / "8")
        session.append(ev.ModelSaved(8, 1, "successor", "models/8"))
    source = tmp_path / "in.txt"
    source.write_text("the cat sleeps\n", encoding="utf-8")
    try:
        for name, warned in (("received", True), ("things", False)):
            ways: list[tuple[object, ...]] = [("predict", name, source), ("export-model", name)]
            for way in ways:
                code, _, aside = ours(command, kept, *way, "--out", tmp_path / f"{name}-{way[0]}")
                assert code == 0, aside
                told = (
                    f"warning: The adapter's encoder is read from {kept.home / 'encoder'}, "
                    "outside of the session"
                )
                assert (told in aside) is warned
    finally:
        shutil.rmtree(kept.home / "sessions" / "received")


def test_a_session_without_models(command: Command, kept: Kept, tmp_path: Path) -> None:
    bare = Dataset("bare", Task.CLASSIFICATION, ("a", "b"), kept.data["things"].train, ())
    with simulated(kept.home, "bare", bare) as session:
        session.append(ev.ModelSaved(8, 1, "successor", "models/8"))  # and deleted to save room
    for name in ("predict", "export-model"):
        arguments = [tmp_path / "in.txt"] if name == "predict" else ["--out", tmp_path / "m"]
        code, _, aside = ours(command, kept, name, "bare", *arguments)
        assert code == 5
        assert "Session bare has kept no successor." in aside
    shutil.rmtree(kept.home / "sessions" / "bare")
