"""The configuration: amounts, the way to plain values and back, fingerprints, and messages that
name what is wrong."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.core.settings.experiment import (
    PAPER_SEEDS,
    Amount,
    DataConfig,
    ExperimentConfig,
    LearnerConfig,
    LoopConfig,
)
from tui_al.core.settings.model_catalog import default_settings
from tui_al.core.settings.presets import sample_experiment
from tui_al.core.settings.tunings import TUNINGS
from tui_al.errors import ConfigError

LEARNER = LearnerConfig("minilm", "adapter", 2e-3, 2e-3, epochs=8)
LOOP = LoopConfig("lc", Amount(1, percent=True), Amount(50, percent=False))


def experiment(**changes: Any) -> ExperimentConfig:
    base = ExperimentConfig(DataConfig("tickets"), LEARNER, LEARNER, LOOP, seeds=(7, 8))
    return replace(base, **changes)


def learner(**changes: Any) -> LearnerConfig:
    return replace(LEARNER, **changes)


def loop(**changes: Any) -> LoopConfig:
    return replace(LOOP, **changes)


class TestAmount:
    @pytest.mark.parametrize(
        ("text", "value", "percent"),
        [
            ("1%", 1.0, True),
            ("2.5 %", 2.5, True),
            (" 0.1% ", 0.1, True),
            ("100%", 100.0, True),
            ("100", 100.0, False),
            ("1.0", 1.0, False),
        ],
    )
    def test_parse(self, text: str, value: float, percent: bool) -> None:
        assert Amount.parse(text) == Amount(value, percent)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "not a valid amount"),
            ("ten", "not a valid amount"),
            ("-5", "not a valid amount"),
            ("5%%", "not a valid amount"),
            ("1e3", "not a valid amount"),
            (".5%", "not a valid amount"),
            ("0%", "out of range"),
            ("100.1%", "out of range"),
            ("0", "not a whole number"),
            ("2.5", "not a whole number"),
        ],
    )
    def test_parse_errors(self, text: str, says: str) -> None:
        with pytest.raises(ConfigError) as caught:
            Amount.parse(text, "--batch ")
        assert caught.value.message.startswith(f"--batch {text!r} ")
        assert says in caught.value.message
        assert caught.value.hint

    @pytest.mark.parametrize(
        ("text", "total", "count"),
        [
            ("1%", 10_003, 100),  # 100.03
            ("1%", 150, 2),  # 1.5: half goes up
            ("1%", 149, 1),  # 1.49
            ("1%", 250, 3),  # 2.5: up, not to even
            ("1%", 10, 1),  # .1: at least one
            ("1.15%", 1000, 12),  # 11.5, although 1.15 has no exact binary form
            ("100%", 77, 77),
            ("50", 10, 50),  # a count is a count
        ],
    )
    def test_of(self, text: str, total: int, count: int) -> None:
        assert Amount.parse(text).of(total) == count

    @given(
        st.one_of(
            st.builds(Amount, st.integers(1, 10**18).map(float), st.just(False)),
            st.builds(Amount, st.floats(1e-6, 100), st.just(True)),
        )
    )
    def test_is_written_as_it_is_read(self, amount: Amount) -> None:
        assert Amount.parse(str(amount)) == amount

    def test_is_written_shortly(self) -> None:
        assert str(Amount.parse("5%")) == "5%"
        assert str(Amount.parse("2.50%")) == "2.5%"
        assert str(Amount.parse("100")) == "100"
        assert str(Amount(5, percent=True)) == "5%"


positive = st.floats(1e-6, 1.0)
shares = st.floats(0, 0.99)
some_text = st.text(max_size=20)
learners = st.builds(
    LearnerConfig,
    model=some_text,
    tuning=st.sampled_from(tuple(TUNINGS)),
    learning_rate=positive,
    head_learning_rate=positive,
    epochs=st.integers(1, 99),
    batch_size=st.integers(1, 99),
    max_length=st.integers(8, 512),
    warmup=shares,
    dropout=shares,
    clip=st.floats(0, 9),
    schedule=st.sampled_from(["linear", "constant"]),
    start=st.sampled_from(["cold", "warm"]),
    revision=st.none() | some_text,
)
experiments = st.builds(
    ExperimentConfig,
    data=st.builds(
        DataConfig,
        source=some_text,
        text_column=st.none() | some_text,
        train_limit=st.none() | st.integers(1, 999),
    ),
    acquisition=learners,
    successor=learners,
    loop=st.builds(
        LoopConfig,
        strategy=some_text,
        seed_size=st.builds(Amount, st.floats(0.001, 100), st.just(True)),
        batch=st.builds(Amount, st.integers(1, 10**9).map(float), st.just(False)),
        rounds=st.integers(0, 50),
        budget_unit=st.sampled_from(["examples", "tokens"]),
        label_noise=st.floats(0, 1),
        mc_passes=st.integers(2, 50),
        gauge=st.integers(0, 900),
    ),
    seeds=st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=5, unique=True).map(tuple),
    device=st.sampled_from(["auto", "cpu", "cuda:1"]),
    save_models=st.booleans(),
)


class TestPlain:
    @pytest.mark.slow
    @given(experiments)
    def test_there_and_back_through_json(self, config: ExperimentConfig) -> None:
        again = ExperimentConfig.from_dict(json.loads(json.dumps(config.to_dict())))
        assert again == config
        assert again.fingerprint() == config.fingerprint()
        assert again.differences(config) == []

    def test_amounts_as_the_user_writes_them(self) -> None:
        plain = experiment().to_dict()
        assert plain["loop"]["seed_size"] == "1%"
        assert plain["loop"]["batch"] == "50"
        assert plain["seeds"] == [7, 8]

    def test_a_count_may_be_a_number(self) -> None:
        plain = experiment().to_dict()
        plain["loop"]["batch"] = 50
        assert ExperimentConfig.from_dict(plain) == experiment()

    def test_defaults(self) -> None:
        plain = experiment().to_dict()
        for key in ("seeds", "device", "save_models"):
            del plain[key]
        config = ExperimentConfig.from_dict(plain)
        assert (config.seeds, config.device, config.save_models) == (PAPER_SEEDS, "auto", True)

    @pytest.mark.parametrize("section", ["data", "acquisition", "successor", "loop", ""])
    def test_a_newer_setting_in_a_session_is_left_out_and_told(self, section: str) -> None:
        plain = experiment().to_dict()
        (plain[section] if section else plain)["patience"] = {"rounds": 3}
        config, unknown = ExperimentConfig.from_stored(plain)
        assert config == experiment()
        assert unknown == (f"{section}.patience".strip(".") + ' = {"rounds": 3}',)
        assert ExperimentConfig.from_stored(experiment().to_dict()) == (experiment(), ())

    @pytest.mark.parametrize(
        ("value", "told"),
        [("auto", ()), ("off", ()), ("on", ('seeds_together = "on"',))],
    )
    def test_a_setting_that_went_is_told_where_it_did_something(
        self, value: str, told: tuple[str, ...]
    ) -> None:
        plain = experiment().to_dict() | {"seeds_together": value}
        assert ExperimentConfig.from_stored(plain) == (experiment(), told)
        with pytest.raises(ConfigError, match="no setting 'seeds_together'"):
            ExperimentConfig.from_dict(plain)

    @pytest.mark.parametrize("section", ["data", "acquisition", "successor", "loop"])
    def test_an_unknown_setting_is_named(self, section: str) -> None:
        plain = experiment().to_dict()
        plain[section]["lerning_rate"] = 1
        with pytest.raises(ConfigError) as caught:
            ExperimentConfig.from_dict(plain)
        assert caught.value.message == f"[{section}] has no setting 'lerning_rate'."

    @pytest.mark.parametrize(
        ("section", "key"),
        [
            ("data", "source"),
            ("acquisition", "learning_rate"),
            ("successor", "model"),
            ("loop", "batch"),
            ("loop", "strategy"),
        ],
    )
    def test_a_missing_setting_is_named(self, section: str, key: str) -> None:
        plain = experiment().to_dict()
        del plain[section][key]
        with pytest.raises(ConfigError) as caught:
            ExperimentConfig.from_dict(plain)
        assert caught.value.message == f"[{section}] lacks the setting {key!r}."

    def test_sections_are_checked_too(self) -> None:
        plain = experiment().to_dict()
        with pytest.raises(ConfigError, match="has no setting 'lop'"):
            ExperimentConfig.from_dict({**plain, "lop": {}})
        del plain["loop"]
        with pytest.raises(ConfigError, match="lacks the setting 'loop'"):
            ExperimentConfig.from_dict(plain)

    def test_a_value_of_the_wrong_type(self) -> None:
        plain = experiment().to_dict()
        plain["successor"]["epochs"] = "eight"
        with pytest.raises(ConfigError) as caught:
            ExperimentConfig.from_dict(plain)
        assert caught.value.message == "[successor] epochs = 'eight' is not a whole number."
        assert caught.value.hint == "It is 1 or more."


class TestComparing:
    def test_fingerprint_is_stable(self) -> None:
        assert experiment().fingerprint() == experiment().fingerprint() == "601201"

    def test_a_default_that_is_spelled_out_changes_no_name(self) -> None:
        plain = experiment().to_dict()
        for setting in ("oracle", "audit_share", "overlap"):  # as a session of an earlier version
            del plain["loop"][setting]
        assert ExperimentConfig.from_dict(plain).fingerprint() == experiment().fingerprint()

    def test_a_session_without_pooling_reads_the_first_token(self) -> None:
        """It was run so before there was a choice; its name stays, and today's default for the
        model does not count."""
        old = experiment(successor=replace(experiment().successor, pooling="first"))
        plain = old.to_dict()
        for role in ("acquisition", "successor"):
            del plain[role]["pooling"]
        again = ExperimentConfig.from_dict(plain)
        assert (again.acquisition.pooling, again.successor.pooling) == ("first", "first")
        assert again.fingerprint() == old.fingerprint()
        mean = experiment(successor=replace(experiment().successor, pooling="mean"))
        assert mean.fingerprint() != old.fingerprint()
        assert again.differences(mean) == ["successor.pooling: first here, mean there"]

    def test_labels_come_back_as_they_were(self) -> None:
        config = experiment(data=DataConfig("pool.txt", task="tagging", labels=("PER", "ORG")))
        assert ExperimentConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"task": "sentiment"}, "task = 'sentiment' is unknown"),
            ({"labels": ("a", "a")}, "labels: 'a' is given twice"),
            ({"labels": ("a", " ")}, "labels: a name is empty"),
        ],
    )
    def test_what_is_said_of_unlabelled_data_is_checked(
        self, settings: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ConfigError, match=message):
            DataConfig("pool.txt", **settings)

    @pytest.mark.parametrize(
        "changes",
        [
            {"data": DataConfig("tickets", train_limit=100)},
            {"acquisition": replace(LEARNER, tuning="lora")},
            {"successor": replace(LEARNER, epochs=9)},
            {"loop": replace(LOOP, batch=Amount(51, percent=False))},
            {"loop": replace(LOOP, oracle="person")},
            {"seeds": (7,)},
            {"seeds": (8, 7)},
        ],
    )
    def test_fingerprint_changes(self, changes: dict[str, Any]) -> None:
        assert experiment(**changes).fingerprint() != experiment().fingerprint()
        assert experiment(**changes).differences(experiment())

    def test_device_and_what_is_kept_do_not_count(self) -> None:
        other = experiment(device="cuda:1", save_models=False)
        assert other.fingerprint() == experiment().fingerprint()
        assert other.differences(experiment()) == []

    def test_differences_are_named(self) -> None:
        other = experiment(
            loop=replace(LOOP, batch=Amount(2, percent=True)),
            successor=replace(LEARNER, dropout=0.0),
        )
        assert experiment().differences(other) == [
            "loop.batch: 50 here, 2% there",
            "successor.dropout: 0.1 here, 0.0 there",
        ]


class TestValidation:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("learning_rate", 0.0),
            ("learning_rate", 1.5),
            ("learning_rate", float("nan")),
            ("head_learning_rate", -1e-3),
            ("epochs", 0),
            ("batch_size", 0),
            ("reduction_factor", 0),
            ("max_length", 7),
            ("warmup", 1.0),
            ("dropout", -0.1),
            ("dropout", 1.0),
            ("weight_decay", -0.01),
            ("weight_decay", float("nan")),
            ("clip", -1.0),
        ],
    )
    def test_learner(self, name: str, value: float) -> None:
        with pytest.raises(ConfigError) as caught:
            learner(**{name: value})
        assert caught.value.message.startswith(f"minilm (adapter): {name} = {value} is ")
        assert caught.value.hint

    @pytest.mark.parametrize(
        ("name", "value"), [("schedule", "cosine"), ("start", "tepid"), ("pooling", "max")]
    )
    def test_choices(self, name: str, value: str) -> None:
        with pytest.raises(ConfigError) as caught:
            learner(**{name: value})
        assert f"{name} = {value!r} is unknown" in caught.value.message
        assert caught.value.hint.startswith("Choose ")

    def test_tuning(self) -> None:
        with pytest.raises(ConfigError, match="tuning = 'adaptor' is unknown") as caught:
            replace(LEARNER, tuning="adaptor")
        assert all(tuning in caught.value.hint for tuning in TUNINGS)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("rounds", -1),
            ("label_noise", -0.1),
            ("label_noise", 1.1),
            ("mc_passes", 1),
            ("mc_dropout", 0.0),
            ("mc_dropout", 1.0),
            ("budget_unit", "words"),
        ],
    )
    def test_loop(self, name: str, value: object) -> None:
        with pytest.raises(ConfigError) as caught:
            loop(**{name: value})
        assert caught.value.message.startswith(f"{name} = {value!r} is ")
        assert caught.value.hint

    def test_borders_are_allowed(self) -> None:
        replace(LOOP, rounds=0, label_noise=1.0, mc_passes=2)
        replace(LEARNER, learning_rate=1.0, warmup=0.0, dropout=0.0, clip=0.0, max_length=8)

    def test_seeds(self) -> None:
        with pytest.raises(ConfigError, match="No seed"):
            experiment(seeds=())
        with pytest.raises(ConfigError, match=r"given twice: \(7, 8, 7\)"):
            experiment(seeds=(7, 8, 7))
        for seed in (-1, 2**63):
            with pytest.raises(ConfigError, match="out of range") as caught:
                experiment(seeds=(seed,))
            assert repr(seed) in caught.value.message
        for wrong in ("7", 1.5):
            with pytest.raises(ConfigError, match="It is a list of whole numbers"):
                experiment(seeds=(wrong,))


def test_the_sample_experiment() -> None:
    config = sample_experiment()
    assert config.data.source == "tickets"
    assert config.acquisition == replace(
        default_settings("minilm", "adapter"), epochs=6, precision="auto"
    )
    assert config.successor == replace(
        default_settings("minilm", "full"), epochs=6, precision="auto"
    )
    assert len(config.seeds) == 1
