"""Small sessions, made event by event, with numbers that can be checked by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from tui_al.core.session import events as ev
from tui_al.core.session.state import SessionState, fold
from tui_al.core.settings.experiment import (
    Amount,
    DataConfig,
    ExperimentConfig,
    LearnerConfig,
    LoopConfig,
)

#: Seconds of every round after the seed set, by phase.
SECONDS = {"train acquisition": 12.0, "score pool": 1.5, "train successor": 30.0, "evaluate": 0.5}

MACHINE = {
    "tui_al": "0.1.0",
    "python": "3.11.9",
    "torch": "2.13.0",
    "cpu": "Example 9000",
    "cores": 2,
    "gpus": [{"name": "H200", "memory": 2**37, "visible": True}],
}


def config(
    seeds: Sequence[int] = (7, 8), strategy: str = "lc", rounds: int = 2, **loop: Any
) -> ExperimentConfig:
    """Adapter asks, full tuning learns."""
    return ExperimentConfig(
        data=DataConfig("tickets"),
        acquisition=LearnerConfig("minilm", "adapter", 2e-3, 2e-3, epochs=8),
        successor=LearnerConfig("minilm", "full", 2e-4, 2e-3, epochs=8),
        loop=LoopConfig(strategy, Amount.parse("5%"), Amount.parse("50"), rounds=rounds, **loop),
        seeds=tuple(seeds),
    )


def created(experiment: ExperimentConfig, task: str = "classification") -> ev.SessionCreated:
    """The first event of a session."""
    return ev.SessionCreated(
        config=experiment.to_dict(),
        task=task,
        labels=("complaint", "return"),
        train=1000,
        test=200,
        notes=("the text is column body",),
        warnings=("3 rows are duplicates",),
        manifest=MACHINE,
    )


def run_events(
    seed: int, accuracies: Sequence[float], *, first: int = 50, batch: int = 50, finish: bool = True
) -> list[ev.Event]:
    """A run whose points have these accuracies; macro-F1 is 0.1 below."""
    events: list[ev.Event] = [ev.RunStarted(seed)]
    for round_, accuracy in enumerate(accuracies):
        ids = tuple(f"{seed}-{round_}-{i}" for i in range(first if round_ == 0 else batch))
        seconds = SECONDS if round_ else {"train successor": 20.0, "evaluate": 0.5}
        query = ev.QuerySelected(seed, round_, "lc", ids)
        answers = ev.Labelled(seed, round_, ids, ("return",) * len(ids), ("gold",) * len(ids))
        for phase, spent in seconds.items():
            if phase == "train successor":
                events += [query, answers]
            events += [
                ev.PhaseStarted(seed, round_, phase, 400),
                ev.PhaseFinished(seed, round_, phase, spent, 2**30),
            ]
        labels = first + round_ * batch
        events.append(
            ev.RoundResult(
                seed=seed,
                round=round_,
                labels=labels,
                tokens=0,
                metrics={"accuracy": accuracy, "macro_f1": accuracy - 0.1},
                counts={"complaint": 10, "return": labels - 10},
                seconds=seconds,
                peak_bytes=2**30,
            )
        )
    if finish:
        events.append(ev.RunFinished(seed, "rounds"))
    return events


def recorded(
    events: Sequence[ev.Event], start: float = 1000.0, step: float = 1.0
) -> list[ev.Recorded]:
    """Numbered from 1, `step` seconds apart."""
    return [ev.Recorded(i + 1, start + i * step, event) for i, event in enumerate(events)]


def session_events(
    runs: Mapping[int, Sequence[float]], *, finish: bool = True, **options: Any
) -> list[ev.Event]:
    """A session of these runs, from creation to the end of the engine."""
    experiment = config(seeds=tuple(runs), **options)
    events: list[ev.Event] = [
        created(experiment),
        ev.EngineStarted(1, "host", "cpu", False, MACHINE),
    ]
    for seed, accuracies in runs.items():
        events += run_events(seed, accuracies, finish=finish)
    if finish:
        events += [ev.SessionFinished(), ev.EngineFinished("finished")]
    return events


def session(runs: Mapping[int, Sequence[float]], **options: Any) -> SessionState:
    """The state of `session_events`."""
    return fold(recorded(session_events(runs, **options)))
