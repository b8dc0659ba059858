"""Columns of equal length, as NumPy arrays or as a data frame."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tui_al.errors import ConfigError

if TYPE_CHECKING:
    from pandas import DataFrame


class Table(Mapping[str, NDArray[Any]]):
    """Columns by name, in order. `len(table)` counts columns, as of any mapping; `table.rows`
    counts rows."""

    def __init__(self, columns: Mapping[str, NDArray[Any]], rows: int) -> None:
        self._columns = dict(columns)
        self.rows = rows

    @classmethod
    def of(cls, records: Sequence[Mapping[str, Any]], kinds: Mapping[str, type]) -> "Table":
        """From one mapping a row. `kinds` names the columns; where a row lacks a number, it is
        NaN."""
        columns: dict[str, NDArray[Any]] = {}
        for name, kind in kinds.items():
            missing = float("nan") if kind is float else None
            column: NDArray[Any] = np.empty(
                len(records), dtype=object if kind in (object, str) else kind
            )
            for place, record in enumerate(records):
                column[place] = record.get(name, missing)
            columns[name] = column
        return cls(columns, len(records))

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column. Raises KeyError, whose message lists those there are."""
        if name not in self._columns:
            raise KeyError(f"no column {name!r}; there are {', '.join(self._columns)}")
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return f"<Table of {self.rows:,} rows: {', '.join(self._columns)}>"

    def to_pandas(self) -> "DataFrame":
        """The same as a pandas data frame. Raises ConfigError where pandas is not installed."""
        try:
            import pandas
        except ImportError as error:
            raise ConfigError(
                "A data frame needs pandas, which is not installed.",
                "Install it (pip install pandas), or use the columns, which are NumPy arrays.",
            ) from error
        return pandas.DataFrame(
            {
                name: list(column) if column.dtype == object else column
                for name, column in self.items()
            }
        )
