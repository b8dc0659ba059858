"""The configuration of an experiment: frozen, comparable, and the same in TOML, JSON, the store and the screen.

Nothing here has a hidden default: the command line and the set-up screen build it through `tui_al.core.settings.model_catalog`, which
knows each model's own good settings and the paper's.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from decimal import Decimal
from typing import Any, Literal, Self, TypeVar

from tui_al.core.close_names import did_you_mean
from tui_al.errors import ConfigError

T = TypeVar("T")

#: The five fixed seeds; the paper does not name its own, these ship with the same laboratory's toolbox.
PAPER_SEEDS = (23419, 705525, 4837, 10671619, 1084218)

#: Bottleneck adapters differ in placement; the rest in method. See `tui_al.engine.models.peft`.
TUNINGS = (
    "full",
    "adapter",
    "double",
    "seq",
    "par",
    "lora",
    "prefix",
    "unipelt",
    "compacter",
    "ia3",
    "head",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of examples, given as a count or as a percentage of the training split, or where people label, of the texts to label."""

    value: float
    percent: bool

    @classmethod
    def parse(cls, text: str, option: str = "amount") -> Self:
        """Read "1%", "2.5 %" or "100"; raises ConfigError for anything else, and for amounts that are not positive."""
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
        if not match:
            raise ConfigError(
                f"{option}: {text!r} is no amount.",
                'Give a percentage of the training split, as "1%", or a count, as "100".',
            )
        value, percent = float(match[1]), bool(match[2])
        if percent and not 0 < value <= 100:
            raise ConfigError(
                f"{option}: {text!r} is out of range.",
                "A percentage lies above 0 and at most at 100.",
            )
        if not percent and (value < 1 or value != int(value)):
            raise ConfigError(
                f"{option}: {text!r} is no whole number of examples.",
                'Counts are 1 or more; for a share of the training split add "%".',
            )
        return cls(value, percent)

    def of(self, total: int) -> int:
        """The count this stands for with `total` training examples: rounded half up, at least 1 (PAPER.md)."""
        if not self.percent:
            return int(self.value)
        exact = Decimal(repr(self.value)) * total / 100
        return max(1, int(exact + Decimal("0.5")))

    def __str__(self) -> str:
        digits = format(Decimal(repr(self.value)), "f").removesuffix(".0")
        return f"{digits}%" if self.percent else digits


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Where the data is and how to read it; None means: guess, and say what was guessed."""

    source: str  #: a name, a path, or a Hub id
    data_dir: str | None = None  #: folder that holds the named sets
    subset: str | None = None  #: configuration of a Hub data set, e.g. "en-US"
    revision: str | None = None
    text_column: str | None = None
    label_column: str | None = None
    tokens_column: str | None = None
    tags_column: str | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"
    task: Literal["classification", "tagging"] | None = (
        None  #: of data that nobody has labelled yet
    )
    labels: tuple[str, ...] | None = (
        None  #: label names to begin with; more can come while labelling
    )
    train_limit: int | None = None  #: seeded cut of the training split
    test_limit: int | None = None
    test_share: float = 0.2  #: held out from train where there is no test split
    split_seed: int = 13  #: seed of the held-out split and of the cuts
    misfits: Literal["refuse", "leave out", "texts only"] = (
        "refuse"  #: what becomes of annotated texts that cannot be read; "texts only": answers are not looked at
    )
    empty_means: Literal["unlabelled", "no entity"] = "unlabelled"  #: of an empty list of entities
    header: Literal["yes", "no"] | None = None  #: whether the first line of CSV names the columns

    def __post_init__(self) -> None:
        if self.task not in (None, "classification", "tagging"):
            raise ConfigError(
                f"task: {self.task!r} is unknown.", "Choose classification or tagging."
            )
        if self.misfits not in ("refuse", "leave out", "texts only"):
            raise ConfigError(
                f"misfits: {self.misfits!r} is unknown.",
                "Choose refuse, leave out or texts only.",
            )
        if self.empty_means not in ("unlabelled", "no entity"):
            raise ConfigError(
                f"empty_means: {self.empty_means!r} is unknown.",
                "Choose unlabelled or no entity.",
            )
        if self.header not in (None, "yes", "no"):
            raise ConfigError(
                f"header: {self.header!r} is unknown.",
                "Choose yes or no, or nothing: then it is guessed.",
            )
        names = self.labels or ()
        for name in names:
            if not name.strip():
                raise ConfigError("labels: a name is empty.", "Give names, apart by commas.")
            if names.count(name) > 1:
                raise ConfigError(f"labels: {name!r} is given twice.", "Each label is named once.")


@dataclass(frozen=True, slots=True)
class LearnerConfig:
    """A model and how it is trained."""

    model: str  #: a catalogue name, a Hub id, or a local path
    tuning: str
    learning_rate: float  #: of the encoder, or of the adapter in it
    head_learning_rate: float
    epochs: int
    batch_size: int = 16
    max_length: int = 256  #: sub-tokens
    weight_decay: float = 0.01
    warmup: float = 0.1  #: share of the steps
    schedule: Literal["linear", "constant"] = "linear"
    clip: float = 1.0  #: gradient norm; 0 switches clipping off
    dropout: float = 0.1  #: in training, on every dropout of encoder, adapter and head
    reduction_factor: int = 16  #: bottleneck adapters: hidden size / bottleneck size
    start: Literal["cold", "warm"] = (
        "cold"  #: from the pretrained weights each round, or from the last round's
    )
    precision: Literal["fp32", "bf16", "auto"] = (
        "fp32"  #: of matrix products; weights and losses stay fp32
    )
    revision: str | None = None
    trunk_layers: int | Literal["auto"] = (
        0  #: lowest layers that stay frozen, their output kept; 0 as in the paper
    )
    #: What a classifier's head reads: the first token's state (transformers' own head), the mean of all tokens', or what the
    #: model's files say it was trained with. The default is what sessions without this setting were run with; catalogue
    #: models have their own (`tui_al.core.settings.model_catalog`).
    pooling: Literal["first", "mean", "auto"] = "first"

    def __post_init__(self) -> None:
        where = f"{self.model} ({self.tuning})"
        frozen = self.trunk_layers
        if frozen != "auto" and (
            not isinstance(frozen, int) or isinstance(frozen, bool) or frozen < 0
        ):
            raise ConfigError(
                f"{where}: trunk_layers = {frozen!r} is no number of layers.",
                "It is 0 or more, or auto.",
            )
        if self.tuning not in TUNINGS:
            raise ConfigError(
                f"tuning: {self.tuning!r} is unknown.",
                f"{did_you_mean(self.tuning, TUNINGS)}Choose one of {', '.join(TUNINGS)}.",
            )
        for name in ("learning_rate", "head_learning_rate"):
            if not 0 < getattr(self, name) <= 1:
                raise ConfigError(
                    f"{where}: {name} = {getattr(self, name)} is out of range.",
                    "A learning rate lies above 0 and at most at 1; 2e-5 to 5e-3 is usual.",
                )
        for name in ("epochs", "batch_size", "reduction_factor"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"{where}: {name} = {getattr(self, name)} is out of range.",
                    "It is 1 or more.",
                )
        if self.max_length < 8:
            raise ConfigError(
                f"{where}: max_length = {self.max_length} is too short.", "It is 8 or more."
            )
        for name in ("warmup", "dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(
                    f"{where}: {name} = {getattr(self, name)} is out of range.",
                    "It is a share: 0 or more, below 1.",
                )
        for name in ("weight_decay", "clip"):
            if not getattr(self, name) >= 0:
                raise ConfigError(
                    f"{where}: {name} = {getattr(self, name)} is out of range.",
                    "It is 0 or more.",
                )
        for name, allowed in (
            ("schedule", ("linear", "constant")),
            ("start", ("cold", "warm")),
            ("precision", ("fp32", "bf16", "auto")),
            ("pooling", ("first", "mean", "auto")),
        ):
            if getattr(self, name) not in allowed:
                raise ConfigError(
                    f"{where}: {name} = {getattr(self, name)!r} is unknown.",
                    f"Choose one of {', '.join(allowed)}.",
                )


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """How much is asked for, when, and of whom."""

    strategy: str
    seed_size: Amount
    batch: Amount
    rounds: int = 12  #: query rounds; the seed set is round 0
    budget_unit: Literal["examples", "tokens"] = "examples"
    label_noise: float = 0.0  #: share of wrong answers of the simulated oracle
    mc_passes: int = 10  #: T, Monte-Carlo dropout passes (bald)
    mc_dropout: float = 0.1  #: rate of those passes
    oracle: Literal["gold", "person"] = (
        "gold"  #: simulated from gold answers, or people at the keys
    )
    audit_share: float = (
        0.1  #: people: share of a batch drawn at random, shown blind, kept for measuring
    )
    overlap: float = 0.0  #: people: share of the texts that two annotators label each
    gauge: int = (
        500  #: texts of the pool on which both models' scores are compared each round; 0: none
    )

    def __post_init__(self) -> None:
        if self.oracle not in ("gold", "person"):
            raise ConfigError(f"oracle = {self.oracle!r} is unknown.", "Choose gold or person.")
        for name in ("audit_share", "overlap"):
            if not 0 <= getattr(self, name) <= 0.5 + 0.5 * (name == "overlap"):
                raise ConfigError(
                    f"{name} = {getattr(self, name)} is out of range.",
                    "It is a share: 0 to 0.5 for the audit, 0 to 1 for the overlap.",
                )
        if self.rounds < 0:
            raise ConfigError(f"rounds = {self.rounds} is negative.", "It is 0 or more.")
        if not 0 <= self.label_noise <= 1:
            raise ConfigError(
                f"label_noise = {self.label_noise} is out of range.",
                "It is the share of wrong answers, 0 to 1.",
            )
        if self.gauge < 0:
            raise ConfigError(
                f"gauge = {self.gauge} is negative.",
                "It is how many texts of the pool both models' scores are compared on; 0 switches it off.",
            )
        if self.mc_passes < 2:
            raise ConfigError(
                f"mc_passes = {self.mc_passes} is too few.",
                "Disagreement needs 2 passes or more; 10 is usual.",
            )
        if not 0 < self.mc_dropout < 1:
            raise ConfigError(
                f"mc_dropout = {self.mc_dropout} is out of range.",
                "It lies above 0 and below 1; 0.1 is usual.",
            )
        if self.budget_unit not in ("examples", "tokens"):
            raise ConfigError(
                f"budget_unit = {self.budget_unit!r} is unknown.", "Choose examples or tokens."
            )


@dataclass(frozen=True, slots=True)
class ExperimentConfig:
    """One session: data, two models, a loop, and a run for each seed."""

    data: DataConfig
    acquisition: LearnerConfig
    successor: LearnerConfig
    loop: LoopConfig
    seeds: tuple[int, ...] = PAPER_SEEDS
    device: str = "auto"
    save_models: bool = True  #: keep each run's last successor in the session

    def __post_init__(self) -> None:
        if not self.seeds:
            raise ConfigError("No seed is given.", "Give at least one, as --seed 7.")
        if len(set(self.seeds)) != len(self.seeds):
            raise ConfigError(
                f"A seed is given twice: {self.seeds}.", "Each seed is one run of the session."
            )
        for seed in self.seeds:
            if not isinstance(seed, int) or not 0 <= seed < 2**63:
                raise ConfigError(
                    f"seed: {seed!r} is out of range.",
                    "A seed is a whole number from 0 to 2^63 - 1.",
                )

    @property
    def shared_model(self) -> bool:
        """Whether the successor itself asks: both models are set up alike, so one training on the same labels does for both.

        Not with a warm start, where each goes on from its own last training, nor with people, who are asked while the successor trains.
        """
        alike = self.acquisition == self.successor and self.successor.start == "cold"
        return alike and self.loop.oracle != "person"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON and TOML; amounts as the user writes them."""
        plain = asdict(self)
        plain["loop"]["seed_size"] = str(self.loop.seed_size)
        plain["loop"]["batch"] = str(self.loop.batch)
        plain["seeds"] = list(self.seeds)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; names a key that is unknown or missing."""
        _check_keys(cls, "the experiment", plain)
        loop = dict(plain["loop"])
        for name in ("seed_size", "batch"):
            if name in loop:
                loop[name] = Amount.parse(str(loop[name]), name)
        return cls(
            data=_build(DataConfig, "data", _with_tuple(plain["data"], "labels")),
            acquisition=_build(LearnerConfig, "acquisition", plain["acquisition"]),
            successor=_build(LearnerConfig, "successor", plain["successor"]),
            loop=_build(LoopConfig, "loop", loop),
            seeds=tuple(plain.get("seeds", PAPER_SEEDS)),
            device=plain.get("device", "auto"),
            save_models=plain.get("save_models", True),
        )

    @classmethod
    def from_stored(cls, plain: Mapping[str, Any]) -> tuple[Self, tuple[str, ...]]:
        """What a session keeps, and the settings in it that this version does not know, as "loop.patience = 3": they are left out.

        Another version may have written them. In what a person writes an unknown name is a mistake: see `from_dict`.
        """
        left = {k: v for k, v in plain.items() if v not in _WITHOUT_EFFECT.get(k, ())}
        known, unknown = _known(cls, left, "")
        for section, kind in _SECTIONS.items():
            if isinstance(known.get(section), Mapping):
                known[section], more = _known(kind, known[section], f"{section}.")
                unknown += more
        return cls.from_dict(known), tuple(unknown)

    def fingerprint(self) -> str:
        """Six hex digits that differ between experiments; the device and what is kept do not count.

        Only what differs from a default counts, so that a setting that is new in a later version changes no name.
        """
        plain = self.to_dict()
        for name in _NO_MATTER:
            del plain[name]
        for section, kind in _SECTIONS.items():
            defaults = {field.name: field.default for field in fields(kind)}
            plain[section] = {k: v for k, v in plain[section].items() if v != defaults[k]}
        text = json.dumps(plain, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=3).hexdigest()

    def differences(self, other: Self) -> list[str]:
        """Lines like "loop.batch: 1% here, 2% there", for the message when two experiments are not the same."""
        mine, theirs = _flat(self.to_dict()), _flat(other.to_dict())
        return [
            f"{key}: {mine.get(key)} here, {theirs.get(key)} there"
            for key in sorted(mine.keys() | theirs.keys())
            if mine.get(key) != theirs.get(key) and key not in _NO_MATTER
        ]


#: Settings that leave an experiment the same.
_NO_MATTER = ("device", "save_models")

#: Settings of earlier versions, and their values by which nothing is done that is not done now.
_WITHOUT_EFFECT = {"seeds_together": ("auto", "off")}

#: The parts of an experiment that have settings of their own.
_SECTIONS: dict[str, type[Any]] = {
    "data": DataConfig,
    "acquisition": LearnerConfig,
    "successor": LearnerConfig,
    "loop": LoopConfig,
}


def _with_tuple(plain: Mapping[str, Any], name: str) -> dict[str, Any]:
    """JSON and TOML know lists only."""
    value = plain.get(name)
    return {**plain, name: tuple(value)} if isinstance(value, list) else dict(plain)


def _build(kind: type[T], section: str, plain: Mapping[str, Any]) -> T:
    _check_keys(kind, f"[{section}]", plain)
    try:
        return kind(**plain)
    except TypeError as error:
        raise ConfigError(f"[{section}] holds a value of the wrong type: {error}.") from error


def _known(
    kind: type[Any], plain: Mapping[str, Any], prefix: str
) -> tuple[dict[str, Any], list[str]]:
    """The settings that a class has, and the others in words."""
    names = {field.name for field in fields(kind)}
    told = [
        f"{prefix}{key} = {json.dumps(value)}" for key, value in plain.items() if key not in names
    ]
    return {key: value for key, value in plain.items() if key in names}, told


def _check_keys(kind: type[Any], where: str, plain: Mapping[str, Any]) -> None:
    known = {field.name: field.default for field in fields(kind)}
    for key in plain:
        if key not in known:
            raise ConfigError(
                f"{where} has no setting {key!r}.", f"It has {', '.join(sorted(known))}."
            )
    for key, default in known.items():
        if default is MISSING and key not in plain:
            raise ConfigError(f"{where} lacks the setting {key!r}.", "It has no default: give it.")


def _flat(plain: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in plain.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
