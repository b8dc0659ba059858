"""What packages bring is found, named with its package, and watched; what is broken costs itself
alone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.plugins.packages import on_path, write_package
from tests.report import states
from tests.store.labelled_sessions import TICKETS
from tui_al.cli.app import app
from tui_al.core.data.examples import Task
from tui_al.core.plugins import find_plugin
from tui_al.core.query.predictions import Predictions
from tui_al.core.query.strategies import STRATEGIES, Strategy, find_strategy, strategy
from tui_al.core.session import events as ev
from tui_al.core.session.reproduction import different_facts
from tui_al.core.session.state import fold
from tui_al.core.settings.used_plugins import missing, noted, used_plugins
from tui_al.errors import ConfigError, EngineError, PluginError
from tui_al.report.settings import facts
from tui_al.store.session import Session
from tui_al.ui.field_options import strategy_choices
from tui_al.ui.run_summary import strategy_note

CODE = """
    import numpy as np
    from tui_al.core.query.strategies import STRATEGIES
    from tui_al.core.query.strategies import Strategy

    def margin(predictions):
        "asks where the model is torn"
        return 1 - predictions.min_over_units(predictions.probs.max(axis=1))

    def raises(predictions):
        return predictions.logits

    def not_numbers(predictions):
        return np.full(len(predictions), np.nan)

    def too_many(predictions):
        return np.zeros(len(predictions) + 1)

    def writes(predictions):
        predictions.probs[:] = 0
        return np.zeros(len(predictions))

    def no_argument():
        return 1

    number = 7
    lc = margin

    def _twice(scores, costs, budget, rng):
        return np.zeros(budget, dtype=int)

    twice = Strategy("?", "twice", "asks twice", "probabilities", STRATEGIES["mnlp"].tasks, margin, _twice)
"""  # noqa: E501
NAMES = (
    "margin",
    "raises",
    "not_numbers",
    "too_many",
    "writes",
    "no_argument",
    "number",
    "lc",
    "twice",
    "absent",
)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package `good-idea` 2.1 with strategies of all sorts, and one that cannot be imported."""
    place = tmp_path / "packages"
    place.mkdir()
    entries = {"tui_al.strategies": {name.replace("_", "-"): name for name in NAMES}}
    write_package(place, "good-idea", "2.1", CODE, entries)
    ruins = {"tui_al.strategies": {"ruin": "anything"}}
    write_package(place, "ruins", "0.0.1", "raise RuntimeError('no licence\\nfound')", ruins)
    with on_path(place, monkeypatch):
        yield place


GIVEN = Predictions.of_texts(np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3]]))


def run(home: Path, *arguments: str) -> str:
    done = CliRunner().invoke(app, [*arguments, "--home", str(home)] if home.name else arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_function_is_a_strategy_under_the_name_of_its_entry(packages: Path) -> None:
    found = strategy("margin")
    assert (found.name, found.package, found.needs) == ("margin", "good-idea 2.1", "probabilities")
    assert found.summary == "asks where the model is torn"
    assert found.tasks == (Task.CLASSIFICATION, Task.TAGGING)
    assert found.scorer is not None
    assert found.scorer(GIVEN) == pytest.approx([0.1, 0.5, 0.3])
    positions = found.choose(
        np.array([0.1, 0.5, 0.3]), np.ones(3, dtype=int), 2, np.random.default_rng(1)
    )
    assert positions.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raises", "its scorer raised AttributeError: 'Predictions' object has no attribute "
            "'logits'"),
        ("not-numbers", "it returned scores of which 3 of 3 are NaN"),
        ("too-many", r"it returned scores of shape \(4,\) for 3 examples, not \(3,\)"),
        ("writes", "its scorer raised ValueError: assignment destination is read-only"),
    ],
)  # fmt: skip
def test_what_a_strategy_does_wrong_is_told_with_its_package(
    packages: Path, name: str, said: str
) -> None:
    found = strategy(name)
    assert found.scorer is not None
    before = GIVEN.probs.copy()
    with pytest.raises(
        EngineError, match=f"The strategy {name} of package good-idea 2.1 failed: {said}"
    ):
        found.scorer(GIVEN)
    assert np.array_equal(GIVEN.probs, before)


def test_positions_are_watched_too(packages: Path) -> None:
    with pytest.raises(
        EngineError, match=r"good-idea 2\.1 failed: it returned position 0 more than once"
    ):
        strategy("twice").choose(np.zeros(3), np.ones(3, dtype=int), 2, np.random.default_rng(1))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ruin", "strategy ruin of package ruins 0.0.1 cannot be used: it cannot be imported: "
            "RuntimeError: no licence found"),
        ("absent", "it cannot be imported: AttributeError: module 'good_idea' has no attribute "
            "'absent'"),
        ("number", "it is a int, not a Strategy or a scoring function"),
        ("no-argument", "its scorer cannot be called with 1 argument"),
    ],
)  # fmt: skip
def test_one_that_cannot_be_used_is_told_in_words(packages: Path, name: str, said: str) -> None:
    with pytest.raises(PluginError, match=said):
        strategy(name)
    assert find_strategy(name) is None


