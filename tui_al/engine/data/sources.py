"""Where the rows of a split come from: a file, or a folder that is read as one table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport, Table


class Source(Protocol):
    """Rows under one name."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    def tables(self, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
        """Its rows, at least one; nothing is read before the first is asked for. Raises
        DataError."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """A data file."""

    path: Path
    name: str

    def tables(self, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
        """As `open_tables`."""
        return open_tables(self.path, self.name, config, load_report)


@dataclass(frozen=True, slots=True)
class JsonSource:
    """One of several arrays of objects in a JSON file."""

    path: Path
    key: str

    @property
    def name(self) -> str:
        """The file's, and which array."""
        return f"{self.path.name} ({self.key})"

    def tables(self, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
        """As `open_tables`."""
        return open_tables(self.path, self.name, replace(config, subset=self.key), load_report)


@dataclass(frozen=True, slots=True)
class FolderSource:
    """Files that make a table together."""

    name: str
    read: Callable[[DataConfig, LoadReport], Iterator[Table]]

    def tables(self, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
        """As its reader has it."""
        return self.read(config, load_report)
