"""What the set-up screen asks for, as plain text by field, and the experiment it stands for. Knows no widgets."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from tui_al.core.data.examples import Task
from tui_al.core.query.strategies import strategy
from tui_al.core.settings.experiment import (
    PAPER_SEEDS,
    Amount,
    DataConfig,
    ExperimentConfig,
    LearnerConfig,
    LoopConfig,
)
from tui_al.core.settings.model_catalog import default_settings
from tui_al.errors import ConfigError
from tui_al.store.home import checked_name

T = TypeVar("T")

Values = Mapping[str, str]

ROLES = ("acquisition", "successor")

#: Settings of a learner that the form shows, with what a person reads.
LEARNER_SETTINGS: Mapping[str, str] = {
    "learning_rate": "learning rate",
    "head_learning_rate": "rate of the head",
    "epochs": "epochs",
    "batch_size": "batch size",
    "max_length": "longest, tokens",
    "weight_decay": "weight decay",
    "warmup": "warm-up share",
    "schedule": "schedule",
    "clip": "gradient clip",
    "dropout": "dropout",
    "reduction_factor": "adapter reduction",
    "start": "each round from",
    "precision": "precision",
    "revision": "revision",
    "trunk_layers": "frozen layers",
    "pooling": "head reads",
}

#: Settings of the data that the form shows; an empty one is guessed.
DATA_SETTINGS: Mapping[str, str] = {
    "text_column": "text column",
    "label_column": "label column",
    "tokens_column": "tokens column",
    "tags_column": "tags column",
    "delimiter": "delimiter",
    "header": "header line",
    "misfits": "entities that do not fit",
    "empty_means": "no entities listed means",
    "encoding": "encoding",
    "subset": "Hub subset",
    "revision": "Hub revision",
    "data_dir": "folder of the sets",
    "train_limit": "train at most",
    "test_limit": "test at most",
    "test_share": "held out for test",
    "split_seed": "seed of the split",
}

#: What the form calls the oracles: gold answers simulate one.
ORACLES: Mapping[str, str] = {"simulated": "gold", "person": "person"}

#: Who labels by hand needs an answer soon: small batches, one run. (And back: those of the sample experiment.)
AMOUNTS: Mapping[str, Mapping[str, str]] = {
    "person": {"seed_size": "20", "batch": "20", "rounds": "12", "seeds": "1"},
    "simulated": {"seed_size": "4%", "batch": "2%", "rounds": "7", "seeds": "1"},
}

_GUESSED = "guessed"

#: Seeds that are made up where only their number is given.
MOST_SEEDS = 100

_WHOLE = {"epochs", "batch_size", "max_length", "reduction_factor", "train_limit", "test_limit", "split_seed", "mc_passes", "gauge"}  # fmt: skip
_REAL = {
    "learning_rate", "head_learning_rate", "weight_decay", "warmup", "clip", "dropout", "test_share", "label_noise", "mc_dropout",
}  # fmt: skip
_MAY_BE_EMPTY = {"revision", *DATA_SETTINGS} - {
    "encoding",
    "test_share",
    "split_seed",
    "misfits",
    "empty_means",
}


def values_of(config: ExperimentConfig, preset: str = "default") -> dict[str, str]:
    """The form's fields for an experiment."""
    values = {
        "data.source": config.data.source,
        "data.task": config.data.task or _GUESSED,
        "data.labels": ", ".join(config.data.labels or ()),
        "oracle": next(name for name, oracle in ORACLES.items() if oracle == config.loop.oracle),
        "audit_share": _percent(config.loop.audit_share),
        "overlap": _percent(config.loop.overlap),
        "strategy": config.loop.strategy,
        "seed_size": str(config.loop.seed_size),
        "batch": str(config.loop.batch),
        "rounds": str(config.loop.rounds),
        "budget_unit": config.loop.budget_unit,
        "label_noise": f"{config.loop.label_noise:g}",
        "mc_passes": str(config.loop.mc_passes),
        "mc_dropout": f"{config.loop.mc_dropout:g}",
        "gauge": str(config.loop.gauge),
        "seeds": str(len(config.seeds)),
        "seed_values": ", ".join(map(str, config.seeds)),
        "device": config.device,
        "save_models": "yes" if config.save_models else "no",
        "preset": preset,
        "name": "",
    }
    for name in DATA_SETTINGS:
        values[f"data.{name}"] = _shown(getattr(config.data, name))
    for role in ROLES:
        learner: LearnerConfig = getattr(config, role)
        values |= {f"{role}.model": learner.model, f"{role}.tuning": learner.tuning}
        values |= learner_values(role, learner)
    return values


