"""Labels that spreadsheets and programs write for a missing one, as NA and null: taken for none, and told."""

from collections import Counter, defaultdict
from collections.abc import Collection

from tui_al.engine.data.rows import Row
from tui_al.engine.data.tables import Findings, amount, some

#: What pandas, R, Excel and SQL write; the row is unlabelled. Nobody calls a class so, or says it with --labels.
MISSING = frozenset(
    {"NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "nan", "NaN", "-nan", "NULL", "null", "#N/A N/A"}
)
#: What may stand for a missing label, but also for a class of its own, which it stays.
_DOUBTFUL = frozenset({"none", "-", "--", "?", "."})


def without_missing(
    rows: dict[str, list[Row]], classes: Collection[str], findings: Findings
) -> None:
    """Take labels that stand for a missing one out of all splits.

    Args:
        rows: of each split, changed in place.
        classes: what the person names as labels stays one, however it is spelled.
        findings: take what was taken out, how often, and what may be another such label.
    """
    missing, doubtful = Counter[str](), Counter[str]()
    places: dict[str, str] = defaultdict(str)
    for split, part in rows.items():
        for place, row in enumerate(part):
            label = row.answer.strip() if isinstance(row.answer, str) else None
            if label is None or label in classes:
                continue
            if label in MISSING:
                missing[label] += 1
                rows[split][place] = row._replace(answer=None)
            elif label.lower() in _DOUBTFUL:
                doubtful[label] += 1
            else:
                continue
            places[label] = places[label] or row.origin
    for found, told in (
        (missing, "taken for no label, so that the rows are unlabelled (--labels keeps as classes what it names)"),
        (doubtful, "a class, though it may stand for no label: empty such cells if it does"),
    ):  # fmt: skip
        if found:
            shown = [
                f"{label!r} in {amount(n, 'row')}, first {places[label]}"
                for label, n in found.items()
            ]
            findings.warnings.append(f"{some(shown)}: {told}")
