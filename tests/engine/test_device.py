"""Devices: which one is taken and why, what is set for it, and what happens when its memory is
short or it gives up."""

import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import AdamW

from tests.engine import tiny
from tests.engine.test_used_up import few, made, simulated
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.session import events as ev
from tui_al.engine.models import device, learner, scoring, training
from tui_al.engine.models import frozen_layers as trunk_module
from tui_al.engine.models.benchmark_cache import KeptMeasurements
from tui_al.engine.models.device import has_kernels, is_out_of_memory, prepare, why_on_cpu
from tui_al.engine.worker import pool_analysis as pool_study
from tui_al.engine.worker import runner
from tui_al.engine.worker.runner import run_session
from tui_al.engine.worker.session_io import StopSignal
from tui_al.errors import ConfigError, EngineError
from tui_al.store.session import Session

CUDA = torch.device("cuda", 0)
SHORT = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]


@pytest.fixture(autouse=True)
def _one_thread_in_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "computing_threads", lambda: 1)


@pytest.mark.parametrize(
    ("kernels", "capability", "runs"),
    [
        (["sm_75", "sm_80", "sm_90"], (9, 0), True),
        (["sm_75", "sm_80", "sm_90"], (8, 6), True),  # binaries of its major version, not newer
        (["sm_86"], (8, 0), False),
        (["sm_75", "sm_80", "sm_90"], (7, 0), False),
        (["sm_80"], (9, 0), False),
        (["sm_80", "compute_80"], (12, 0), True),
        (["sm_90a"], (9, 0), True),
        (["sm_100", "sm_120"], (12, 0), True),
        ([], (3, 5), True),  # says nothing
    ],
)
def test_which_cards_a_build_has_kernels_for(
    kernels: list[str], capability: tuple[int, int], runs: bool
) -> None:
    assert has_kernels(kernels, capability) is runs


class TestCardsTooOld:
    @pytest.fixture(autouse=True)
    def _card(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 0))
        monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_90"])
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Tesla V100")

    def test_auto_passes_them_over_and_says_so(self) -> None:
        assert device.choose_device("auto") == tiny.CPU
        assert "Tesla V100 is of compute capability 7.0" in why_on_cpu("auto", tiny.CPU)
        assert why_on_cpu("cpu", tiny.CPU) == ""

    def test_asked_for_by_name_they_are_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"Tesla V100 is of compute capability 7.0.*sm_90"):
            device.choose_device("cuda")


def test_a_session_tells_why_the_cpu_computes(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(device.WHY_CPU, "torch is built without CUDA.")
    config = simulated(bert, "random", "fp32", device="auto")
    with Session(made(tmp_path, few(Task.CLASSIFICATION), config)) as session:
        state = run_session(session, lambda _: None, StopSignal())
    assert "A GPU is there, but the CPU computes: torch is built without CUDA." in state.warnings


@pytest.fixture
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    filled = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    yield
    torch.use_deterministic_algorithms(False)
    torch.utils.deterministic.fill_uninitialized_memory = filled  # type: ignore[attr-defined]
    os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)


@pytest.mark.usefixtures("_as_before")
def test_the_same_numbers_are_asked_of_cuda_and_nothing_of_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    current: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    prepare(tiny.CPU)
    assert not torch.are_deterministic_algorithms_enabled()
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    prepare(CUDA)
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert current == [CUDA]


def test_what_is_short_memory() -> None:
    assert all(is_out_of_memory(error) for error in SHORT)
    assert not is_out_of_memory(RuntimeError("CUDA error: device-side assert triggered"))
    assert not is_out_of_memory(ValueError("CUDA out of memory"))


class Hungry:
    """A function that runs out of memory with more than `room` texts, in the middle of its work,
    and leaves its tensors behind."""

    def __init__(self, real: Any, room: int, error: Exception) -> None:
        self.real, self.room, self.error = real, room, error
        self.left: list[weakref.ref[torch.Tensor]] = []

    def __call__(self, model: Any, batch: Any, precision: str) -> torch.Tensor:
        size = len(batch.input_ids)
        if size > self.room:
            held = torch.zeros(1000, requires_grad=True) * 2
            self.left.append(weakref.ref(held))
            raise type(self.error)(*self.error.args)  # a new one: each keeps its traceback
        found: torch.Tensor = self.real(model, batch, precision)
        return found

    def check(self) -> None:
        """In place of `free_memory`: what was held is gone by then, so that there is something to
        give back."""
        assert self.left
        assert all(one() is None for one in self.left)