def test_a_name_that_is_built_in_stays_the_built_in_ones(packages: Path) -> None:
    assert strategy("lc") is STRATEGIES["lc"]
    listed = run(Path(), "strategies")
    assert (
        "strategy lc of package good-idea 2.1 cannot be used: tui-al itself has a strategy of "
        "this name" in listed
    )


def test_of_two_packages_with_one_name_neither_is_used(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_package(packages, "other", "1", CODE, {"tui_al.strategies": {"margin": "margin"}})
    with on_path(packages, monkeypatch):
        with pytest.raises(PluginError, match="has a strategy of this name too"):
            strategy("margin")
        assert "margin" not in [one.value for one in strategy_choices("", None)]


def test_lists_have_them_with_their_package_and_tell_what_is_broken(packages: Path) -> None:
    listed = " ".join(run(Path(), "strategies").split())
    assert "margin both margin: asks where the model is torn (good-idea 2.1)" in listed
    assert "The strategy ruin of package ruins 0.0.1 cannot be used" in listed
    choices = {one.value: one.summary for one in strategy_choices("", Task.TAGGING)}
    assert "good-idea 2.1" in choices["margin"]
    assert {"lc", "twice"} <= choices.keys()
    assert not {"ruin", "number"} & choices.keys()
    assert strategy_note("margin") == "asks where the model is torn"
    with pytest.raises(ConfigError, match="'margins' is unknown") as caught:
        strategy("margins")
    assert "Did you mean margin?" in caught.value.hint


def plugged(home: Path, version: str = "2.1") -> ev.SessionCreated:
    """The first event of a session with the package's strategy."""
    config = states.config((7,), strategy="margin")
    plugins = [{"kind": "strategy", "name": "margin", "package": "good-idea", "version": version}]
    created = states.created(config)
    return ev.SessionCreated(
        created.config, created.task, TICKETS.labels, len(TICKETS.train), len(TICKETS.test), (), (),
        {**states.MACHINE, "plugins": plugins},
    )  # fmt: skip


def test_the_manifest_has_package_and_version_and_reports_show_them(
    packages: Path, tmp_path: Path
) -> None:
    assert used_plugins(states.config(strategy="lc")) == {}
    used = used_plugins(states.config(strategy="margin"))
    assert used == {"plugins": plugged(tmp_path).manifest["plugins"]}
    assert noted(used) == {"strategy margin": "good-idea 2.1"}
    state = fold(states.recorded([plugged(tmp_path)]))
    assert dict(facts(state))["plug-ins"] == "strategy margin of good-idea 2.1"
    assert "plug-ins" not in dict(facts(states.session({7: [0.5]})))


def test_another_version_is_a_different_fact(packages: Path, tmp_path: Path) -> None:
    then = fold(states.recorded([plugged(tmp_path, "2.0")]))
    now = fold(states.recorded([plugged(tmp_path)]))
    assert different_facts(then, now) == [("strategy margin", "good-idea 2.0", "good-idea 2.1")]
    assert missing(then.manifest) is None


class TestGone:
    """A session whose package is not installed any more."""

    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        with Session.create(tmp_path, "old", plugged(tmp_path), TICKETS) as session:
            session.append(ev.EngineStarted(1, "host", "cpu", False, states.MACHINE))
            session.append(*states.run_events(7, (0.5, 0.6, 0.7)))
            labelled = ev.Labelled(7, 0, ("a", "b"), ("return", "complaint"), ("gold", "gold"))
            session.append(labelled, ev.SessionFinished(), ev.EngineFinished("finished"))
        return tmp_path

    def test_it_is_listed_reported_and_exported(self, home: Path) -> None:
        assert find_plugin("strategy", "margin", STRATEGIES) is None
        assert "old" in run(home, "sessions")
        assert "0.7" in run(home, "report", "old")
        report = run(home, "report", "old", "--format", "md")
        assert "strategy margin of good-idea 2.1" in report
        out = home / "labels.jsonl"
        run(home, "export", "old", "--out", str(out))
        assert '"complaint"' in out.read_text()

    def test_it_is_not_run_again_and_says_what_to_install(self, home: Path) -> None:
        done = CliRunner().invoke(app, ["verify", "old", "--home", str(home)])
        assert isinstance(done.exception, PluginError)
        assert (
            done.exception.message
            == "The strategy margin is of package good-idea 2.1, which is not installed here."
        )
        assert "pip install good-idea==2.1" in done.exception.hint

    def test_a_manifest_of_a_stranger_says_nothing_that_matters(self) -> None:
        strange: tuple[object, ...] = (7, "text", [7], [{"kind": []}], None, [None])
        for odd in strange:
            assert missing({"plugins": odd}) is None
        assert noted({"plugins": [{}]}) == {"None None": "None None"}


def test_needs_and_tasks_are_those_of_the_strategy(packages: Path) -> None:
    twice = strategy("twice")
    assert isinstance(twice, Strategy)
    assert (twice.name, twice.tasks) == ("twice", (Task.TAGGING,))
    with pytest.raises(ConfigError, match=r"strategy twice \(twice\) is for tagging"):
        twice.check(Task.CLASSIFICATION)