def learner_values(role: str, learner: LearnerConfig) -> dict[str, str]:
    """The fields of a learner's settings, without its model and tuning."""
    return {f"{role}.{name}": _shown(getattr(learner, name)) for name in LEARNER_SETTINGS}


def defaults_for(role: str, values: Values) -> dict[str, str]:
    """The settings that go with the model, tuning and preset in the form; the revision is the model's own.

    None where the tuning does not fit the model, which `read` tells.
    """
    preset = None if values["preset"] == "default" else values["preset"]
    try:
        learner = default_settings(values[f"{role}.model"], values[f"{role}.tuning"], preset)
    except ConfigError:
        return {}
    return learner_values(role, learner)


def seed_values(count: int) -> str:
    """The first seeds of the fixed ones; beyond those, numbers that follow from them and are always the same."""
    more = random.Random(PAPER_SEEDS[0])
    seeds = list(PAPER_SEEDS[:count])
    while len(seeds) < count:
        seed = more.randrange(1, 2**24)
        if seed not in seeds:
            seeds.append(seed)
    return ", ".join(map(str, seeds))


def read_data(values: Values) -> tuple[DataConfig | None, dict[str, str]]:
    """The data part of the form, or what is wrong, by field."""
    return _Reader(values).data()


def read(
    values: Values, task: Task | None = None
) -> tuple[ExperimentConfig | None, dict[str, str]]:
    """The experiment that the form stands for, and what is wrong with it by field; `task` is the data set's, once known."""
    reader = _Reader(values)
    data, _ = reader.data()
    learners = {role: reader.learner(role) for role in ROLES}
    loop = reader.loop(task)
    seeds = reader.field("seed_values", _seeds)
    reader.field("seeds", lambda text: _count_of(seeds, text))
    reader.field("name", _session_name)
    if values["oracle"] == "person" and seeds and len(seeds) > 1:
        reader.errors["seeds"] = (
            "One run is enough where people label: with a second one they would be asked again."
        )
    acquisition, successor = learners["acquisition"], learners["successor"]
    if reader.errors or not (data and acquisition and successor and loop and seeds):
        return None, reader.errors
    config = ExperimentConfig(
        data=data,
        acquisition=acquisition,
        successor=successor,
        loop=loop,
        seeds=seeds,
        device=values["device"].strip() or "auto",
        save_models=values["save_models"] == "yes",
    )
    return config, {}


