"""`tui-al import`: a file's labels into a labelling session, and what came of them in numbers."""

import json
from pathlib import Path

from rich.console import Console

from tui_al.cli.exporting import BY_SUFFIX, check_task, format_named
from tui_al.cli.page import Page
from tui_al.core.tasks import Task
from tui_al.store.formats.files import json_lines
from tui_al.store.home import home_directory
from tui_al.store.importing import Wishes, import_annotations
from tui_al.store.session import Session


def import_labels(
    name: str, file: Path, form: str | None, wishes: Wishes, home: Path | None
) -> None:
    """Read the file in its format and put what is new on record."""
    known = format_named(form or guessed_format(file), file)
    page = Page(Console(soft_wrap=True))
    aside = Page(Console(stderr=True, soft_wrap=True))
    with Session.open(home_directory(home), name) as session:
        task = Task(session.state().task)
        check_task(known, task)
        read = known.read(file, task)
        result = import_annotations(session, read.annotations, wishes)
        title = session.name
    for remark in read.remarks:
        aside.say(f"left out: {remark}", "yellow")
    for reason, count in result.left_out.items():
        if count:
            aside.say(f"left out: {count:,} {reason}", "yellow")
    if result.labels:
        page.say(f"labels added: {', '.join(result.labels)}")
    if result.examples:
        page.say(f"texts added, to train on: {result.examples:,}")
    page.say(
        f"{title}: annotations in {file.name} ({known.name}): {len(read.annotations):,}, new decisions: {result.decisions:,}"
    )


def guessed_format(path: Path) -> str | None:
    """By the name; JSON lines are told apart by the first object, a directory is a saved data set."""
    if path.is_dir():
        return "datasets"
    suffix = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
    found = BY_SUFFIX.get(suffix.lower()) if suffix else None
    if found != "jsonl" or not path.is_file():
        return found
    first, _ = next(json_lines(path), ({}, ""))
    if {"answer", "_task_hash", "_view_id"} & first.keys() or "spans" in first:
        return "prodigy"
    if isinstance(first.get("label", first.get("labels")), list):
        return "doccano"
    if any("start_offset" in json.dumps(item) for item in first.get("entities") or ()):
        return "doccano"
    return "jsonl"