@pytest.mark.parametrize("error", SHORT)
@pytest.mark.parametrize("where", ["training", "scoring"])
def test_memory_is_given_back_when_nothing_holds_it_any_more(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
) -> None:
    module: Any = {"training": training, "scoring": scoring}[where]
    one = tiny.learner(bert, "head", classified, epochs=1, batch_size=8)
    hungry = Hungry(module.unit_logits, 3, error)
    monkeypatch.setattr(module, "unit_logits", hungry)
    monkeypatch.setattr(module, "free_memory", hungry.check)
    report = tiny.fit(one, range(16))
    one.predict("train", np.arange(16), tiny.silent)
    (told,) = one.shortages
    assert told.startswith("memory is short")
    assert report.pieces == (4 if where == "training" else 1)


def test_another_error_is_no_short_memory(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = tiny.learner(bert, "head", classified, epochs=1, batch_size=8)
    error = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    monkeypatch.setattr(training, "unit_logits", Hungry(training.unit_logits, 3, error))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        tiny.fit(one, range(16))


def test_a_first_step_without_room_for_its_moments_is_told(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(_: object) -> None:
        raise SHORT[0]

    one = tiny.learner(bert, "full", classified, epochs=1)
    monkeypatch.setattr(AdamW, "step", step)
    with pytest.raises(EngineError, match="out of memory for the optimizer"):
        tiny.fit(one, range(16))


@pytest.mark.parametrize("room", [4, 0])
def test_a_trunk_is_computed_in_parts(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    whole, parts = (
        tiny.learner(bert, "head", classified, epochs=1, trunk_layers="auto") for _ in range(2)
    )
    real = trunk_module.FrozenLayers._run

    def run(self: Any, tokens: Any, rows: Any) -> torch.Tensor:
        if len(rows) > room:
            raise SHORT[1]
        return real(self, tokens, rows)

    tiny.fit(whole, range(16))
    expected = whole.predict("train", np.arange(16), tiny.silent).probs
    monkeypatch.setattr(trunk_module.FrozenLayers, "_run", run)
    if not room:
        with pytest.raises(EngineError, match="out of memory with a single text"):
            tiny.fit(parts, range(16))
        return
    tiny.fit(parts, range(16))
    found = parts.predict("train", np.arange(16), tiny.silent).probs
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_states_for_the_search_are_made_in_parts(
    bert: Path, classified: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "sessions" / "one"
    directory.mkdir(parents=True)
    real = pool_study._means
    tried: list[int] = []

    def means(encoder: Any, tokens: Any, rows: Any, pad: int, on: torch.device) -> Any:
        tried.append(len(rows))
        return None if len(rows) > 5 else real(encoder, tokens, rows, pad, on)

    monkeypatch.setattr(pool_study, "_means", means)
    list(pool_study.mean_states(directory, classified, tiny.settings(bert, "head"), tiny.CPU))
    assert max(tried) > 5
    norms = np.linalg.norm(np.load(directory / "states.npy").astype(np.float32), axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-2)


@pytest.mark.slow
def test_short_memory_is_on_record(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "unit_logits", Hungry(training.unit_logits, 2, SHORT[0]))
    config = simulated(bert, "lc", "fp32")
    with Session(made(tmp_path, few(Task.CLASSIFICATION), config)) as session:
        state = run_session(session, lambda _: None, StopSignal())
    assert state.finished
    assert any("successor: memory is short: batches of 16" in said for said in state.warnings)


@pytest.mark.slow
def test_a_device_that_gave_up_ends_the_engine_and_a_new_one_goes_on(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = simulated(bert, "lc", "fp32", seeds=(1, 2))
    directory = made(tmp_path, few(Task.CLASSIFICATION), config)
    real, calls = learner.TransformerLearner.score, []

    def score(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) > 2:
            raise torch.AcceleratorError(
                "CUDA error: an illegal memory access was encountered\nmore"
            )
        return real(*args, **kwargs)

    with Session(directory) as session:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(learner.TransformerLearner, "score", score)
            with pytest.raises(EngineError, match="illegal memory access"):
                run_session(session, lambda _: None, StopSignal())
        state = session.state()
        assert (
            state.failure[0]
            == "The device gave up: CUDA error: an illegal memory access was encountered"
        )
        assert "Resume the session" in state.failure[1]
        assert state.runs[2].status == "waiting"  # not tried on the device that gave up
        state = run_session(session, lambda _: None, StopSignal())
        assert state.finished
        assert {run.points[-1].labels for run in state.runs.values()} == {12}
        failed = [e for e in session.events() if isinstance(e.event, ev.RunFailed)]
        assert failed == []


def test_what_others_measured_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "rates" / "one.json"
    kept, other = KeptMeasurements(file), KeptMeasurements(file)

    def measure() -> float:
        other.get("b", tiny.CPU, lambda: 2.0)
        return 1.0

    assert kept.get("a", tiny.CPU, measure) == 1.0
    assert kept.get("b", tiny.CPU, lambda: 7.0) == 2.0
    assert kept.get("a", tiny.CPU, lambda: 7.0) == 1.0
