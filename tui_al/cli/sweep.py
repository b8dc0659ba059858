"""`tui-al sweep`: many experiments from one file, worked through in the foreground by engines of
their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer
from rich.console import Console

from tui_al.cli.console import Page, aligned, duration
from tui_al.cli.options import Settings
from tui_al.cli.output_guard import OutputGuard
from tui_al.cli.sharing import group_to_share_with, share_where_it_was_not
from tui_al.cli.simulate import stopping
from tui_al.cli.sweep_display import choose
from tui_al.core.settings.bundled_sweeps import shipped_sweeps, sweep_text
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.settings.options import read_options
from tui_al.core.settings.sweep import Overrides, Sweep, arms_with_known_first, cells, read_sweep
from tui_al.errors import ConfigError, EngineStopped
from tui_al.store.home import home_directory
from tui_al.store.session import is_there
from tui_al.store.sweeps import (
    is_sweep,
    read_record,
    record_of,
    sweep_directory,
    sweep_lock,
    take_over,
    write_record,
)

if TYPE_CHECKING:
    from tui_al.host.sweeping import Progress


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command, as given."""

    file: str | None
    settings: Settings
    jobs: int | None
    name: str | None
    show_list: bool
    dry_run: bool
    as_json: bool
    quiet: bool
    shared: str | None
    home: Path | None


@dataclass(slots=True)
class _Stop:
    requested: bool = False


def run_sweep(options: Options) -> None:
    """Carry out the command; raises typer.Exit with 1 if a cell failed, EngineStopped if it was
    interrupted."""
    if options.show_list:
        _list(Page(Console(soft_wrap=True)))
        return
    if options.file is None:
        raise ConfigError(
            "Which sweep?", "Name a TOML file, or one of `tui-al sweep --list`, which come along."
        )
    sweep = _read(options, options.file)
    _check_names(sweep, options)
    if options.dry_run:
        _tell(sweep, options, Page(Console(soft_wrap=True)))
        return
    _work(sweep, options)


def _read(options: Options, given: str) -> Sweep:
    name, text = sweep_text(given)
    if options.jobs is not None and options.jobs < 1:
        raise ConfigError(f"--jobs {options.jobs} is out of range.", "It is 1 or more.")
    values = read_options("sweep", options.settings)
    where = values["data"].get("data_dir")
    where = None if where is None else str(Path(where).expanduser().absolute())
    top = values[""]
    sweep = read_sweep(text, name, Overrides(where, top.get("device"), top.get("count")))
    return replace(sweep, name=options.name) if options.name else sweep


def _check_names(sweep: Sweep, options: Options) -> None:
    """Raise what an arm that has not begun would fail with for good, perhaps hours after the others
    began."""
    from tui_al.host.process import check_names

    home = sweep_directory(home_directory(options.home), sweep.name)
    new = [arm for arm in sweep.arms if not is_there(home / "sessions" / arm.session)]
    if new:
        check_names([(f"{sweep.name}, {arm.label}", arm.config) for arm in new])


def _work(sweep: Sweep, options: Options) -> None:
    from tui_al.host.notification import check_target
    from tui_al.host.placement import slots
    from tui_al.host.scheduler import LocalScheduler
    from tui_al.host.sweeping import work_through

    check_target()
    directory = sweep_directory(home_directory(options.home), sweep.name)
    group = group_to_share_with(options.shared, directory)
    with sweep_lock(directory):
        before = read_record(directory) if is_sweep(directory) else None
        cores = before.cores if before and before.cores else None
        places = slots([arm.config for arm in sweep.arms], options.jobs, cores)
        told = _told(sweep, take_over(directory, sweep))
        notes = dict.fromkeys((*sweep.notes, *(before.notes if before else ()), *told))
        sweep = replace(sweep, notes=tuple(notes))
        write_record(directory, record_of(sweep, len(places), len(places[0].cores)))
        share_where_it_was_not(directory, group)
        display = choose(sweep, directory, as_json=options.as_json, quiet=options.quiet)
        stop = _Stop()
        shown = OutputGuard(stop, Console(stderr=True, soft_wrap=True))
        with display, stopping(stop):
            shown(lambda: display.start(len(places), len(places[0].cores)))
            progress = work_through(
                directory,
                sweep,
                LocalScheduler(places, directory / "first"),
                lambda progress, changed: shown(lambda: display.update(progress, changed)),
                lambda: stop.requested,
            )
            shown(lambda: display.finish(progress))
    _notify(sweep, directory, progress)
    if progress.count("failed"):
        raise typer.Exit(1)
    if not progress.finished:
        raise EngineStopped(
            f"Sweep {sweep.name} was stopped.",
            "Run the same command to go on; what is finished is not computed again.",
        )


