"""Options that are made from the settings: grouped in `--help`, in words, with what they were
called before still taken."""

import re
from typing import Any

import pytest
import typer

from tests.docs.options import commands
from tui_al.cli.app import app
from tui_al.core.settings.options import experiment, options_of, read_options
from tui_al.core.settings.presets import sample_experiment
from tui_al.core.settings.schema import GROUPS
from tui_al.engine.worker.session_setup import check_names
from tui_al.errors import ConfigError, ModelError

#: What was renamed, with what is given to it: (command, before, today).
RENAMED = [
    ("simulate", "--iterations 3", "--rounds 3"),
    ("simulate", "--trunk-layers 2", "--freeze-layers 2"),
    ("simulate", "--successor-trunk-layers auto", "--successor-freeze-layers auto"),
    ("simulate", "--gauge 40", "--mismatch-sample 40"),
    ("simulate", "--start warm", "--warm-start"),
    ("label", "--start cold", "--no-warm-start"),
    ("label", "--leave-out-misfits", "--skip-mismatched"),
    ("compare-scores", "--leave-out-misfits", "--skip-mismatched"),
]


def shown(command: str, columns: int = 80) -> str:
    """The help of a command, or of the program, in a terminal of so many columns."""
    one: Any = commands()[command] if command else typer.main.get_command(app)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        return str(one.get_help(one.make_context("tui-al", [], resilient_parsing=True)))


def given(command: str, arguments: str) -> dict[str, object]:
    words = ["tickets", *arguments.split()]
    return commands()[command].make_context(command, words).params


@pytest.mark.parametrize(("command", "before", "today"), RENAMED)
def test_a_flag_of_before_means_the_same_and_is_not_shown(
    command: str, before: str, today: str
) -> None:
    old, new = (read_options(command, given(command, one)) for one in (before, today))
    assert old == new
    assert any(old.values())
    said = shown(command, 300)
    flag = today.split()[0].replace("--no-", "--")
    assert re.search(rf"^ +{flag}\b", said, flags=re.MULTILINE)
    assert before.split()[0] not in said


def test_flags_of_before_of_other_commands() -> None:
    for command, before, today in (
        ("export", "--each", "--per-annotator"),
        ("import", "--leave-out-misfits", "--skip-mismatched"),
    ):
        said = shown(command)
        assert today in said and before not in said
        flags = [one for p in commands()[command].params for one in p.opts]
        assert {before, today} <= set(flags)
    assert "--each" in shown("history")  # means something else there, and has no other name


@pytest.mark.parametrize("command", ["simulate", "label"])
def test_help_is_in_groups_in_words_and_as_wide_as_the_terminal(command: str) -> None:
    said = shown(command)
    heads = re.findall(r"^(\w+):$", said, flags=re.MULTILINE)
    assert [head for head in heads if head in GROUPS] == list(GROUPS)
    assert heads[-1] == "Examples"
    assert "<" not in said
    assert max(map(len, said.splitlines())) <= 80
    assert max(map(len, shown(command, 200).splitlines())) > 150


def test_the_list_of_commands_is_not_cut() -> None:
    for columns in (80, 200):
        assert "..." not in shown("", columns).partition("Commands:")[2]


def test_simulate_and_label_have_the_settings_defaults() -> None:
    """What nobody gives is what the form's fields have for the same model, apart from the sample's
    own amounts."""
    simulated = experiment("simulate", "tickets", {})
    labelled = experiment("label", "tickets", {})
    sample = sample_experiment()
    assert simulated.data == labelled.data == sample.data
    assert (labelled.loop.oracle, len(labelled.seeds)) == ("person", 1)
    assert str(simulated.loop.batch) == str(simulated.loop.seed_size) == "1%"
    for config in (simulated, labelled):
        for role in ("acquisition", "successor"):
            mine, theirs = getattr(config, role), getattr(sample, role)
            assert (mine.model, mine.tuning, mine.learning_rate) == (
                theirs.model, theirs.tuning, theirs.learning_rate,
            )  # fmt: skip


def test_an_option_of_one_model_goes_before_that_of_both() -> None:
    config = experiment("simulate", "x", {"epochs": "3", "successor_epochs": "5", "lr": "1e-3"})
    assert (config.acquisition.epochs, config.successor.epochs) == (3, 5)
    assert config.acquisition.learning_rate == config.successor.learning_rate == 1e-3


