"""`tui-al compare-scores`: the scores of two models on one pool, their distances and the noise
floor."""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from tui_al.cli.console import Page
from tui_al.cli.options import Settings
from tui_al.cli.simulate import stopping
from tui_al.core.settings.experiment import (
    PAPER_SEEDS,
    Amount,
    DataConfig,
    LearnerConfig,
    LoopConfig,
)
from tui_al.core.settings.options import Values, learner, read_options
from tui_al.core.settings.schema import entries
from tui_al.errors import ConfigError, SessionError
from tui_al.report.mismatch import (
    SeedNumbers,
    picture_lines,
    plain,
    reading,
    save_histograms,
    table,
)
from tui_al.report.score_studies import ScoreStudy, SeedScores
from tui_al.store.home import home_directory
from tui_al.store.sweeps import find_sweep, keep_scores, sweep_names

if TYPE_CHECKING:
    from tui_al.engine.jobs.score_comparison import Comparison, ComparisonConfig


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command, as given; None where the model's own default counts."""

    data: str
    settings: Settings
    models: str
    labels: str
    score: str
    batch: str
    out: Path | None
    sweep: str | None
    home: Path | None
    as_json: bool


def compare(options: Options) -> None:
    """Train, score, and tell; nothing is kept but the picture."""
    values = read_options("compare-scores", options.settings)
    models = parse_models(options.models, values)
    top = values[""]
    loop = {key: one.default for key, one in entries(LoopConfig).items()} | values["loop"]
    if options.out is not None and options.out.suffix.lower() not in (".png", ".svg"):
        raise ConfigError(
            f"--out {options.out}: no known kind of picture.", "Name the file .png or .svg."
        )
    directory = None if options.sweep is None else _sweep(options.sweep, options.home)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    notes = Page(Console(stderr=True, soft_wrap=True))
    notes.say("loading …", "dim")

    from tui_al.engine.jobs.score_comparison import ComparisonConfig, compare_scores
    from tui_al.engine.worker.session_io import StopSignal

    plan = ComparisonConfig(
        data=DataConfig(options.data, test_share=0.0, **values["data"]),
        models=models,
        score=options.score,
        labels=Amount.parse(options.labels, "--labels "),
        batch=Amount.parse(options.batch, "--batch "),
        seeds=PAPER_SEEDS[: top.get("count", 1)],
        passes=loop["mc_passes"],
        dropout=loop["mc_dropout"],
        device=top.get("device", "auto"),
    )
    stop = StopSignal()
    with stopping(stop):
        found = compare_scores(plan, lambda line: notes.say(line, "dim"), lambda: stop.requested)
    if directory is not None:
        kept = _keep(plan, found, directory)
        notes.say(f"kept in {kept}", "dim")
    _tell(plan, found, options)


def _sweep(name: str, home: Path | None) -> Path:
    """The sweep to keep the numbers with; raises SessionError where there is none."""
    where = home_directory(home)
    directory = find_sweep(where, name)
    if directory is None:
        there = ", ".join(sweep_names(where)) or "none yet: `tui-al sweep` makes one"
        raise SessionError(f"There is no sweep {name!r} in {where}.", f"There is {there}.")
    return directory


def _keep(plan: "ComparisonConfig", found: "Comparison", directory: Path) -> Path:
    """Write the numbers where the sweep's report finds them; the same comparison again takes the
    old one's place."""
    first, second = (f"{model.model}:{model.tuning}" for model in plan.models)
    one = found.seeds[0]
    facts = {
        "scored": f"{len(one.first):,} texts{_sampling(plan, found)}",
        "queries": f"{one.ranking.batch} texts",
        "seeds": ", ".join(map(str, plan.seeds)),
        "first": _settings(plan.models[0]),
        "second": _settings(plan.models[1]),
        "device": str(found.device),
    }
    study = ScoreStudy(
        plan.data.source, first, second, plan.score, one.labelled, len(one.first),
        one.ranking.batch,
        one.between.bins, one.between.smoothing, facts,
        tuple(
            SeedScores(
                s.seed, s.between.wasserstein, s.between.kl, s.floor.wasserstein, s.floor.kl,
                s.ranking.spearman, s.ranking.overlap, s.floor_ranking.overlap,
            )
            for s in found.seeds
        ),
    )  # fmt: skip
    name = re.sub(r"[^\w.+-]+", "-", f"{study.data}-{first}-{second}-{plan.score}-{one.labelled}")
    return keep_scores(directory, name[-120:].strip("-."), asdict(study))


