"""Runs a session: every seed's loop, told to the store as it happens, continued wherever it was cut off."""

import logging
import os
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tui_al.core import events as ev
from tui_al.core import loop
from tui_al.core.config import ExperimentConfig
from tui_al.core.limits import computing_threads
from tui_al.core.oracle import SimulatedOracle
from tui_al.core.protocols import FirstPoints
from tui_al.core.state import RunState, SessionState
from tui_al.core.strategies import strategy
from tui_al.core.tasks import Dataset
from tui_al.engine import first_points
from tui_al.engine.device import choose_device, resolve_precision
from tui_al.engine.learner import TransformerLearner
from tui_al.engine.sources import find
from tui_al.engine.states import Shelf
from tui_al.engine.token_cache import TokenCache
from tui_al.errors import EngineStopped, TuiAlError
from tui_al.store.home import cache_directory
from tui_al.store.session import Session

log = logging.getLogger(__name__)

#: Told of events once they are in the store.
Observer = Callable[[list[ev.Recorded]], None]

#: Seconds between two `Progress` events in the store, and between two looks at the commands.
_PROGRESS_SECONDS = 0.25


@dataclass(slots=True)
class StopSignal:
    """Set by a signal handler; the engine leaves at the next step."""

    requested: bool = False


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a session of a sweep shares with the others: a folder of first points.

    `ahead` is how many places further each session begins in its list of seeds, so that sessions at work at the same time do
    not want the same point.
    """

    folder: Path
    ahead: int = 0


def run_session(
    session: Session,
    observe: Observer,
    stop: StopSignal,
    lock: int | None = None,
    sharing: Sharing | None = None,
) -> SessionState:
    """Do what is left to do of a session, and return its state.

    A run that fails is recorded and the others go on. Holds the session's engine lock, or takes over the one that the file
    descriptor `lock` holds.

    Raises:
        SessionError: another engine is at work on it.
        EngineStopped: asked to stop; everything up to the last finished round is kept.
        TuiAlError: a model or device that all runs need is not to be had.
    """
    with session.engine_lock(lock):
        state = session.state()
        assert state.config is not None
        if state.finished:
            return state
        voice = _Voice(session, observe, stop)
        device = choose_device(state.config.device)
        torch.set_num_threads(computing_threads())
        voice.say(_engine_started(state, device))
        ending = ev.EngineFinished("failed")
        try:
            dataset = session.dataset()
            if state.config.loop.oracle == "person":
                ending = ev.EngineFinished(_follow_people(session, state, dataset, device, voice))
            else:
                _simulate(session, state, dataset, device, voice, sharing)
            state = session.state()
            if all(run.status == "finished" for run in state.runs.values()):
                ending = ev.EngineFinished("finished")
                voice.say(ev.SessionFinished())
        except EngineStopped:
            ending = ev.EngineFinished("stopped")
            raise
        except TuiAlError as error:
            ending = ev.EngineFinished("failed", error.message, error.hint)
            raise
        finally:
            voice.say(ending)
        return session.state()


def _engine_started(state: SessionState, device: torch.device) -> ev.EngineStarted:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    facts = {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device_name": name,
        "auto_precision": resolve_precision("auto", device),
    }
    return ev.EngineStarted(
        os.getpid(), os.uname().nodename, str(device), state.engine is not None, facts
    )


def _may_share(config: ExperimentConfig) -> bool:
    """Not where the first point's model is needed afterwards: to go on from, or to keep."""
    return config.successor.start == "cold" and not (config.save_models and not config.loop.rounds)


def _first_points(
    session: Session,
    sharing: Sharing,
    dataset: Dataset,
    successor: TransformerLearner,
    voice: "_Voice",
) -> first_points.SharedFirstPoints:
    source, device = successor.source, str(successor.device)
    basis = first_points.basis(dataset, successor.config, source.commit, device)
    return first_points.SharedFirstPoints(sharing.folder, session.name, basis, voice.listen)


def _build(
    config: ExperimentConfig, dataset: Dataset, device: torch.device, voice: "_Voice"
) -> dict[str, TransformerLearner]:
    """Both models, loaded once for all seeds; the acquisition model only where the strategy asks one."""
    roles = {"successor": config.successor}
    if strategy(config.loop.strategy).needs != "nothing" or config.loop.oracle == "person":
        roles["acquisition"] = config.acquisition
    learners = {}
    shelf = Shelf()
    cache = TokenCache(cache_directory(voice.session.directory) / "tokens")
    for role, settings in roles.items():
        source = find(settings.model, settings.revision)
        learner = TransformerLearner(settings, source, dataset, device, shelf, cache)
        learners[role] = learner
        if source.note:
            voice.warn_once(f"{role}: {source.note}")
        for note in learner.notes():
            voice.warn_once(f"{role}: {note}")
    learners.setdefault("acquisition", learners["successor"])
    return learners


