"""Classes that hardly occur where the others are frequent, as of a spreadsheet's row of totals."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from statistics import median

from tui_al.engine.data.rows import Row
from tui_al.engine.data.tables import LoadReport, some

_FREQUENT = 5  # rows of most other classes; where they have fewer, one row says nothing


def tell_rare_labels(
    rows: Mapping[str, Sequence[Row]], known: Collection[str], load_report: LoadReport
) -> None:
    """A warning that names the classes of a single row, and where it is, if most have five rows or
    more.

    Args:
        rows: of all splits.
        known: classes that the person names, which are meant.
        load_report: takes the warning.
    """
    counts = Counter(row.answer for row in _all(rows) if isinstance(row.answer, str))
    alone = {label for label, count in counts.items() if count == 1} - set(known)
    if alone and median(counts.values()) >= _FREQUENT:
        found = [f"{row.answer!r} ({row.origin})" for row in _all(rows) if row.answer in alone]
        load_report.warnings.append(
            f"classes of a single row, where most have {_FREQUENT} or more: {some(found)}; is each "
            "of them meant, and no total or typing error?"
        )


def _all(rows: Mapping[str, Sequence[Row]]) -> Iterator[Row]:
    return chain.from_iterable(rows.values())
