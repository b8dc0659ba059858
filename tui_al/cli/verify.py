"""`tui-al verify`: make a session's runs again from its manifest, and say whether they ask the same
questions."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console

from tui_al.cli.console import Page
from tui_al.cli.simulate import stopping
from tui_al.core.limits import usable_cores
from tui_al.core.session import events as ev
from tui_al.core.session.reproduction import ROUNDING, RoundCheck, compare_runs, different_facts
from tui_al.core.session.state import SessionState
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.settings.used_plugins import missing, used_plugins
from tui_al.errors import ConfigError, SessionError
from tui_al.store.home import home_directory
from tui_al.store.resuming import check_whole
from tui_al.store.session import Session


def verify_session(
    name: str, rounds: int | None, seeds: Sequence[int], device: str | None, home: Path | None
) -> None:
    """Run again, compare, tell; raises typer.Exit with 1 where queries or metrics differ."""
    page = Page(Console(soft_wrap=True))
    with Session.open(home_directory(home), name) as session:
        then = session.state()
        check_whole(session, then)  # what is left out could not be compared
        if absent := missing(then.manifest):
            raise absent
        config = _again(session.name, then, rounds, seeds, device)
        created = ev.SessionCreated(
            config.to_dict(), then.task, then.labels, then.train, then.test, (), (), _here(config)
        )
        dataset = session.dataset()
    page.say(
        f"running {name} again: {_count(len(config.seeds), 'seed')}, rounds 0 to "
        f"{config.loop.rounds}"
    )
    _use_threads(then, page)
    with (
        tempfile.TemporaryDirectory(prefix="tui-al-verify-") as folder,
        Session.create(Path(folder), "again", created, dataset) as session,
    ):
        _run(session, page)
        now = session.state()
    same = _tell(then, now, page)
    if not same:
        raise typer.Exit(1)


def _again(
    name: str, then: SessionState, rounds: int | None, seeds: Sequence[int], device: str | None
) -> ExperimentConfig:
    """The experiment to run: the session's, as far as it got, or as far as asked for."""
    config = then.config
    if config is None or config.loop.oracle == "person":
        raise SessionError(
            f"Session {name} was labelled by people.",
            "Only simulations can be run again: a person's answers are not in the manifest.",
        )
    done = {seed: run for seed, run in then.runs.items() if run.points}
    for seed in seeds:
        if seed not in done:
            raise ConfigError(
                f"--seed {seed}: session {name} has no finished round of it.",
                f"It has rounds of {', '.join(map(str, done)) or 'no seed'}.",
            )
    if not done:
        raise SessionError(f"Session {name} has no finished round yet.", "Let it work first.")
    if rounds is not None and rounds < 0:
        raise ConfigError(f"--rounds {rounds} is negative.", "It is 0 (the seed set) or more.")
    chosen = tuple(seeds or done)
    last = max(done[seed].last_round for seed in chosen)
    return replace(
        config,
        loop=replace(config.loop, rounds=last if rounds is None else min(rounds, last)),
        seeds=chosen,
        device=device or config.device,
        save_models=False,
    )


def _here(config: ExperimentConfig) -> dict[str, object]:
    from tui_al.host.machine import manifest

    return {**manifest(), **used_plugins(config)}


def _use_threads(then: SessionState, page: Page) -> None:
    """Compute with as many threads as the session's engine did: sums of floats depend on their
    number."""
    threads = int(then.engine.manifest.get("threads", 0)) if then.engine else 0
    if threads:
        os.environ["OMP_NUM_THREADS"] = str(threads)
    if threads > usable_cores():
        page.say(
            f"note: it had {threads} threads, there are {usable_cores()} cores here: this will be "
            "slow",
            "yellow",
        )


def _run(session: Session, page: Page) -> None:
    from tui_al.engine.worker.runner import run_session
    from tui_al.engine.worker.session_io import StopSignal

    def observe(recorded: list[ev.Recorded]) -> None:
        for record in recorded:
            if isinstance(record.event, ev.RoundResult):
                page.say(f"  seed {record.event.seed}  round {record.event.round} done", "dim")

    stop = StopSignal()
    with stopping(stop):
        run_session(session, observe, stop)


def _tell(then: SessionState, now: SessionState, page: Page) -> bool:
    """Write what was found; whether every query and every metric is the same."""
    for what, old, new in different_facts(then, now):
        page.say(f"different here: {what} was {old}, is {new}")
    same = True
    for seed, run in now.runs.items():
        checks = compare_runs(then.runs[seed], run)
        if run.status == "failed":
            page.say(f"seed {seed}  failed: {run.error} {run.hint}".rstrip(), "bold red")
            same = False
        first = next((c for c in checks if not c.same_query or c.metric_differences), None)
        if first is not None:
            same = False
            page.say(f"seed {seed}  {_difference(first)}", "bold red")
        elif checks:
            largest = max(check.score_difference for check in checks)
            scores = "the same scores" if not largest else f"scores within {largest:.1e}"
            page.say(
                f"seed {seed}  rounds 0 to {checks[-1].round}: the same queries, {scores}, the "
                "same metrics"
            )
    page.say(
        "The same queries and metrics."
        if same
        else "Not the same. Other versions, another processor or number of threads is the usual "
        "reason.",
        "bold green" if same else "bold red",
    )
    return same


def _difference(check: RoundCheck) -> str:
    where = f"round {check.round}: "
    if not check.same_query:
        if check.shared == check.asked:
            return f"{where}the same {check.asked} texts in another order"
        rounding = " though scores agree to rounding" if check.score_difference < ROUNDING else ""
        return f"{where}{check.shared} of {check.asked} queried texts are the same{rounding}"
    told = [
        f"{name} was {old:.6f}, is {new:.6f}"
        for name, (old, new) in check.metric_differences.items()
    ]
    return f"{where}the same query, but {'; '.join(told)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
