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
from tui_al.core.settings.options import experiment
from tui_al.core.settings.presets import sample_experiment
from tui_al.ui.field_options import offer
from tui_al.ui.setup_form import (
    choices_of,
    defaults_for,
    folded,
    read,
    read_data,
    seed_values,
    title_of,
    values_for,
    values_of,
)


def odd_experiment() -> ExperimentConfig:
    """Nothing in it is as it usually is."""
    learner = default_settings("roberta-base", "lora")
    return ExperimentConfig(
        data=DataConfig(
            "org/name", "/sets", "en", "abc", "t", "l", "w", "g", ";", "latin-1",
            train_limit=500, test_limit=90, test_share=0.3, split_seed=4,
        ),
        acquisition=replace(learner, learning_rate=1.23456789e-5, epochs=3, warmup=0.0,
            schedule="constant", start="warm", revision="main", trunk_layers="auto"),
        successor=replace(learner, clip=0.0, dropout=0.25, max_length=77, weight_decay=0.0,
            reduction_factor=8, batch_size=5, trunk_layers=3),
        loop=LoopConfig("bald", Amount(30, False), Amount(2.5, True), 0, "tokens", 0.1, 7, 0.2,
            "gold", 0.25, 0.3, 40),
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
        ("data.train_limit", "many", "train at most: 'many' is not a whole number"),
        ("data.train_limit", "0", "1 or more"),
        ("data.test_share", "1", "0 or more and below 1"),
        ("acquisition.model", "", "Nothing is given"),
        ("acquisition.learning_rate", "fast", "learning rate: 'fast' is not a number"),
        ("acquisition.trunk_layers", "most", "frozen layers: 'most' is not a whole number or auto"),
        ("successor.trunk_layers", "-1", "frozen layers: -1 is out of range. It is 0 or more"),
        ("acquisition.learning_rate", "nan", "learning rate: nan is out of range"),
        (
            "acquisition.learning_rate",
            "2",
            "learning rate: 2 is out of range. It is above 0 and at most 1",
        ),
        ("successor.epochs", "1.5", "epochs: '1.5' is not a whole number"),
        ("successor.warmup", "1", "warm-up share: 1 is out of range"),
        ("successor.max_length", "2", "longest, tokens: 2 is out of range. It is 8 or more"),
        ("seed_size", "0", "is not a whole number of examples"),
        ("batch", "200%", "out of range"),
        ("rounds", "-1", "out of range. It is 0 or more"),
        ("label_noise", "120 %", "out of range"),
        ("mc_passes", "1", "It is 2 or more; 10 is usual"),
        ("seed_values", "", "No seed"),
        ("seed_values", "1, 1", "given twice"),
        ("seed_values", "1, x", "'x' is not a whole number"),
        ("seed_values", str(2**63), "out of range"),
        ("seeds", "x", "'x' is not a whole number"),
        ("seeds", "0", "seeds: 0 is out of range"),
        ("seeds", "101", "seeds: 101 is out of range"),
        ("name", "a/b", "not a usable name"),
        ("name", "語" * 82, "bytes long"),
        ("acquisition.model", "tfidf", "does not fit tfidf, which has no encoder"),
        ("successor.tuning", "adaptr", "Did you mean adapter?"),
        ("successor.head_learning_rate", "0", "rate of the head: 0 is out of range"),
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


def test_every_folded_field_has_a_title_that_fits_and_the_settings_choices() -> None:
    fields = [field for part in ("data", "acquisition", "successor", "") for field in folded(part)]
    assert len(fields) == len(set(fields)) > 50
    assert all(0 < len(title_of(field)) <= 19 for field in fields)
    values = values_of(odd_experiment())
    for field in (*fields, "oracle", "preset", "data.task"):
        if choices := choices_of(field):
            assert values[field] in choices or field == "device", field
    assert list(choices_of("data.header")) == ["guessed", "yes", "no"]
    assert not choices_of("successor.trunk_layers")  # a number is typed there


def test_who_labels_has_the_defaults_of_the_command_label() -> None:
    values = values_of(sample_experiment())
    values |= {"oracle": "person"} | values_for("person", values)
    assert read(values)[0] == experiment("label", "tickets", {})
    values |= {"oracle": "simulated"} | values_for("simulated", values)
    assert read(values)[0] == sample_experiment()


def test_what_was_changed_by_hand_stays_when_another_answers() -> None:
    values = values_of(sample_experiment()) | {
        "successor.epochs": "3",
        "acquisition.tuning": "lora",
    }
    values |= defaults_for("acquisition", values)
    changed = values_for("person", values)
    assert "successor.epochs" not in changed
    assert changed["acquisition.precision"] == "auto"
    assert (changed["batch"], changed["seed_size"], changed["rounds"]) == ("20", "20", "12")


@pytest.mark.parametrize(
    ("field", "task", "offered"),
    [
        ("acquisition.model", None, True),
        ("acquisition.model", Task.CLASSIFICATION, True),
        ("acquisition.model", Task.TAGGING, False),
        ("successor.model", Task.CLASSIFICATION, False),
    ],
)
def test_the_bag_of_words_is_offered_where_it_fits(
    field: str, task: Task | None, offered: bool
) -> None:
    values = [choice.value for choice in offer(field, task).chooser("")]
    assert ("tfidf" in values) == offered
    assert "minilm" in values
