"""Sweeps from TOML: the grid, what is left out, defaults, names, and mistakes told before anything
runs."""

import pytest

from tui_al.core.settings.experiment import PAPER_SEEDS, Amount
from tui_al.core.settings.model_catalog import default_settings
from tui_al.core.settings.sweep import Overrides, arms_with_known_first, cells, read_sweep
from tui_al.errors import ConfigError

GRID = """
title = "Two sets"
seeds = 2
[learner]
epochs = 3
precision = "auto"
[acquisition]
learning_rate = 1
[loop]
seed_size = "2%"
batch = "10"
rounds = 4
[grid]
data = ["tickets", { name = "cut", source = "banking77", train_limit = 500 }]
acquisition = [
    { name = "adapter", model = "minilm", tuning = "adapter" },
    { name = "small", model = "electra-small", tuning = "full", epochs = 5 },
]
loop.strategy = ["random", "lc", "bt"]
"""


def test_a_value_given_twice_is_told_as_that() -> None:
    sweep = read_sweep(
        'data.source = "tickets"\n[grid]\nloop.strategy = ["lc", "bt", "lc"]', "twice"
    )
    assert [arm.label for arm in sweep.arms] == ["lc", "bt"]
    assert sweep.notes == ("1 duplicate left out: the same experiment as another.",)


def test_every_combination_is_an_arm_and_every_seed_of_it_a_cell() -> None:
    sweep = read_sweep(GRID, "two")
    assert (sweep.name, sweep.title) == ("two", "Two sets")
    labels = [arm.label for arm in sweep.arms]
    # random asks no acquisition model, so its two combinations on a data set are one
    assert labels == [
        "tickets · random", "tickets · adapter · lc", "tickets · adapter · bt", "tickets · small "
            "· lc", "tickets · small · bt",
        "cut · random", "cut · adapter · lc", "cut · adapter · bt", "cut · small · lc",
        "cut · small "
            "· bt",
    ]  # fmt: skip
    assert len(list(cells(sweep))) == 20
    assert sweep.notes == ("2 duplicates left out: random ignores the acquisition model.",)
    small = sweep.arms[8]
    assert small.varied == {"data": "cut", "acquisition": "small", "loop.strategy": "lc"}
    config = small.config
    assert (config.data.source, config.data.train_limit) == ("banking77", 500)
    assert (config.acquisition.model, config.acquisition.epochs) == ("electra-small", 5)
    assert config.acquisition.learning_rate == 1.0
    assert (config.successor.model, config.successor.tuning) == ("minilm", "full")
    assert config.successor.epochs == 3
    assert config.successor.learning_rate == default_settings("minilm", "full").learning_rate
    assert {config.acquisition.precision, config.successor.precision} == {"auto"}
    assert (config.loop.seed_size, config.loop.batch) == (Amount(2, True), Amount(10, False))
    assert config.loop.rounds == 4
    assert config.seeds == PAPER_SEEDS[:2]
    assert not config.save_models


def test_the_first_arm_of_each_data_set_measures_the_seed_sets_for_the_others() -> None:
    sweep = read_sweep(GRID, "two")
    known = arms_with_known_first(sweep)
    assert [arm.label for arm in sweep.arms if arm.session not in known] == [
        "tickets · random", "cut · random",
    ]  # fmt: skip
    warm = read_sweep(
        GRID.replace("[acquisition]", "[successor]\nstart = 'warm'\n[acquisition]"), "w"
    )
    assert not arms_with_known_first(warm)


def test_what_is_excluded_is_no_arm() -> None:
    rules = """
[[exclude]]
data = "cut"
acquisition = "small"
[[exclude]]
loop.strategy = "bt"
successor.tuning = "full"
"""
    labels = [arm.label for arm in read_sweep(GRID + rules, "two").arms]
    assert labels == [
        "tickets · random", "tickets · adapter · lc", "tickets · small · lc", "cut · random",
        "cut · adapter "
            "· lc",
    ]  # fmt: skip


def test_the_preset_and_dotted_axes() -> None:
    text = """
preset = "paper"
data.source = "tickets"
seeds = [7, 8]
[grid]
acquisition.tuning = ["full", "adapter"]
successor.model = ["electra-base"]
"""
    full, adapter = read_sweep(text, "p").arms
    assert full.label == "full · electra-base"
    assert full.config.acquisition == default_settings("minilm", "full", "paper")
    assert adapter.config.acquisition.learning_rate == 1e-4
    assert adapter.config.successor == default_settings("electra-base", "full", "paper")
    assert full.config.seeds == (7, 8)


