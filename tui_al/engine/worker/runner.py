"""Runs a session: every seed's loop, told to the store as it happens, continued wherever it was cut
off."""

import logging
import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.data.examples import Dataset
from tui_al.core.limits import computing_threads
from tui_al.core.loop import simulation as loop
from tui_al.core.loop.oracle import SimulatedOracle, labelled_rows
from tui_al.core.loop.protocols import FirstPoints
from tui_al.core.query.strategies import strategy
from tui_al.core.session import events as ev
from tui_al.core.session.state import SessionState
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS
from tui_al.core.settings.used_plugins import missing, used_plugins
from tui_al.engine.hub.sources import find
from tui_al.engine.models.bag_of_words import BagOfWordsLearner
from tui_al.engine.models.device import (
    choose_device,
    has_bf16,
    name_of,
    prepare,
    uuid_of,
    why_on_cpu,
)
from tui_al.engine.models.feature_cache import FeatureStore
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.models.precision import resolve_precision
from tui_al.engine.text.token_cache import TokenCache
from tui_al.engine.worker import shared_initial_results as first_points
from tui_al.engine.worker.model_saver import AnyLearner, ModelSaver
from tui_al.engine.worker.session_io import Observer, SessionIO, StopSignal
from tui_al.errors import EngineError, EngineStopped, MachineError, TuiAlError
from tui_al.store import throughput
from tui_al.store.accounts import this_account
from tui_al.store.file_systems import file_system, is_network
from tui_al.store.home import cache_directory
from tui_al.store.resuming import check_whole
from tui_al.store.session import Session

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a session of a sweep shares with the others: a folder of first points.

    `ahead` is how many places further each session begins in its list of seeds, so that sessions at
    work at the same time do not want the same point.
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

    A run that fails is recorded and the others go on. Holds the session's engine lock, or takes
    over the one that the file descriptor `lock` holds.

    Raises:
        SessionError: another engine is at work on it, or rows of it are damaged.
        EngineStopped: asked to stop; everything up to the last finished round is kept.
        TuiAlError: a model or device that all runs need is not to be had.
    """
    with session.engine_lock(lock) as descriptor:
        state = session.state()
        assert state.config is not None
        if state.finished:
            return state
        decided = check_whole(session, state)
        before = session.commands_before(descriptor)
        session_io = SessionIO(session, observe, stop, before, lock=descriptor)
        if is_network(session.directory):
            log.warning(
                "%s lies on %s: no write-ahead log there, which is slower; use it from one "
                "machine at a time",
                session.directory,
                file_system(session.directory),
            )
        ending = ev.EngineFinished("failed")
        try:
            if absent := missing(state.manifest):
                raise absent
            device = choose_device(state.config.device)
            prepare(device)
            torch.set_num_threads(computing_threads())
            session_io.emit(_engine_started(state, device))
            if why := why_on_cpu(state.config.device, device):
                session_io.warn_once(f"A GPU is there, but the CPU computes: {why}")
            session_io.poll_commands()  # what was asked for while it started
            dataset = session.dataset()
            if state.config.loop.oracle == "person":
                ending = _follow_people(session, state, dataset, device, session_io, decided)
            else:
                _simulate(session, state, dataset, device, session_io, sharing)
            state = session_io.patient(session.state)
            if all(run.status == "finished" for run in state.runs.values()):
                ending = ev.EngineFinished("finished")
                session_io.emit(ev.SessionFinished())
        except EngineStopped:
            ending = ev.EngineFinished("stopped")
            raise
        except TuiAlError as error:
            ending = ev.EngineFinished("failed", error.message, error.hint)
            raise
        except Exception as error:
            ending = ev.EngineFinished("failed", *_unexpected(session, error))
            raise
        finally:
            session_io.last_words(ending)
        return session_io.patient(session.state)


def _unexpected(session: Session, error: Exception) -> tuple[str, str]:
    """What happened, and what to do about it, for an error that nobody foresaw."""
    hint = (
        f"The traceback is in {session.directory / 'engine.log'}; running the session again "
        "goes on after its last round."
    )
    return f"{type(error).__name__}: {error}", hint


def _engine_started(state: SessionState, device: torch.device) -> ev.EngineStarted:
    facts = {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device_name": name_of(device),
        "device_uuid": uuid_of(device),
        "auto_precision": resolve_precision("auto", device),
        **(used_plugins(state.config) if state.config else {}),
    }
    return ev.EngineStarted(
        os.getpid(),
        os.uname().nodename,
        str(device),
        state.engine is not None,
        facts,
        this_account(),
    )


def _may_share(config: ExperimentConfig) -> bool:
    """Not where the first point's model is needed afterwards: to go on from, or to keep."""
    return config.successor.start == "cold" and not (config.save_models and not config.loop.rounds)


