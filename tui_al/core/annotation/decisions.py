"""What annotators decide, as small frozen records: an append-only log whose fold is what is current
(`tui_al.core.annotation.label_state`).

Nothing is ever changed or removed: undo and redo are decisions too, which makes both unlimited,
across restarts and retrainings."""

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from tui_al.core.data.offsets import CharSpan
from tui_al.core.session.serialization import record_of

#: What a person answers: a class name, or the entities of a text, in order and apart.
UserAnswer = str | tuple[CharSpan, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Base of all decisions; `kind` is the name in the store."""

    kind: ClassVar[str] = ""

    @property
    def about(self) -> tuple[str, ...]:
        """Ids of the examples that it concerns."""
        return ()


@dataclass(frozen=True, slots=True)
class Label(Decision):
    """An answer. `ids` begins with the example that was shown; the others are near-duplicates
    folded with it."""

    kind: ClassVar[str] = "label"
    ids: tuple[str, ...]
    answer: UserAnswer
    seconds: float = 0.0  #: from shown to answered
    via: str = ""  #: how: "key", "suggestion", "search", "second look", "import"
    suggestion: UserAnswer | None = None  #: what the model proposed, if that was shown
    blind: bool = False  #: no suggestion was shown
    ranking: int | None = None  #: round of the ranking it came from

    @property
    def about(self) -> tuple[str, ...]:
        return self.ids


@dataclass(frozen=True, slots=True)
class Skip(Decision):
    """Not now: back to the pool, asked again with a later ranking."""

    kind: ClassVar[str] = "skip"
    id: str
    ranking: int | None = None

    @property
    def about(self) -> tuple[str, ...]:
        return (self.id,)


@dataclass(frozen=True, slots=True)
class Flag(Decision):
    """Unclear to this annotator: kept out of training and not asked again."""

    kind: ClassVar[str] = "flag"
    id: str
    reason: str = ""

    @property
    def about(self) -> tuple[str, ...]:
        return (self.id,)


@dataclass(frozen=True, slots=True)
class Note(Decision):
    """A remark on an example; an empty one takes the last away."""

    kind: ClassVar[str] = "note"
    id: str
    text: str

    @property
    def about(self) -> tuple[str, ...]:
        return (self.id,)


@dataclass(frozen=True, slots=True)
class Settle(Decision):
    """The answer that counts where annotators differ; holds until somebody answers the example
    anew."""

    kind: ClassVar[str] = "settle"
    id: str
    answer: UserAnswer

    @property
    def about(self) -> tuple[str, ...]:
        return (self.id,)


@dataclass(frozen=True, slots=True)
class Confirm(Decision):
    """A second look at a disputed label that found it right."""

    kind: ClassVar[str] = "confirm"
    id: str

    @property
    def about(self) -> tuple[str, ...]:
        return (self.id,)


@dataclass(frozen=True, slots=True)
class Ambiguous(Decision):
    """Truly ambiguous, whatever annotators and models say: kept out of training."""

    kind: ClassVar[str] = "ambiguous"
    id: str

    @property
    def about(self) -> tuple[str, ...]:
        return (self.id,)


@dataclass(frozen=True, slots=True)
class Unfold(Decision):
    """Ask about each of these near-duplicates by itself."""

    kind: ClassVar[str] = "unfold"
    ids: tuple[str, ...]

    @property
    def about(self) -> tuple[str, ...]:
        return self.ids


@dataclass(frozen=True, slots=True)
class AddLabel(Decision):
    """A new label; one that is there already gets the description."""

    kind: ClassVar[str] = "add_label"
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class RenameLabel(Decision):
    """From here on, `name` is called `new`, in old answers too. A name that is there already makes
    it a merger."""

    kind: ClassVar[str] = "rename_label"
    name: str
    new: str


@dataclass(frozen=True, slots=True)
class MergeLabels(Decision):
    """What was answered with `name` counts as `into`; `name` is not a label any more."""

    kind: ClassVar[str] = "merge_labels"
    name: str
    into: str


@dataclass(frozen=True, slots=True)
class DescribeLabel(Decision):
    """What a label is for, in a sentence."""

    kind: ClassVar[str] = "describe_label"
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Undo(Decision):
    """As if the decision `target` had not been made."""

    kind: ClassVar[str] = "undo"
    target: str  #: `DecisionRecord.uid`


@dataclass(frozen=True, slots=True)
class Redo(Decision):
    """Takes back an undo of `target`."""

    kind: ClassVar[str] = "redo"
    target: str


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision on record: its place in the log, when (seconds since the epoch), by whom, and a
    name unique in the world.

    `account` is who sat there, whatever `annotator` says: the machine's account that put it on
    record. "" in logs of older programs."""

    seq: int
    time: float
    annotator: str
    uid: str
    decision: Decision
    account: str = ""


_KINDS: dict[str, type[Decision]] = {
    cls.kind: cls
    for cls in (
        Label, Skip, Flag, Note, Settle, Confirm, Ambiguous, Unfold, AddLabel, RenameLabel,
        MergeLabels, DescribeLabel, Undo, Redo,
    )
}  # fmt: skip


#: Fields whose texts are the same in very many records.
_LABELS_IN = frozenset(("answer", "suggestion", "via"))


def to_plain(decision: Decision) -> dict[str, Any]:
    """Values for JSON, without the kind, which the store keeps beside them."""
    return asdict(decision)


def from_plain(kind: str, plain: Mapping[str, Any]) -> Decision | None:
    """The decision of `to_plain`; None for a kind that this version does not know.

    Raises:
        ValueError, TypeError: values that no decision of this kind has.
    """
    cls = _KINDS.get(kind)
    if cls is None:
        return None
    decision = record_of(cls, {name: _shared(name, value) for name, value in plain.items()})
    if isinstance(decision, Label | Unfold) and not decision.ids:
        raise ValueError("ids cannot be empty")
    return decision


def _shared(name: str, value: object) -> object:
    """The value with its labels as the one string of that name: a log holds few of them, and each
    in very many records."""
    if name not in _LABELS_IN:
        return value
    if isinstance(value, list | tuple):
        return [_shared(name, one) for one in value]
    return sys.intern(value) if type(value) is str else value