def parse_models(text: str, values: Values) -> tuple[LearnerConfig, LearnerConfig]:
    """Read "minilm:full,minilm:adapter"; a model without a tuning is trained fully. The other
    options are for both."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(parts):
        raise ConfigError(
            f"--models {text!r} does not name two models.",
            "Give two with their tunings, as minilm:full,minilm:adapter; the second is compared "
            "with the first.",
        )
    first, second = (_model(part, values) for part in parts)
    return first, second


def _model(part: str, values: Values) -> LearnerConfig:
    name, colon, tuning = part.rpartition(":")
    if not colon:
        name, tuning = part, "full"
    return learner("compare-scores", "successor", values, name, tuning)


def _tell(plan: "ComparisonConfig", found: "Comparison", options: Options) -> None:
    names = _names(plan.models)
    seeds = [
        SeedNumbers(s.seed, s.between, s.ranking, s.floor, s.floor_ranking) for s in found.seeds
    ]
    first = found.seeds[0]
    samples = (first.first, first.second, first.again)
    title = f"{found.dataset.name}: {found.strategy.name}, {first.labelled:,} labels"
    if options.out is not None:
        save_histograms(names, samples, options.out, title)
    page = Page(Console(soft_wrap=True))
    if options.as_json:
        numbers = plain(
            seeds, dict(zip(("first", "second", "first, other seed"), samples, strict=True))
        )
        page.console.file.write(json.dumps(_facts(plan, found) | numbers) + "\n")
        return
    page.say(
        f"{found.dataset.name}: {first.labelled:,} random texts labelled, the other "
        f"{len(first.first):,} scored"
    )
    page.say(f"score: {found.strategy.name} ({found.strategy.title}){_sampling(plan, found)}")
    for which, model in zip(("first", "second"), plan.models, strict=True):
        page.say(f"{which}: {_settings(model)}")
    page.say(f"seeds: {', '.join(map(str, plan.seeds))}; device: {found.device}")
    page.say()
    for line in table(names, seeds):
        page.say(line)
    page.say()
    for line in reading(seeds):
        page.say(line, "dim")
    page.say()
    if len(seeds) > 1:
        page.say(f"scores with seed {first.seed}:")
    for line in picture_lines(names, samples):
        page.say(line)
    if options.out is not None:
        page.say(f"picture: {options.out}")


def _names(models: tuple[LearnerConfig, LearnerConfig]) -> tuple[str, str]:
    """As short as tells them apart."""
    first, second = (f"{model.model}:{model.tuning}" for model in models)
    return first, second if first != second else f"{second} (2)"


def _sampling(plan: "ComparisonConfig", found: "Comparison") -> str:
    if found.strategy.needs != "monte carlo":
        return ""
    return f", {plan.passes} passes of Monte-Carlo dropout at {plan.dropout:g}"


def _settings(model: LearnerConfig) -> str:
    return (
        f"{model.model}, {model.tuning}, {model.epochs} epochs, batch {model.batch_size}, rate "
        f"{model.learning_rate:g}"
        f" (head {model.head_learning_rate:g}), dropout {model.dropout:g} in training, at most "
        f"{model.max_length} sub-tokens,"
        f" {model.precision}, pooling: {model.pooling}"
    )


def _facts(plan: "ComparisonConfig", found: "Comparison") -> dict[str, object]:
    from tui_al.host.machine import manifest

    return {
        "data": asdict(plan.data),
        "task": found.dataset.task.value,
        "models": [asdict(model) for model in plan.models],
        "score": plan.score,
        "labels": found.seeds[0].labelled,
        "scored": len(found.seeds[0].first),
        "monte_carlo": {"passes": plan.passes, "dropout": plan.dropout}
        if _sampling(plan, found)
        else None,
        "device": str(found.device),
        "manifest": manifest(),
    }
