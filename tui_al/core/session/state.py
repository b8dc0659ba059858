"""The state of a session as a pure fold over its events; the app, `report`, `--json` and resume all
read this."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tui_al.core.data.examples import Answer
from tui_al.core.session import events as ev
from tui_al.core.session.damage import BadRow
from tui_al.core.settings.experiment import ExperimentConfig

#: Losses kept for the falling curve on the screen.
LOSSES_KEPT = 240


@dataclass(frozen=True, slots=True)
class RunState:
    """One seed's run."""

    seed: int
    status: str = "waiting"  #: waiting, running, finished, failed, stopped, died (see `settled`)
    round: int = 0  #: the round being worked on, or the last one
    phase: str = ""
    progress: ev.Progress | None = None
    losses: tuple[float, ...] = ()  #: of the training under way
    points: tuple[ev.RoundResult, ...] = ()
    queries: tuple[ev.QuerySelected, ...] = ()  #: one a round, round 0 first
    labelled: Mapping[str, Answer] = field(
        default_factory=dict
    )  #: id to answer, in the order of asking
    gauges: tuple[ev.MismatchMeasured, ...] = ()  #: one a query that a model chose, by round
    ranked: ev.RankingPublished | None = None  #: while people label, the ranking in use
    audits: tuple[ev.AuditEvaluated, ...] = ()  #: while people label, one a successor
    compared: ev.StrategyCompared | None = (
        None  #: while people label, the last check of the strategy
    )
    seconds: Mapping[str, float] = field(default_factory=dict)  #: by phase, of the round under way
    peak_bytes: int = 0  #: of the round under way
    model_path: str | None = None
    error: str = ""
    hint: str = ""

    @property
    def last_round(self) -> int:
        """The last finished round; -1 before the first point."""
        return self.points[-1].round if self.points else -1

    @property
    def busy(self) -> bool:
        """Whether a phase is under way; while people label, the engine waits for them else."""
        return bool(self.phase) and self.phase not in self.seconds and self.last_round < self.round


