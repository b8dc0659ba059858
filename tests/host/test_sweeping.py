"""Working through a sweep: what is submitted when, what is told of each cell; with a scheduler that
computes nothing."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.core.session import events as ev
from tui_al.core.settings.model_catalog import default_settings
from tui_al.core.settings.sweep import Sweep, read_sweep
from tui_al.host import cuda, placement
from tui_al.host.cuda import TorchBuild
from tui_al.host.gpu import GpuReading, GpuSurvey
from tui_al.host.placement import Slot, bytes_needed, slots
from tui_al.host.scheduler import Ended, Job
from tui_al.host.sweeping import Progress, SweepRun, work_through
from tui_al.store.engine_lock import take_engine_lock
from tui_al.store.session import Session
from tui_al.store.sweeps import record_of, take_over, write_record

SWEEP = """
data.source = "tickets"
seeds = [7, 8]
[loop]
rounds = 1
[grid]
loop.strategy = ["random", "lc", "bt", "entropy"]
"""

DATA = Dataset(
    "tickets", Task.CLASSIFICATION, ("a", "b"), (Example("1", "x", "a"),), (Example("2", "y", "b"),)
)


def point(seed: int, round_: int, accuracy: float) -> ev.RoundResult:
    return ev.RoundResult(
        seed, round_, 10 + 10 * round_, 0, {"accuracy": accuracy}, {"a": 1}, {}, 0
    )


@dataclass
class SchedulerDouble:
    """Two places. A job takes one look to compute round 0 of its seeds, and one more to finish,
    fail or stop."""

    fails: str = ""  #: a strategy whose second seed fails
    dies: str = ""  #: a strategy whose engine dies after the first seed
    submitted: list[str] = field(default_factory=list)
    most: int = 0
    stopped: bool = False
    at_work: dict[str, tuple[Job, int]] = field(default_factory=dict)

    def room(self) -> int:
        return 2 - len(self.at_work)

    def submit(self, job: Job) -> None:
        self.submitted.append(job.config.loop.strategy)
        self.at_work[job.session] = (job, 0)
        self.most = max(self.most, len(self.at_work))
        if not job.directory.exists():
            made = ev.SessionCreated(
                job.config.to_dict(), "classification", ("a", "b"), 1, 1, (), (), {}
            )
            Session.create(job.home, job.session, made, DATA).close()

    def ended(self) -> Sequence[Ended]:
        found = []
        for name, (job, looks) in list(self.at_work.items()):
            self.at_work[name] = (job, looks + 1)
            with Session(job.directory) as session:
                error = self._work(session, job, looks)
            if error is not None:
                del self.at_work[name]
                found.append(Ended(job, error, "See the log." if error else ""))
        return found

    def stop(self) -> None:
        self.stopped = True

    def _work(self, session: Session, job: Job, looks: int) -> str | None:
        first, second = job.config.seeds
        if looks == 0:
            session.append(
                ev.EngineStarted(1, "here", "cpu", False, {}),
                ev.RunStarted(first),
                point(first, 0, 0.5),
            )
            return None
        if self.stopped:
            session.append(ev.EngineFinished("stopped"))
            return ""
        if job.config.loop.strategy == self.dies:
            return "The engine was killed."
        session.append(point(first, 1, 0.6), ev.RunFinished(first, "rounds"), ev.RunStarted(second))
        if job.config.loop.strategy == self.fails:
            session.append(
                ev.RunFailed(second, "Loss is not finite.", "Lower it."),
                ev.EngineFinished("failed"),
            )
        else:
            session.append(
                point(second, 0, 0.7), point(second, 1, 0.8), ev.RunFinished(second, "rounds")
            )
            session.append(ev.SessionFinished(), ev.EngineFinished("finished"))
        return ""


def worked(
    home: Path, scheduler: SchedulerDouble, sweep: Sweep, stop_after: int = 10_000
) -> tuple[Progress, list[SweepRun]]:
    told: list[SweepRun] = []
    looks = 0

    def observe(_: Progress, changed: list[SweepRun]) -> None:
        nonlocal looks
        looks += 1
        told.extend(changed)

    progress = work_through(home, sweep, scheduler, observe, lambda: looks > stop_after, pause=0)
    return progress, told


@pytest.fixture
def sweep() -> Sweep:
    return read_sweep(SWEEP, "s")


def statuses(progress: Progress) -> dict[tuple[str, int], str]:
    return {(c.arm.config.loop.strategy, c.seed): c.status for c in progress.cells.values()}


def test_all_arms_are_worked_on_as_many_at_once_as_there_is_room(
    tmp_path: Path, sweep: Sweep
) -> None:
    scheduler = SchedulerDouble()
    progress, told = worked(tmp_path, scheduler, sweep)
    assert progress.finished
    assert scheduler.submitted == ["random", "lc", "bt", "entropy"]
    assert scheduler.most == 2
    lc = [c for c in told if c.arm.config.loop.strategy == "lc"]
    assert [(c.seed, c.status, c.round, c.value) for c in lc] == [
        (7, "running", 0, 0.5), (7, "finished", 1, 0.6), (8, "finished", 1, 0.8),
    ]  # fmt: skip

    again = SchedulerDouble()
    progress, told = worked(tmp_path, again, sweep)
    assert progress.finished
    assert again.submitted == []
    assert {c.status for c in told} == {"finished"}


def test_a_cell_that_fails_does_not_stop_the_others_and_is_tried_again(
    tmp_path: Path, sweep: Sweep
) -> None:
    progress, told = worked(tmp_path, SchedulerDouble(fails="random", dies="bt"), sweep)
    assert not progress.finished
    found = statuses(progress)
    assert {cell: status for cell, status in found.items() if status != "finished"} == {
        ("random", 8): "failed", ("bt", 7): "failed", ("bt", 8): "failed",
    }  # fmt: skip
    errors = {(c.arm.label, c.error, c.hint) for c in told if c.status == "failed"}
    assert errors == {
        ("random", "Loss is not finite.", "Lower it."), ("bt", "The engine was killed.", "See the "
            "log."),
    }  # fmt: skip
    again = SchedulerDouble()
    worked(tmp_path, again, sweep)
    assert again.submitted == ["random", "bt"]


def test_after_a_stop_nothing_begins_and_what_works_leaves(tmp_path: Path, sweep: Sweep) -> None:
    scheduler = SchedulerDouble()
    progress, _ = worked(tmp_path, scheduler, sweep, stop_after=1)
    assert scheduler.stopped
    assert scheduler.submitted == ["random", "lc"]
    found = statuses(progress)
    assert (found["random", 7], found["random", 8]) == ("stopped", "waiting")
    assert found["entropy", 7] == "waiting"


class TestTakeOver:
    """An arm that another sweep of the home has finished is copied, not computed again."""

    FEWER = SWEEP.replace('["random", "lc", "bt", "entropy"]', '["lc", "bt"]')

    @pytest.fixture
    def done(self, tmp_path: Path, sweep: Sweep) -> Path:
        """A home with the sweep "s": bt has one seed finished, and one failed; entropy none."""
        directory = tmp_path / "sweeps" / "s"
        worked(directory, SchedulerDouble(fails="bt", dies="entropy"), sweep)
        write_record(directory, record_of(sweep, 2, 1))
        return tmp_path / "sweeps"

    def arms(self, sweep: Sweep) -> dict[str, str]:
        return {arm.config.loop.strategy: arm.session for arm in sweep.arms}

    def test_what_is_finished_is_copied_and_the_rest_worked_on(self, done: Path) -> None:
        other = read_sweep(self.FEWER, "other")
        sessions = self.arms(other)
        taken = take_over(done / "other", other)
        assert taken == {sessions["lc"]: "s", sessions["bt"]: "s"}
        assert take_over(done / "other", other) == {}
        scheduler = SchedulerDouble()
        progress, _ = worked(done / "other", scheduler, other)
        assert progress.finished
        assert scheduler.submitted == ["bt"]
        with Session(done / "other" / "sessions" / sessions["lc"]) as copy:
            assert [p.labels for p in copy.state().runs[7].points] == [10, 20]
            assert len(copy.dataset().train) == 1
        assert not list((done / "other" / "sessions").glob(".*"))

    def test_a_label_or_another_seed_makes_no_other_experiment(self, done: Path) -> None:
        named = self.FEWER.replace("loop.strategy", 'acquisition = [{ name = "x" }]\nloop.strategy')
        other = read_sweep(named.replace("[7, 8]", "[8, 9]"), "other")
        sessions = self.arms(other)
        assert sessions["lc"].startswith("x-lc-")
        assert take_over(done / "other", other) == {sessions["lc"]: "s"}  # bt has only 7

    @pytest.mark.parametrize(
        "changed",
        ['data_dir = "/elsewhere"', "test_limit = 10"],
    )
    def test_other_data_are_another_experiment(self, done: Path, changed: str) -> None:
        text = self.FEWER.replace('data.source = "tickets"', "").replace(
            "[loop]", f'[data]\nsource = "tickets"\n{changed}\n[loop]'
        )
        assert take_over(done / "other", read_sweep(text, "other")) == {}

    def test_what_an_engine_is_at_work_on_is_left(self, done: Path) -> None:
        other = read_sweep(self.FEWER, "other")
        sessions = self.arms(other)
        lock = take_engine_lock(done / "s" / "sessions" / sessions["lc"])
        assert take_over(done / "other", other) == {sessions["bt"]: "s"}
        os.close(lock)


class TestSlots:
    @pytest.fixture(autouse=True)
    def _machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(placement, "usable_cpus", lambda: frozenset(range(8)))
        monkeypatch.setattr(placement, "usable_cores", lambda: 8)
        monkeypatch.setattr(placement, "memory", lambda: (0, 64_000_000_000))

    def configs(self, count: int, **changes: object) -> list[object]:
        arm = read_sweep(SWEEP, "s").arms[0].config
        return [replace(arm, device="cpu", **changes)] * count  # type: ignore[arg-type]

    def test_engines_share_the_cores_out(self) -> None:
        assert slots(self.configs(8)) == tuple(Slot((i,)) for i in range(8))  # type: ignore[arg-type]
        assert slots(self.configs(20), jobs=2) == (Slot((0, 1, 2, 3)), Slot((4, 5, 6, 7)))  # type: ignore[arg-type]
        assert [len(s.cores) for s in slots(self.configs(3))] == [2, 2, 2]  # type: ignore[arg-type]
        assert slots(self.configs(1)) == (Slot(tuple(range(8))),)  # type: ignore[arg-type]

    def test_an_earlier_share_is_kept_because_sums_depend_on_it(self) -> None:
        assert [s.cores for s in slots(self.configs(2), cores=1)] == [(0,), (1,)]  # type: ignore[arg-type]
        assert slots(self.configs(20), cores=4) == (Slot((0, 1, 2, 3)), Slot((4, 5, 6, 7)))  # type: ignore[arg-type]

    @staticmethod
    def card(number: int, free: float, total: float = 16e9) -> GpuReading:
        """A visible card with so many bytes free."""
        return GpuReading(
            number, f"GPU-{number}", "card", memory_used=int(total - free), memory_total=int(total),
            visible=True
        )  # fmt: skip

    def on(self, monkeypatch: pytest.MonkeyPatch, *cards: GpuReading) -> None:
        monkeypatch.setattr(cuda, "survey", lambda: GpuSurvey("555", (12, 4), cards))
        monkeypatch.setattr(cuda, "torch_build", lambda: TorchBuild("2.9.0", (12, 4), False))

    def test_each_gpu_is_filled_the_emptiest_layer_first(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One card has room for two engines, the other for three; of a card that others use to the
        brim nothing is taken."""
        configs = [replace(one, device="auto") for one in self.configs(8)]  # type: ignore[type-var]
        need = bytes_needed(configs[0], "cuda")  # type: ignore[arg-type]
        cards = (
            self.card(0, 2.1 * need / 0.85),
            self.card(1, 3.1 * need / 0.85),
            self.card(2, 0.5 * need),
        )
        self.on(monkeypatch, *cards)
        monkeypatch.setattr(placement, "usable_cores", lambda: 16)  # five to a card
        assert [s.gpu for s in slots(configs)] == ["GPU-0", "GPU-1", "GPU-0", "GPU-1", "GPU-1"]  # type: ignore[arg-type]
        assert [s.gpu for s in slots(configs, jobs=3)] == ["GPU-0", "GPU-1", "GPU-0"]  # type: ignore[arg-type]
        assert {s.cores for s in slots(configs)} == {()}  # type: ignore[arg-type]

    def test_engines_on_a_gpu_need_a_core_each(self, monkeypatch: pytest.MonkeyPatch) -> None:
        configs = [replace(one, device="cuda") for one in self.configs(20)]  # type: ignore[type-var]
        self.on(monkeypatch, self.card(0, 140e9, 140e9), self.card(1, 140e9, 140e9))
        found = [s.gpu for s in slots(configs)]  # type: ignore[arg-type]
        assert found == ["GPU-0", "GPU-1"] * 4  # 8 cores

    def test_a_gpu_without_room_still_gets_one_and_a_hidden_one_none(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configs = [replace(one, device="auto") for one in self.configs(4)]  # type: ignore[type-var]
        self.on(monkeypatch, self.card(0, 1e6))
        assert slots(configs) == (Slot(gpu="GPU-0"),)  # type: ignore[arg-type]
        self.on(monkeypatch, replace(self.card(0, 16e9), visible=False))
        assert [s.cores for s in slots(configs)] == [(0, 1), (2, 3), (4, 5), (6, 7)]  # type: ignore[arg-type]
        # one that does not tell its memory gets one engine
        self.on(monkeypatch, replace(self.card(0, 16e9), memory_total=None, memory_used=None))
        assert slots(configs) == (Slot(gpu="GPU-0"),)  # type: ignore[arg-type]

    def test_a_gpu_takes_a_few_and_none_that_pytorch_cannot_use(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configs = [replace(one, device="auto") for one in self.configs(20)]  # type: ignore[type-var]
        self.on(monkeypatch, self.card(0, 140e9, 140e9))
        assert [s.gpu for s in slots(configs)] == ["GPU-0"] * 4  # type: ignore[arg-type]
        monkeypatch.setattr(cuda, "torch_build", lambda: TorchBuild("2.13.0", (13, 0), False))
        assert {s.gpu for s in slots(configs)} == {""}  # type: ignore[arg-type]
        assert len(slots(configs)) == 8  # type: ignore[arg-type]

    @pytest.mark.parametrize(("length", "measured"), [(32, 0.37e9), (128, 1.83e9), (256, 4.56e9)])
    def test_memory_on_a_gpu_grows_with_the_length(self, length: int, measured: float) -> None:
        """Measured: what ELECTRA-base keeps for the way back, of 16 texts, in fp32 with dropout."""
        learner = default_settings("electra-base", "full", max_length=length, batch_size=16)
        layers, width, heads = placement._UNKNOWN_SHAPE
        each = (
            placement._KEPT_STATES * length * width + placement._KEPT_ATTENTION * heads * length**2
        )
        assert 4 * 16 * layers * each == pytest.approx(measured, rel=0.03)
        assert placement._activations(learner) >= 4 * 16 * layers * each
        head = replace(learner, tuning="head")
        assert placement._activations(head) == placement._activations(replace(head, max_length=8))

    def test_one_named_gpu_is_not_shared(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.on(monkeypatch, self.card(0, 140e9, 140e9), self.card(1, 140e9, 140e9))
        configs = [replace(one, device="cuda:1") for one in self.configs(4)]  # type: ignore[type-var]
        assert slots(configs) == (Slot(),)  # type: ignore[arg-type]

    def test_a_successor_that_asks_itself_is_held_once(self) -> None:
        (config,) = self.configs(1)
        alike = replace(config, acquisition=config.successor)  # type: ignore[type-var, attr-defined]
        warm = replace(config.successor, start="warm")  # type: ignore[attr-defined]
        twice = replace(config, acquisition=warm, successor=warm)  # type: ignore[type-var]
        weights = 22_700_000 * (4 + 16.0)
        assert bytes_needed(twice, "cpu") - bytes_needed(alike, "cpu") == pytest.approx(weights)  # type: ignore[arg-type]

    def test_memory_bounds_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        configs = self.configs(8)
        need = bytes_needed(configs[0], "cpu")  # type: ignore[arg-type]
        assert 1e9 < need < 3e9
        monkeypatch.setattr(placement, "memory", lambda: (0, int(2.6 * need / 0.85)))
        assert [len(s.cores) for s in slots(configs)] == [4, 4]  # type: ignore[arg-type]
        monkeypatch.setattr(placement, "memory", lambda: (0, 1000))
        assert len(slots(configs)) == 1  # type: ignore[arg-type]
