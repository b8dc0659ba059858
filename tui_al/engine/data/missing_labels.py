"""Labels that spreadsheets and programs write for a missing one, as NA and null: taken for none,
and told."""

from collections import Counter
from collections.abc import Collection

from tui_al.engine.data.rows import Row
from tui_al.engine.data.tables import LoadReport, amount, some

#: What pandas, R, Excel and SQL write; the row is unlabelled. Nobody calls a class so, or says it
#: with --labels.
MISSING = frozenset(
    {"NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "nan", "NaN", "-nan", "NULL", "null", "#N/A N/A"}
)
#: What may stand for a missing label, but also for a class of its own, which it stays.
_DOUBTFUL = frozenset({"none", "-", "--", "?", "."})


class MissingLabels:
    """Counts the labels of a data set that stand for a missing one, or may.

    `classes` are labels all the same: what the person names, or a session has, however it is
    spelled."""

    def __init__(self, classes: Collection[str]) -> None:
        self._classes = classes
        self._missing, self._doubtful = Counter[str](), Counter[str]()
        self._places: dict[str, str] = {}

    def is_missing(self, label: str, origin: str) -> bool:
        """Whether this label, of the row at that place, stands for none."""
        label = label.strip()
        if label in self._classes:
            return False
        if label in MISSING:
            self._missing[label] += 1
        elif label.lower() in _DOUBTFUL:
            self._doubtful[label] += 1
        else:
            return False
        self._places.setdefault(label, origin)
        return label in MISSING

    def told(self, what: str) -> list[str]:
        """Warnings; `what` becomes of rows whose label stands for none."""
        said = (
            (self._missing, f"taken for no label, {what}"),
            (self._doubtful, "a class, though it may stand for no label: empty such cells if it "
                "does"),
        )  # fmt: skip
        return [f"{some(self._counted(found))}: {meaning}" for found, meaning in said if found]

    def _counted(self, found: Counter[str]) -> list[str]:
        return [
            f"{label!r} in {amount(n, 'row')}, first {self._places[label]}"
            for label, n in found.items()
        ]


def without_missing(
    rows: dict[str, list[Row]], classes: Collection[str], load_report: LoadReport
) -> None:
    """Take labels that stand for a missing one out of all splits.

    Args:
        rows: of each split, changed in place.
        classes: what the person names as labels stays one, however it is spelled.
        load_report: take what was taken out, how often, and what may be another such label.
    """
    missing = MissingLabels(classes)
    for part in rows.values():
        for place, row in enumerate(part):
            if isinstance(row.answer, str) and missing.is_missing(row.answer, row.origin):
                part[place] = row._replace(answer=None)
    told = missing.told("so that the rows are unlabelled (--labels keeps as classes what it names)")
    load_report.warnings.extend(told)
