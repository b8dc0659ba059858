"""The set-up screen: one Enter, mistakes at their fields, pickers, the folded rest."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from tests.ui.driving import SIZES, assert_clean, drive, shown, until
from tests.ui.fake_engine import FakeEngine, found
from tests.ui.torture import TEXTS
from tui_al.core.data.examples import Task
from tui_al.core.data.preview import Preview
from tui_al.core.settings.presets import sample_experiment
from tui_al.errors import DataError, EngineError, HubError
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.dialogs import ErrorDialog, TextDialog
from tui_al.ui.screens.home import HomeScreen
from tui_al.ui.screens.label import LabelScreen
from tui_al.ui.screens.run import RunScreen
from tui_al.ui.screens.select_dialog import PickDialog
from tui_al.ui.screens.setup import SetupScreen
from tui_al.ui.widgets.fields import FormRow, PickField, TextField


def field(pilot: Pilot[Any], name: str) -> PickField | TextField:
    """The widget of a field."""
    for widget in pilot.app.screen.query("PickField, TextField"):
        if getattr(widget, "field", "") == name:
            assert isinstance(widget, PickField | TextField)
            return widget
    raise KeyError(name)


async def ready(pilot: Pilot[Any]) -> None:
    """The data is read and the time estimated."""
    await until(pilot, lambda: "trainings, about 6 min" in shown(pilot.app))


@pytest.mark.slow
async def test_an_empty_home_opens_on_it_and_one_enter_starts_the_sample(
    home: Path, engine: FakeEngine
) -> None:
    async with drive(TuiAl(home)) as pilot:
        first = pilot.app.screen
        assert isinstance(first, SetupScreen)
        assert isinstance(pilot.app.focused, Button)
        await pilot.press("enter")
        await until(pilot, lambda: engine.started and not isinstance(pilot.app.screen, SetupScreen))
        assert engine.created == [sample_experiment()]
        assert engine.started == [home / "sessions" / "made"]
        assert isinstance(pilot.app.screen, RunScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


@pytest.mark.parametrize("size", SIZES)
async def test_data_and_plan_are_shown(
    home: Path, engine: FakeEngine, size: tuple[int, int]
) -> None:
    async with drive(TuiAl(home), size) as pilot:
        await until(pilot, lambda: "200 train · 50 test · 2 labels" in shown(pilot.app))
        trainings = 2 * sample_experiment().loop.rounds + 1
        await until(pilot, lambda: f"{trainings} trainings, about 6 min" in shown(pilot.app))
        assert "Start" in shown(pilot.app)
        if size != (40, 10):
            assert "“my parcel is late” → delivery" in shown(pilot.app)
            assert "asks what the model is least sure of" in shown(pilot.app)


@pytest.mark.slow
async def test_a_typed_mistake_stands_at_its_field_and_nothing_starts(
    home: Path, engine: FakeEngine
) -> None:
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        field(pilot, "batch").focus()
        await pilot.press("backspace", "x")
        wrong = f"{sample_experiment().loop.batch.value:g}x"
        await until(pilot, lambda: f"batch: '{wrong}' is not a valid amount" in shown(pilot.app))
        assert "1 field needs another look" in shown(pilot.app)
        field(pilot, "rounds").focus()
        await pilot.press("f2")
        await pilot.pause()
        assert pilot.app.focused is field(pilot, "batch")
        assert not engine.created
        await pilot.press("backspace", "%")
        await until(
            pilot,
            lambda: "is not a valid amount" not in shown(pilot.app).split("start with")[1][:400],
        )
        await pilot.press("f2")
        await until(pilot, lambda: engine.created)


@pytest.mark.slow
async def test_a_mistake_in_the_folded_part_unfolds_it(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        await pilot.press("f3")
        epochs = field(pilot, "successor.epochs")
        epochs.focus()
        await pilot.press("backspace", "0")
        await pilot.press("f3")
        await pilot.pause()
        assert not epochs.is_on_screen
        await pilot.press("f2")
        await until(pilot, lambda: pilot.app.focused is epochs)
        await until(pilot, lambda: "epochs: 0 is out of range" in shown(pilot.app))
        assert not engine.created


@pytest.mark.slow
async def test_data_is_picked_by_name_and_read_anew(home: Path, engine: FakeEngine) -> None:
    engine.previews["events"] = found((("a fair in Oslo", "LOC"),), task=Task.TAGGING)
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        field(pilot, "data.source").focus()
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickDialog))
        await until(pilot, lambda: "Short event announcements" in shown(pilot.app))
        await pilot.press("v", "enter")
        await until(pilot, lambda: "1 entity types" in shown(pilot.app))
        assert field(pilot, "data.source").value == "events"
        assert [data.source for data in engine.asked] == ["tickets", "events"]
        field(pilot, "strategy").focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickDialog))
        await until(pilot, lambda: "mnlp" in shown(pilot.app))


@pytest.mark.slow
async def test_data_that_is_not_there_is_said_at_the_field(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        field(pilot, "data.source").focus()
        await pilot.press("x", "[", "/", "]", "enter")
        await until(pilot, lambda: "There is no data set 'x[/]'. Give a name" in shown(pilot.app))
        await pilot.press("f2")
        await pilot.pause()
        assert not engine.created
        assert pilot.app.focused is field(pilot, "data.source")


@pytest.mark.slow
async def test_a_strategy_that_does_not_fit_the_data_is_said_at_the_field(
    home: Path, engine: FakeEngine
) -> None:
    engine.previews["events"] = found((("a fair in Oslo", "LOC"),), task=Task.TAGGING)
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        await pilot.press("up")
        screen = pilot.app.screen
        assert isinstance(screen, SetupScreen)
        screen._changed("strategy", "mnlp")
        await until(pilot, lambda: "strategy mnlp" in shown(pilot.app))
        await pilot.press("f2")
        await pilot.pause()
        assert not engine.created


@pytest.mark.slow
async def test_a_path_is_completed(
    home: Path, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sets" / "mine").mkdir(parents=True)
    (tmp_path / "sets" / "mine" / "train.csv").write_text("text,label\n")
    (tmp_path / "sets" / "notes.pdf").write_text("")
    monkeypatch.chdir(tmp_path)
    engine.previews["./sets/mine/train.csv"] = found()
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        field(pilot, "data.source").focus()
        await pilot.press(".", "/", "s")
        await until(pilot, lambda: "./sets/" in shown(pilot.app))
        await pilot.press("tab")
        await until(pilot, lambda: "./sets/mine/" in shown(pilot.app))
        assert "notes.pdf" not in shown(pilot.app)
        await pilot.press("m", "tab")
        await until(pilot, lambda: "train.csv" in shown(pilot.app))
        await pilot.press("t", "enter")
        await until(pilot, lambda: engine.asked[-1].source == "./sets/mine/train.csv")


@pytest.mark.slow
async def test_settings_follow_model_tuning_and_preset(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home), (120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("f3")
        assert field(pilot, "acquisition.learning_rate").value == "0.002"
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: field(pilot, "preset").value == "paper")
        assert field(pilot, "acquisition.learning_rate").value == "0.0001"
        assert field(pilot, "successor.epochs").value == "15"
        field(pilot, "acquisition.tuning").focus()
        await pilot.press("l", "enter")
        await until(pilot, lambda: field(pilot, "acquisition.tuning").value == "lora")
        await pilot.press("f2")
        await until(pilot, lambda: engine.created)
        (config,) = engine.created
        assert (config.acquisition.tuning, config.acquisition.learning_rate) == ("lora", 1e-4)
        assert (config.successor.learning_rate, config.successor.dropout) == (2e-5, 0.0)


@pytest.mark.slow
async def test_a_person_as_oracle(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        assert "the data set's own labels answer" in shown(pilot.app)
        assert "names with commas" not in shown(pilot.app)
        field(pilot, "oracle").focus()
        await pilot.press("p", "enter")
        await until(pilot, lambda: field(pilot, "oracle").value == "person")
        await until(pilot, lambda: "names with commas" in shown(pilot.app))
        assert "you label, while the models learn" in shown(pilot.app)
        assert (field(pilot, "seed_size").value, field(pilot, "batch").value) == ("20", "20")
        await until(pilot, lambda: "You label; after every 20 new labels" in shown(pilot.app))
        field(pilot, "data.labels").focus()
        await pilot.press(*"late,lost", "f2")
        await until(pilot, lambda: engine.created)
        (config,) = engine.created
        assert (config.loop.oracle, config.data.labels) == ("person", ("late", "lost"))
        await until(pilot, lambda: isinstance(pilot.app.screen, LabelScreen))


@pytest.mark.slow
async def test_data_without_labels_needs_a_person(home: Path, engine: FakeEngine) -> None:
    engine.previews["tickets"] = replace(found(), unlabelled=found().train)
    async with drive(TuiAl(home)) as pilot:
        await until(pilot, lambda: "choose person to" in shown(pilot.app))
        await pilot.press("f2")
        await until(pilot, lambda: field(pilot, "oracle").has_focus)
        assert not engine.created
        await pilot.press("p", "enter")
        await until(pilot, lambda: "choose person to" not in shown(pilot.app))


@pytest.mark.slow
async def test_the_number_of_seeds_gives_the_fixed_ones(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        field(pilot, "seeds").focus()
        await pilot.press("backspace", "3", "f2")
        await until(pilot, lambda: engine.created)
        assert engine.created[0].seeds == (23419, 705525, 4837)


@pytest.mark.slow
async def test_start_goes_to_the_error_dialog_and_the_form_stays(
    home: Path, engine: FakeEngine
) -> None:
    engine.create_error = EngineError("The disk is full [/x].", "Free some space.")
    async with drive(TuiAl(home)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ErrorDialog))
        assert "The disk is full [/x]." in shown(pilot.app)
        assert "Free some space." in shown(pilot.app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        engine.create_error = DataError("The file changed.", "Look at it.")
        await ready(pilot)
        await pilot.press("f2")
        await until(pilot, lambda: "The file changed. Look at it." in shown(pilot.app))


@pytest.mark.slow
async def test_keys_that_cannot_act_say_why(home: Path, engine: FakeEngine) -> None:
    engine.hold = threading.Event()
    async with drive(TuiAl(home)) as pilot:
        await pilot.press("f4")
        await until(pilot, lambda: "still being read" in shown(pilot.app))
        engine.hold.set()
        await ready(pilot)


async def test_the_rows_and_all_labels_are_one_key_away(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(pilot.app.screen, TextDialog))
        assert "the left side only crackles" in shown(pilot.app)
        assert "100  delivery" in shown(pilot.app)


async def test_escape_leaves_to_the_sessions(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home)) as pilot:
        await pilot.press("escape")
        await until(pilot, lambda: "No session yet" in shown(pilot.app))


async def test_letters_do_not_leave_the_app_while_a_field_has_the_focus(
    home: Path, engine: FakeEngine
) -> None:
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        field(pilot, "acquisition.model").focus()
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickDialog))
        assert pilot.app.is_running


@pytest.mark.slow
async def test_torture_texts_are_shown_as_they_are(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, SetupScreen)
        for number, (name, text) in enumerate(TEXTS.items()):
            source = f"set {number}"
            engine.previews[source] = Preview(
                name=text, task=Task.CLASSIFICATION, labels=(text, "b"), train=1000 + number,
                test=1, unlabelled=1,
                counts={text: 1, "b": 1}, rows=((text, text),), words=1.0, notes=(text,),
                warnings=(text,),
            )  # fmt: skip
            screen._changed("data.source", source)
            told = f"{1000 + number:,} train"
            await until(pilot, lambda told=told: told in shown(pilot.app))  # type: ignore[misc]
            assert_clean(pilot.app)
            await pilot.press("f4")
            await until(pilot, lambda: isinstance(pilot.app.screen, TextDialog))
            assert_clean(pilot.app)
            if name in ("closing tag", "style", "link", "array", "variable"):
                assert text in shown(pilot.app)
            await pilot.press("escape")
            await until(pilot, lambda: pilot.app.screen is screen)
        await pilot.press("f3")
        for size in ((80, 24), (40, 10)):
            await pilot.resize_terminal(*size)
            for text in TEXTS.values():
                screen._fill({"data.source": text, "data.text_column": text, "name": text})
                await screen._failed("preview", DataError(f"bad {text}", text))
                await pilot.pause()
                assert_clean(pilot.app)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("about", "more"),
    [
        ("successor.model", False),
        ("acquisition.revision", True),
        ("data.encoding", True),
        ("device", True),
        ("name", True),
    ],
)
async def test_what_the_engine_refuses_at_the_start_stands_at_its_field(
    home: Path, engine: FakeEngine, about: str, more: bool
) -> None:
    """Also where that field is folded away; and until it is changed."""
    engine.create_error = HubError("It has no such thing.", "Did you mean another?").at(about)
    async with drive(TuiAl(home), (120, 60)) as pilot:
        await ready(pilot)
        await pilot.press("enter")
        await until(
            pilot, lambda: "It has no such thing. Did you mean another?" in shown(pilot.app)
        )
        assert isinstance(pilot.app.screen, SetupScreen)
        assert pilot.app.screen.has_class("-more") is more
        at = field(pilot, about)
        await until(pilot, lambda: pilot.app.focused is at)
        row = next(a for a in at.ancestors if isinstance(a, FormRow))
        assert row.has_class("-wrong") and at.has_class("-wrong")
        assert [r for r in pilot.app.screen.query(FormRow) if r.has_class("-wrong")] == [row]
        engine.create_error = None
        pilot.app.screen._changed(about, "x" if about != "device" else "cpu")
        await until(pilot, lambda: "no such thing" not in shown(pilot.app))


@pytest.mark.slow
async def test_data_refused_for_a_setting_that_is_folded_away_is_told_at_the_data(
    home: Path, engine: FakeEngine
) -> None:
    """The preview is read unasked, so nothing is unfolded for it; unfolded, the message is where it
    belongs."""
    engine.preview_error = DataError("--encoding 'utf9' is unknown.").at("data.encoding")
    async with drive(TuiAl(home), (120, 60)) as pilot:
        await until(pilot, lambda: "✗ --encoding 'utf9' is unknown." in shown(pilot.app))
        assert "1 field needs another look" in shown(pilot.app)
        assert field(pilot, "data.source").has_class("-wrong")
        await pilot.press("f3")
        await until(pilot, lambda: field(pilot, "data.encoding").has_class("-wrong"))
        assert not field(pilot, "data.source").has_class("-wrong")
        assert shown(pilot.app).count("'utf9' is unknown") == 1


@pytest.mark.slow
async def test_the_bag_of_words_is_set_up_with_its_only_tuning(
    home: Path, engine: FakeEngine
) -> None:
    """Another tuning for it is a mistake in the form, and not an error of the app."""
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        for role in ("acquisition.model", "acquisition.tuning"):
            field(pilot, role).focus()
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, PickDialog))
            await pilot.press(*("tfidf" if role.endswith("model") else "adapter"), "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
            if role.endswith("model"):
                await until(pilot, lambda: field(pilot, "acquisition.tuning").value == "head")
                assert "another look" not in shown(pilot.app)
        await until(pilot, lambda: "does not fit tfidf, which has no encoder" in shown(pilot.app))
        assert field(pilot, "acquisition.tuning").has_class("-wrong")


@pytest.mark.slow
async def test_a_number_of_seeds_that_is_none_starts_nothing(
    home: Path, engine: FakeEngine
) -> None:
    async with drive(TuiAl(home)) as pilot:
        await ready(pilot)
        field(pilot, "seeds").focus()
        await pilot.press("end", "0", "1", "f2")
        await until(pilot, lambda: "seeds: 101 is out of range" in shown(pilot.app))
        await pilot.press("backspace", "backspace", "backspace", "x", "f2")
        await until(pilot, lambda: "seeds: 'x' is not a whole number" in shown(pilot.app))
        await pilot.pause()
        assert not engine.created
