"""How the tests read a file of a format: by its own reader, or where it has none by that of data
files, as `import` does."""

from pathlib import Path

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.jobs.annotation_files import read_annotations
from tui_al.store.formats.format import Format
from tui_al.store.formats.reading import DEFAULTS, Read, ReadOptions


def read_file(known: Format, path: Path, task: Task, options: ReadOptions = DEFAULTS) -> Read:
    """All annotations of a file; DataError for one that cannot be read."""
    if known.read is not None:
        return known.read(path, task, options)
    config = DataConfig(str(path), misfits="leave out" if options.leave_out_misfits else "refuse")
    return read_annotations(path, known, task, options, config)
