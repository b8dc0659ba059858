"""What is odd in the data but can be worked with: counted, named, never hidden. And what cannot be
worked with."""

import re
from collections.abc import Sequence

from tui_al.core.data.examples import Answer, Task
from tui_al.core.data.tags import Scheme, is_well_formed, scheme_of, spans_of, to_iob2
from tui_al.engine.data.rows import Row
from tui_al.engine.data.tables import LoadReport, amount, some
from tui_al.errors import DataError

_VERY_LONG = 20_000  # characters
_LONG_ALONE, _LONG_SENTENCES = 50, 100  # tokens
_ENOUGH_TWICE = 3  # texts
#: Letters of Western Europe, and quotes and dashes, as they look after UTF-8 was read as cp1252.
_TWICE = re.compile(
    "|".join(c.encode().decode("cp1252") for c in "äöüÄÖÜßéèêëáàâãåæçíîïñóôõøúûùìò£§°’“–—…€")
)
_ENOUGH_ROWS = 20  # below it many classes mean nothing


def unify_tags(
    train: Sequence[Row], test: Sequence[Row], load_report: LoadReport
) -> tuple[list[Row], list[Row]]:
    """All tags as valid IOB2. The scheme is a note; sequences that break it are a warning with
    their places."""
    gold = [row.answer for row in (*train, *test) if isinstance(row.answer, tuple)]
    try:
        scheme = scheme_of(gold)
    except ValueError as error:
        raise DataError(
            f"The tags are of no single scheme: {error}.",
            "Use IOB1, IOB2, BIOES or BILOU throughout.",
        ) from error
    if scheme is not Scheme.IOB2:
        load_report.notes.append(f"tags: {scheme} converted to IOB2")
    broken = [
        row.origin
        for row in (*train, *test)
        if isinstance(row.answer, tuple) and not is_well_formed(row.answer, scheme)
    ]
    if broken:
        load_report.warnings.append(
            f"{amount(len(broken), 'tag sequence')} malformed, read as the CoNLL script does "
            f"({some(broken)})"
        )
    return [_in_iob2(row) for row in train], [_in_iob2(row) for row in test]


def _in_iob2(row: Row) -> Row:
    return row._replace(answer=to_iob2(row.answer)) if isinstance(row.answer, tuple) else row


