"""Annotations from files into a labelling session: each becomes a decision of its annotator, unless that is known already.

Importing a file again changes nothing, and what was decided here later than an annotation was made stands.
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tui_al.core import decisions as de
from tui_al.core.annotations import Annotation, PlainAnswer, Status, labels_used
from tui_al.core.decisions import Decided, Decision
from tui_al.core.labelling import Labelling
from tui_al.core.offsets import spans_to_tags, tags_to_spans
from tui_al.core.tasks import Dataset, Example, Task, example_ids
from tui_al.core.words import words_of
from tui_al.errors import DataError, SessionError
from tui_al.store.decisions import DecisionLog
from tui_al.store.examples import append_examples
from tui_al.store.session import Session

#: Labels and misfits that a message names.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to do where it is not plain."""

    annotator: str = "import"  #: for annotations that name none
    add_labels: bool = False  #: labels that the session does not know
    add_examples: bool = (
        False  #: labelled examples that it does not know: to train on, not to be asked about
    )
    leave_out_misfits: bool = False  #: entities that do not fit the session's words


@dataclass(slots=True)
class Imported:
    """What came of it: how many are new, and how many are not, by the reason."""

    decisions: int = 0
    labels: tuple[str, ...] = ()  #: added
    examples: int = 0  #: added
    left_out: Counter[str] = field(default_factory=Counter)


def import_annotations(
    session: Session, annotations: Sequence[Annotation], wishes: Wishes
) -> Imported:
    """Put annotations on record; nothing is, if an error is raised.

    Examples are found by id, else by text, else by their words. The second of equal texts goes to the second such example.

    Raises:
        SessionError: the session is a simulation, or cannot take more examples now.
        DataError: labels that it does not know, or entities that do not fit the words of its examples.
    """
    state, dataset = session.state(), session.dataset()
    if state.config is None or state.config.loop.oracle != "person":
        raise SessionError(
            f"Session {session.name} is a simulated experiment: its labels come from the data.",
            "Labels are imported into sessions made with `tui-al label DATA`.",
        )
    result = Imported()
    with DecisionLog(session.directory) as log:
        labelling = Labelling(dataset.labels)
        labelling.apply(log.read())
        known, unknown = _placed(_today(annotations, labelling), dataset, wishes, result)
        new = _new_examples(session, dataset, unknown, wishes, result)
        used = labels_used([*(annotation for annotation, _ in known), *unknown[: len(new)]])
        added = _new_labels(labelling, used, wishes)
        records = [_record(de.AddLabel(name), wishes.annotator, 0.0) for name in added]
        for annotation, example in sorted(known, key=lambda pair: pair[0].time):
            records += _records(annotation, example, labelling, wishes, result)
        if new:
            append_examples(session.directory / "examples.db", new)
        inserted = log.insert(records)
    result.examples, result.labels = len(new), added
    result.decisions = len(inserted) - sum(isinstance(r.decision, de.AddLabel) for r in inserted)
    if repeated := len(records) - len(inserted):
        result.left_out["imported before"] += repeated
    return result


def _today(annotations: Iterable[Annotation], labelling: Labelling) -> list[Annotation]:
    """With the names that labels have now, where the session has renamed them."""
    names = labelling.renamed

    def renamed(answer: PlainAnswer | None) -> PlainAnswer | None:
        if answer is None or isinstance(answer, str):
            return names.get(answer, answer) if answer else answer
        return tuple((start, end, names.get(kind, kind)) for start, end, kind in answer)

    return [replace(a, answer=renamed(a.answer)) for a in annotations]


def _placed(
    annotations: Sequence[Annotation], dataset: Dataset, wishes: Wishes, result: Imported
) -> tuple[list[tuple[Annotation, Example]], list[Annotation]]:
    """Annotations with their examples, entities in the offsets of these; and those without."""
    finder = _Finder(dataset)
    known, unknown, misfits = [], [], []
    for annotation in annotations:
        example = finder.find(annotation)
        if example is None:
            where = "of the test set" if finder.in_test(annotation) else ""
            if where:
                result.left_out[where] += 1
            else:
                unknown.append(annotation)
            continue
        try:
            known.append((_fitted(annotation, example), example))
        except ValueError as error:
            misfits.append(f"{annotation.origin}: {error}")
    if misfits and not wishes.leave_out_misfits:
        more = f"; and {len(misfits) - 1:,} more" if len(misfits) > 1 else ""
        raise DataError(
            f"{misfits[0]}{more}.",
            "Entities begin and end where the session's words do. --leave-out-misfits imports the others.",
        )
    result.left_out["with entities that do not fit the words"] += len(misfits)
    return known, unknown


class _Finder:
    """Examples by what a file says of them."""

    def __init__(self, dataset: Dataset) -> None:
        self._by_id = {example.id: example for example in dataset.train}
        self._by_text: dict[str, list[Example]] = {}
        self._by_words: dict[tuple[str, ...], list[Example]] = {}
        for example in dataset.train:
            self._by_text.setdefault(example.text, []).append(example)
            if example.tokens:
                self._by_words.setdefault(example.tokens, []).append(example)
        self._test = {example.id for example in dataset.test}
        self._test_texts = {example.text for example in dataset.test}
        self._given_out: Counter[tuple[str, str]] = Counter()

    def find(self, annotation: Annotation) -> Example | None:
        by_id = self._by_id.get(annotation.id)
        if by_id is not None:
            return by_id
        alike = self._by_text.get(annotation.text) or self._by_words.get(annotation.tokens, [])
        if not alike:
            return None
        turn = self._given_out[alike[0].id, annotation.annotator]
        self._given_out[alike[0].id, annotation.annotator] += 1
        return alike[min(turn, len(alike) - 1)]

    def in_test(self, annotation: Annotation) -> bool:
        return annotation.id in self._test or annotation.text in self._test_texts


