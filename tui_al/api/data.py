"""A data set as it was read, to look at and to simulate on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tui_al.api.messages import in_python, python_messages
from tui_al.api.settings import data_config, data_settings, source_of
from tui_al.api.table import Table
from tui_al.core.data.examples import Dataset, Example
from tui_al.errors import ConfigError
from tui_al.host.process import load_dataset as load


@dataclass(frozen=True, slots=True)
class Data:
    """A data set: its examples, and the settings it was read with, which `simulate` reads it with
    again."""

    source: str
    settings: Mapping[str, Any]
    dataset: Dataset

    @property
    def name(self) -> str:
        """What the data set is called."""
        return self.dataset.name

    @property
    def task(self) -> str:
        """ "classification" or "tagging"."""
        return self.dataset.task.value

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes, or types of entities."""
        return self.dataset.labels

    @property
    def train(self) -> tuple[Example, ...]:
        """What is asked about: each has `id`, `text`, `answer` (None if unlabelled), `tokens` and
        `origin`."""
        return self.dataset.train

    @property
    def test(self) -> tuple[Example, ...]:
        """What is measured on."""
        return self.dataset.test

    @property
    def warnings(self) -> tuple[str, ...]:
        """Odd things that were found, and what was left out or mended."""
        return tuple(map(in_python, self.dataset.warnings))

    @property
    def notes(self) -> tuple[str, ...]:
        """The warnings, then what was guessed."""
        return (*self.warnings, *map(in_python, self.dataset.notes))

    def table(self, split: Literal["train", "test"] = "train") -> Table:
        """The examples of a split: columns id, text, answer, origin. Raises ConfigError for another
        split."""
        if split not in ("train", "test"):
            raise ConfigError(f"split = {split!r:.60} is unknown.", "Choose train or test.")
        examples = self.train if split == "train" else self.test
        rows = [
            {"id": one.id, "text": one.text, "answer": one.answer, "origin": one.origin}
            for one in examples
        ]
        return Table.of(rows, {"id": str, "text": str, "answer": object, "origin": str})

    def __repr__(self) -> str:
        sizes = f"{len(self.train):,} to train on, {len(self.test):,} to test on"
        return f"<Data {self.name}: {self.task}, {len(self.labels)} labels, {sizes}>"


@python_messages()
def load_dataset(source: str | Path, **settings: Any) -> Data:
    """Find, read and check a data set: a name, a path or a Hub id, as `tui-al simulate` takes it.

    Args:
        source: a data set's name (`tui-al datasets`), the path of a file or folder, or a Hub id.
        settings: how to read it, by the names of the command's options under "Data", as
        text_column="body".

    Raises:
        ConfigError: a setting is unknown or out of range.
        DataError: the data cannot be found, read or used.
        HubError: it cannot be downloaded.
    """
    given = data_settings(settings)
    source = source_of(source, "load_dataset")
    return Data(source, given, load(data_config(source, given)))
