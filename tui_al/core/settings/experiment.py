"""The configuration of an experiment: frozen, comparable, and the same in TOML, JSON, the store and
the screen.

What each setting is stands once, at its field (`tui_al.core.settings.schema`). Nothing here has a
hidden default: the command line and the set-up screen build it through
`tui_al.core.settings.model_catalog`, which knows each model's own good settings and the paper's.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Annotated, Any, Literal, Self, TypeVar

from tui_al.core.close_names import did_you_mean
from tui_al.core.settings.amounts import Amount as Amount
from tui_al.core.settings.data_settings import DataConfig as DataConfig
from tui_al.core.settings.learner_settings import LearnerConfig as LearnerConfig
from tui_al.core.settings.loop_settings import LoopConfig as LoopConfig
from tui_al.core.settings.schema import EXPERIMENTS, Setting, entries
from tui_al.core.settings.values import check, check_all
from tui_al.errors import ConfigError

T = TypeVar("T")

#: The five fixed seeds; the paper does not name its own, these ship with the same laboratory's
#: toolbox.
PAPER_SEEDS = (23419, 705525, 4837, 10671619, 1084218)


@dataclass(frozen=True, slots=True)
class ExperimentConfig:
    """One session: data, two models, a loop, and a run for each seed."""

    data: DataConfig
    acquisition: LearnerConfig
    successor: LearnerConfig
    loop: LoopConfig
    seeds: Annotated[
        tuple[int, ...],
        Setting(
            "A run with this seed; may be given more than once, instead of --seeds.",
            title="seeds",
            group="Loop",
            flag="--seed",
            metavar="NUMBER",
            example="7",
            helps={"label": "Seed of all that is random."},
            defaults={"label": PAPER_SEEDS[:1]},
        ),
    ] = PAPER_SEEDS
    device: Annotated[
        str,
        Setting(
            "What to compute on: auto, cpu, cuda, cuda:1 or mps.",
            title="device",
            group="Session",
            pattern=r"auto|cpu|cuda(:\d+)?|mps",
            choices={
                "auto": "the first free GPU, else the CPU",
                "cpu": "the CPU",
                "cuda": "the first GPU",
                "mps": "Apple's GPU",
            },
            flag="--device",
            metavar="DEVICE",
            usual="auto, cpu, cuda (a GPU), cuda:1 (and so on) or mps",
            example="cuda:1",
            commands=(*EXPERIMENTS, "compare-scores", "timing", "sweep"),
        ),
    ] = "auto"
    save_models: Annotated[
        bool,
        Setting(
            "Keep each run's last successor in the session.",
            title="keep models",
            group="Session",
            choices={"yes": "keep each run's last successor", "no": "keep no model"},
            switch=(True, False),
            flag="--save-models",
            commands=("simulate",),
        ),
    ] = True

    def __post_init__(self) -> None:
        check_all(self)
        if not self.seeds:
            raise ConfigError("No seed is given.", "Give at least one, as --seed 7.")
        if len(set(self.seeds)) != len(self.seeds):
            raise ConfigError(
                f"A seed is given twice: {self.seeds}.", "Each seed is one run of the session."
            )
        for seed in self.seeds:
            if not 0 <= seed < 2**63:
                raise ConfigError(
                    f"seed: {seed!r} is out of range.",
                    "A seed is a whole number from 0 to 2^63 - 1.",
                )

    @property
    def shared_model(self) -> bool:
        """Whether the successor itself asks: both models are set up alike, so one training on the
        same labels does for both.

        Not with a warm start, where each goes on from its own last training, nor with people, who
        are asked while the successor trains."""
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
                loop[name] = Amount.parse(str(loop[name]), f"{name} = ")
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
        """What a session keeps, and the settings in it that this version does not know, as
        "loop.patience = 3": they are left out.

        Another version may have written them. In what a person writes an unknown name is a mistake:
        see `from_dict`."""
        left = {k: v for k, v in plain.items() if v not in _WITHOUT_EFFECT.get(k, ())}
        known, unknown = _known(cls, left, "")
        for section, kind in _SECTIONS.items():
            if isinstance(known.get(section), Mapping):
                known[section], more = _known(kind, known[section], f"{section}.")
                unknown += more
        return cls.from_dict(known), tuple(unknown)

    def fingerprint(self) -> str:
        """Six hex digits that differ between experiments; the device and what is kept do not count.

        Only what differs from a default counts, so that a setting that is new in a later version
        changes no name."""
        plain = self.to_dict()
        for name in _NO_MATTER:
            del plain[name]
        for section, kind in _SECTIONS.items():
            defaults = {field.name: field.default for field in fields(kind)}
            plain[section] = {k: v for k, v in plain[section].items() if v != defaults[k]}
        text = json.dumps(plain, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=3).hexdigest()

    def differences(self, other: Self) -> list[str]:
        """Lines like "loop.batch: 1% here, 2% there", for the message when two experiments are not
        the same."""
        mine, theirs = _flat(self.to_dict()), _flat(other.to_dict())
        return [
            f"{key}: {mine.get(key)} here, {theirs.get(key)} there"
            for key in sorted(mine.keys() | theirs.keys())
            if mine.get(key) != theirs.get(key) and key not in _NO_MATTER
        ]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is chosen before an experiment is made, and is not kept in it as such."""

    preset: Annotated[
        Literal["default", "paper"],
        Setting(
            "default: good settings for each model and tuning; paper: the paper's (Table 3).",
            title="settings",
            group="Models",
            flag="--preset",
            choices={
                "default": "good settings for each model and tuning",
                "paper": "the paper's: rate 2e-5, adapters 1e-4, batch 16, 15 epochs, no dropout",
            },
            commands=("simulate", "compare-scores", "timing"),
        ),
    ] = "default"
    count: Annotated[
        int,
        Setting(
            "How many runs, with the fixed seeds.",
            name="seeds",
            group="Loop",
            low=1,
            high=len(PAPER_SEEDS),
            usual="for others use --seed 7 --seed 8",
            flag="--seeds",
            metavar="NUMBER",
            commands=("simulate", "compare-scores", "sweep"),
            defaults={"compare-scores": 1, "sweep": None},
            helps={
                "compare-scores": "How many of the fixed seeds.",
                "sweep": "So many of the fixed seeds, whatever the file says.",
            },
            example="3",
        ),
    ] = len(PAPER_SEEDS)
    session: Annotated[
        str | None,
        Setting(
            "Name of the session.",
            title="session name",
            group="Session",
            flag="--session",
            metavar="NAME",
            unset="made from the experiment",
            example="first",
        ),
    ] = None


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
    for key, entry in entries(kind).items():
        if key in plain:
            check(entry, plain[key], f"[{section}] {key} = ")
    return kind(**plain)


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
                f"{where} has no setting {key!r}.",
                f"{did_you_mean(key, known)}It has {', '.join(sorted(known))}.",
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