@dataclass(frozen=True, slots=True)
class SessionState:
    """Everything that is known of a session."""

    config: ExperimentConfig | None = None
    task: str = ""
    labels: tuple[str, ...] = ()  #: that the session began with
    labels_now: tuple[str, ...] | None = None  #: where people label, today's; the store knows them
    labelled: int | None = (
        None  #: where people label, how many texts have a label; the store knows it
    )
    train: int = 0
    test: int = 0
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    runs: Mapping[int, RunState] = field(
        default_factory=dict
    )  #: by seed, in the order of the configuration
    current: int | None = None  #: the seed at work
    engine: ev.EngineStarted | None = None
    ended: str = (
        ""  #: reason of the last EngineFinished; "" while an engine is at work, or after it died
    )
    error: str = ""  #: what the last engine failed with, if all runs are concerned
    hint: str = ""
    lacks: str = ""  #: why nothing was trained at the end, see `EngineFinished`
    finished: bool = False
    paused: bool = False
    bad_rows: tuple[BadRow, ...] = ()  #: rows of the log that are left out; the store knows them
    damage: tuple[str, ...] = ()  #: what people are told of them
    seq: int = 0
    started: float = 0.0  #: seconds since the epoch
    updated: float = 0.0

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels there are: those that the session began with, or what people have made of
        them."""
        return self.labels if self.labels_now is None else self.labels_now

    @property
    def cautions(self) -> tuple[str, ...]:
        """What people should know first: rows that are left out, then the warnings."""
        return (*self.damage, *self.warnings)

    @property
    def status(self) -> str:
        """finished, failed, done (people ended it, and all their labels were trained on), stopped,
        running (or cut off: see `settled`), died, or new.
        """
        if self.finished:
            return "finished"
        if self.ended == "died":
            return "died"
        if self.ended == "failed" or (
            self.ended and any(run.status == "failed" for run in self.runs.values())
        ):
            return "failed"
        if self.ended:
            return "done" if self.ended == "finished" and not self.lacks else "stopped"
        return "running" if self.engine else "new"

    @property
    def failure(self) -> tuple[str, str]:
        """What the last engine failed with, or the first of its runs that failed, and what to do;
        "" and "" if all is well."""
        if self.status != "failed":
            return "", ""
        if self.error:
            return self.error, self.hint
        failed = [run for run in self.runs.values() if run.status == "failed"]
        if not failed:  # an engine of an earlier version, which did not say
            return (
                "The engine ended with an error.",
                "engine.log in the session's directory holds it.",
            )
        several = f" ({len(failed)} of {len(self.runs)} seeds failed)" if len(self.runs) > 1 else ""
        return f"{failed[0].error}{several}", failed[0].hint


def settled(state: SessionState, *, live: bool, died: bool) -> SessionState:
    """The state, with what the log alone cannot say: an engine that was cut off has told nobody,
    and is still "running" there.

    Args:
        state: as folded.
        live: whether an engine is at work.
        died: whether the last one left without a word.
    """
    cut_off = state.engine is not None and not state.ended and not state.finished
    if live or not (died or cut_off):
        return state
    reason = "died" if died else "stopped"
    runs = {
        seed: replace(run, status=reason, progress=None) if run.status == "running" else run
        for seed, run in state.runs.items()
    }
    return replace(state, ended=reason, runs=runs, paused=False)


#: How one seed of a session stands, a cell of a sweep.
SeedStatus = Literal["waiting", "running", "finished", "failed", "stopped"]


def seed_status(state: SessionState | None, seed: int, *, at_work: bool) -> SeedStatus:
    """How a seed stands; `state` is None before the session is made, `at_work` whether an engine is
    on the session now."""
    run = state.runs.get(seed) if state else None
    if run is None or state is None:
        return "waiting"
    if run.status == "finished":
        return "finished"
    if run.status == "failed" or (state.error and not at_work):
        return "failed"
    if at_work:
        return "running" if run.status == "running" and not state.ended else "waiting"
    return "stopped" if run.points or run.status != "waiting" else "waiting"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a session is: in the round being worked on, or the last that was, of the seed at
    work, or of the last that was."""

    run: RunState
    seed_number: int  #: from 1
    seeds: int
    rounds: int  #: that are planned after the seed set

    @property
    def round(self) -> int:
        """0 is the seed set."""
        return self.run.round


def position(state: SessionState) -> Position | None:
    """The one answer to "how far is it" of screens, lists and commands; None before there is an
    experiment."""
    if state.config is None or not state.runs:
        return None
    begun = [seed for seed, run in state.runs.items() if run.points or run.status != "waiting"]
    seeds = list(state.runs)
    seed = state.current if state.current in state.runs else (begun or seeds[:1])[-1]
    assert seed is not None
    return Position(state.runs[seed], seeds.index(seed) + 1, len(seeds), state.config.loop.rounds)


def fold(recorded: Iterable[ev.Recorded], state: SessionState | None = None) -> SessionState:
    """Apply events in order; starting from `state` gives the same as starting from the
    beginning."""
    state = state or SessionState()
    for record in recorded:
        state = _apply(state, record)
    return state