class _Reader:
    """Reads field after field and keeps what is wrong."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.errors: dict[str, str] = {}

    def field(self, name: str, convert: Callable[[str], T]) -> T | None:
        try:
            return convert(self.values[name].strip())
        except ConfigError as error:
            self.errors[name] = str(error).replace("\n", " ")
            return None

    def data(self) -> tuple[DataConfig | None, dict[str, str]]:
        source = self.field("data.source", _source)
        labels = self.field("data.labels", _names)
        task = self.values["data.task"].strip()
        read: dict[str, Any] = {
            name: self.field(f"data.{name}", _converter(name, title))
            for name, title in DATA_SETTINGS.items()
        }
        for name in ("train_limit", "test_limit"):
            limit = read[name]
            if limit is not None and limit < 1:
                self.errors[f"data.{name}"] = "It is 1 or more, or empty for all."
        share = read["test_share"]
        if share is not None and not 0 < share < 1:
            self.errors["data.test_share"] = "A share lies above 0 and below 1."
        if source is None or self.errors:
            return None, self.errors
        read |= {"task": None if task == _GUESSED else task, "labels": labels}
        return self._whole("data", DataConfig, {"source": source, **read}), self.errors

    def learner(self, role: str) -> LearnerConfig | None:
        model = self.field(f"{role}.model", _source)
        before = len(self.errors)
        read = {
            name: self.field(f"{role}.{name}", _converter(name, title))
            for name, title in LEARNER_SETTINGS.items()
        }
        if model is None or len(self.errors) > before:
            return None
        tuning = self.values[f"{role}.tuning"]
        if self.field(f"{role}.tuning", lambda text: default_settings(model, text)) is None:
            return None
        return self._whole(role, LearnerConfig, {"model": model, "tuning": tuning, **read})

    def loop(self, task: Task | None) -> LoopConfig | None:
        before = len(self.errors)
        read: dict[str, Any] = {
            "strategy": self.field("strategy", lambda name: _checked_strategy(name, task)),
            "seed_size": self.field("seed_size", lambda text: Amount.parse(text, "start")),
            "batch": self.field("batch", lambda text: Amount.parse(text, "batch")),
            "rounds": self.field("rounds", lambda text: _whole(text, "rounds")),
            "label_noise": self.field("label_noise", _share),
            "mc_passes": self.field("mc_passes", lambda text: _whole(text, "passes")),
            "gauge": self.field("gauge", lambda text: _whole(text, "gauge")),
            "mc_dropout": self.field("mc_dropout", lambda text: _real(text, "dropout")),
            "budget_unit": self.values["budget_unit"],
            "oracle": ORACLES[self.values["oracle"]],
            "audit_share": self.field("audit_share", _share),
            "overlap": self.field("overlap", _share),
        }
        if len(self.errors) > before:
            return None
        return self._whole("", LoopConfig, read)

    def _whole(self, prefix: str, kind: type[T], read: dict[str, Any]) -> T | None:
        """Build, and put an error at the field whose default would mend it, which is the one that is named in it."""
        try:
            return kind(**read)
        except ConfigError as error:
            names = [f.name for f in fields(kind) if f.name in read]  # type: ignore[arg-type]
            said = error.message
            named = [n for n in names if re.search(rf"\b{n} =", said) or said.startswith(f"{n}:")]
            name = named[0] if named else names[0]
            where = f"{prefix}.{name}" if prefix else name
            self.errors[where] = str(error).replace("\n", " ")
            return None


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _converter(name: str, title: str) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        if not text and name in _MAY_BE_EMPTY:
            return None
        if name in _WHOLE or (name == "trunk_layers" and text != "auto"):
            return _whole(text, title)
        if name in _REAL:
            return _real(text, title)
        return text

    return convert


def _source(text: str) -> str:
    if not text:
        raise ConfigError("Nothing is given.", "Give a name, a path, or a Hub id.")
    return text


def _whole(text: str, title: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"{title}: {text!r} is no whole number.") from None


def _real(text: str, title: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ConfigError(f"{title}: {text!r} is no number.", "Write 0.001 or 1e-3.") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise ConfigError(f"{title}: {text!r} is no usable number.")
    return value


def _share(text: str) -> float:
    """ "0.1" or "10 %"."""
    share = _real(text.removesuffix("%").strip(), "share")
    share = share / 100 if text.endswith("%") else share
    if not 0 <= share <= 1:
        raise ConfigError(f"{text!r} is out of range.", "It is a share, 0 to 1, or 0 % to 100 %.")
    return share


def _percent(share: float) -> str:
    return f"{share * 100:.10g}%"


def _names(text: str) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in text.split(",")) if text else None


def _seeds(text: str) -> tuple[int, ...]:
    seeds = tuple(_whole(part, "seeds") for part in text.replace(",", " ").split())
    if not seeds:
        raise ConfigError("No seed is given.", "Give whole numbers with commas between them.")
    if len(set(seeds)) < len(seeds):
        raise ConfigError("A seed is given twice.", "Each seed is one run.")
    if not (min(seeds) >= 0 and max(seeds) < 2**63):
        wrong = min(seeds) if min(seeds) < 0 else max(seeds)
        raise ConfigError(
            f"{wrong} is out of range.", "Seeds are whole numbers from 0 to 2^63 - 1."
        )
    return seeds


def _count_of(seeds: tuple[int, ...] | None, text: str) -> int:
    """How many seeds there are: as many as are listed, once the list follows the number."""
    count = _whole(text, "seeds")
    if not 1 <= count <= MOST_SEEDS and count != len(seeds or ()):
        raise ConfigError(
            f"seeds: {count} is out of range.",
            f"It is 1 to {MOST_SEEDS}; more are listed one by one, under more (F3).",
        )
    return count


def _session_name(text: str) -> str:
    return checked_name("session name", text) if text else ""


def _checked_strategy(name: str, task: Task | None) -> str:
    chosen = strategy(name)
    if task is not None:
        chosen.check(task)
    return chosen.name
