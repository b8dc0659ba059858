"""What an experiment was, in words: the facts and the choices that a result must not be shown
without (PAPER.md's readings)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tui_al.core.data.terminal_text import printable
from tui_al.core.session.state import SessionState
from tui_al.core.settings.experiment import DataConfig, ExperimentConfig, LearnerConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS
from tui_al.core.settings.schema import entries
from tui_al.core.settings.tunings import TUNINGS
from tui_al.core.settings.used_plugins import noted
from tui_al.core.settings.values import in_report

#: Programs whose versions can move a result; in this order.
_VERSIONS = ("tui_al", "python", "torch", "transformers", "adapters", "tokenizers", "numpy")

#: What the head of a classifier reads, by pooling.
_READS = {
    "first": "head on the first token",
    "mean": "head on the mean of all tokens",
    "auto": "head on the first token or the mean of all, as the model's files say",
}

#: Settings of a training that reports tell in one breath, in this order; others follow in the order
#: that they are declared in.
_TOGETHER = (
    ("learning_rate", "head_learning_rate"),
    ("epochs", "batch_size"),
    ("schedule", "warmup", "weight_decay"),
    ("clip",),
    ("dropout",),
    ("max_length",),
    ("start",),
    ("precision",),
)


def facts(state: SessionState) -> list[tuple[str, str]]:
    """(what, how it was) of a session, most important first; free of control characters."""
    config = state.config
    if config is None:
        return []
    rows = [
        ("data", _data(config.data, state)),
        ("task", _task(state)),
        ("acquisition", _acquisition(config, state.task)),
        ("successor", learner(config.successor, state.task)),
        ("strategy", strategy(config)),
        ("seed set", str(config.loop.seed_size)),
        ("batch", _batch(config)),
        ("budget unit", config.loop.budget_unit),
        ("seeds", ", ".join(map(str, config.seeds))),
        *_others(config),
        ("oracle", _oracle(config)),
        ("labelled by hand", _labelled(state.labelled)),
        ("device", _device(state)),
        ("versions", _versions(_manifest(state))),
        ("plug-ins", "; ".join(f"{k} of {v}" for k, v in noted(_manifest(state)).items())),
    ]
    return [(name, printable(value)) for name, value in rows if value]


def _acquisition(config: ExperimentConfig, task: str) -> str:
    if config.shared_model and config.loop.strategy != "random":
        return "the successor itself: one training on the same labels does for both"
    return learner(config.acquisition, task)


def _batch(config: ExperimentConfig) -> str:
    loop = config.loop
    if loop.oracle == "person":
        return f"{loop.batch}, after which the rest is ranked anew"
    return f"{loop.batch}, {loop.rounds} query rounds after the seed set"


def short_learner(settings: LearnerConfig) -> str:
    """ "minilm adapter", for lines with little room."""
    return printable(f"{settings.model} {settings.tuning}")


def learner(settings: LearnerConfig, task: str = "classification") -> str:
    """A model and all of its training in one line; what a head reads of a text is told of
    classifiers only."""
    tuning = f"{settings.tuning} tuning: {TUNINGS[settings.tuning].summary}"
    if TUNINGS[settings.tuning].reduction_factor:
        tuning += f", reduction factor {settings.reduction_factor}"
    if settings.trunk_layers:
        tuning += f"; {_frozen(settings)} frozen, their output kept"
    if task == "classification" and settings.model != BAG_OF_WORDS:
        tuning += f"; {_READS[settings.pooling]}"
    model = f"{settings.model}{f' at {settings.revision}' if settings.revision else ''}"
    return "; ".join([model, tuning, *_training(settings)])


def _training(settings: LearnerConfig) -> Iterator[str]:
    """The settings of the training in words, which the settings themselves have; several that go
    together in one part."""
    found = entries(LearnerConfig)
    words = {key: in_report(entry, getattr(settings, key)) for key, entry in found.items()}
    for keys in _TOGETHER:
        yield ", ".join(words.pop(key) for key in keys)
    yield from filter(None, words.values())


def _others(config: ExperimentConfig) -> list[tuple[str, str]]:
    """Settings outside the models that have words for reports of their own."""
    holders: tuple[Any, ...] = (config.data, config.loop, config)
    return [
        (entry.setting.title or entry.name, in_report(entry, getattr(holder, key)))
        for holder in holders
        for key, entry in entries(type(holder)).items()
    ]


def _frozen(settings: LearnerConfig) -> str:
    if settings.trains == "head":  # however many it names, see `tui_al.engine.models.frozen_layers`
        return "all layers"
    if settings.trunk_layers == "auto":
        return "the lowest two thirds of the layers"
    return f"the lowest {settings.trunk_layers} layers"


def strategy(config: ExperimentConfig) -> str:
    """The strategy, with the passes and the rate where it uses Monte-Carlo dropout."""
    loop = config.loop
    if loop.strategy == "bald":
        return f"bald (Monte-Carlo dropout, T = {loop.mc_passes} passes, p = {loop.mc_dropout:g})"
    return loop.strategy


def _data(data: DataConfig, state: SessionState) -> str:
    parts = [data.source]
    if data.subset:
        parts[0] += f" ({data.subset})"
    if data.revision:
        parts[0] += f" at {data.revision}"
    parts.append(f"{state.train:,} to train on, {state.test:,} to test on")
    for name, limit in (("training", data.train_limit), ("test", data.test_limit)):
        if limit:
            parts.append(f"{name} split cut to {limit:,}")
    return "; ".join(parts)


def _task(state: SessionState) -> str:
    kind = "classes" if state.task == "classification" else "entity types"
    return f"{state.task}, {len(state.classes)} {kind}"


def _oracle(config: ExperimentConfig) -> str:
    if config.loop.oracle == "person":
        return "people"
    noise = config.loop.label_noise
    return f"gold labels, {noise * 100:g} % of them wrong" if noise else "gold labels"


def _labelled(count: int | None) -> str:
    return "" if count is None else f"{count:,} {'text' if count == 1 else 'texts'}"


def _manifest(state: SessionState) -> Mapping[str, Any]:
    return {**state.manifest, **(state.engine.manifest if state.engine else {})}


def _device(state: SessionState) -> str:
    """The device that ran it last, with the machine's name for it, and what automatic precision
    means there."""
    if state.engine is None:
        return ""
    manifest = _manifest(state)
    device = state.engine.device
    known: list[str] = []
    if device.startswith("cuda"):
        gpus = [gpu for gpu in manifest.get("gpus") or () if gpu.get("visible", True)]
        number = int(device.partition(":")[2] or 0)
        known += [gpus[number]["name"]] if number < len(gpus) else []
    elif device == "cpu":
        cpu, cores = manifest.get("cpu"), manifest.get("cores")
        known += [str(cpu)] * bool(cpu) + [f"{cores} core{'' if cores == 1 else 's'}"] * bool(cores)
        threads = manifest.get("threads")
        known += [f"{threads} of them used"] * bool(threads and cores and threads < cores)
    config = state.config
    if config and "auto" in (config.acquisition.precision, config.successor.precision):
        known.append(f"auto precision: {manifest.get('auto_precision', 'fp32')}")
    return f"{device} ({', '.join(known)})" if known else device


def _versions(manifest: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', '-')} {manifest[name]}" for name in _VERSIONS if manifest.get(name)
    )
