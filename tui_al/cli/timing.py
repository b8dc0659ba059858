"""`tui-al timing`: the paper's Table 1 for one's own data, models and machine."""

import json
import statistics
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from tui_al.cli.console import Page, aligned
from tui_al.cli.options import Settings
from tui_al.core.settings.experiment import DataConfig, LearnerConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS
from tui_al.core.settings.options import Values, learner, read_options
from tui_al.errors import ConfigError
from tui_al.store import throughput
from tui_al.store.home import home_directory

if TYPE_CHECKING:
    from tui_al.engine.jobs.timing import Measured, Setup, Timing

#: The table's columns in the paper: shares of the training split.
SHARES = (0.02, 0.06, 0.12)

#: The ways that are compared for each model: tuning and frozen layers, the first one being what is
#: saved against.
WAYS: tuple[tuple[str, Any], ...] = (
    ("full", 0),
    ("adapter", 0),
    ("adapter", "auto"),
    ("head", "auto"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command, as given."""

    data: str
    settings: Settings
    models: str
    repeats: int
    max_steps: int | None
    home: Path | None
    as_json: bool


def time_training(options: Options) -> None:
    """Measure, keep the rates for later estimates, and print."""
    stderr = Page(Console(stderr=True, soft_wrap=True))
    values = read_options("timing", options.settings)
    data = DataConfig(options.data, **values["data"])
    settings = _settings(options, values)
    if not options.as_json:
        stderr.say("loading …", "dim")

    from tui_al.engine.data import load
    from tui_al.engine.jobs.timing import measure
    from tui_al.engine.models.device import choose_device

    device = choose_device(values[""].get("device", "auto"))

    def tell(what: str, done: int, total: int) -> None:
        if not options.as_json:
            stderr.say(f"{done + 1}/{total} {what}", "dim")

    dataset = load(data)
    timing = measure(
        dataset, settings, SHARES, device, options.repeats, options.max_steps, 23419, tell
    )
    throughput.record(home_directory(options.home), _rates(timing, device.type))
    page = Page(Console(soft_wrap=True))
    if options.as_json:
        page.say(json.dumps(plain(timing, options.data)))
    else:
        show(timing, page)


def _settings(options: Options, values: Values) -> list[LearnerConfig]:
    names = [name.strip() for name in options.models.split(",") if name.strip()]
    if not names:
        raise ConfigError("--models: none is given.", "Give names with commas between them.")
    if BAG_OF_WORDS in names:
        raise ConfigError(
            f"--models: {BAG_OF_WORDS} has no layers to tune.", "Give encoders of `tui-al models`."
        )
    if options.repeats < 1:
        raise ConfigError(f"--repeats {options.repeats} is out of range.", "It is 1 or more.")
    if options.max_steps is not None and options.max_steps < 1:
        raise ConfigError(f"--max-steps {options.max_steps} is out of range.", "It is 1 or more.")
    return [
        replace(learner("timing", "successor", values, name, tuning), trunk_layers=layers)
        for name in names
        for tuning, layers in WAYS
    ]


def savings(timing: "Timing", way: "Setup") -> list[float]:
    """Seconds saved against the model's full tuning, 0 to 1, summed over the table's columns; one
    figure a repeat."""
    full = next(w for w in timing.ways if w.learner.model == way.learner.model)
    return [
        1 - sum(mine) / sum(theirs)
        for mine, theirs in zip(_by_repeat(way), _by_repeat(full), strict=True)
    ]


def _by_repeat(way: "Setup") -> list[tuple[float, ...]]:
    return list(zip(*(one.seconds for one in way.trainings), strict=True))


def plain(timing: "Timing", data: str) -> dict[str, Any]:
    """Everything, for `--json`."""
    found = asdict(timing)
    for way, own in zip(timing.ways, found["ways"], strict=True):
        own["savings"] = savings(timing, way)
    return {"data": data, "shares": list(SHARES), **found}


def show(timing: "Timing", page: Page) -> None:
    """The table, and below it what its figures rest on."""
    labels = [one.labels for one in timing.ways[0].trainings]
    heads = ["model", "trained", "frozen"]
    heads += [f"{share:.0%} = {n:,}" for share, n in zip(SHARES, labels, strict=True)]
    heads += ["saved %", "texts/s scored", "of peak"]
    rows = [_row(timing, way) for way in timing.ways]
    if page.console.is_terminal:
        table = Table(*map(page.clean, heads), box=None, pad_edge=False)
        for column in table.columns[2:]:
            column.justify = "right"
        for row in rows:
            table.add_row(*(page.text(cell) for cell in row))
        page.console.print(table)
    else:
        for line in aligned([heads, *rows]):
            page.say(line)
    page.say()
    for line in _notes(timing):
        page.say(line)


def _row(timing: "Timing", way: "Setup") -> list[str]:
    first = way.learner == next(
        w.learner for w in timing.ways if w.learner.model == way.learner.model
    )
    return [
        way.learner.model,
        way.learner.tuning,
        str(way.layers or ""),
        *(_seconds(one) for one in way.trainings),
        "" if first else spread([100 * s for s in savings(timing, way)]),
        f"{way.scoring:,.0f}",
        f"{way.peak_share:.0%}",
    ]


def _seconds(one: "Measured") -> str:
    median = statistics.median(one.seconds)
    digits = 1 if median < 100 else 0
    return f"{median:,.{digits}f} s{'*' if one.steps_run < one.steps else ''}"


def spread(values: list[float]) -> str:
    """Mean ± sample standard deviation; of a single value itself."""
    mean = statistics.fmean(values)
    return f"{mean:.1f} ± {statistics.stdev(values):.1f}" if len(values) > 1 else f"{mean:.1f}"


def _notes(timing: "Timing") -> list[str]:
    repeats = len(timing.ways[0].trainings[0].seconds)
    peaks = ", ".join(f"{rate / 1e9:,.0f} Gflop/s in {p}" for p, rate in timing.peak.items())
    lines = [
        f"seconds of training, median of {repeats}; saved against full: "
        f"mean{' ± sd' * (repeats > 1)} over the repeats, all columns together",
        f"{timing.device}, {timing.threads} threads; peak: a square matrix product, {peaks}; the "
        "share is that of the largest training",
    ]
    cut = [one for way in timing.ways for one in way.trainings if one.steps_run < one.steps]
    if cut:
        lines.append(
            f"* multiplied up from {min(c.steps_run for c in cut)} to "
            f"{max(c.steps_run for c in cut)} steps"
        )
    lines += [
        f"{way.learner.model} {way.learner.tuning}: once for all trainings, {way.once:,.1f} s for "
        "the frozen layers' output of the training split"
        for way in timing.ways
        if way.layers
    ]
    return lines


def _rates(timing: "Timing", device: str) -> list[throughput.Rate]:
    """Of every way, under the settings as they are asked for."""
    found = []
    for way in timing.ways:
        training = statistics.median(
            one.labels * way.learner.epochs * way.subtokens / statistics.median(one.seconds)
            for one in way.trainings
        )
        scoring = way.scoring * way.subtokens
        found.append(throughput.Rate.here(device, way.learner, training, scoring, timing.threads))
    return found
