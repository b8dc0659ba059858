"""What happens in a session, as small frozen records: the one thing that engine, store, screens and
reports share.

The engine appends events; everybody else folds them into state (`tui_al.core.session.state`). An
event never changes meaning; a reader skips a kind that it does not know, so an older program can
open a newer session.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from tui_al.core.data.examples import Answer
from tui_al.core.session.serialization import record_of


class Phase(StrEnum):
    """What the engine spends a round's time on, in order."""

    TRAIN_ACQUISITION = "train acquisition"
    SCORE_POOL = "score pool"
    TRAIN_SUCCESSOR = "train successor"
    EVALUATE = "evaluate"


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events; `kind` is the name on the wire."""

    kind: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class SessionCreated(Event):
    """The session's frozen facts. `manifest` holds versions and hardware of the machine that
    created it."""

    kind: ClassVar[str] = "session_created"
    config: Mapping[str, Any]
    task: str
    labels: tuple[str, ...]
    train: int
    test: int
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    manifest: Mapping[str, Any]
    account: str = ""  #: that made it; older programs did not note it


@dataclass(frozen=True, slots=True)
class SeedsAdded(Event):
    """The session is to hold a run for each of these seeds too."""

    kind: ClassVar[str] = "seeds_added"
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EngineStarted(Event):
    """An engine took the session's lock. `resumed` when there was earlier work."""

    kind: ClassVar[str] = "engine_started"
    pid: int
    host: str
    device: str
    resumed: bool
    manifest: Mapping[str, Any]
    account: str = ""  #: that it runs as; older programs did not note it