def _fitted(annotation: Annotation, example: Example) -> Annotation:
    """The answer as the example takes it; ValueError where entities do not begin and end with its words."""
    spans = annotation.answer
    if not isinstance(spans, tuple):
        return annotation
    if annotation.text != example.text:  # found by id or by its words
        tags = spans_to_tags(annotation.text, annotation.tokens or example.tokens, spans)
        spans = tags_to_spans(example.text, example.tokens, tags)
    spans_to_tags(example.text, example.tokens, spans)
    return replace(annotation, answer=spans)


def _new_examples(
    session: Session,
    dataset: Dataset,
    unknown: list[Annotation],
    wishes: Wishes,
    result: Imported,
) -> list[Example]:
    """The unknown ones that are labelled, as examples to train on; `unknown` is cut down to them, each text once."""
    if not wishes.add_examples:
        result.left_out["of texts that the session does not have (--add-examples adds them)"] += (
            len(unknown)
        )
        return []
    answered = {a.text: a for a in unknown if a.answer is not None and a.status is Status.LABELLED}
    result.left_out["unknown, without a label or repeated"] += len(unknown) - len(answered)
    unknown[:] = answered.values()
    if not unknown:
        return []
    if session.is_live():
        raise SessionError(
            f"An engine is at work on session {session.name}, which has its texts in memory.",
            "Stop it with `tui-al stop`, import, and go on.",
        )
    if all(example.answer is not None for example in dataset.train):
        raise SessionError(
            f"All texts of session {session.name} have hidden answers: it takes no more.",
            "Leave --add-examples out, or label a set without answers.",
        )
    texts = [example.text for example in (*dataset.train, *dataset.test)]
    ids = example_ids([*texts, *(annotation.text for annotation in unknown)])[len(texts) :]
    return [
        _example(annotation, identity, dataset.task)
        for annotation, identity in zip(unknown, ids, strict=True)
    ]


def _example(annotation: Annotation, identity: str, task: Task) -> Example:
    answer = annotation.answer
    if task is Task.CLASSIFICATION or not isinstance(answer, tuple):
        return Example(identity, annotation.text, answer, (), annotation.origin)  # type: ignore[arg-type]
    tokens = annotation.tokens or words_of(annotation.text)
    try:
        tags = spans_to_tags(annotation.text, tokens, answer)
    except ValueError as error:
        raise DataError(
            f"{annotation.origin}: {error}.", "Correct the file, or leave --add-examples out."
        ) from error
    return Example(identity, annotation.text, tags, tokens, annotation.origin)


def _new_labels(labelling: Labelling, used: set[str], wishes: Wishes) -> tuple[str, ...]:
    new = tuple(sorted(used - set(labelling.labels)))
    if new and not wishes.add_labels:
        more = f" and {len(new) - _NAMED:,} more" if len(new) > _NAMED else ""
        raise DataError(
            f"Labels that the session does not know: {', '.join(new[:_NAMED])}{more}.",
            f"It has {', '.join(labelling.labels) or 'none yet'}. --add-labels adds those of the file.",
        )
    return new


def _records(
    annotation: Annotation,
    example: Example,
    labelling: Labelling,
    wishes: Wishes,
    result: Imported,
) -> list[Decided]:
    """The decisions that an annotation stands for, without those that say nothing new."""
    annotator = annotation.annotator or wishes.annotator
    found = []
    stand = labelling.stands(example.id).get(annotator)
    decision = _decision(annotation, example)
    if decision is None:
        result.left_out["without an answer"] += not annotation.note
    elif stand is not None and _same(stand, decision, labelling):
        result.left_out["the same as here"] += 1
    elif stand is not None and annotation.time and annotation.time < stand.time:
        result.left_out["older than what the annotator says here"] += 1
    else:
        found.append(_record(decision, annotator, annotation.time))
    if annotation.note and annotation.note != labelling.note(example.id):
        note = de.Note(example.id, annotation.note)
        found.append(_record(note, annotator, annotation.time))
    return found


def _decision(annotation: Annotation, example: Example) -> Decision | None:
    if annotation.status is Status.UNCLEAR:
        return de.Flag(example.id, annotation.reason)
    if annotation.status is Status.SKIPPED:
        return de.Skip(example.id)
    if annotation.answer is None:
        return None
    return de.Label((example.id,), annotation.answer, via="import")


def _same(stand: Decided, decision: Decision, labelling: Labelling) -> bool:
    if isinstance(decision, de.Label):
        return labelling.given(stand) == decision.answer
    return isinstance(decision, de.Skip) or stand.decision == decision


def _record(decision: Decision, annotator: str, when: float) -> Decided:
    """A decision under a name made from what it says, so that the log takes it once."""
    said = json.dumps([decision.kind, de.to_plain(decision), annotator, when], ensure_ascii=False)
    uid = "import-" + hashlib.blake2b(said.encode(), digest_size=12).hexdigest()
    return Decided(0, when or time.time(), annotator, uid, decision)