def _first_points(
    session: Session,
    sharing: Sharing,
    dataset: Dataset,
    successor: AnyLearner,
    session_io: SessionIO,
) -> first_points.SharedFirstPoints:
    assert isinstance(successor, TransformerLearner)
    source, device = successor.source, str(successor.device)
    if successor.device.type == "cuda":  # cards of different kinds add in different orders
        device = f"{device} {name_of(successor.device)}"
    state = session.state()
    assert state.config is not None
    gauge = state.config.loop.gauge
    basis = first_points.basis(dataset, successor.config, source.commit, device, gauge)
    return first_points.SharedFirstPoints(
        sharing.folder, session.name, basis, session_io.poll_commands
    )


def _shelf(session: Session) -> FeatureStore:
    return FeatureStore(directory=cache_directory(session.directory) / "states")


def _build(
    config: ExperimentConfig,
    dataset: Dataset,
    device: torch.device,
    session_io: SessionIO,
    feature_store: FeatureStore,
) -> dict[str, AnyLearner]:
    """Both models, loaded once for all seeds; the acquisition model only where the strategy asks
    one that is not the successor."""
    roles = {"successor": config.successor}
    asks = strategy(config.loop.strategy).needs != "nothing" or config.loop.oracle == "person"
    if asks and not config.shared_model:
        roles["acquisition"] = config.acquisition
    learners: dict[str, AnyLearner] = {}
    cache = TokenCache(cache_directory(session_io.session.directory) / "tokens")
    for role, settings in roles.items():
        if settings.model == BAG_OF_WORDS:
            learners[role] = BagOfWordsLearner(settings, dataset)
            continue
        source = find(settings.model, settings.revision)
        learner = TransformerLearner(settings, source, dataset, device, feature_store, cache)
        learners[role] = learner
        if settings.precision == "bf16" and device.type == "cuda" and not has_bf16(device):
            session_io.warn_once(
                f"{role}: {name_of(device)} does not compute in bf16 itself, which is slow; "
                "precision auto or fp32 is quicker."
            )
        if source.note:
            session_io.warn_once(f"{role}: {source.note}")
        for note in learner.notes():
            session_io.warn_once(f"{role}: {note}")
    learners.setdefault("acquisition", learners["successor"])
    return learners


def _simulate(
    session: Session,
    state: SessionState,
    dataset: Dataset,
    device: torch.device,
    session_io: SessionIO,
    sharing: Sharing | None,
) -> None:
    """The runs of all seeds, one after another."""
    config = state.config
    assert config is not None
    learners = _build(config, dataset, device, session_io, _shelf(session))
    seeds, first = config.seeds, None
    if sharing and _may_share(config):
        begin = sharing.ahead % len(seeds)
        seeds = seeds[begin:] + seeds[:begin]
        first = _first_points(session, sharing, dataset, learners["successor"], session_io)
    for seed in seeds:
        if state.runs[seed].status != "finished":
            _run_seed(session, state, seed, dataset, learners, session_io, first)
    home = session.directory.parent.parent
    if session.directory.parent.name == "sessions":  # not of a copy somewhere else
        lengths = {
            role: float(learner.tokens("train").lengths().mean())
            for role, learner in learners.items()
            if isinstance(learner, TransformerLearner)
        }
        pool = len(labelled_rows(dataset))
        throughput.record_observed(home, session.state(), lengths, pool)