@dataclass(frozen=True, slots=True)
class EngineFinished(Event):
    """The engine left the session in good order: `reason` is "finished", "stopped" or "failed".

    `error` and `hint` tell what failed for all runs alike (a model or device that is not to be
    had). `lacks` is what the last training would have taken, where people ended their session and
    none could be: "labels of 2 classes"."""

    kind: ClassVar[str] = "engine_finished"
    reason: str
    error: str = ""
    hint: str = ""
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class EnginePaused(Event):
    """The engine waits (`paused`), holding its models, or goes on."""

    kind: ClassVar[str] = "engine_paused"
    paused: bool


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A run begins, or goes on after round `resumed_after` (None for a fresh one)."""

    kind: ClassVar[str] = "run_started"
    seed: int
    resumed_after: int | None = None


@dataclass(frozen=True, slots=True)
class PhaseStarted(Event):
    """`total` counts the units of work ahead: training examples over all epochs, or texts to
    score."""

    kind: ClassVar[str] = "phase_started"
    seed: int
    round: int
    phase: str
    total: int


@dataclass(frozen=True, slots=True)
class Progress(Event):
    """Where a phase is. Written a few times a second at most, and dropped from the store once its
    round is done."""

    kind: ClassVar[str] = "progress"
    seed: int
    round: int
    phase: str
    done: int  #: units of PhaseStarted.total
    total: int
    rate: float  #: units per second, over the phase so far
    epoch: int = 0  #: from 1; 0 outside training
    epochs: int = 0
    step: int = 0
    steps: int = 0
    loss: float | None = None  #: mean over the steps since the last progress


@dataclass(frozen=True, slots=True)
class PhaseFinished(Event):
    """`seconds` of wall clock; `peak_bytes` of the device's memory (CUDA), or of the process on a
    CPU."""

    kind: ClassVar[str] = "phase_finished"
    seed: int
    round: int
    phase: str
    seconds: float
    peak_bytes: int
    detail: Mapping[str, float] = field(default_factory=dict)  #: e.g. steps, final loss


@dataclass(frozen=True, slots=True)
class QuerySelected(Event):
    """The examples that round `round` asks the oracle about, highest score first; round 0 is the
    seed set (no scores)."""

    kind: ClassVar[str] = "queried"
    seed: int
    round: int
    strategy: str
    ids: tuple[str, ...]
    scores: tuple[float, ...] = ()
    pool: int = 0  #: unlabelled examples before the query


@dataclass(frozen=True, slots=True)
class RankingPublished(Event):
    """While people label: a new order in which the pool is asked about; the order itself is on the
    board "ranking"."""

    kind: ClassVar[str] = "ranked"
    seed: int
    round: int  #: 0 is the seed set's random order
    strategy: str
    answered: int  #: examples that were labelled or flagged before it; of the first ranking 0
    labels: int  #: examples that the acquisition model was trained on; 0 for a random order
    pool: int  #: examples still to be asked about
    depth: int  #: how many of them are on the board


@dataclass(frozen=True, slots=True)
class Labelled(Event):
    """The oracle's answers, one for each id. `by` is "gold", "noise" or a person's name, one for
    each id."""

    kind: ClassVar[str] = "labelled"
    seed: int
    round: int
    ids: tuple[str, ...]
    answers: tuple[Answer, ...]
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoundResult(Event):
    """One point of the curve: the successor trained on everything labelled up to this round,
    measured on the test set.

    Appending it closes the round: a resumed run goes on after its last point.
    """

    kind: ClassVar[str] = "point"
    seed: int
    round: int
    labels: int  #: labelled examples
    tokens: int  #: words in them (tagging), else 0
    metrics: Mapping[str, float]
    counts: Mapping[str, int]  #: labelled examples by class, or entities by type
    seconds: Mapping[str, float]  #: by phase
    peak_bytes: int
    shared_from: str = ""  #: the session that computed this point, where it was not computed anew
    sample: tuple[
        float, ...
    ] = ()  #: the successor's scores of the gauge's texts, see `MismatchMeasured`


@dataclass(frozen=True, slots=True)
class MismatchMeasured(Event):
    """Before query `round`: the acquisition model against the last successor, which learned from
    the same labels.

    Distances between their scores of a sample of the pool, see `tui_al.core.loop.mismatch_monitor`;
    the floor is the mean distance between this run's successor and those of the session's other
    runs that were as far, None where there was none."""

    kind: ClassVar[str] = "gauged"
    seed: int
    round: int
    labels: int  #: that both models learned from
    texts: int  #: of the sample that are not labelled
    score: str
    wasserstein: float
    kl: float  #: the successor's from the acquisition model's, nats
    floor_wasserstein: float | None
    floor_kl: float | None
    floors: int  #: other runs that the floor was measured against


@dataclass(frozen=True, slots=True)
class AuditEvaluated(Event):
    """While people label: the newest successor on the random share that nothing was trained on,
    with a 95 % interval."""

    kind: ClassVar[str] = "audited"
    seed: int
    round: int
    metric: str
    value: float
    low: float
    high: float
    examples: int  #: audit labels so far


@dataclass(frozen=True, slots=True)
class StrategyCompared(Event):
    """While people label: what the strategy's labels are worth against as many random ones, with a
    95 % interval.

    `difference` is of the headline metric, strategy minus random, both models tested on audit
    examples that neither has seen."""

    kind: ClassVar[str] = "compared"
    seed: int
    round: int
    labels: int  #: asked for by the strategy, and drawn at random, on top of the same seed set
    difference: float
    low: float
    high: float
    verdict: str  #: on the strategy: "better", "worse" or "not decidable"
    examples: int


@dataclass(frozen=True, slots=True)
class ModelSaved(Event):
    """A run's last successor, or the adapter that chose its last query, in `path` relative to the
    session's directory.

    `hashes` are the SHA-256 of its files by their path in there, see `tui_al.store.file_hashes`;
    events of older programs have none."""

    kind: ClassVar[str] = "model_saved"
    seed: int
    round: int
    role: str
    path: str
    hashes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunFinished(Event):
    """Why it ended: "rounds" when all were done, "pool" when nothing was left to ask."""

    kind: ClassVar[str] = "run_finished"
    seed: int
    reason: str


@dataclass(frozen=True, slots=True)
class RunFailed(Event):
    """A run that cannot go on; its points stay. Running the session again tries it anew after the
    last point."""

    kind: ClassVar[str] = "run_failed"
    seed: int
    error: str
    hint: str


@dataclass(frozen=True, slots=True)
class WarningRaised(Event):
    """Something a person should know; not an error."""

    kind: ClassVar[str] = "warned"
    message: str
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class ActionTaken(Event):
    """What an account did with the session as a whole: "shared", "taken back", "renamed", "merged",
    "repaired", "imported", "exported", "exported a model", "copied"; `detail` says what and where,
    with the numbers."""

    kind: ClassVar[str] = "action_taken"
    account: str
    action: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SessionFinished(Event):
    """Every run of the session is finished."""

    kind: ClassVar[str] = "session_finished"


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the store keeps it: numbered, and stamped with seconds since the epoch."""

    seq: int
    time: float
    event: Event


_KINDS: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        SessionCreated, SeedsAdded, EngineStarted, EngineFinished, EnginePaused, RunStarted,
        PhaseStarted, Progress, PhaseFinished, QuerySelected, RankingPublished, Labelled,
        RoundResult, MismatchMeasured, AuditEvaluated, StrategyCompared, ModelSaved, RunFinished,
        RunFailed, WarningRaised, ActionTaken, SessionFinished,
    )
}  # fmt: skip


def to_plain(event: Event) -> dict[str, Any]:
    """Values for JSON, with the kind first."""
    return {"kind": event.kind, **asdict(event)}


def from_plain(plain: Mapping[str, Any]) -> Event | None:
    """The event of `to_plain`; None for a kind that this version does not know. Unknown fields are
    left out.

    Raises:
        ValueError, TypeError, KeyError: values that no event of this kind has.
    """
    cls = _KINDS.get(plain["kind"])
    if cls is None:
        return None
    event = record_of(cls, plain)
    if isinstance(event, Labelled) and not len(event.ids) == len(event.answers) == len(event.by):
        raise ValueError(
            f"{len(event.ids)} ids, {len(event.answers)} answers, {len(event.by)} names"
        )
    return event