def _simulate(
    session: Session,
    state: SessionState,
    dataset: Dataset,
    device: torch.device,
    voice: "_Voice",
    sharing: "Sharing | None",
) -> None:
    """The runs of all seeds, one after another."""
    config = state.config
    assert config is not None
    learners = _build(config, dataset, device, voice)
    seeds, first = config.seeds, None
    if sharing and _may_share(config):
        begin = sharing.ahead % len(seeds)
        seeds = seeds[begin:] + seeds[:begin]
        first = _first_points(session, sharing, dataset, learners["successor"], voice)
    for seed in seeds:
        run = state.runs[seed]
        if run.status != "finished":
            _run_seed(session, run, dataset, config, learners, voice, first)


def _follow_people(
    session: Session, state: SessionState, dataset: Dataset, device: torch.device, voice: "_Voice"
) -> str:
    """Work for people until they have enough; how the engine ends: "finished", or "stopped" when nobody is there."""
    from tui_al.engine.people import follow

    config = state.config
    assert config is not None
    run = state.runs[config.seeds[0]]
    learners: dict[str, TransformerLearner] = {}
    keeper = _Keeper(session.directory, run, config, learners, pool=0)
    voice.say(ev.RunStarted(run.seed, run.last_round if run.points else None))

    def emit(event: ev.Event) -> None:
        voice.say(event, *keeper.keep(event))
        if isinstance(event, ev.Point):
            keeper.tidy_successors(event.round)

    def build(current: Dataset) -> loop.Models:
        first = not learners
        learners.update(_build(config, current, device, voice))
        if first:
            keeper.restore()
        return loop.Models(learners["acquisition"], learners["successor"])

    reason = follow(session.directory, run, config, dataset, device, voice, build, emit)
    return "finished" if reason == "finish" else "stopped"


def _run_seed(
    session: Session,
    run: RunState,
    dataset: Dataset,
    config: ExperimentConfig,
    learners: dict[str, TransformerLearner],
    voice: "_Voice",
    first: FirstPoints | None,
) -> None:
    """One seed's loop, from where it was left."""
    pool = loop.askable(dataset)
    oracle = SimulatedOracle(dataset, run.seed, config.loop.label_noise)
    keeper = _Keeper(session.directory, run, config, learners, len(pool))
    voice.say(ev.RunStarted(run.seed, run.last_round if run.points else None))

    def emit(event: ev.Event) -> None:
        voice.say(event, *keeper.keep(event))

    try:
        keeper.restore()
        models = loop.Models(learners["acquisition"], learners["successor"])
        steps = loop.run(run.seed, config, dataset, pool, models, run, emit, voice.clock, first)
        try:
            wanted = next(steps)
            while True:
                wanted = steps.send(oracle.answer(wanted))
        except StopIteration as end:
            voice.say(ev.RunFinished(run.seed, end.value))
            keeper.tidy()
    except EngineStopped:
        raise
    except TuiAlError as error:
        voice.say(ev.RunFailed(run.seed, error.message, error.hint))
    except Exception as error:  # a run must not take the others with it
        log.error("seed %s failed\n%s", run.seed, traceback.format_exc())
        hint = f"The traceback is in {session.directory / 'engine.log'}; running the session again goes on after its last round."
        voice.say(ev.RunFailed(run.seed, f"{type(error).__name__}: {error}", hint))