def test_both_names_at_once_that_say_different_things() -> None:
    with pytest.raises(ConfigError, match="--start and --warm-start say different things"):
        read_options("simulate", {"start": "cold", "warm_start": True})
    assert read_options("simulate", {"start": "warm", "warm_start": True})["successor"] == {
        "start": "warm"
    }


@pytest.mark.parametrize(
    ("key", "text", "message", "hint"),
    [
        ("epochs", "0", "--epochs 0 is out of range.", "It is 1 or more."),
        ("epochs", "eight", "--epochs 'eight' is not a whole number.", "It is 1 or more."),
        ("epochs", "1.5", "--epochs '1.5' is not a whole number.", "It is 1 or more."),
        ("lr", "2", "--lr 2 is out of range.", "It is above 0 and at most 1; 2e-5 to 5e-3 is "
            "usual."),
        ("lr", "nan", "--lr nan is out of range.", "It is above 0 and at most 1; 2e-5 to 5e-3 is "
            "usual."),
        ("dropout", "100%", "--dropout 100% is out of range.", "It is a share: 0 or more and "
            "below 1, or as a percentage."),
        ("precision", "fp23", "--precision 'fp23' is unknown.", "Did you mean fp32? Choose fp32, "
            "bf16 or auto."),
        ("freeze_layers", "most", "--freeze-layers 'most' is not a whole number or auto.",
            "It is 0 or more, or auto."),
        ("freeze_layers", "-1", "--freeze-layers -1 is out of range.", "It is 0 or more, or auto."),
        ("device", "gpu", "--device 'gpu' is unknown.", "Use auto, cpu, cuda (a GPU), cuda:1 (and "
            "so on) or mps."),
        ("batch", "5 percent", "--batch '5 percent' is not a valid amount.", 'Give a percentage, '
            'as "1%", or a count, as "100".'),
        ("seed", ["7", "x"], "--seed 'x' is not a whole number.", "Give whole numbers, 0 or more."),
        ("seeds", "9", "--seeds 9 is out of range.", "It is 1 to 5; for others use --seed 7 "
            "--seed 8."),
        ("preset", "papers", "--preset 'papers' is unknown.", "Did you mean paper? Choose default "
            "or paper."),
        ("successor_tuning", "adaptor", "--successor-tuning 'adaptor' is unknown.", "Did you mean "
            "adapter? Choose full"),
        ("strategy", "lcc", "--strategy 'lcc' is unknown.", "Did you mean lc"),
    ],
)  # fmt: skip
def test_a_bad_value_is_told_before_anything_is_loaded(
    key: str, text: object, message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        experiment("simulate", "no such data", {key: text})
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)


def test_every_option_has_help_and_only_one_meaning() -> None:
    for command in ("simulate", "label", "sweep", "compare-scores", "timing"):
        options = options_of(command)
        assert all(len(one.help) > 10 and one.entry.setting.group in GROUPS for one in options)
        flags = [flag for one in options for flag in (one.flag, *one.old)]
        assert len(flags) == len(set(flags))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "--successor tfidf --successor-tuning full",
            "successor tuning: 'full' does not fit tfidf",
        ),
        (
            "--acquisition tfidf --acquisition-tuning lora",
            "acquisition tuning: 'lora' does not fit tfidf",
        ),
    ],
)
def test_what_does_not_fit_says_of_which_model(arguments: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        experiment("simulate", "tickets", given("simulate", arguments))


def test_a_model_with_one_tuning_has_it_where_none_is_named() -> None:
    config = experiment("simulate", "tickets", given("simulate", "--acquisition tfidf"))
    assert config.acquisition.tuning == "head"
    config = experiment("simulate", "tickets", given("simulate", "--successor tfidf"))
    with pytest.raises(ModelError, match=r"^successor model: tfidf is not an encoder"):
        check_names(config)


@pytest.mark.parametrize("role", ["acquisition", "successor"])
def test_a_model_that_is_unknown_is_named_with_its_role(role: str) -> None:
    values = given("simulate", f"--{role} minilmm")
    with pytest.raises(ModelError, match=f"^{role} model: 'minilmm' is unknown"):
        check_names(experiment("simulate", "tickets", values))