def test_a_session_keeps_its_name_when_seeds_are_added_or_the_data_moves() -> None:
    one = read_sweep(GRID, "two", Overrides(data_dir="/here", seeds=1))
    two = read_sweep(GRID, "two", Overrides(data_dir="/there", seeds=5, device="cpu"))
    assert [arm.session for arm in one.arms] == [arm.session for arm in two.arms]
    assert one.arms[0].config.data.data_dir == "/here"
    assert two.arms[0].config.device == "cpu"
    assert len({arm.session for arm in one.arms}) == 10
    changed = read_sweep(GRID.replace("rounds = 4", "rounds = 5"), "two")
    assert not {arm.session for arm in one.arms} & {arm.session for arm in changed.arms}


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        ("titel = 'x'", "bad has the unknown key 'titel'", "title"),
        ("[data]\nsource = 3", r"\[data\] source = 3 is not allowed", "a text"),
        ("[data]\nsource = 'tickets'\nsplit = 1", r"\[data\] has the unknown key 'split'",
            "split_seed"),
        ("title = 'no data'", r"\[data\] lacks source", "a data set's name"),
        ("data.source = 'tickets'\n[learner]\nepochs = 'six'", r"\[learner\] epochs = 'six' is "
            r"not a whole number", "1 or more"),
        ("data.source = 'tickets'\n[learner]\nepochs = true", r"\[learner\] epochs = True is not "
            r"a whole number", "1 or more"),
        ("data.source = 'tickets'\n[acquisition]\ntuning = 'ful'", r"bad: \[acquisition\] tuning "
            r"= 'ful' is unknown", "Did you mean full? Choose full, adapter"),
        ("data.source = 'tickets'\n[learner]\nprecision = 'fp8'", "precision = 'fp8' is unknown",
            "Choose fp32, "
            "bf16 "
            "or auto"),
        ("data.source = 'tickets'\n[loop]\nbatch = '0%'", r"\[loop\] batch = '0%' is out of range",
            "above 0"),
        ("data.source = 'tickets'\n[loop]\nstrategy = 'lcc'", "'lcc'", "lc"),
        ("data.source = 'tickets'\n[loop]\noracle = 'person'", "oracle = 'person' is not for a "
            "sweep", "simulates"),
        ("data.source = 'tickets'\nseeds = 9", "seeds = 9 is not allowed", "5 fixed seeds"),
        ("data.source = 'tickets'\nseeds = [1, 1]", "A seed is given twice", "one run"),
        ("data.source = 'tickets'\npreset = 'papers'", "preset = 'papers' is unknown", "Did you "
            "mean paper"),
        ("data.source = 'tickets'\n[grid]\nloop.strategi = ['lc']", r"\[grid\] loop has the "
            r"unknown key 'strategi'", "strategy"),
        ("data.source = 'tickets'\n[grid]\nloop.strategy = 'lc'", "loop.strategy = 'lc' is not a "
            "list", "Write"),
        ("data.source = 'tickets'\n[grid]\nloops = ['lc']", r"\[grid\] has the unknown key "
            r"'loops'", "loop"),
        ("data.source = 'tickets'\n[grid]\nacquisition = ['full']", "acquisition holds 'full', "
            "which is not a table", "name ="),
        ("data.source = 'tickets'\n[grid]\nloop.strategy = ['lc']\n[[exclude]]\nloop.strategy = "
            "'bt'", "exclude loop.strategy = bt fits no", "as the grid"),
        ("data.source = 'tickets'\n[grid]\nloop.strategy = ['lc']\n[[exclude]]\nstrategy = "
            "'lc'", "exclude "
            "has "
            "the "
            "unknown key 'strategy'", "loop.strategy"),
        ("data.source = 'tickets'\n[grid]\nloop.strategy = ['lc']\n[[exclude]]\nloop.strategy = "
            "'lc'", "every combination is excluded", "one at least"),
        ("exclude = 3\ndata.source = 'tickets'", "exclude is not a list of tables", "above each"),
        ("loop = 3\ndata.source = 'tickets'", "loop is not a table", "above it"),
        ("= 3", "this is not TOML", "toml.io"),
    ],
)  # fmt: skip
def test_mistakes_name_the_key_the_value_and_what_is_allowed(
    text: str, told: str, hint: str
) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        read_sweep(text, "bad")
    assert hint in caught.value.hint
    assert "bad" in caught.value.message


def test_a_mistake_in_one_combination_names_it() -> None:
    text = "data.source = 'tickets'\n[grid]\nacquisition.epochs = [3, 0]"
    with pytest.raises(ConfigError, match=r"bad, acquisition.epochs = 0: .*epochs = 0 is out of"):
        read_sweep(text, "bad")


@pytest.mark.parametrize(
    ("key", "value"),
    [("learner.dropout", 0.1), ("learner.warmup", 0.1), ("loop.label_noise", 0.1),
     ("loop.audit_share", 0.1), ("data.test_share", 0.1)],
)  # fmt: skip
def test_a_share_may_be_a_percentage(key: str, value: float) -> None:
    """As the message about a wrong one says."""
    section, name = key.split(".")
    sweep = read_sweep(f'data.source = "tickets"\n{key} = "10%"\n', "a.toml")
    (arm,) = sweep.arms
    config = getattr(arm.config, "successor" if section == "learner" else section)
    assert getattr(config, name) == value
    with pytest.raises(ConfigError, match="out of range"):
        read_sweep(f'data.source = "tickets"\n{key} = "200%"\n', "a.toml")