def _notify(sweep: Sweep, directory: Path, progress: "Progress") -> None:
    from tui_al.host.notification import News, notify

    failed = progress.count("failed")
    if not (failed or progress.finished):
        return
    result = f"{failed} cells failed" if failed else "all cells are finished"
    message = f"sweep {sweep.name}: {result}"
    state: Literal["failed", "finished"] = "failed" if failed else "finished"
    if trouble := notify(News(sweep.name, str(directory), state, message)):
        Page(Console(stderr=True, soft_wrap=True)).say(trouble, "yellow")


def _told(sweep: Sweep, taken: Mapping[str, str]) -> list[str]:
    """What was taken over from other sweeps."""
    arms: dict[str, list[str]] = {}
    for arm in sweep.arms:
        if arm.session in taken:
            arms.setdefault(taken[arm.session], []).append(arm.label)
    return [
        f"taken over from sweep {other}, which ran the same: {', '.join(labels)}."
        for other, labels in arms.items()
    ]


def _list(page: Page) -> None:
    for line in aligned([list(row) for row in shipped_sweeps().items()]):
        page.say(line)


def _tell(sweep: Sweep, options: Options, page: Page) -> None:
    """What would run, and about how long it would take."""
    page.say(sweep.title, "bold")
    for note in sweep.notes:
        page.say(f"note: {note}")
    rows = [["arm", "data", "acquisition", "successor", "strategy", "labels", "seeds"]]
    for arm in sweep.arms:
        config = arm.config
        labels = f"{config.loop.seed_size} + {config.loop.rounds} x {config.loop.batch}"
        rows.append(
            [
                arm.label,
                config.data.source,
                f"{config.acquisition.model} {config.acquisition.tuning}",
                f"{config.successor.model} {config.successor.tuning}",
                config.loop.strategy,
                labels,
                " ".join(map(str, config.seeds)),
            ]
        )
    for line in aligned(rows):
        page.say(line)
    page.say(f"{len(list(cells(sweep)))} cells in {len(sweep.arms)} sessions")
    page.say(_estimated(sweep, options))


def _estimated(sweep: Sweep, options: Options) -> str:
    from tui_al.host.estimate import estimate
    from tui_al.host.placement import slots
    from tui_al.host.process import preview

    places = slots([arm.config for arm in sweep.arms], options.jobs)
    previews = {data: preview(data) for data in _data_sets(sweep)}
    shared = arms_with_known_first(sweep)
    found = [
        estimate(
            arm.config,
            previews[arm.config.data],
            options.home,
            first_is_known=arm.session in shared,
        )
        for arm in sweep.arms
    ]
    known = [one.seconds for one in found if one.seconds is not None]
    if len(known) < len(found):
        return "how long it would take is not known"
    gpus = max(1, len({place.gpu for place in places if place.gpu}))
    seconds = sum(known) / gpus  # on a CPU the estimate is of all cores together
    return (
        f"about {duration(seconds)} on {found[0].device}, {len(places)} engines at once"
        f" ({found[0].basis}; good to a factor of two)"
    )


def _data_sets(sweep: Sweep) -> Sequence[DataConfig]:
    return list(dict.fromkeys(arm.config.data for arm in sweep.arms))
