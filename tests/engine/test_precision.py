"""bf16: taken where it was measured to be faster, and checked against fp32 on the pool it ranks."""

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.engine import tiny
from tui_al.core.data.examples import Dataset
from tui_al.core.query.strategies import least_confidence
from tui_al.engine.models import precision
from tui_al.engine.models.benchmark_cache import KeptMeasurements
from tui_al.engine.models.precision import compare, resolve_precision, speedup
from tui_al.engine.worker import runner

SCORERS = {"lc": least_confidence}


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A machine that multiplies bf16; put in how much faster, in the order of asking."""
    answers: list[float] = []
    monkeypatch.setattr(precision, "KEPT", KeptMeasurements(tmp_path / "cache" / "precision.json"))
    monkeypatch.setattr(precision, "has_bf16", lambda _: True)
    monkeypatch.setattr(precision, "speedup", lambda *_: answers.pop(0))
    return answers


def test_auto_is_what_was_measured_and_is_kept(measured: list[float]) -> None:
    measured += [3.0, 1.1]
    assert resolve_precision("auto", tiny.CPU, 384, 1536) == "bf16"
    assert resolve_precision("auto", tiny.CPU, 64, 128) == "fp32"
    assert not measured
    assert resolve_precision("auto", tiny.CPU, 384, 1536) == "bf16"
    assert resolve_precision("auto", tiny.CPU, 64, 128) == "fp32"


@pytest.mark.parametrize("damage", ["", "[1]", '{"a": "fast"}'])
def test_damaged_notes_are_measured_again(measured: list[float], damage: str) -> None:
    precision.KEPT.file.parent.mkdir()
    precision.KEPT.file.write_text(damage)
    measured.append(3.0)
    assert resolve_precision("auto", tiny.CPU) == "bf16"
    assert resolve_precision("auto", tiny.CPU) == "bf16"


def test_nothing_is_measured_without_need(
    measured: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resolve_precision("fp32", tiny.CPU) == "fp32"
    assert resolve_precision("bf16", tiny.CPU) == "bf16"
    monkeypatch.setattr(precision, "has_bf16", lambda _: False)
    assert resolve_precision("auto", tiny.CPU) == "fp32"
    assert not precision.KEPT.file.exists()


def test_a_speedup_is_measured_in_both_precisions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that runs with what is multiplied: fp32 products take three times as long here."""
    now = [0.0]
    product = torch.Tensor.__matmul__

    def slow(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        now[0] += 3.0 if left.dtype is torch.float32 else 1.0
        return product(left, right)

    monkeypatch.setattr(torch.Tensor, "__matmul__", slow)
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    assert speedup(tiny.CPU, 8, 16) == pytest.approx(3.0)


def test_rankings_are_compared() -> None:
    scores = np.linspace(0, 1, 40)
    text, low = compare(scores, scores + 1e-9)
    assert not low
    assert "40 texts" in text
    assert "1.0000" in text
    assert "100% of a query of 4" in text
    assert compare(scores, scores[::-1])[1]
    swapped = scores.copy()
    swapped[[39, 35]] = swapped[
        [35, 39]
    ]  # one of four that would be asked about; ranks hardly change
    text, low = compare(scores, swapped)
    assert low
    assert "75%" in text
    assert not compare(np.zeros(9), np.zeros(9))[1]


@pytest.mark.parametrize("task", ["classified", "tagged"])
@pytest.mark.parametrize("trunk", [0, 1])
def test_a_bf16_learner_compares_itself_once_with_fp32(
    bert: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    task: str, trunk: int,
) -> None:  # fmt: skip
    dataset: Dataset = request.getfixturevalue(task)
    learner = tiny.learner(bert, "adapter", dataset, precision="bf16", trunk_layers=trunk, epochs=1)
    tiny.fit(learner, range(24))
    compared: list[tuple[Any, Any]] = []
    real = compare

    def noted(exact: Any, rounded: Any) -> tuple[str, bool]:
        compared.append((exact, rounded))
        return real(exact, rounded)

    monkeypatch.setattr("tui_al.engine.models.learner.compare", noted)
    rows = np.arange(len(dataset.train))[::-1]
    with caplog.at_level(logging.INFO):
        scores = [learner.score(rows, SCORERS, tiny.silent)["lc"] for _ in range(2)]
    assert len(compared) == 1
    assert caplog.text.count("bf16 against fp32") == 1
    exact, rounded = compared[0]
    assert np.array_equal(rounded, scores[0])
    assert np.array_equal(scores[1], scores[0])  # comparing changed nothing
    assert not np.array_equal(exact, rounded)
    np.testing.assert_allclose(exact, rounded, atol=0.05)
    if not trunk:
        learner.config = replace(learner.config, precision="fp32")
        np.testing.assert_allclose(
            learner.score(rows, SCORERS, tiny.silent)["lc"], exact, atol=1e-5
        )


def test_only_a_low_agreement_is_a_warning(bert: Path, classified: Dataset) -> None:
    said: list[str] = []
    session_io: Any = type("Voice", (), {"warn_once": staticmethod(said.append)})
    learner = tiny.learner(bert, "adapter", classified, precision="bf16", epochs=1)
    runner._tell({"acquisition": learner}, session_io)
    learner.rounding = ("alike", False)
    runner._tell({"acquisition": learner}, session_io)
    assert not said
    learner.rounding = ("not alike", True)
    runner._tell({"acquisition": learner}, session_io)
    assert len(said) == 1
    assert "not alike" in said[0]