def check_sentences(train: Sequence[Row], load_report: LoadReport) -> None:
    """DataError for a training file that is one long sentence, a warning for sentences as long as
    documents.

    Both come of files whose blank lines are lost. Only for rows that their source split into
    tokens."""
    lengths = sorted(len(row.tokens) for row in train)
    if len(lengths) == 1 and lengths[0] >= _LONG_ALONE:
        raise DataError(
            f"{train[0].origin}: one sentence only, of {amount(lengths[0], 'token')}: are the "
            "blank lines missing?",
            "A blank line ends a sentence; where each row of a table is a token, a column with "
            "the number of the sentence does.",
        )
    middle = lengths[len(lengths) // 2]
    if middle > _LONG_SENTENCES:
        load_report.warnings.append(
            f"half of the {amount(len(lengths), 'sentence')} have {middle:,} tokens or more: are "
            "blank lines missing?"
        )


def labels_of(rows: Sequence[Row]) -> set[str]:
    """Class names, or entity types, that occur in the answers."""
    answers: set[Answer] = {row.answer for row in rows if row.answer is not None}
    labels = {answer for answer in answers if isinstance(answer, str)}
    return labels.union(
        kind for answer in answers if isinstance(answer, tuple) for _, _, kind in spans_of(answer)
    )


def check_labels(
    task: Task,
    train: Sequence[Row],
    test: Sequence[Row],
    load_report: LoadReport,
    named: Sequence[str] = (),
    files: str = "The data",
) -> tuple[str, ...]:
    """The label set: those `named` by the person in their order, then the others of train and test,
    sorted.

    () where nothing is labelled or named. DataError if there is nothing to learn; it names the
    `files`."""
    unlabelled = sum(row.answer is None for row in train)
    if unlabelled:
        load_report.notes.append(
            f"{unlabelled:,} of {amount(len(train), 'training row')} unlabelled"
        )
    in_train, in_test = labels_of(train), labels_of(test)
    labels = in_train | in_test
    if named:  # people will label: what is missing comes from them
        return (*named, *sorted(labels - set(named)))
    if unlabelled == len(train) and not test:
        return ()
    if task is Task.TAGGING and not labels:
        raise DataError(
            f"{files}: every tag is O: there is no entity to learn.", "Check --tags-column."
        )
    too_few = len(labels) < 2 or (len(in_train) < 2 and not unlabelled)
    if task is Task.CLASSIFICATION and too_few:
        raise DataError(
            f"{files}: all {'labelled ' if unlabelled else ''}training rows have the label "
            f"{min(in_train or labels)!r}.",
            "A classifier needs two classes or more: check --label-column, or take more rows.",
        )
    unseen = sorted(in_test - in_train)
    if unseen and in_train:
        what = "label" if task is Task.CLASSIFICATION else "entity type"
        load_report.warnings.append(
            f"{amount(len(unseen), what)} of the test not in train: {some(unseen)}"
        )
    if task is Task.CLASSIFICATION:
        _check_classes(train, in_train, unlabelled, labels, load_report)
    return tuple(sorted(labels))


def _check_classes(
    train: Sequence[Row],
    in_train: set[str],
    unlabelled: int,
    labels: set[str],
    load_report: LoadReport,
) -> None:
    labelled = len(train) - unlabelled
    if labelled >= _ENOUGH_ROWS and len(in_train) > labelled / 2:
        load_report.warnings.append(
            f"{amount(len(in_train), 'label')} in {amount(labelled, 'labelled row')}: is this the "
            "label column?"
        )
    if all(label.lstrip("-").isdecimal() for label in labels):
        load_report.notes.append(f"labels are numbers without names: {some(sorted(labels))}")


def _check_decoding(rows: Sequence[Row], load_report: LoadReport) -> None:
    """A warning where most texts with characters beyond ASCII read as UTF-8 does in cp1252."""
    beyond = [row for row in rows if not row.text.isascii()]
    twice = [row for row in beyond if _TWICE.search(row.text)]
    if len(twice) >= _ENOUGH_TWICE and 2 * len(twice) > len(beyond):
        found = _TWICE.search(twice[0].text)
        assert found is not None
        places = some([row.origin for row in twice], 3)
        meant = found[0].encode("cp1252", "replace").decode("utf-8", "replace")
        load_report.warnings.append(
            f"{amount(len(twice), 'text')} with {found[0]!r} and the like ({places}): is {meant!r} "
            "meant, and was UTF-8 read as cp1252 where the file was made?"
        )


def check_texts(train: Sequence[Row], test: Sequence[Row], load_report: LoadReport) -> None:
    """Warnings about long texts, repeats, contradictions, and texts that are in train and in
    test."""
    warnings = load_report.warnings
    long = [row.origin for row in (*train, *test) if len(row.text) > _VERY_LONG]
    if long:
        warnings.append(
            f"{amount(len(long), 'text')} of over {_VERY_LONG:,} characters ({some(long)})"
        )
    _check_decoding([*train, *test], load_report)
    first: dict[str, Row] = {}
    repeats: list[str] = []
    contradictions: dict[str, str] = {}  # text to where it was met with another label
    for row in train:
        earlier = first.setdefault(row.text, row)
        if earlier is row:
            continue
        repeats.append(row.origin)
        if earlier.answer is None:
            first[row.text] = row
        elif row.answer is not None and row.answer != earlier.answer:
            contradictions.setdefault(row.text, f"{earlier.origin} and {row.origin}")
    if repeats:
        warnings.append(
            f"train: {amount(len(repeats), 'row')} repeat{'s' if len(repeats) == 1 else ''} an "
            f"earlier text ({some(repeats)})"
        )
    if contradictions:
        places = some([*contradictions.values()])
        warnings.append(
            f"train: {amount(len(contradictions), 'text')} with contradicting labels ({places})"
        )
    shared = [row.origin for row in test if row.text in first]
    if shared:
        warnings.append(f"{amount(len(shared), 'text')} of the test also in train ({some(shared)})")
