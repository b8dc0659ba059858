"""Annotations from files into a labelling session: each becomes a decision of its annotator, or is
counted with the reason why not.

Importing a file again changes nothing. What was decided here later than an annotation was made
stands, and an annotation without a time replaces nothing that its annotator answered here, unless
that is asked for. Answers of one annotator to one text that contradict each other are settled by
their times; where they have none, none of them is taken, unless the last one is asked for."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import Decision, DecisionRecord
from tui_al.core.annotation.label_state import LabelState
from tui_al.core.annotation.records import Annotation, Status, UserAnswer, labels_used
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.offsets import spans_to_tags, tags_to_spans, words_within
from tui_al.core.session.timestamps import is_plausible
from tui_al.errors import DataError, MachineError, SessionError
from tui_al.store.accounts import this_account
from tui_al.store.decisions import DecisionLog
from tui_al.store.examples import append_examples
from tui_al.store.import_rules import (
    BEFORE,
    CORRECTED,
    MISFITS,
    OLDER,
    OWN,
    REPLACED,
    SAME,
    SKIPPED,
    TEST,
    UNKNOWN,
    Imported,
    ImportOptions,
    last_notes,
    one_to_add,
    said_beside,
    settled,
    tell,
    tell_note,
)
from tui_al.store.session import Session

#: Labels and misfits that a message names.
_NAMED = 10

_OURS = "import-"


def import_annotations(
    session: Session, annotations: Sequence[Annotation], import_options: ImportOptions
) -> Imported:
    """Put annotations on record; nothing is, if an error is raised, but for new examples where the
    disk then refuses the rest.

    Examples are found by id, else by text, else by their words. The second of equal texts goes to
    the second such example.

    Raises:
        SessionError: the session is a simulation, or cannot take more examples now.
        DataError: labels that it does not know, or entities that do not fit the words of its
        examples.
    """
    state, dataset = session.state(), session.dataset()
    if state.config is None or state.config.loop.oracle != "person":
        raise SessionError(
            f"Session {session.name} is a simulated experiment: its labels come from the data.",
            "Labels are imported into sessions made with `tui-al label DATA`.",
        )
    result = Imported()
    with DecisionLog(session.directory) as log:
        label_state = LabelState(dataset.labels)
        here = list(log.read())
        label_state.apply(here)
        uids = {record.uid for record in here}
        today = _with_known_labels(
            _today(annotations, label_state), label_state, import_options, result
        )
        known, unknown = _placed(today, dataset, import_options, result)
        new, others = _new_examples(session, dataset, unknown, import_options, result)
        known += _placed(
            others, replace(dataset, train=tuple(new), test=()), import_options, result
        )[0]
        used = labels_used(annotation for annotation, _ in known)
        added = _new_labels(label_state, used | _labels_of(new), import_options)
        records = [_record(de.AddLabel(name), import_options.annotator, 0.0) for name in added]
        came = _came_labelled((*dataset.train, *new), label_state.renamed)
        for annotation, example in settled(known, import_options, result):
            in_data = came.get(example.id)
            records += _answer_records(
                annotation, example, in_data, label_state, uids, import_options, result
            )
        for annotation, example in last_notes(known, import_options, result):
            records += _note_records(annotation, example, label_state, import_options, result)
        if new:
            append_examples(session.directory / "examples.db", new)
        try:
            inserted = {record.uid for record in log.insert(records)}
        except MachineError as error:
            if new:
                error.hint = (
                    f"New texts ({len(new):,}) are in the session with their labels, "
                    f"nothing else of the file is: the same import adds the rest. {error.hint}"
                )
            raise
    result.labels = added
    _count(records, inserted, result)
    return result


def _came_labelled(examples: Sequence[Example], names: Mapping[str, str]) -> dict[str, UserAnswer]:
    """Answers that the training data brought, by id, in today's names; none where all are hidden
    while people label."""
    if all(example.answer is not None for example in examples):
        return {}
    return {
        example.id: _renamed(_plain(example), names)
        for example in examples
        if example.answer is not None
    }


def _plain(example: Example) -> UserAnswer:
    if isinstance(example.answer, tuple):
        return tags_to_spans(example.text, example.tokens, example.answer)
    return example.answer or ""


def _labels_of(examples: Sequence[Example]) -> set[str]:
    return labels_used(Annotation(one.id, one.text, _plain(one)) for one in examples)


def _count(records: Sequence[DecisionRecord], inserted: set[str], result: Imported) -> None:
    """What of the records is new: a decision that was undone is in the log already, and is not
    taken again."""
    for record in records:
        if isinstance(record.decision, de.AddLabel):
            continue
        note = isinstance(record.decision, de.Note)
        if record.uid not in inserted:
            (result.notes_left_out if note else result.left_out).add(BEFORE, "")
        elif note:
            result.notes += 1
        else:
            result.answers += 1


def _with_known_labels(
    annotations: list[Annotation],
    label_state: LabelState,
    import_options: ImportOptions,
    result: Imported,
) -> list[Annotation]:
    """Those whose labels the session knows or gets; the others are left out where that is asked
    for."""
    if import_options.add_labels or not import_options.leave_out_misfits:
        return annotations
    known, kept = set(label_state.labels), []
    for annotation in annotations:
        if strange := sorted(labels_used([annotation]) - known):
            tell_note(annotation, result)
            reason = (
                f"with labels that the session does not know, as {strange[0]} (--add-labels "
                "adds them)"
            )
            result.left_out.add(reason, annotation.origin)
        else:
            kept.append(annotation)
    return kept


def _today(annotations: Iterable[Annotation], label_state: LabelState) -> list[Annotation]:
    """With the names that labels have now, where the session has renamed them."""
    names = label_state.renamed
    return [
        a if a.answer is None else replace(a, answer=_renamed(a.answer, names)) for a in annotations
    ]


def _renamed(answer: UserAnswer, names: Mapping[str, str]) -> UserAnswer:
    if isinstance(answer, str):
        return names.get(answer, answer)
    return tuple((start, end, names.get(kind, kind)) for start, end, kind in answer)


def _placed(
    annotations: Sequence[Annotation],
    dataset: Dataset,
    import_options: ImportOptions,
    result: Imported,
) -> tuple[list[tuple[Annotation, Example]], list[Annotation]]:
    """Annotations with their examples, entities in the offsets of these; and those without."""
    finder = _Finder(dataset)
    known, unknown, misfits = [], [], []
    for annotation in annotations:
        example = finder.find(annotation)
        if example is None:
            if finder.in_test(annotation):
                tell_note(annotation, result)
                result.left_out.add(TEST, annotation.origin)
            else:
                unknown.append(annotation)
            continue
        try:
            known.append((_fitted(annotation, example), example))
        except ValueError as error:
            tell_note(annotation, result)
            misfits.append(f"{annotation.origin}: {error}")
            result.left_out.add(MISFITS, annotation.origin)
    if misfits and not import_options.leave_out_misfits:
        more = f"; and {len(misfits) - 1:,} more" if len(misfits) > 1 else ""
        raise DataError(
            f"{misfits[0]}{more}.",
            "Entities begin and end where the session's words do. --skip-mismatched imports the "
            "others.",
        )
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
        if annotation.id in self._test:  # also where its text was added to the pool meanwhile
            return None
        alike = self._by_text.get(annotation.text) or self._by_words.get(annotation.tokens, [])
        if not alike:
            return None
        turn = self._given_out[alike[0].id, annotation.annotator]
        self._given_out[alike[0].id, annotation.annotator] += 1
        return alike[min(turn, len(alike) - 1)]

    def in_test(self, annotation: Annotation) -> bool:
        return annotation.id in self._test or annotation.text in self._test_texts


def _fitted(annotation: Annotation, example: Example) -> Annotation:
    """The answer as the example takes it; ValueError where entities do not begin and end with its
    words."""
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
    unknown: Sequence[Annotation],
    import_options: ImportOptions,
    result: Imported,
) -> tuple[list[Example], list[Annotation]]:
    """Examples of the unknown texts that are labelled, each once; and what else is said of
    these."""
    by_text: dict[str, list[Annotation]] = {}
    for annotation in unknown:
        by_text.setdefault(annotation.text, []).append(annotation)
    chosen: list[Annotation] = []
    others: list[Annotation] = []
    for group in by_text.values():
        one = one_to_add(group, import_options, result) if import_options.add_examples else None
        if one is None:
            if not import_options.add_examples:
                tell(group, UNKNOWN, result)
            for annotation in group:
                tell_note(annotation, result)
            continue
        chosen.append(one)
        result.examples += 1
        others += said_beside(one, group, import_options, result)
    if chosen:
        _check_growth(session, dataset)
    texts = [example.text for example in (*dataset.train, *dataset.test)]
    ids = example_ids([*texts, *(annotation.text for annotation in chosen)])[len(texts) :]
    new = [_example(one, identity, dataset.task) for one, identity in zip(chosen, ids, strict=True)]
    return new, others


def _check_growth(session: Session, dataset: Dataset) -> None:
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


def _example(annotation: Annotation, identity: str, task: Task) -> Example:
    answer = annotation.answer
    if task is Task.CLASSIFICATION or not isinstance(answer, tuple):
        return Example(identity, annotation.text, answer, (), annotation.origin)  # type: ignore[arg-type]
    tokens = annotation.tokens or words_within(annotation.text, answer)[0]
    try:
        tags = spans_to_tags(annotation.text, tokens, answer)
    except ValueError as error:
        raise DataError(
            f"{annotation.origin}: {error}.", "Correct the file, or leave --add-examples out."
        ) from error
    return Example(identity, annotation.text, tags, tokens, annotation.origin)


def _new_labels(
    label_state: LabelState, used: set[str], import_options: ImportOptions
) -> tuple[str, ...]:
    new = tuple(sorted(used - set(label_state.labels)))
    if new and not import_options.add_labels:
        more = f" and {len(new) - _NAMED:,} more" if len(new) > _NAMED else ""
        raise DataError(
            f"Labels that the session does not know: {', '.join(new[:_NAMED])}{more}.",
            f"It has {', '.join(label_state.labels) or 'none yet'}. --add-labels adds those of the "
            "file, --skip-mismatched imports the others.",
        )
    return new


def _answer_records(
    annotation: Annotation,
    example: Example,
    in_data: UserAnswer | None,
    label_state: LabelState,
    uids: set[str],
    import_options: ImportOptions,
    result: Imported,
) -> list[DecisionRecord]:
    """The decision that an annotation stands for, unless it says nothing new or may not replace
    what is here."""
    annotator = annotation.annotator or import_options.annotator
    stand = label_state.votes(example.id).get(annotator)
    decision = _decision(annotation, example)
    record = _record(decision, annotator, annotation.time)
    why = ""
    if stand is not None:
        why = _why_not(annotation, decision, stand, label_state, import_options)
    elif in_data is not None and isinstance(decision, de.Skip):
        why = SKIPPED
    elif in_data is not None and isinstance(decision, de.Label) and decision.answer == in_data:
        why = SAME
    if record.uid in uids and why in ("", OWN):
        why = BEFORE
    if why:
        result.left_out.add(why, annotation.origin)
        return []
    if stand is not None:
        result.replaced.add(f"{REPLACED}, of {annotator}", annotation.origin)
    elif in_data is not None:
        result.replaced.add(CORRECTED, annotation.origin)
    return [record]


def _why_not(
    annotation: Annotation,
    decision: Decision,
    stand: DecisionRecord,
    label_state: LabelState,
    import_options: ImportOptions,
) -> str:
    """Why a decision does not take the place of the annotator's own that is here, "" if it does."""
    if isinstance(decision, de.Skip):
        return SAME if isinstance(stand.decision, de.Skip) else SKIPPED
    if _same(stand, decision, label_state):
        return SAME
    if annotation.time:
        return OLDER if annotation.time < stand.time and is_plausible(stand.time) else ""
    by_hand = not stand.uid.startswith(_OURS)
    return OWN if by_hand and not import_options.replace else ""


