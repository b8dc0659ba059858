"""The form as plain text: there and back, what follows from what, mistakes by field."""

from dataclasses import replace

import pytest

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import (
    PAPER_SEEDS,
    Amount,
    DataConfig,
    ExperimentConfig,
    LoopConfig,
)
from tui_al.core.settings.model_catalog import default_settings
from tui_al.core.settings.presets import sample_experiment
from tui_al.ui.setup_form import defaults_for, read, read_data, seed_values, values_of


def odd_experiment() -> ExperimentConfig:
    """Nothing in it is as it usually is."""
    learner = default_settings("roberta-base", "lora")
    return ExperimentConfig(
        data=DataConfig(
            "org/name", "/sets", "en", "abc", "t", "l", "w", "g", ";", "latin-1",
            train_limit=500, test_limit=90, test_share=0.3, split_seed=4,
        ),
        acquisition=replace(learner, learning_rate=1.23456789e-5, epochs=3, warmup=0.0, schedule="constant", start="warm", revision="main", trunk_layers="auto"),
        successor=replace(learner, clip=0.0, dropout=0.25, max_length=77, weight_decay=0.0, reduction_factor=8, batch_size=5, trunk_layers=3),
        loop=LoopConfig("bald", Amount(30, False), Amount(2.5, True), 0, "tokens", 0.1, 7, 0.2, "gold", 0.25, 0.3, 40),
        seeds=(5, 6),
        device="cuda:1",
        save_models=False,
    )  # fmt: skip


def by_hand() -> ExperimentConfig:
    """People label data that has no labels yet."""
    made = sample_experiment()
    return replace(
        made,
        data=DataConfig("texts.txt", task="tagging", labels=("PER", "a place")),
        loop=replace(made.loop, oracle="person", overlap=1.0),
        seeds=(3,),
    )


@pytest.mark.parametrize("config", [sample_experiment(), odd_experiment(), by_hand()])
def test_there_and_back(config: ExperimentConfig) -> None:
    assert read(values_of(config)) == (config, {})


def test_defaults_follow_model_tuning_and_preset() -> None:
    values = values_of(sample_experiment())
    values |= {"successor.model": "electra-base", "successor.tuning": "lora"}
    assert defaults_for("successor", values)["successor.learning_rate"] == "0.0005"
    values["preset"] = "paper"
    assert defaults_for("successor", values)["successor.learning_rate"] == "0.0001"
    assert defaults_for("successor", values)["successor.dropout"] == "0"


def test_labels_by_people() -> None:
    values = values_of(by_hand()) | {"data.labels": "a, b,,c"}
    assert "a name is empty" in read(values)[1]["data.labels"]
    values["data.labels"] = "a, b, a"
    assert "'a' is given twice" in read(values)[1]["data.labels"]
    values |= {"data.labels": "", "audit_share": "60 %"}
    assert "audit_share" in read(values)[1]
    values |= {"audit_share": "0", "seed_values": "1, 2"}
    assert "One run is enough" in read(values)[1]["seeds"]
    values["oracle"] = "simulated"
    config, wrong = read(values)
    assert config and not wrong
    assert (config.data.labels, config.loop.audit_share, config.seeds) == (None, 0.0, (1, 2))


def test_seeds_begin_with_the_papers_and_do_not_change() -> None:
    assert seed_values(2) == "23419, 705525"
    eight = seed_values(8).split(", ")
    assert [int(seed) for seed in eight[:5]] == list(PAPER_SEEDS)
    assert len(set(eight)) == 8
    assert seed_values(8) == seed_values(8)


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("data.source", " ", "Nothing is given"),
        ("data.train_limit", "many", "'many' is no whole number"),
        ("data.train_limit", "0", "1 or more"),
        ("data.test_share", "1", "above 0 and below 1"),
        ("acquisition.model", "", "Nothing is given"),
        ("acquisition.learning_rate", "fast", "'fast' is no number"),
        ("acquisition.trunk_layers", "most", "frozen layers: 'most' is no whole number"),
        ("successor.trunk_layers", "-1", "no number of layers"),
        ("acquisition.learning_rate", "nan", "no usable number"),
        ("acquisition.learning_rate", "2", "learning_rate = 2.0 is out of range"),
        ("successor.head_learning_rate", "0", "head_learning_rate = 0.0 is out of range"),
        ("successor.epochs", "1.5", "no whole number"),
        ("successor.warmup", "1", "warmup = 1.0 is out of range"),
        ("successor.max_length", "2", "max_length = 2 is too short"),
        ("seed_size", "0", "is no whole number of examples"),
        ("batch", "200%", "out of range"),
        ("rounds", "-1", "negative"),
        ("label_noise", "120 %", "out of range"),
        ("mc_passes", "1", "too few"),
        ("seed_values", "", "No seed"),
        ("seed_values", "1, 1", "given twice"),
        ("seed_values", "1, x", "'x' is no whole number"),
        ("seed_values", str(2**63), "out of range"),
        ("seeds", "x", "'x' is no whole number"),
        ("seeds", "0", "seeds: 0 is out of range"),
        ("seeds", "101", "seeds: 101 is out of range"),
        ("name", "a/b", "no usable name"),
        ("name", "語" * 82, "bytes long"),
        ("strategy", "best", "unknown"),
        ("acquisition.model", "tfidf", "does not fit tfidf, which has no encoder"),
        ("successor.tuning", "adaptr", "Did you mean adapter?"),
    ],
)
def test_a_mistake_stands_at_its_field(field: str, text: str, message: str) -> None:
    config, wrong = read(values_of(sample_experiment()) | {field: text})
    assert config is None
    at = "acquisition.tuning" if text == "tfidf" else field  # which is what does not fit
    assert list(wrong) == [at]
    assert message in wrong[at]


def test_a_strategy_for_the_other_task_is_a_mistake_once_the_task_is_known() -> None:
    values = values_of(sample_experiment()) | {"strategy": "mnlp"}
    assert read(values)[1] == {}
    assert read(values, Task.TAGGING)[1] == {}
    assert "is for tagging" in read(values, Task.CLASSIFICATION)[1]["strategy"]


def test_mistakes_elsewhere_do_not_keep_the_data_from_being_read() -> None:
    values = values_of(sample_experiment()) | {"rounds": "x"}
    assert read_data(values) == (DataConfig("tickets"), {})
