"""The catalogue of models and the settings it gives."""

import pytest

from tui_al.core.settings.experiment import LearnerConfig
from tui_al.core.settings.model_catalog import BUNDLED_SHA256, MODELS, default_settings
from tui_al.core.settings.tunings import ADAPTERS, TUNING_SUMMARIES, TUNINGS
from tui_al.errors import ConfigError


@pytest.mark.parametrize("tuning", TUNINGS)
@pytest.mark.parametrize("model", ["minilm", "google/electra-base-discriminator", "./my-encoder"])
def test_the_papers_settings(model: str, tuning: str) -> None:
    # Table 3: rate 2e-5, 1e-4 for adapters; batch 16, 15 epochs, dropout 0; whatever the model
    rate = 2e-5 if tuning == "full" else 1e-4
    settings = default_settings(model, tuning, preset="paper")
    assert settings == LearnerConfig(
        model=model,
        tuning=tuning,
        learning_rate=rate,
        head_learning_rate=rate,
        epochs=15,
        batch_size=16,
        max_length=256,
        weight_decay=0.01,
        warmup=0.1,
        schedule="linear",
        clip=1.0,
        dropout=0.0,
        reduction_factor=32 if tuning == "compacter" else 16,
        start="cold",
        pooling=MODELS[model].pooling if model in MODELS else "auto",
    )


@pytest.mark.parametrize(
    ("model", "tuning", "rate", "head_rate", "epochs", "dropout"),
    [
        ("minilm", "full", 2e-4, 2e-3, 8, 0.1),
        ("minilm", "adapter", 2e-3, 2e-3, 8, 0.0),
        ("minilm", "double", 2e-3, 2e-3, 8, 0.0),
        ("minilm", "head", 5e-3, 5e-3, 20, 0.0),
        ("electra-base", "full", 2e-5, 2e-4, 15, 0.1),
        ("electra-base", "adapter", 3e-4, 1e-3, 15, 0.0),
        ("electra-base", "ia3", 5e-3, 5e-3, 15, 0.0),
        ("somebody/some-encoder", "full", 2e-5, 2e-4, 15, 0.1),
        ("somebody/some-encoder", "lora", 5e-4, 1e-3, 15, 0.0),
    ],
)
def test_defaults(
    model: str, tuning: str, rate: float, head_rate: float, epochs: int, dropout: float
) -> None:
    settings = default_settings(model, tuning)
    assert (settings.model, settings.tuning) == (model, tuning)
    assert (settings.learning_rate, settings.head_learning_rate) == (rate, head_rate)
    assert (settings.epochs, settings.dropout) == (epochs, dropout)


@pytest.mark.parametrize("tuning", TUNINGS)
@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_settings_for_every_tuning(model: str, tuning: str) -> None:
    settings = default_settings(model, tuning)
    assert settings.model == model  # the constructor has checked the ranges
    assert settings.head_learning_rate >= settings.learning_rate


def test_a_small_part_learns_faster_than_the_whole() -> None:
    for model in MODELS:
        full = default_settings(model, "full")
        for tuning in ADAPTERS:
            assert default_settings(model, tuning).learning_rate > full.learning_rate


def test_entries() -> None:
    for name, entry in MODELS.items():
        assert entry.name == name
        assert entry.summary and "\n" not in entry.summary
        assert (entry.hub_id == "") == (name in ("minilm", "minilm-3"))
        assert entry.hub_id == "" or entry.hub_id.count("/") == 1
        assert entry.parameters > 1_000_000
        assert set(entry.per_tuning) <= set(TUNINGS)
    assert len({(entry.hub_id, entry.layers) for entry in MODELS.values()}) == len(MODELS)
    assert len(BUNDLED_SHA256) == 64


def test_every_tuning_is_described() -> None:
    assert list(TUNING_SUMMARIES) == list(TUNINGS)
    assert set(TUNINGS) - set(ADAPTERS) == {"full", "head"}


def test_errors() -> None:
    with pytest.raises(ConfigError, match="tuning: 'adaptor' is unknown"):
        default_settings("minilm", "adaptor")
    with pytest.raises(ConfigError, match="preset: 'papper' is unknown"):
        default_settings("minilm", "full", preset="papper")


@pytest.mark.parametrize("preset", [None, "paper"])
def test_what_a_head_reads(preset: str | None) -> None:
    """The bundled sentence encoders the mean, measured; the others the stock head; of unknown ones,
    what their files say."""
    found = {name: default_settings(name, "head", preset).pooling for name in MODELS}
    mean = {"minilm", "minilm-3"}
    assert found == {name: "mean" if name in mean else "first" for name in MODELS}
    assert default_settings("somebody/some-encoder", "full", preset).pooling == "auto"
    assert default_settings("tfidf", "head", preset).pooling == "first"
    assert default_settings("minilm", "full", preset, pooling="first").pooling == "first"
