"""The catalogue of models: what they are called, where they come from, and settings that work for
each.

`minilm`'s settings were measured (see `tui-al docs benchmarks`); the others' follow their authors'
papers and the adapters paper, and say so."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from tui_al.core.close_names import did_you_mean
from tui_al.core.plugins import Plugin, find_plugin, said, usable
from tui_al.core.settings.experiment import ExperimentConfig, LearnerConfig
from tui_al.core.settings.tunings import TUNINGS
from tui_al.errors import ConfigError, PluginError

BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


#: The one model that is not an encoder: TF-IDF features and logistic regression, to ask only. See
#: `tui_al.engine.models.bag_of_words`.
BAG_OF_WORDS = "tfidf"
BAG_OF_WORDS_SUMMARY = (
    "TF-IDF and logistic regression: to ask only, for classification; its tuning is head"
)


@dataclass(frozen=True, slots=True)
class Rates:
    """Learning rates of the encoder (or the adapter in it) and of the head."""

    encoder: float
    head: float


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model by its short name."""

    name: str
    hub_id: str  #: "" for the bundled ones
    parameters: int  #: of the encoder, for orientation
    summary: str
    full: Rates
    adapter: Rates
    epochs: int
    adapter_epochs: int
    head_epochs: int = 20  #: for the frozen encoder, whose steps are cheap
    per_tuning: Mapping[str, Rates] = field(default_factory=dict)  #: where a method wants its own
    #: What a classifier's head reads. `mean` where that was measured to be better; else the stock
    #: head, as in the literature.
    pooling: Literal["first", "mean", "auto"] = "first"
    layers: int | None = None  #: of a bundled model that is cut: so many of the lowest
    measured: bool = False  #: whether the settings were measured here, or are the literature's
    package: str = ""  #: name and version of the package that brings it; "" of those built in


_BASE_FULL, _BASE_ADAPTER = Rates(2e-5, 2e-4), Rates(3e-4, 1e-3)
_BASE_OTHERS = {
    "lora": Rates(5e-4, 1e-3),
    "ia3": Rates(5e-3, 5e-3),
    "prefix": Rates(1e-3, 1e-3),
    "compacter": Rates(2e-3, 2e-3),
    "head": Rates(1e-3, 1e-3),
}

MODELS: Mapping[str, CatalogueModel] = MappingProxyType(
    {
        m.name: m
        for m in (
            CatalogueModel(
                "minilm", "", 22_700_000,
                "MiniLM-L6, bundled: small, quick, works without the network",
                full=Rates(2e-4, 2e-3), adapter=Rates(2e-3, 2e-3), epochs=8, adapter_epochs=8,
                per_tuning={"head": Rates(5e-3, 5e-3)}, measured=True, pooling="mean",
            ),
            CatalogueModel(
                "minilm-3", "", 17_400_000,
                "the lower three layers of MiniLM-L6, bundled: stands in for DistilBERT where "
                    "there is no network",
                full=Rates(2e-4, 2e-3), adapter=Rates(2e-3, 2e-3), epochs=8, adapter_epochs=8,
                per_tuning={"head": Rates(5e-3, 5e-3)}, layers=3, pooling="mean",
            ),
            CatalogueModel(
                "electra-base", "google/electra-base-discriminator", 109_000_000,
                "the paper's acquisition and successor model",
                _BASE_FULL, _BASE_ADAPTER, 15, 15, per_tuning=_BASE_OTHERS,
            ),
            CatalogueModel(
                "electra-small", "google/electra-small-discriminator", 13_500_000,
                "ELECTRA at a sixth of the cost",
                Rates(1e-4, 1e-3), Rates(1e-3, 1e-3), 15, 15, per_tuning=_BASE_OTHERS,
            ),
            CatalogueModel(
                "distilbert", "distilbert/distilbert-base-uncased", 66_400_000,
                "the paper's mismatched acquisition model",
                Rates(5e-5, 5e-4), _BASE_ADAPTER, 15, 15, per_tuning=_BASE_OTHERS,
            ),
            CatalogueModel(
                "bert-base", "google-bert/bert-base-uncased", 109_000_000,
                "BERT, uncased",
                Rates(3e-5, 3e-4), _BASE_ADAPTER, 15, 15, per_tuning=_BASE_OTHERS,
            ),
            CatalogueModel(
                "roberta-base", "FacebookAI/roberta-base", 125_000_000,
                "RoBERTa, cased",
                _BASE_FULL, _BASE_ADAPTER, 15, 15, per_tuning=_BASE_OTHERS,
            ),
            CatalogueModel(
                "deberta-v3-small", "microsoft/deberta-v3-small", 141_000_000,
                "DeBERTa v3, cased: strong for its size, slower",
                Rates(4e-5, 4e-4), _BASE_ADAPTER, 15, 15, per_tuning=_BASE_OTHERS,
            ),
        )
    }
)  # fmt: skip

#: Names that no package can bring a model under.
_TAKEN = (*MODELS, BAG_OF_WORDS)


