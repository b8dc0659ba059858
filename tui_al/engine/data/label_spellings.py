"""Spellings of one label made one: blanks, quotes, zero-width characters, composed characters, 0
and 0.0."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from tui_al.engine.data.cells import INVISIBLE, plain_spelling
from tui_al.engine.data.rows import Row
from tui_al.engine.data.tables import LoadReport, some

_WHOLE = re.compile(r"([-+]?\d+)\.0+")
_NUMBER = re.compile(r"[-+]?\d+(\.0+)?")


def unify_spellings(rows: dict[str, list[Row]], load_report: LoadReport) -> None:
    """Put one spelling in place of all that mean one label, in all splits; told are those that
    became one."""
    written = Counter(
        row.answer for part in rows.values() for row in part if isinstance(row.answer, str)
    )
    changed = spellings(written, (), load_report)
    if changed:
        for split, part in rows.items():
            rows[split] = [
                row._replace(answer=changed.get(row.answer, row.answer))
                if isinstance(row.answer, str)
                else row
                for row in part
            ]
    _tell_cases({changed.get(label, label) for label in written}, load_report)


def spellings(
    written: Mapping[str, int], known: Collection[str], load_report: LoadReport
) -> dict[str, str]:
    """The labels that are spelled otherwise than what they count as, with that; told.

    Args:
        written: labels as they are written, with the rows of each.
        known: labels that stand for themselves however they are spelled.
        load_report: takes what became one.
    """
    spelled = _spellings({**dict.fromkeys(known, 0), **written})
    spelled = {old: old if old in known else new for old, new in spelled.items()}
    if any(old != new for old, new in spelled.items()):
        _tell({old: new for old, new in spelled.items() if old in written}, load_report)
    return {old: new for old, new in spelled.items() if old != new}


def _spellings(written: Mapping[str, int]) -> dict[str, str]:
    """Each label as it is written to the one it counts as."""
    plain = {label: plain_spelling(label) or label.strip() for label in written}
    labels = set(plain.values())
    if all(_NUMBER.fullmatch(label) for label in labels):
        return {old: _without_fraction(new) for old, new in plain.items()}
    return {
        old: whole if (whole := _without_fraction(new)) in labels else new
        for old, new in plain.items()
    }


def _without_fraction(label: str) -> str:
    match = _WHOLE.fullmatch(label)
    return match[1] if match else label


def _tell(spelled: Mapping[str, str], load_report: LoadReport) -> None:
    forms: dict[str, list[str]] = defaultdict(list)
    for old, new in sorted(spelled.items()):
        forms[new].append(old)
    merged = {new: old for new, old in forms.items() if len(old) > 1}
    for odd, tell in ((False, load_report.notes), (True, load_report.warnings)):
        told = [
            f"{new} ({', '.join(map(_visible, old))})"
            for new, old in merged.items()
            if odd == (len({label.strip() for label in old}) > 1)
        ]
        if told:
            tell.append(f"spellings of one label became one: {some(told)}")
    alone = [
        f"{_visible(old[0])} to {new}"
        for new, old in forms.items()
        if old not in merged.values() and old[0] != new
    ]
    if alone:
        load_report.notes.append(
            f"labels are written without blanks, quotes and fractions: {some(alone)}"
        )


def _tell_cases(labels: set[str], load_report: LoadReport) -> None:
    """A warning for labels that differ in upper and lower case only; they stay apart."""
    forms: dict[str, list[str]] = defaultdict(list)
    for label in sorted(labels):
        forms[label.casefold()].append(label)
    alike: Sequence[str] = [" and ".join(found) for found in forms.values() if len(found) > 1]
    if alike:
        load_report.warnings.append(
            f"labels that differ in upper and lower case only stay apart: {some(alike)}"
        )


def _visible(label: str) -> str:
    """A label with its blanks and invisible characters to be seen."""
    return (
        ascii(label)
        if INVISIBLE.search(label) or not unicodedata.is_normalized("NFC", label)
        else repr(label)
    )