def _tell(learners: Mapping[str, AnyLearner], session_io: SessionIO) -> None:
    """Warn of what was found while models were at work: short memory; bf16 that does not ask about
    the texts that fp32 would."""
    for role, one in learners.items():
        for shortage in sorted(getattr(one, "shortages", ())):
            session_io.warn_once(f"{role}: {shortage}.")
    learner = learners["acquisition"]
    if isinstance(learner, TransformerLearner) and learner.rounding is not None:
        text, low = learner.rounding
        if low:
            session_io.warn_once(f"acquisition: {text}; precision fp32 would choose others.")


def _follow_people(
    session: Session,
    state: SessionState,
    dataset: Dataset,
    device: torch.device,
    session_io: SessionIO,
    decided: list[DecisionRecord],
) -> ev.EngineFinished:
    """Work for people until they have enough; how the engine ends: "finished", or "stopped" when
    nobody is there."""
    from tui_al.engine.worker.annotation_worker import follow

    config = state.config
    assert config is not None
    run = state.runs[config.seeds[0]]
    learners: dict[str, AnyLearner] = {}
    feature_store = _shelf(session)  # outlives the models that are built anew when labels are added
    model_saver = ModelSaver(session.directory, run, config, learners, pool=0)
    session_io.emit(ev.RunStarted(run.seed, run.last_round if run.points else None))

    def emit(event: ev.Event) -> None:
        saved = session_io.patient(lambda: model_saver.keep(event))
        session_io.emit(event, *saved)
        model_saver.tidy_models(saved)
        if isinstance(event, ev.PhaseFinished):
            _tell(learners, session_io)

    def build(current: Dataset) -> loop.Models:
        first = not learners
        learners.update(_build(config, current, device, session_io, feature_store))
        if first:
            for missing in model_saver.restore():
                session_io.warn_once(missing)
        return loop.Models(learners["acquisition"], learners["successor"])

    return follow(session.directory, run, config, dataset, device, session_io, build, emit, decided)


def _run_seed(
    session: Session,
    state: SessionState,
    seed: int,
    dataset: Dataset,
    learners: dict[str, AnyLearner],
    session_io: SessionIO,
    first: FirstPoints | None,
) -> None:
    """One seed's loop, from where it was left. What fails ends this run, not the others."""
    run, config = state.runs[seed], state.config
    assert config is not None
    pool = labelled_rows(dataset)
    oracle = SimulatedOracle(dataset, seed, config.loop.label_noise)
    model_saver = ModelSaver(session.directory, run, config, learners, len(pool))

    def emit(event: ev.Event) -> None:
        session_io.emit(event, *session_io.patient(lambda: model_saver.keep(event)))
        if isinstance(event, ev.PhaseFinished):
            _tell(learners, session_io)

    try:
        session_io.emit(ev.RunStarted(seed, run.last_round if run.points else None))
        for missing in model_saver.restore():
            session_io.warn_once(missing)
        models = loop.Models(learners["acquisition"], learners["successor"])
        runs = session_io.patient(lambda: session.state(state)).runs.values()
        others = [one for one in runs if one.seed != seed]
        reason = loop.run(
            seed,
            config,
            dataset,
            pool,
            models,
            run,
            oracle.answer,
            emit,
            session_io.clock,
            first,
            others,
        )
        session_io.emit(ev.RunFinished(seed, reason))
        model_saver.tidy()
    except (EngineStopped, MachineError):  # what a run is refused, the others are too
        raise
    except torch.AcceleratorError as error:  # whatever else is tried on the device fails too
        log.error("seed %s failed\n%s", seed, traceback.format_exc())
        raise EngineError(
            f"The device gave up: {str(error).strip().splitlines()[0]}",
            "Resume the session: a new engine goes on after the last finished round. If it "
            "happens again, see tui-al doctor.",
        ) from error
    except TuiAlError as error:
        session_io.emit(ev.RunFailed(seed, error.message, error.hint))
    except Exception as error:
        log.error("seed %s failed\n%s", seed, traceback.format_exc())
        session_io.emit(ev.RunFailed(seed, *_unexpected(session, error)))