def find_model(name: str) -> CatalogueModel | None:
    """The model of that name, built in or of another package; None for Hub ids, paths and what is
    unknown.

    Raises:
        PluginError: a package brings one that cannot be used.
    """
    if name in MODELS:
        return MODELS[name]
    if "/" in name or name == BAG_OF_WORDS:  # a path or a Hub id
        return None
    found = find_plugin("model", name, _TAKEN)
    return _loaded(found) if found else None


def known_model(name: str) -> CatalogueModel | None:
    """As `find_model`; None for one that cannot be used, too."""
    try:
        return find_model(name)
    except PluginError:
        return None


def plugin_models() -> tuple[list[CatalogueModel], list[PluginError]]:
    """Models of other packages, and why others that are there cannot be used."""
    return usable("model", _TAKEN, _loaded)


@cache
def _loaded(plugin: Plugin) -> CatalogueModel:
    brought = plugin.load()
    if not isinstance(brought, CatalogueModel):
        raise plugin.broken(f"it is a {type(brought).__name__}, not a CatalogueModel")
    if not brought.hub_id or brought.layers is not None:
        raise plugin.broken(
            "its hub_id is to be a Hub id or the path of a directory, and its layers None"
        )
    made = replace(brought, name=plugin.name, package=f"{plugin.package} {plugin.version}")
    try:  # its settings are those of any experiment
        for tuning in TUNINGS:
            _settings_of(made, made.name, tuning)
    except (ConfigError, AttributeError, TypeError) as error:
        raise plugin.broken(
            error.message.rstrip(".") if isinstance(error, ConfigError) else said(error)
        ) from error
    return made


#: For a Hub id or a path that the catalogue does not know.
_UNKNOWN = CatalogueModel(
    "", "", 0, "", Rates(2e-5, 2e-4), _BASE_ADAPTER, 15, 15, per_tuning=_BASE_OTHERS, pooling="auto"
)


def default_settings(
    model: str, tuning: str, preset: str | None = None, **given: Any
) -> LearnerConfig:
    """Good settings for a model and tuning, and what is `given` in place of them; None is not
    given.

    `preset="paper"` gives Table 3 of the paper: rate 2e-5, 1e-4 for adapters, the same for the
    head; batch 16, 15 epochs, dropout 0. What a head reads is the model's own in any case.

    Raises:
        ConfigError: unknown tuning or preset, or a given value that is out of range.
    """
    own = {name: value for name, value in given.items() if value is not None}
    return replace(_default_settings(model, tuning, preset), **own)


def _default_settings(model: str, tuning: str, preset: str | None) -> LearnerConfig:
    if tuning not in TUNINGS:
        raise ConfigError(
            f"tuning: {tuning!r} is unknown.",
            f"{did_you_mean(tuning, TUNINGS)}Choose one of {', '.join(TUNINGS)}.",
        )
    if model == BAG_OF_WORDS and TUNINGS[tuning].trains != "head":
        raise ConfigError(
            f"tuning: {tuning!r} does not fit {BAG_OF_WORDS}, which has no encoder to tune.",
            "Its tuning is head, and it can be the acquisition model only.",
        )
    entry = find_model(model) or _UNKNOWN
    pooling = "first" if model == BAG_OF_WORDS else entry.pooling
    if preset == "paper":
        rate = 2e-5 if TUNINGS[tuning].trains == "encoder" else 1e-4
        return _with_bottleneck(
            LearnerConfig(
                model, tuning, rate, rate, epochs=15, batch_size=16, dropout=0.0, pooling=pooling
            )
        )
    if preset not in (None, "default"):
        raise ConfigError(f"preset: {preset!r} is unknown.", "Choose default or paper.")
    return _settings_of(entry, model, tuning)


def _settings_of(entry: CatalogueModel, model: str, tuning: str) -> LearnerConfig:
    pooling = "first" if model == BAG_OF_WORDS else entry.pooling
    trains = TUNINGS[tuning].trains
    usual = entry.full if trains == "encoder" else entry.adapter
    rates = entry.per_tuning.get(tuning, usual)
    epochs = {"encoder": entry.epochs, "head": entry.head_epochs}.get(trains, entry.adapter_epochs)
    dropout = 0.1 if trains == "encoder" else 0.0  # so few trained weights hardly overfit
    return _with_bottleneck(
        LearnerConfig(
            model, tuning, rates.encoder, rates.head, epochs, dropout=dropout, pooling=pooling
        )
    )


def _with_bottleneck(learner: LearnerConfig) -> LearnerConfig:
    """The width that the learner's tuning has by default."""
    factor = TUNINGS[learner.tuning].reduction_factor
    return replace(learner, reduction_factor=factor) if factor else learner


def check_bag_of_words(config: ExperimentConfig, *, tagging: bool, dropout: bool) -> None:
    """Raise ConfigError where the bag of words cannot be the acquisition model: tagging, strategies
    that need dropout."""
    if config.acquisition.model != BAG_OF_WORDS:
        return
    reasons = {
        "it is for classification; this data set is for tagging": tagging,
        f"it has no dropout, which {config.loop.strategy} needs": dropout,
    }
    for reason, holds in reasons.items():
        if holds:
            raise ConfigError(
                f"acquisition model: {BAG_OF_WORDS} does not fit: {reason}.",
                "Choose an encoder, or lc, bt or entropy on a classification data set.",
            ).at("acquisition.model")
