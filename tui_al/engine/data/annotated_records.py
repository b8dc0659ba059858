"""JSON records that annotation programs write, and folders of their files: entities by character offsets."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tui_al.core.config import DataConfig
from tui_al.core.tasks import Task
from tui_al.engine.data.tables import Findings, Table


class RecordConverter(Protocol):
    """Turns the records of one file into rows of a settled table."""

    settled: Task

    def convert(self, record: Mapping[str, object], origin: str) -> Mapping[str, object] | None:
        """The row's columns as in `Table`; None for a record that is left out and counted."""

    def finish(self) -> None:
        """Tell what was left out or mended, after the last record."""


def recognise(
    _records: Sequence[Mapping[str, object]], _name: str, _config: DataConfig, _findings: Findings
) -> RecordConverter | None:
    """What reads records like these first ones of a file; None if their columns are to be guessed."""
    return None


def open_folder(_folder: Path, _config: DataConfig, _findings: Findings) -> Iterator[Table] | None:
    """The rows of a folder of annotated files; None for any other folder."""
    return None