def _apply(state: SessionState, record: ev.Recorded) -> SessionState:
    if isinstance(record.event, ev.ActionTaken):  # tells nothing of how the work stands
        return replace(state, seq=record.seq)
    state = replace(
        state,
        seq=record.seq,
        started=state.started or record.time,
        updated=record.time,
    )
    event = record.event
    match event:
        case ev.SessionCreated():
            config, unknown = ExperimentConfig.from_stored(event.config)
            unheeded = (
                "settings of another version of tui-al that this one does not know: "
                f"{', '.join(unknown)}; they are left out of what is done here.",
            )
            return replace(
                state,
                config=config,
                task=event.task,
                labels=event.labels,
                train=event.train,
                test=event.test,
                notes=event.notes,
                warnings=event.warnings + (unheeded if unknown else ()),
                manifest=event.manifest,
                runs={seed: RunState(seed) for seed in config.seeds},
            )
        case ev.SeedsAdded():
            assert state.config is not None
            fresh = dict.fromkeys(seed for seed in event.seeds if seed not in state.runs)
            new = [seed for seed in fresh if seed >= 0]
            strange = ", ".join(str(seed) for seed in fresh if seed < 0)
            told = (f"left out, since no run can have such a seed: {strange}",) if strange else ()
            return replace(
                state,
                warnings=(*state.warnings, *told),
                config=replace(state.config, seeds=(*state.config.seeds, *new)),
                runs={**state.runs, **{seed: RunState(seed) for seed in new}},
                finished=state.finished and not new,
            )
        case ev.EngineStarted():
            return replace(
                state,
                engine=event,
                ended="",
                error="",
                hint="",
                lacks="",
                finished=False,
                paused=False,
            )
        case ev.EnginePaused():
            return replace(state, paused=event.paused)
        case ev.EngineFinished():
            runs = {
                seed: replace(run, status="stopped", progress=None)
                if run.status == "running"
                else run
                for seed, run in state.runs.items()
            }
            return replace(
                state,
                ended=event.reason,
                error=event.error,
                hint=event.hint,
                lacks=event.lacks,
                runs=runs,
                current=None,
                paused=False,
            )
        case ev.SessionFinished():
            return replace(state, finished=True, current=None)
        case ev.WarningRaised():
            return replace(state, warnings=(*state.warnings, event.message))
        case _:
            seed = getattr(event, "seed", None)
            if seed is None or seed not in state.runs:
                return state
            run = _apply_to_run(state.runs[seed], event)
            current = None if run.status in ("finished", "failed") else seed
            return replace(state, runs={**state.runs, seed: run}, current=current)


def _apply_to_run(run: RunState, event: ev.Event) -> RunState:
    match event:
        case ev.RunStarted():
            return replace(
                run, status="running", error="", hint="", progress=None, phase="", losses=()
            )
        case ev.PhaseStarted():
            return replace(run, round=event.round, phase=event.phase, progress=None, losses=())
        case ev.Progress():
            losses = run.losses if event.loss is None else (*run.losses, event.loss)[-LOSSES_KEPT:]
            return replace(run, progress=event, losses=losses)
        case ev.PhaseFinished():
            return replace(
                run,
                seconds={**run.seconds, event.phase: event.seconds},
                peak_bytes=max(run.peak_bytes, event.peak_bytes),
            )
        case ev.QuerySelected():
            return replace(run, round=event.round, queries=(*run.queries, event))
        case ev.RankingPublished():
            return replace(run, round=event.round, ranked=event)
        case ev.MismatchMeasured():  # once more where a run was cut off between it and its query
            earlier = tuple(one for one in run.gauges if one.round != event.round)
            return replace(run, gauges=(*earlier, event))
        case ev.AuditEvaluated():
            return replace(run, audits=(*run.audits, event))
        case ev.StrategyCompared():
            return replace(run, compared=event)
        case ev.Labelled():
            answers = dict(zip(event.ids, event.answers, strict=True))
            return replace(run, labelled={**run.labelled, **answers})
        case ev.RoundResult():
            return replace(
                run,
                round=event.round,
                points=(*run.points, event),
                progress=None,
                seconds={},
                peak_bytes=0,
            )
        case ev.ModelSaved(role="successor"):
            return replace(run, model_path=event.path)
        case ev.RunFinished():
            return replace(run, status="finished", phase="", progress=None, losses=())
        case ev.RunFailed():
            return replace(run, status="failed", error=event.error, hint=event.hint, progress=None)
        case _:
            return run
