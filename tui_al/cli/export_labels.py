"""`tui-al export`: a session's labels in the formats of other programs; what is left out or lost is
said on stderr."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tui_al.cli.console import Page
from tui_al.core.annotation.records import Annotation, Status
from tui_al.core.data.examples import Task
from tui_al.engine.jobs.annotation_tables import TABLE_FORMATS
from tui_al.errors import ConfigError, SessionError
from tui_al.store.annotations import DIFFERING, Labels, labels_of
from tui_al.store.audit import note_action
from tui_al.store.exported import note_export
from tui_al.store.formats import READ_ONLY_FORMATS, TEXT_FORMATS
from tui_al.store.formats.csv_file import CSV, formulas
from tui_al.store.formats.format import Format
from tui_al.store.formats.plugin_formats import plugin_format, plugin_formats
from tui_al.store.home import home_directory
from tui_al.store.session import Session

FORMATS = TEXT_FORMATS | TABLE_FORMATS

#: Names that no package can bring a format under.
_BUILT_IN = tuple(FORMATS | READ_ONLY_FORMATS)

#: Names of files that tell their format. Prodigy and doccano write JSON lines too: they have to be
#: named.
BY_SUFFIX = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet",
    ".conll": "conll",
    ".iob2": "conll", ".bio": "conll", ".json": "label-studio", "": "datasets",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options of the command."""

    out: Path
    format: str | None = None
    seed: int | None = None
    each: bool = False
    flagged: bool = False
    given: bool = False
    overwrite: bool = False


def export_labels(name: str, options: ExportOptions, home: Path | None) -> None:
    """Write the labels of a session, and say what was written."""
    known = format_named(options.format or BY_SUFFIX.get(options.out.suffix.lower()), options.out)
    with Session.open(home_directory(home), name) as session:
        directory = session.directory
        labels = labels_of(session, seed=options.seed, each=options.each, given=options.given)
    check_task(known, labels.header.task)
    aside = Page(Console(stderr=True, soft_wrap=True))
    _tell_source(aside, labels, options)
    wanted = _wanted(labels.annotations, options.flagged)
    refused = Counter(reason for annotation in wanted if (reason := known.refuses(annotation)))
    wanted = [annotation for annotation in wanted if not known.refuses(annotation)]
    if not wanted:
        raise _nothing_left(labels.header.session, known, refused)
    for reason, count in refused.items():
        aside.say(f"{count:,} left out: {reason}, which {known.name} cannot hold", "yellow")
    _make_room(options)
    known.write(options.out, labels.header, wanted)
    if labels.seq and not refused and not labels.left_out.get(DIFFERING):
        with Session(directory) as session:
            note_export(session, labels.seq, options.out)
    examples = len({annotation.id for annotation in wanted})
    counts = f"annotations: {len(wanted):,}, examples: {examples:,}"
    if told := note_action(
        directory, "exported", f"{options.out.absolute()} ({known.name}): {counts}"
    ):
        aside.say(told, "yellow")
    for loss in known.losses(labels.header, wanted):
        aside.say(f"not carried by {known.name}: {loss}", "yellow")
    if known is CSV and (count := formulas(wanted)):
        aside.say(
            f"{count:,} cells begin with = + - or @: a spreadsheet may run them as formulas; "
            "import the file there as text.",
            "yellow",
        )
    Page(Console(soft_wrap=True)).say(f"{options.out} ({known.name}): {counts}")


def _nothing_left(session: str, known: Format, refused: Counter[str]) -> SessionError:
    """Why there is nothing to write: no labels, or none that the format can hold."""
    if not refused:
        return SessionError(
            f"Session {session} has no labels to export.",
            "Label something first, or see what it has with `tui-al sessions`.",
        )
    reasons = "; ".join(f"{count:,} left out: {reason}" for reason, count in refused.items())
    return SessionError(
        f"{known.name} can hold none of the labels of session {session}: {reasons}.",
        "Choose another format, as jsonl, which holds all.",
    )


def format_named(name: str | None, path: Path, *, reading: bool = False) -> Format:
    """The format; ConfigError lists those there are, for reading also those that are not
    written."""
    formats = FORMATS | READ_ONLY_FORMATS if reading else FORMATS
    if name in formats:
        return formats[name]
    if name and not reading and (brought := plugin_format(name, _BUILT_IN)):
        return brought
    what = f"--format {name!r} is unknown" if name else f"The name {path.name} tells no format"
    more = {} if reading else plugin_formats(_BUILT_IN)[0]
    raise ConfigError(f"{what}.", f"Name one with --format: {', '.join(formats | more)}.")


def check_task(known: Format, task: Task, *, reading: bool = False) -> None:
    """ConfigError if the format has no place for the task's answers."""
    if task not in known.tasks and not (reading and task in known.answers):
        fitting = [one.name for one in FORMATS.values() if task in one.tasks]
        raise ConfigError(
            f"--format {known.name} holds no answers of {task}.",
            f"Choose one of {', '.join(fitting)}.",
        )


def _wanted(annotations: list[Annotation], flagged: bool) -> list[Annotation]:
    return [
        annotation
        for annotation in annotations
        if flagged or (annotation.status is Status.LABELLED and annotation.answer is not None)
    ]


def _tell_source(aside: Page, labels: Labels, options: ExportOptions) -> None:
    for line in labels.damage:
        aside.say(line, "yellow")
    if labels.seed is not None and options.seed is None and len(labels.seeds) > 1:
        seeds = ", ".join(map(str, labels.seeds))
        aside.say(f"run with seed {labels.seed} of {seeds}; --seed picks another")
    for what, count in labels.left_out.items():
        if count:
            hint = {"that came labelled": "--given", DIFFERING: "--per-annotator"}
            flag = f"; {hint[what]} exports them too" if what in hint else ""
            aside.say(f"left out: {count:,} examples {what}{flag}", "yellow")
    flags = Counter(annotation.status for annotation in labels.annotations)
    for status in (Status.UNCLEAR, Status.SKIPPED):
        if flags[status] and not options.flagged:
            aside.say(f"left out: {flags[status]:,} {status}; --flagged exports them too", "yellow")


def _make_room(options: ExportOptions) -> None:
    if not options.out.exists():
        return
    if not options.overwrite:
        raise ConfigError(
            f"--out {options.out} is there already.", "Choose another name, or give --overwrite."
        )
    if options.out.is_dir():
        raise ConfigError(
            f"--out {options.out} is a directory, which --overwrite does not replace.",
            "Remove it, or choose another name.",
        )
