"""The key table, and what is made from it."""

import re
import string
from collections import Counter
from pathlib import Path

import pytest

from tests.ui.driving import drive, shown, until
from tests.ui.fake_engine import FakeEngine
from tui_al.ui.app import TuiAl
from tui_al.ui.keys import KEYS, SCREENS, bindings, display, keys_of
from tui_al.ui.screens.help import help_text
from tui_al.ui.widgets.key_bar import fitting, keys_everywhere

#: What every keyboard and every terminal sends as it is.
PLAIN = string.ascii_lowercase + string.digits


def test_every_key_is_bound_once_on_its_screen_and_does_not_hide_a_key_of_the_app() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)
    everywhere = [name for key in keys_of("app") for name in key.keys.split(",")]
    for screen in set(SCREENS) - {"app"}:
        names = [name for key in keys_of(screen) for name in key.keys.split(",")] + everywhere
        assert max(Counter(names).values()) == 1, screen


def test_keys_are_plain_letters_function_keys_and_the_few_that_every_terminal_sends() -> None:
    named = {
        "enter", "escape", "up", "down", "left", "right", "home", "end", "pageup", "pagedown",
        "space", "tab",
        "question_mark", "slash", "comma", "full_stop", "minus", "plus",
        "left_square_bracket", "right_square_bracket", "left_curly_bracket", "right_curly_bracket",
    }  # fmt: skip
    for key in KEYS:
        for name in key.keys.split(","):
            is_function_key = name[0] == "f" and name[1:].isdigit()
            assert name in named or is_function_key or (len(name) == 1 and name in PLAIN), key


def test_bindings_carry_id_tooltip_and_action() -> None:
    (binding,) = (b for b in bindings("home") if b.id == "home.new")  # type: ignore[union-attr]
    assert (binding.key, binding.action, binding.tooltip) == ("n", "new", "Set up a new session.")  # type: ignore[union-attr]


def test_display() -> None:
    assert [display(name) for name in ("f1", "f", "question_mark", "escape")] == [
        "F1",
        "f",
        "?",
        "esc",
    ]


@pytest.mark.parametrize("screen", [name for name in SCREENS if name != "app"])
def test_the_key_bar_of_every_screen_fits_whole_at_80_columns(screen: str) -> None:
    own = tuple(key for key in keys_of(screen) if key.bar)
    last = keys_everywhere(screen)
    told_elsewhere = ("run.metric",)  # over the curve
    assert fitting(own, last, 80) == (*(k for k in own if k.id not in told_elsewhere), *last)
    assert fitting(own, last, 100) == own + last


def test_a_narrow_key_bar_drops_its_last_keys_but_not_the_help() -> None:
    own, last = keys_of("home"), keys_everywhere("home")
    kept = fitting(own, last, 40)
    assert kept[0].id == "home.open"
    assert kept[-2:] == last
    assert len(kept) < len(own + last)
    assert sum(len(key.shown) + len(key.label) + 3 for key in kept) < 40


@pytest.mark.slow
async def test_help_shows_the_keys_of_the_screen_and_escape_closes_it(
    home: Path, engine: FakeEngine
) -> None:
    async with drive(TuiAl(home), (80, 40)) as pilot:
        await pilot.press("f1")
        await until(pilot, lambda: "Show rows of the data" in shown(pilot.app))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: "No session yet" in shown(pilot.app))
        await pilot.press("question_mark")
        await until(
            pilot, lambda: "Delete a session or sweep that is not running" in shown(pilot.app)
        )
        assert "Everywhere" in shown(pilot.app)
        await pilot.press("escape")
        await until(pilot, lambda: "Everywhere" not in shown(pilot.app))


def test_in_the_help_no_key_touches_what_it_does() -> None:
    """Two blanks at least; of the ten digits only the first and the last are named."""
    lines = [line for name in SCREENS for line in help_text([name], {}).plain.splitlines()]
    told = [line for line in lines if line.startswith("  ")]
    assert len(told) > 50
    assert all(re.match(r"  \S.*? {2,}\S", line) for line in told)
    assert any(re.match(r"  1 … 0 +Answer with the label", line) for line in told)
