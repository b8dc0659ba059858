"""The one way in which tests make a session's directory.

What a test needs in it is written by the builders on top of it: `tests.ui.sessions` records
simulations as an engine would, `tests.ui.labelling` and `tests.store.people` rank samples for
annotators, `tests.store.labelled_sessions` holds labels.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_al.core.data.examples import Dataset
from tui_al.core.session.events import SessionCreated
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.store.session import Session


def new_session(
    home: Path,
    name: str,
    experiment: ExperimentConfig,
    data: Dataset,
    *,
    notes: Sequence[str] = (),
    warnings: Sequence[str] = (),
    manifest: Mapping[str, Any] | None = None,
) -> Session:
    """A session in `home` in which nothing has happened but that it was created."""
    created = SessionCreated(
        experiment.to_dict(),
        data.task.value,
        data.labels,
        len(data.train),
        len(data.test),
        tuple(notes),
        tuple(warnings),
        dict(manifest or {}),
    )
    return Session.create(home, name, created, data)
