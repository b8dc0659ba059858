"""`tui-al simulate`: the loop in the foreground, with a display of one's choice."""

import contextlib
import logging
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typer
from rich.console import Console

from tui_al.cli.console import Page
from tui_al.cli.display import choose
from tui_al.cli.options import empty_of, header_of, misfits_of
from tui_al.cli.output_guard import OutputGuard
from tui_al.cli.sharing import group_to_share_with, share_where_it_was_not
from tui_al.core.session.events import Recorded
from tui_al.core.session.state import fold
from tui_al.core.settings.experiment import (
    PAPER_SEEDS,
    Amount,
    DataConfig,
    ExperimentConfig,
    LearnerConfig,
    LoopConfig,
)
from tui_al.core.settings.model_catalog import default_settings
from tui_al.errors import ConfigError, EngineStopped
from tui_al.store.home import home_directory
from tui_al.store.session import Session
from tui_al.store.sharing import open_file


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command, as given; None where the model's own default counts."""

    data: str
    data_dir: Path | None
    subset: str | None
    text_column: str | None
    label_column: str | None
    tokens_column: str | None
    tags_column: str | None
    labels: str | None
    delimiter: str | None
    header: bool | None
    leave_out_misfits: bool
    accept_empty: bool
    encoding: str
    train_limit: int | None
    test_limit: int | None
    test_share: float
    acquisition: str
    acquisition_tuning: str
    successor: str
    successor_tuning: str
    epochs: int | None
    acquisition_epochs: int | None
    successor_epochs: int | None
    lr: float | None
    acquisition_lr: float | None
    successor_lr: float | None
    head_lr: float | None
    batch_size: int | None
    max_length: int | None
    dropout: float | None
    start: str
    precision: str
    pooling: str | None
    trunk_layers: str
    successor_trunk_layers: str
    preset: str | None
    strategy: str
    seed_size: str
    batch: str
    iterations: int
    seeds: int
    seed: list[int] | None
    budget_unit: str
    label_noise: float
    mc_passes: int
    mc_dropout: float
    gauge: int
    device: str
    session: str | None
    save_models: bool
    shared: str | None
    home: Path | None
    as_json: bool
    quiet: bool


def names_of(labels: str | None) -> tuple[str, ...] | None:
    """Names that are given apart by commas, or in a file. Raises DataError for a file that is not there or has none."""
    if labels is None:
        return None
    from tui_al.engine.data.names_files import given_names

    return given_names(labels)


def experiment(options: Options) -> ExperimentConfig:
    """The experiment that the options describe; raises ConfigError for what cannot be."""
    return ExperimentConfig(
        data=DataConfig(
            source=options.data,
            data_dir=None if options.data_dir is None else str(options.data_dir),
            subset=options.subset,
            text_column=options.text_column,
            label_column=options.label_column,
            tokens_column=options.tokens_column,
            tags_column=options.tags_column,
            labels=names_of(options.labels),
            delimiter=options.delimiter,
            header=header_of(options.header),
            misfits=misfits_of(options.leave_out_misfits),
            empty_means=empty_of(options.accept_empty),
            encoding=options.encoding,
            train_limit=options.train_limit,
            test_limit=options.test_limit,
            test_share=options.test_share,
        ),
        acquisition=_learner(
            options,
            options.acquisition,
            options.acquisition_tuning,
            options.acquisition_lr,
            options.acquisition_epochs,
            _trunk("--trunk-layers", options.trunk_layers),
        ),
        successor=_learner(
            options,
            options.successor,
            options.successor_tuning,
            options.successor_lr,
            options.successor_epochs,
            _trunk("--successor-trunk-layers", options.successor_trunk_layers),
        ),
        loop=LoopConfig(
            strategy=options.strategy,
            seed_size=Amount.parse(options.seed_size, "--seed-size"),
            batch=Amount.parse(options.batch, "--batch"),
            rounds=options.iterations,
            budget_unit=options.budget_unit,  # type: ignore[arg-type]  # checked by LoopConfig
            label_noise=options.label_noise,
            mc_passes=options.mc_passes,
            mc_dropout=options.mc_dropout,
            gauge=options.gauge,
        ),
        seeds=_seeds(options),
        device=options.device,
        save_models=options.save_models,
    )


