"""Exported models predict the same in a process that knows nothing of us but their files: it runs
the code of their card.

That is transformers', with mean pooling sentence-transformers', and with an adapter that of
adapters beside it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine import tiny
from tests.report import states
from tui_al.core.arrays import FloatArray
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.data.offsets import token_offsets
from tui_al.core.data.tags import spans_of
from tui_al.engine.jobs.model_export import export_model, exported
from tui_al.engine.models.learner import TransformerLearner
from tui_al.errors import ModelError
from tui_al.report.model_card import Subject, model_card


@dataclass(frozen=True)
class Case:
    """A trained model, exported."""

    dataset: Dataset
    tuning: str
    pooling: str
    out: Path
    texts: list[str]  #: the test split's, of a classification some to train on too
    probs: FloatArray  #: of the learner itself, on the texts
    tags: list[tuple[str, ...]]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Case]]:
    """Both tasks, one model and two; the encoder and what the session kept are gone when they are
    loaded."""
    home = tmp_path_factory.mktemp("exported")
    encoder = tiny.save_encoder("bert", home / "encoder")
    found = []
    ways = [(tuning, "first") for tuning in ("full", "adapter", "lora")]
    ways += [(tuning, "mean") for tuning in ("full", "head", "adapter", "lora")]
    for dataset in (tiny.classified(), tiny.tagged()):
        for tuning, pooling in ways if dataset.task is Task.CLASSIFICATION else ways[:3]:
            learner = tiny.learner(encoder, tuning, dataset, epochs=6, pooling=pooling)
            tiny.fit(learner)
            found.append(export(learner, home / f"{dataset.name}-{tuning}-{pooling}"))
    shutil.rmtree(encoder)
    yield found


def export(learner: TransformerLearner, folder: Path) -> Case:
    dataset = learner.dataset
    saved, out = folder / "saved", folder / "out"
    learner.save(saved)
    what = exported(saved)
    subject = Subject("s", "successor", 7, 1, what.learner, what.with_adapter)
    state = replace(states.session({7: [0.5, 0.7]}), task=dataset.task.value)
    export_model(saved, out, model_card(subject, state))
    shutil.rmtree(saved)
    predictions = learner.predict("test", np.arange(len(dataset.test)), tiny.silent)
    best = [dataset.outputs[i] for i in predictions.probs.argmax(-1)]
    ends = [0, *np.cumsum([len(e.tokens) for e in dataset.test]).tolist()]
    tags = [tuple(best[a:b]) for a, b in pairwise(ends)]
    texts, probs = [example.text for example in dataset.test], predictions.probs
    if dataset.task is Task.CLASSIFICATION:
        more = np.arange(20)
        texts += [dataset.train[row].text for row in more]
        probs = np.concatenate([probs, learner.predict("train", more, tiny.silent).probs])
    return Case(dataset, learner.config.tuning, learner.config.pooling, out, texts, probs, tags)


@pytest.mark.slow
def test_they_load_and_predict_the_same(cases: list[Case]) -> None:
    answers = in_a_fresh_process(cases)
    for case, (*found, of_long) in zip(cases, answers, strict=True):
        assert of_long
        if case.dataset.task is Task.CLASSIFICATION:
            for row, one in zip(case.probs, found, strict=True):
                by_label = one if case.pooling == "mean" else {e["label"]: e["score"] for e in one}
                expected = dict(zip(case.dataset.labels, row.tolist(), strict=True))
                assert by_label == pytest.approx(expected, abs=1e-5), case.out
        else:
            for example, tags, one in zip(case.dataset.test, case.tags, found, strict=True):
                offsets = token_offsets(example.text, example.tokens)
                entities = [
                    (offsets[a][0], offsets[b - 1][1], kind) for a, b, kind in spans_of(tags)
                ]
                assert [(e["start"], e["end"], e["entity_group"]) for e in one] == entities


def in_a_fresh_process(cases: list[Case]) -> list[list[Any]]:
    """What the code of each card predicts of the test texts, labels and scores as the pipelines
    give them."""
    script = [
        "import json, sys, warnings",
        "warnings.simplefilter('ignore')",
        "import transformers",
        "transformers.logging.set_verbosity(50)",
        "answers = []",
    ]
    for case in cases:
        (code,) = re.findall(
            r"```python\n(.*?)```", (case.out / "README.md").read_text(encoding="utf-8"), re.DOTALL
        )
        code = code.replace("path/to/this/directory", str(case.out)).replace(
            'print(predict("A text."))', ""
        )
        texts = [*case.texts, " ".join(case.texts)]  # the last: more than there are positions for
        options = ", top_k=None" if case.dataset.task is Task.CLASSIFICATION else ""
        asked = f"predict({texts!r}{options})"
        if case.pooling == "mean":
            asked = f"[predict(text) for text in {texts!r}]"
        script += [code, f"answers.append({asked})"]
    script.append("json.dump(answers, sys.stdout, default=float)")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(script)],
        capture_output=True, text=True, timeout=300, check=False, cwd="/",
        env={"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin",
            "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return found


def test_nothing_pickled_and_nothing_half_written(cases: list[Case]) -> None:
    for case in cases:
        assert [entry.name for entry in case.out.parent.iterdir()] == ["out"]
        names = sorted(path.name for path in case.out.iterdir())
        if case.pooling == "mean":
            where = case.out if case.tuning in ("full", "head") else case.out / "model"
            assert sorted(p.name for p in where.glob("[0-9]_*")) == [
                "0_Transformer",
                "1_Pooling",
                "2_Dense",
            ]
            assert not (case.out / "config.json").exists()
        elif case.tuning == "full":
            assert {"README.md", "config.json", "model.safetensors", "tokenizer.json"} <= {*names}
        else:
            assert names == ["README.md", "adapter", "model"]
            assert (case.out / "adapter" / "adapter_config.json").is_file()
        assert not [p for p in case.out.rglob("*") if p.suffix in (".bin", ".pt", ".pth")]


def test_what_cannot_be_exported(tmp_path: Path, cases: list[Case]) -> None:
    with pytest.raises(ModelError, match="holds no model written by tui-al"):
        exported(tmp_path)
    whole = next(case.out for case in cases if case.tuning == "full" and case.pooling == "first")
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be written"):
        export_model(whole, tmp_path / "file" / "out", "card")


def test_a_model_that_brings_programs_is_not_passed_on(tmp_path: Path) -> None:
    """Nor are programs that lie beside one that does not name them."""
    encoder = tiny.save_encoder("bert", tmp_path / "encoder")
    learner = tiny.learner(encoder, "full", tiny.classified(), epochs=1)
    tiny.fit(learner, range(8))
    saved = tmp_path / "kept"
    learner.save(saved)
    (saved / "evil.py").write_text("print('here')")
    (saved / "pytorch_model.bin").write_bytes(b"a pickle")
    export_model(saved, tmp_path / "out", "a card")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= names
    assert not names & {"evil.py", "pytorch_model.bin"}
    config = json.loads((saved / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "evil.Evil"}
    (saved / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"brings its own code: config\.json says auto_map"):
        export_model(saved, tmp_path / "more", "a card")
    assert not (tmp_path / "more").exists()
