"""A session's labels as annotations, to be exported: of people from their log of decisions, of a
simulation from its events."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.annotation.label_state import LabelState
from tui_al.core.annotation.label_state import Status as Stands
from tui_al.core.annotation.records import Annotation, Header, Label, Status, labels_used
from tui_al.core.data.examples import Answer, Dataset, Example, Task
from tui_al.core.data.offsets import check_spans, tags_to_spans
from tui_al.core.session import events as ev
from tui_al.core.session.damage import BadRow, damage_lines
from tui_al.core.session.state import SessionState
from tui_al.core.session.timestamps import is_date
from tui_al.errors import SessionError
from tui_al.store.decision_rows import storable
from tui_al.store.decisions import DecisionLog
from tui_al.store.session import Session

#: Who is said to have given the answers that came with the data.
BY_DATA = "data"

#: Why an answer is left out that cannot be one.
NOT_HERE = "that are not in the data"
MISFITTING = "with an answer that does not fit the text"

#: Why an example is left out that several people answered in different ways.
DIFFERING = "on which annotators differ"


@dataclass(frozen=True, slots=True)
class Labels:
    """What a session has to export. `left_out` counts what it does not show, by what it is."""

    header: Header
    annotations: list[Annotation]
    seed: int | None = None  #: of the run, for a simulation
    seeds: tuple[int, ...] = ()  #: of all runs that have labels
    left_out: Mapping[str, int] = field(default_factory=dict)
    damage: tuple[str, ...] = ()  #: what is told of rows that had to be left out
    seq: int = 0  #: where people label: number of the last decision that was read


def labels_of(
    session: Session, *, seed: int | None = None, each: bool = False, given: bool = False
) -> Labels:
    """The labels of a session.

    Args:
        session: simulated, or labelled by people.
        seed: picks the run of a simulation; by default the first that has labels.
        each: what every annotator said, in place of what counts for each example.
        given: the answers that came with the training data too.

    Raises:
        SessionError: there is no run with this seed.
    """
    recorded, state = session.news()
    lost = list[BadRow]()
    dataset = session.dataset(lost)
    if lost:
        texts = len(dataset.train) + len(dataset.test) + len(lost)
        state = replace(state, damage=(*state.damage, *damage_lines(lost, texts, session.name)))
    if state.config is not None and state.config.loop.oracle == "person":
        return _by_people(session, state, dataset, each, given)
    return _simulated(recorded, state, dataset, seed, session.name)


def _simulated(
    recorded: Sequence[ev.Recorded],
    state: SessionState,
    dataset: Dataset,
    seed: int | None,
    name: str,
) -> Labels:
    with_labels = tuple(run.seed for run in state.runs.values() if run.labelled)
    if seed is not None and seed not in state.runs:
        raise SessionError(
            f"Session {name} has no run with the seed {seed}.",
            f"It has {', '.join(map(str, state.runs))}.",
        )
    chosen = seed if seed is not None else next(iter(with_labels or state.runs), None)
    by_id = {example.id: example for example in dataset.train}
    said = [
        (identity, answer, storable(by), record.time)
        for record in recorded
        if isinstance(record.event, ev.Labelled) and record.event.seed == chosen
        for identity, answer, by in zip(
            record.event.ids, record.event.answers, record.event.by, strict=True
        )
    ]
    known = [one for one in said if one[0] in by_id]
    annotations = []
    for identity, answer, by, when in known:
        with contextlib.suppress(ValueError):
            annotations.append(_annotation(by_id[identity], answer, by, when))
    annotations = [one for one in annotations if _fits(one, dataset.task)]
    damage = (*state.damage, *_odd_times(annotations))
    annotations = list(map(_dated, annotations))
    left_out = _strange(len(said) - len(known), len(known) - len(annotations))
    strange = sorted(labels_used(annotations) - set(dataset.labels))  # formats list all names
    header = Header(dataset.task, tuple(map(Label, (*dataset.labels, *strange))), name)
    return Labels(header, annotations, chosen, with_labels, left_out=left_out, damage=damage)


def _odd_times(annotations: Sequence[Annotation]) -> tuple[str, ...]:
    odd = [one.time for one in annotations if not is_date(one.time)]
    if not odd:
        return ()
    return (
        f"{len(odd):,} answers were stored with a time that is not a date, as {odd[0]:.6g}: "
        "exported "
        "without a time",
    )


def _dated(annotation: Annotation) -> Annotation:
    """Without a time that no format could write."""
    return annotation if is_date(annotation.time) else replace(annotation, time=0.0)


def _strange(not_here: int, misfitting: int) -> dict[str, int]:
    """Counts of what no program of ours stores, where there is any."""
    counts = {NOT_HERE: not_here, MISFITTING: misfitting}
    return {what: count for what, count in counts.items() if count}


def _fits(annotation: Annotation, task: Task) -> bool:
    """Whether the answer is one of this task, and its entities lie in the text; what programs store
    is checked as they store it."""
    answer = annotation.answer
    if answer is None:
        return True
    if isinstance(answer, str):
        return task is Task.CLASSIFICATION
    try:
        check_spans(annotation.text, answer)
    except ValueError:
        return False
    return task is Task.TAGGING


def _by_people(
    session: Session, state: SessionState, dataset: Dataset, each: bool, given: bool
) -> Labels:
    label_state = LabelState(dataset.labels)
    with DecisionLog(session.directory) as log:
        label_state.apply(log.read())
        damage = (*state.damage, *log.damage)
    descriptions = label_state.descriptions
    header = Header(
        dataset.task,
        tuple(Label(name, descriptions.get(name, "")) for name in label_state.labels),
        session.name,
    )
    by_id = {example.id: example for example in dataset.train}
    about = [identity for identity, _ in label_state.label_statuses()]
    known = [identity for identity in about if identity in by_id]
    show = _everybody if each else _what_counts
    shown = [one for identity in known for one in show(label_state, by_id[identity])]
    annotations = [one for one in shown if _fits(one, dataset.task)]
    damage = (*damage, *_odd_times(annotations))
    statuses = [label_state.label_status(identity).status for identity in known]
    left_out = _strange(len(about) - len(known), len(shown) - len(annotations))
    if not each:
        left_out |= {
            DIFFERING: statuses.count(Stands.CONFLICT),
            "that are ambiguous": statuses.count(Stands.AMBIGUOUS),
        }
    seen = set(known)
    came_labelled = [e for e in dataset.train if e.answer is not None and e.id not in seen]
    if all(example.answer is not None for example in dataset.train):
        came_labelled = []  # then they are hidden while people label
    if given:
        annotations += [_annotation(e, e.answer, BY_DATA, 0.0) for e in came_labelled]
    else:
        left_out["that came labelled"] = len(came_labelled)
    annotations = list(map(_dated, annotations))
    return Labels(header, annotations, left_out=left_out, damage=damage, seq=label_state.seq)


def _what_counts(label_state: LabelState, example: Example) -> Iterator[Annotation]:
    """One annotation, unless annotators differ or there is no right answer."""
    label_status = label_state.label_status(example.id)
    status = {
        Stands.LABELLED: Status.LABELLED,
        Stands.UNCLEAR: Status.UNCLEAR,
        Stands.SKIPPED: Status.SKIPPED,
    }.get(label_status.status)
    if status is not None and label_status.last is not None:
        yield _decided(
            label_state, example, label_status.last, status, label_state.note(example.id)
        )


def _everybody(label_state: LabelState, example: Example) -> Iterator[Annotation]:
    """What every annotator last said; a settlement counts as the word of the one who settled."""
    current = dict(label_state.votes(example.id))
    history = label_state.history(example.id)
    for record in history:
        if isinstance(record.decision, de.Settle):
            earlier = current.get(record.annotator)
            if earlier is None or earlier.seq < record.seq:
                current[record.annotator] = record
    for record in current.values():
        status = {de.Flag.kind: Status.UNCLEAR, de.Skip.kind: Status.SKIPPED}.get(
            record.decision.kind, Status.LABELLED
        )
        yield _decided(label_state, example, record, status, _own_note(history, record.annotator))


def _own_note(history: Iterable[DecisionRecord], annotator: str) -> str:
    notes = [
        record.decision.text
        for record in history
        if isinstance(record.decision, de.Note) and record.annotator == annotator
    ]
    return notes[-1] if notes else ""


def _decided(
    label_state: LabelState, example: Example, record: DecisionRecord, status: Status, note: str
) -> Annotation:
    decision = record.decision
    return Annotation(
        id=example.id,
        text=example.text,
        answer=label_state.given(record),
        tokens=example.tokens,
        annotator=record.annotator,
        time=record.time,
        note=note,
        status=status,
        reason=decision.reason if isinstance(decision, de.Flag) else "",
    )


def _annotation(example: Example, answer: Answer | None, by: str, when: float) -> Annotation:
    plain = (
        tags_to_spans(example.text, example.tokens, answer) if isinstance(answer, tuple) else answer
    )
    return Annotation(example.id, example.text, plain, example.tokens, by, when)
