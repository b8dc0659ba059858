"""`tui-al export-model`: a kept model with its card, for transformers or sentence-transformers, and
adapters."""

from pathlib import Path

from rich.console import Console

from tui_al.cli.console import Page
from tui_al.core.session import events as ev
from tui_al.core.settings.schema import ROLES
from tui_al.errors import ConfigError, SessionError
from tui_al.report.model_card import Subject, model_card, reads_mean
from tui_al.store.audit import note_action
from tui_al.store.home import home_directory
from tui_al.store.kept_models import copy_snapshot, is_kept
from tui_al.store.session import Session


def export_kept_model(name: str, out: Path, role: str, seed: int | None, home: Path | None) -> None:
    """Write a model of the session to the new directory `out`."""
    if out.exists():
        raise ConfigError(f"--out {out} is there already.", "Name a new directory.")
    with (
        Session.open(home_directory(home), name) as session,
        copy_snapshot(session.directory, lambda: kept_model(session, role, seed)) as (saved, files),
    ):
        from tui_al.engine.jobs.model_export import export_model, exported
        from tui_al.engine.models.checkpoint import read_elsewhere

        if told := read_elsewhere(files):
            Page(Console(stderr=True, soft_wrap=True)).say(f"warning: {told}", "yellow")
        found = exported(files)
        subject = Subject(
            session.name, role, saved.seed, saved.round, found.learner, found.with_adapter
        )
        export_model(files, out, model_card(subject, session.state()))
        directory = session.directory
    what = f"{role} of seed {saved.seed}, round {saved.round}"
    if told := note_action(directory, "exported a model", f"{out.absolute()}: {what}"):
        Page(Console(stderr=True, soft_wrap=True)).say(told, "yellow")
    loader = "sentence-transformers" if reads_mean(found.learner, found.task) else "transformers"
    how = f"{loader} and adapters" if found.with_adapter else loader
    Page(Console(soft_wrap=True)).say(
        f"{out}: {what}, for {how}; its README.md says how to load it"
    )


def kept_model(session: Session, role: str, seed: int | None) -> ev.ModelSaved:
    """The last kept model of a role: of this seed, or of the first seed that has one.

    Raises:
        ConfigError: no role is called so.
        SessionError: there is none; the message says what there is.
    """
    if role not in ROLES:
        raise ConfigError(f"--role {role!r} is unknown.", f"Choose {' or '.join(ROLES)}.")
    state = session.state()
    latest: dict[tuple[str, int], ev.ModelSaved] = {
        (record.event.role, record.event.seed): record.event
        for record in session.events()
        if isinstance(record.event, ev.ModelSaved) and is_kept(session.directory, record.event)
    }
    for one in state.runs if seed is None else (seed,):
        if (role, one) in latest:
            return latest[role, one]
    there = ", ".join(f"{kind} of seed {one}" for kind, one in latest)
    wanted = role if seed is None else f"{role} of seed {seed}"
    unfinished = (
        "Models are kept when a run ends, unless --no-save-models was given: let it finish."
    )
    raise SessionError(
        f"Session {session.name} has kept no {wanted}.",
        f"It has {there}." if there else unfinished,
    )