def _note_records(
    annotation: Annotation,
    example: Example,
    label_state: LabelState,
    import_options: ImportOptions,
    result: Imported,
) -> list[DecisionRecord]:
    """The annotation's note, unless it is the one that is here, or may not replace a later one."""
    annotator = annotation.annotator or import_options.annotator
    own = [
        record
        for record in label_state.history(example.id)
        if isinstance(record.decision, de.Note) and record.annotator == annotator
    ]
    why = ""
    if own and isinstance(own[-1].decision, de.Note) and own[-1].decision.text == annotation.note:
        why = SAME
    elif own and annotation.time and annotation.time < own[-1].time and is_plausible(own[-1].time):
        why = OLDER
    elif (
        own
        and not annotation.time
        and not own[-1].uid.startswith(_OURS)
        and not import_options.replace
    ):
        why = OWN
    if why:
        result.notes_left_out.add(why, annotation.origin)
        return []
    return [_record(de.Note(example.id, annotation.note), annotator, annotation.time)]


def _decision(annotation: Annotation, example: Example) -> Decision:
    """The decision of an annotation that has an answer, or a flag in its place."""
    if annotation.status is Status.UNCLEAR:
        return de.Flag(example.id, annotation.reason)
    if annotation.status is Status.SKIPPED:
        return de.Skip(example.id)
    assert annotation.answer is not None
    return de.Label((example.id,), annotation.answer, via="import")


def _same(stand: DecisionRecord, decision: Decision, label_state: LabelState) -> bool:
    if isinstance(decision, de.Label):
        return label_state.given(stand) == decision.answer
    return stand.decision == decision


def _record(decision: Decision, annotator: str, when: float) -> DecisionRecord:
    """A decision under a name made from what it says, so that the log takes it once."""
    said = json.dumps([decision.kind, de.to_plain(decision), annotator, when], ensure_ascii=False)
    uid = _OURS + hashlib.blake2b(said.encode(), digest_size=12).hexdigest()
    return DecisionRecord(0, when or time.time(), annotator, uid, decision, this_account())