def _learner(
    options: Options,
    model: str,
    tuning: str,
    rate: float | None,
    epochs: int | None,
    trunk_layers: int | Literal["auto"],
) -> LearnerConfig:
    return default_settings(
        model,
        tuning,
        options.preset,
        learning_rate=rate if rate is not None else options.lr,
        epochs=epochs if epochs is not None else options.epochs,
        head_learning_rate=options.head_lr,
        batch_size=options.batch_size,
        max_length=options.max_length,
        dropout=options.dropout,
        start=options.start,
        precision=options.precision,
        pooling=options.pooling,
        trunk_layers=trunk_layers,
    )


def _trunk(option: str, text: str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    if not text.isdecimal():
        raise ConfigError(f"{option}: {text!r} is no number of layers.", "Give 0 or more, or auto.")
    return int(text)


def _seeds(options: Options) -> tuple[int, ...]:
    if options.seed:
        for value in options.seed:
            if value < 0:
                raise ConfigError(f"--seed {value} is negative.", "A seed is 0 or more.")
        return tuple(options.seed)
    if not 1 <= options.seeds <= len(PAPER_SEEDS):
        raise ConfigError(
            f"--seeds {options.seeds} is out of range.",
            f"There are {len(PAPER_SEEDS)} fixed seeds: 1 to {len(PAPER_SEEDS)}; for others use --seed 7 --seed 8.",
        )
    return PAPER_SEEDS[: options.seeds]


def run_simulation(options: Options) -> None:
    """Create or continue the session and run it to its end; raises typer.Exit with 1 if a run failed."""
    stdout, stderr = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)
    config = experiment(options)
    home = home_directory(options.home)
    group = group_to_share_with(options.shared, home / "sessions" / (options.session or "new"))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    if not options.as_json:
        stderr.print("loading …", style="dim", highlight=False)

    from tui_al.engine.worker.session_setup import open_or_create
    from tui_al.host.machine import manifest

    with open_or_create(home, config, manifest(), options.session, group=group) as session:
        directory = session.directory
    share_where_it_was_not(directory, group)
    with Session(directory) as session:
        from tui_al.engine.worker.runner import run_session
        from tui_al.engine.worker.session_io import StopSignal

        _log_to(session.directory / "engine.log")
        display = choose(session.name, stdout, stderr, as_json=options.as_json, quiet=options.quiet)
        state = session.state()
        stop = StopSignal()
        shown = OutputGuard(stop, stderr)
        with display, stopping(stop):
            if options.quiet:  # what changes the meaning of the figures is told all the same
                for warning in state.cautions:
                    Page(stderr).say(f"warning: {warning}", "yellow")
            shown(lambda: display.start(state))

            def observe(recorded: list[Recorded]) -> None:
                nonlocal state
                state = fold(recorded, state)
                shown(lambda: display.update(state, recorded))

            try:
                state = run_session(session, observe, stop)
            except EngineStopped:
                shown(lambda: display.finish(session.state()))
                raise
            shown(lambda: display.finish(state))
    if not state.finished:
        raise typer.Exit(1)


@contextlib.contextmanager
def stopping(stop: object) -> Iterator[None]:
    """The first Ctrl-C, a TERM, or a HUP that is not ignored asks to leave at the next step; the second Ctrl-C leaves at once."""

    def ask(number: int, _: object) -> None:
        if number == signal.SIGINT and getattr(stop, "requested", False):
            raise KeyboardInterrupt
        stop.requested = True  # type: ignore[attr-defined]

    before = {
        number: signal.signal(number, ask)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _log_to(path: Path) -> None:
    """What libraries and failing runs have to say goes to the session's log, not on the display."""
    os.close(open_file(path, os.O_WRONLY))  # with the mode of the session's files
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.raiseExceptions = (
        False  # else a full disk would have tracebacks of logging on the display
    )
    logging.captureWarnings(True)
