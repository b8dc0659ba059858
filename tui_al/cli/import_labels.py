"""`tui-al import`: a file's labels into a labelling session, and what came of them in numbers."""

from pathlib import Path

from rich.console import Console

from tui_al.cli.console import Page
from tui_al.cli.export_labels import check_task, format_named
from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.store.audit import note_action
from tui_al.store.formats.brat import is_brat
from tui_al.store.formats.reading import Read, ReadOptions
from tui_al.store.home import home_directory
from tui_al.store.import_rules import Imported, ImportOptions
from tui_al.store.importing import import_annotations
from tui_al.store.session import Session


def import_labels(
    name: str,
    file: Path,
    form: str | None,
    options: ReadOptions,
    import_options: ImportOptions,
    home: Path | None,
    config: DataConfig,
) -> None:
    """Read the file in its format and put what is new on record."""
    from tui_al.engine.jobs.annotation_files import read_annotations

    known = format_named(form or guessed_format(file, config), file, reading=True)
    with Session.open(home_directory(home), name) as session:
        state = session.with_labels(session.state())
        task = Task(state.task)
        check_task(known, task, reading=True)
        classes = {*state.labels, *(state.labels_now or ()), *(config.labels or ())}
        read = read_annotations(file, known, task, options, config, classes)
        result = import_annotations(session, read.annotations, import_options)
        title, directory = session.name, session.directory
    items = len(read.annotations) + read.left_out.total
    counts = (
        f"annotations: {items:,}, new decisions: {result.decisions:,}, new labels: "
        f"{len(result.labels):,}, new texts: {result.examples:,}"
    )
    told = note_action(directory, "imported", f"{file.absolute()} ({known.name}): {counts}")
    _tell(read, result)
    if told:
        Page(Console(stderr=True, soft_wrap=True)).say(told, "yellow")
    Page(Console(soft_wrap=True)).say(
        f"{title}: annotations in {file.name} ({known.name}): {items:,}, new decisions: "
        f"{result.decisions:,}"
    )


def _tell(read: Read, result: Imported) -> None:
    aside = Page(Console(stderr=True, soft_wrap=True))
    for note in read.notes:
        aside.say(note, "yellow")
    for part in read.aside.told():
        aside.say(f"not read: {part}", "yellow")
    for reason in (*read.left_out.told(), *result.left_out.told()):
        aside.say(f"left out: {reason}", "yellow")
    for reason in result.notes_left_out.told():
        aside.say(f"notes left out: {reason}", "yellow")
    for what in result.replaced.told():
        aside.say(f"replaced: {what}", "yellow")
    page = Page(Console(soft_wrap=True))
    if result.labels:
        page.say(f"labels added: {', '.join(result.labels)}")
    if result.examples:
        page.say(f"texts added, to train on: {result.examples:,}")


def guessed_format(path: Path, config: DataConfig) -> str | None:
    """By the name; JSON is told apart by its first objects, a directory by what is in it."""
    from tui_al.engine.jobs.annotation_files import guessed_format as by_file

    if path.is_dir():
        return "brat" if is_brat(path) else "datasets"
    return by_file(path, config)