@dataclass(slots=True)
class _Voice:
    """Writes events to the store, thins out progress, and listens for stop and pause meanwhile."""

    session: Session
    observe: Observer
    stop: StopSignal
    wish: str = ""  #: the last "train" or "finish" that nobody has looked at
    _last_progress: float = 0.0
    _heard: int = 0
    _paused_seconds: float = 0.0
    _said: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        commands = self.session.commands()
        self._heard = (
            commands[-1][0] if commands else 0
        )  # what came before this engine is not for it
        self._said = set(self.session.state().warnings)

    def say(self, *events: ev.Event) -> None:
        """Append events; raises EngineStopped at a progress event once asked to stop."""
        if isinstance(events[0], ev.Progress):
            now = time.perf_counter()
            last = events[0].done >= events[0].total
            if not last and now - self._last_progress < _PROGRESS_SECONDS:
                return
            self._last_progress = now
            self.listen()
        self.observe(self.session.append(*events))

    def warn_once(self, message: str) -> None:
        """A warning, unless the session has it already."""
        if message not in self._said:
            self._said.add(message)
            self.say(ev.Warned(message))

    def clock(self) -> float:
        """Seconds, without those spent paused."""
        return time.perf_counter() - self._paused_seconds

    def listen(self) -> None:
        """Take in what people ask of the engine: wait while paused, raise EngineStopped when asked to stop."""
        paused_at: float | None = None
        while True:
            for number, command in self.session.commands(after=self._heard):
                self._heard = number
                if command == "stop":
                    self.stop.requested = True
                elif command in ("train", "finish"):
                    self.wish = command
                elif command == "pause" and paused_at is None:
                    paused_at = time.perf_counter()
                    self.observe(self.session.append(ev.EnginePaused(True)))
                elif command == "resume" and paused_at is not None:
                    self._paused_seconds += time.perf_counter() - paused_at
                    paused_at = None
                    self.observe(self.session.append(ev.EnginePaused(False)))
            if self.stop.requested:
                raise EngineStopped(
                    f"Session {self.session.name} was stopped.",
                    "Run the same command to continue it after the last finished round.",
                )
            if paused_at is None:
                return
            time.sleep(0.1)


@dataclass(slots=True)
class _Keeper:
    """Keeps models on disk: each run's last successor, and for warm starts the weights of the latest trainings."""

    directory: Path
    run: RunState
    config: ExperimentConfig
    learners: dict[str, TransformerLearner]
    pool: int

    def keep(self, event: ev.Event) -> tuple[ev.Event, ...]:
        """Save what belongs to the event before it goes on record; further events to record with it."""
        if isinstance(event, ev.PhaseFinished):
            for role, phase in _TRAININGS.items():
                if event.phase == phase and self._warm(role):
                    self._save_weights(role, event.round)
        if isinstance(event, ev.Point) and self._is_to_be_kept(event):
            path = self._successor(event.round)
            self.learners["successor"].save(self.directory / path)
            return (ev.ModelSaved(event.seed, event.round, "successor", str(path)),)
        return ()

    def tidy_successors(self, newest: int) -> None:
        """While people label there is a successor each round; the ones before the newest go."""
        folder = self.directory / "models" / f"seed-{self.run.seed}"
        for old in folder.glob("successor-*"):
            if old.name != self._successor(newest).name:
                shutil.rmtree(old, ignore_errors=True)

    def _successor(self, round_: int) -> Path:
        name = f"successor-{round_:04d}" if self._for_people else "successor"
        return Path("models") / f"seed-{self.run.seed}" / name

    @property
    def _for_people(self) -> bool:
        return self.config.loop.oracle == "person"

    def restore(self) -> None:
        """Make warm learners go on from their last recorded training; cold ones start afresh anyway."""
        asked = max((q.round for q in self.run.queries), default=0)
        if self.run.ranked is not None:
            asked = self.run.ranked.round - 1
        for role, round_ in (("acquisition", asked), ("successor", self.run.last_round)):
            if not self._warm(role):
                continue
            self.learners[role].forget()
            path = self._weights_path(role, round_)
            if path.exists():
                self.learners[role].restore(load_file(path), self.run.seed)

    def tidy(self) -> None:
        """Remove the weights that only a continued run would need."""
        for role in _TRAININGS:
            for path in self._kept(role):
                path.unlink()

    def _save_weights(self, role: str, round_: int) -> None:
        path = self._weights_path(role, round_)
        path.parent.mkdir(exist_ok=True)
        weights = {
            n: w.detach().cpu().contiguous() for n, w in self.learners[role].trainable().items()
        }
        making = path.with_suffix(".part")
        save_file(weights, making)
        making.rename(path)
        for old in self._kept(role)[:-2]:
            old.unlink()

    def _weights_path(self, role: str, round_: int) -> Path:
        return self.directory / "warm" / f"{self.run.seed}-{role}-{round_:04d}.safetensors"

    def _kept(self, role: str) -> list[Path]:
        return sorted((self.directory / "warm").glob(f"{self.run.seed}-{role}-*.safetensors"))

    def _warm(self, role: str) -> bool:
        return self.learners[role].config.start == "warm"

    def _is_to_be_kept(self, point: ev.Point) -> bool:
        last = point.round == self.config.loop.rounds or point.labels == self.pool
        return self.config.save_models and (last or self._for_people) and not point.shared_from


_TRAININGS: dict[str, Any] = {
    "acquisition": ev.Phase.TRAIN_ACQUISITION,
    "successor": ev.Phase.TRAIN_SUCCESSOR,
}
