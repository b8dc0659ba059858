"""`tui-al sessions`, `rename` and `rm`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tui_al.cli.console import Page
from tui_al.core.session.timestamps import is_date, to_iso
from tui_al.errors import ConfigError, SessionError
from tui_al.store.atomic_dirs import clear_unfinished
from tui_al.store.home import home_directory
from tui_al.store.sweeps import find, is_sweep, sweep_directory, sweep_names

if TYPE_CHECKING:
    from tui_al.ui.summaries import Summary
    from tui_al.ui.sweep_summaries import SweepSummary


def list_sessions(home: Path | None) -> None:
    """One line a session: how it stands, how far it got, its last figure."""
    directory = home_directory(home)
    found, sweeps = _read(directory)
    page = _page()
    if not found and not sweeps:
        page.say(f"no session yet in {directory}; start one with: tui-al simulate tickets")
        return
    if found:
        header = ["session", "state", "round", "metric", "task"]
        page.table([header, *map(_session_row, found)])
    for one in found:
        if one.failure[0]:
            page.say(f"{one.name} failed: {one.failure[0]} {one.failure[1]}".rstrip())
    for line in (line for one in found for line in one.damage):
        page.say(line)
    for name, sweep in sweeps.items():
        page.say(f"sweep {name}: {_sweep_line(name, sweep)}")


def list_as_json(home: Path | None) -> None:
    """The same as JSON, an object a line, sessions first."""
    found, sweeps = _read(home_directory(home))
    for plain in (*map(_session_json, found), *(_sweep_json(*one) for one in sweeps.items())):
        sys.stdout.write(f"{json.dumps(plain, ensure_ascii=False)}\n")


def rename(name: str, new: str, home: Path | None) -> None:
    """Give a session another name, and say where it is."""
    from tui_al.store.renaming import rename_session

    directory = find(home_directory(home), name)
    _page().say(f"{directory.name} is called {new} now: {rename_session(directory, new)}")


def remove(name: str, home: Path | None, *, yes: bool) -> None:
    """Say what is lost, ask, and delete.

    Raises:
        SessionError: there is none of just this name, something works on it, or it is another's.
        ConfigError: nobody can be asked, or the answer was another.
    """
    from tui_al.store.removal import loss_of, remove_session, remove_sweep
    from tui_al.ui.leaving import what_is_lost

    directory = find(home_directory(home), name)
    if "/" not in name and directory.name != name:
        raise SessionError(
            f"{name!r} is only the beginning of {directory.name}.",
            "To delete it, give its whole name.",
        )
    loss = loss_of(directory)
    if not yes:
        what = f"{'sweep ' if is_sweep(directory) else ''}{directory.name}"
        Page(Console(stderr=True, soft_wrap=True)).say(f"{what}\n{what_is_lost(loss)}")
        _ask(directory.name, dear=loss.is_dear)
    (remove_sweep if is_sweep(directory) else remove_session)(directory)
    _page().say(f"{directory.name} is deleted.")


def _ask(name: str, *, dear: bool) -> None:
    """Raises ConfigError unless a person says that it is to be deleted; by its name, where labels
    by hand would be lost."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError("Nobody can be asked here.", "--yes deletes without asking.")
    sys.stderr.write(f"Type {name} to delete it: " if dear else "Delete it? [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if answer != name if dear else answer.lower() not in ("y", "yes"):
        raise ConfigError(f"{name} is kept.")


def _read(directory: Path) -> tuple[list["Summary"], dict[str, "SweepSummary"]]:
    from tui_al.ui.summaries import read_all
    from tui_al.ui.sweep_summaries import read_sweep

    clear_unfinished(directory / "sessions")
    found = read_all(directory, {})
    names = sweep_names(directory)
    return found, {name: read_sweep(sweep_directory(directory, name)) for name in names}


def _session_row(summary: "Summary") -> list[str]:
    """As the app lists it."""
    last = summary.trouble or summary.state.task
    return [summary.name, summary.status, summary.progress, summary.score, last]


def _session_json(summary: "Summary") -> dict[str, Any]:
    state, config = summary.state, summary.state.config
    points = {run.seed: run.points[-1] for run in state.runs.values() if run.points}
    return {
        "kind": "session",
        "name": summary.name,
        "path": str(summary.directory),
        "state": summary.status,
        "trouble": summary.trouble or summary.failure[0] or None,
        "task": state.task or None,
        "data": config.data.source if config else None,
        "strategy": config.loop.strategy if config else None,
        "oracle": config.loop.oracle if config else None,
        "rounds": config.loop.rounds if config else None,
        "labelled": summary.labelled if summary.by_people else None,
        "last": [
            {"seed": seed, "round": point.round, "labels": point.labels, **point.metrics}
            for seed, point in points.items()
        ],
        "changed": to_iso(state.updated) if is_date(state.updated) else None,
        "damage": list(summary.damage),
    }


def _sweep_line(name: str, sweep: "SweepSummary") -> str:
    """As the app lists it."""
    if sweep.trouble:
        return f"{sweep.refused}: {sweep.trouble}"
    cells = sweep.progress.removeprefix("sweep ")
    return f"{cells}, {sweep.when}; {sweep.about}; tui-al report {name}, tui-al attach {name}"


def _sweep_json(name: str, sweep: "SweepSummary") -> dict[str, Any]:
    return {
        "kind": "sweep",
        "name": name,
        "path": str(sweep.directory),
        "state": "running" if sweep.live else "idle",
        "trouble": sweep.trouble or None,
        "cells": None if sweep.trouble else {"all": sweep.cells, **sweep.counts},
        "title": sweep.title,
    }


def _page() -> Page:
    return Page(Console(soft_wrap=True))
