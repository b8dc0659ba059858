"""What counts among the annotations of a file, and the words in which the others are counted.

Answers of one annotator to one text that contradict each other are settled by their times; where
they have none, none of them is taken, unless the last one is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tui_al.core.annotation.records import Annotation, Status
from tui_al.core.data.examples import Example
from tui_al.store.tally import NO_ANSWER, Tally

#: Why an annotation is not a new decision, in the words that count them.
SAME = "the same as here"
BEFORE = "imported before"
REPEATED = "repeated in the file"
OLDER = "older than what the annotator says here"
OWN = "without a time, where the annotator answered otherwise here (--replace takes them)"
SKIPPED = "skipped in the file, but answered"
CONTRADICTING = (
    "contradicting others of the same annotator and text, of which none is taken "
    "(--last-wins takes the last)"
)
OVERRULED = "contradicting a later one of the same annotator and text"
TEST = "of the test set"
UNKNOWN = "of texts that the session does not have (--add-examples adds them)"
UNKNOWN_BARE = "of texts that the session does not have, without a label"
ELSEWHERE = "of annotations that are left out"
MISFITS = "with entities that do not fit the words"

#: What was done with decisions that were here, in the words that count them.
CORRECTED = "answers that came with the data corrected by the file's"
REPLACED = "answers given here replaced by the file's"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What to do where it is not plain."""

    annotator: str = "import"  #: for annotations that name none
    add_labels: bool = False  #: labels that the session does not know
    add_examples: bool = (
        False  #: labelled examples that it does not know: to train on, not to be asked about
    )
    leave_out_misfits: bool = False  #: entities that do not fit the session's words, unknown labels
    last_wins: bool = False  #: of answers that contradict each other without times
    replace: bool = False  #: what an annotator answered here, by answers without a time


@dataclass(slots=True)
class Imported:
    """What came of it: what is new, and what of the annotations is not, by the reason.

    Every annotation is one of `answers`, `examples`, `notes_only` or `left_out`; every note is one
    of `notes` or `notes_left_out`."""

    answers: int = 0  #: new decisions that answer, flag or skip
    notes: int = 0  #: new notes
    notes_only: int = 0  #: annotations that have a note and no answer
    labels: tuple[str, ...] = ()  #: added
    examples: int = 0  #: added
    left_out: Tally = field(default_factory=Tally)
    notes_left_out: Tally = field(default_factory=Tally)
    replaced: Tally = field(default_factory=Tally)  #: among the answers

    @property
    def decisions(self) -> int:
        """All that is new on record but labels."""
        return self.answers + self.notes


def settled(
    known: Sequence[tuple[Annotation, Example]], import_options: ImportOptions, result: Imported
) -> list[tuple[Annotation, Example]]:
    """One answer of each annotator to each example, in the order of their times; the others are
    counted."""
    groups: dict[tuple[str, str], list[Annotation]] = {}
    examples = {example.id: example for _, example in known}
    kept: list[tuple[Annotation, Example]] = []
    for annotation, example in known:
        if annotation.answer is not None or annotation.status is not Status.LABELLED:
            key = example.id, annotation.annotator or import_options.annotator
            groups.setdefault(key, []).append(annotation)
        elif annotation.note:
            result.notes_only += 1
        else:
            result.left_out.add(NO_ANSWER, annotation.origin)
    for (identity, _), group in groups.items():
        if one := the_one(group, import_options, result):
            kept.append((one, examples[identity]))
    return sorted(kept, key=by_time)


def by_time(placed: tuple[Annotation, Example]) -> float:
    return placed[0].time


def the_one(
    group: Sequence[Annotation], import_options: ImportOptions, result: Imported
) -> Annotation | None:
    """The annotation that counts among those of one annotator about one example; the others are
    told of."""
    answered = [a for a in group if a.status is not Status.SKIPPED]
    wanted = answered or list(group)
    if answered:
        tell([a for a in group if a.status is Status.SKIPPED], SKIPPED, result)
    one = _choice(wanted, import_options)
    alike = len(_said(wanted)) == 1
    reason = REPEATED if alike else OVERRULED if one is not None else CONTRADICTING
    tell([a for a in wanted if a is not one], reason, result)
    return one


def _choice(group: Sequence[Annotation], import_options: ImportOptions) -> Annotation | None:
    """The newest; None where they contradict each other and have no times to tell which that is."""
    if not group:
        return None
    newest = max(group, key=lambda a: a.time)
    timed = all(a.time for a in group) and [a.time for a in group].count(newest.time) == 1
    if timed or len(_said(group)) == 1:
        return newest
    return group[-1] if import_options.last_wins else None


def _said(group: Sequence[Annotation]) -> set[object]:
    return {(a.status, a.answer, a.reason) for a in group}


def tell_note(annotation: Annotation, result: Imported) -> None:
    """A note on a text that people do not label here, or beside entities that do not fit, has no
    place."""
    if annotation.note:
        result.notes_left_out.add(ELSEWHERE, annotation.origin)


def tell(annotations: Iterable[Annotation], reason: str, result: Imported) -> None:
    for annotation in annotations:
        result.left_out.add(reason, annotation.origin)


def last_notes(
    placed: Sequence[tuple[Annotation, Example]], import_options: ImportOptions, result: Imported
) -> list[tuple[Annotation, Example]]:
    """The last note of each annotator on each example, in the order of their times; the others are
    counted."""
    last: dict[tuple[str, str], tuple[Annotation, Example]] = {}
    for annotation, example in sorted(placed, key=by_time):
        if not annotation.note:
            continue
        key = example.id, annotation.annotator or import_options.annotator
        if earlier := last.pop(key, None):
            same = earlier[0].note == annotation.note
            result.notes_left_out.add(REPEATED if same else OVERRULED, earlier[0].origin)
        last[key] = annotation, example
    return list(last.values())


def one_to_add(
    group: Sequence[Annotation], import_options: ImportOptions, result: Imported
) -> Annotation | None:
    """The annotation whose answer a new example gets; where there is none, why not is told of all
    of the group."""
    answered = [a for a in group if a.answer is not None and a.status is Status.LABELLED]
    one = _choice(answered, import_options)
    if one is None:
        tell([a for a in group if a not in answered], UNKNOWN_BARE, result)
        tell(answered, CONTRADICTING, result)
    return one


def said_beside(
    one: Annotation, group: Sequence[Annotation], import_options: ImportOptions, result: Imported
) -> list[Annotation]:
    """What others say of the text of a new example, and what `one` has beside its answer; its
    annotator's other answers are told."""
    beside = [replace(one, answer=None, status=Status.LABELLED)] if one.note else []
    result.notes_only -= len(beside)  # counted as the example
    for annotation in group:
        own = (annotation.annotator or import_options.annotator) == (
            one.annotator or import_options.annotator
        )
        answered = annotation.answer is not None and annotation.status is Status.LABELLED
        if annotation is one:
            continue
        if own and answered:
            same = annotation.answer == one.answer
            tell([annotation], REPEATED if same else OVERRULED, result)
            beside += [replace(annotation, answer=None)] if annotation.note else []
            result.notes_only -= bool(annotation.note)
        else:
            beside.append(annotation)
    return beside
