"""The app itself: themes, terminals, palette, leaving, odd sizes."""

import ast
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.color import Color
from textual.screen import Screen

import tui_al
from tests.ui.driving import drive, shown, until
from tests.ui.fake_engine import FakeEngine
from tests.ui.labelling import labelling_session
from tests.ui.sessions import record
from tui_al.ui.app import TuiAl
from tui_al.ui.driver import hung_up
from tui_al.ui.screens.help import HelpScreen
from tui_al.ui.screens.home import HomeScreen
from tui_al.ui.screens.results import ResultsScreen
from tui_al.ui.screens.run import RunScreen
from tui_al.ui.terminal import Terminal
from tui_al.ui.theme import AsciiFilter, ascii_cells

UTF8 = {"LANG": "en_US.UTF-8", "TERM": "xterm-256color"}


@pytest.mark.slow
def test_the_interface_is_imported_without_torch() -> None:
    code = (
        "import sys, tui_al.ui.app, tui_al.ui.screens.home, tui_al.ui.screens.setup, "
        "tui_al.ui.screens.run;"
        "import tui_al.ui.screens.results;"
        "print([m for m in ('torch', 'transformers', 'adapters', 'datasets', 'pyarrow') if m in "
        "sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("screen", ["run", "results", "home"])
def test_a_first_frame_does_not_wait_for_what_is_not_on_it(screen: str) -> None:
    code = (
        f"import sys, tui_al.cli.application, tui_al.ui.app, tui_al.ui.screens.{screen};"
        "print([m for m in ('numpy', 'scipy', 'psutil', 'pynvml', 'typer', 'pydantic', "
        "'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (UTF8, Terminal()),
        ({**UTF8, "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, Terminal(remote=True)),
        ({**UTF8, "SSH_CONNECTION": "x", "TUI_AL_REMOTE": "0"}, Terminal()),
        ({**UTF8, "COLORFGBG": "0;15"}, Terminal(light=True)),
        ({**UTF8, "COLORFGBG": "15;0"}, Terminal()),
        ({**UTF8, "COLORFGBG": "0;15", "TUI_AL_THEME": "dark"}, Terminal()),
        ({**UTF8, "TERM": "vt100"}, Terminal(ascii=True)),
        ({"LANG": "C"}, Terminal(ascii=True)),
        ({"LC_ALL": "de_DE.ISO-8859-1", "LANG": "de_DE.UTF-8"}, Terminal(ascii=True)),
        ({**UTF8, "TUI_AL_ASCII": "1"}, Terminal(ascii=True)),
    ],
)
def test_the_terminal_is_read_from_the_environment(
    environ: dict[str, str], expected: Terminal
) -> None:
    assert Terminal.read(environ) == expected


def test_far_away_there_are_fewer_frames_unless_the_person_has_set_them() -> None:
    environ = {"TEXTUAL_FPS": "30"}
    Terminal(remote=True).prepare(environ)
    assert environ == {
        "TEXTUAL_FPS": "30",
        "TEXTUAL_ANIMATIONS": "none",
        "TEXTUAL_SMOOTH_SCROLL": "0",
    }


def test_ascii_keeps_the_width() -> None:
    assert ascii_cells("▸ 日本 … é ─╮") == "> ???? . ? -+"
    assert ascii_cells("plain") == "plain"


@pytest.mark.parametrize(
    ("line", "spelt"),
    [
        ("  .741 ±.012  +.031", ".741 +/-.012  +.031"),
        ("│ .741 ±.012 │", "| .741+-.012 |"),
        ("│ .741 ±.012   │", "| .741 +/-.012 |"),
        ("a ±b", "a+-b"),
        ("5±2 mm", "5?2 mm"),
        ("accuracy 0.807 ± 0.014   area", "accuracy 0.807 +/- 0.014 area"),
        ("accuracy   ~.83 ±.05    (n=41)  .5 ±.1", "accuracy ~.83 +/-.05  (n=41)  .5 +/-.1"),
    ],
)
def test_plus_minus_is_spelt_out_in_ascii(line: str, spelt: str) -> None:
    for parts in ([line], list(line)):
        found = AsciiFilter().apply([Segment(part) for part in parts], Color(0, 0, 0))
        assert "".join(segment.text for segment in found) == spelt
        assert len(spelt) == len(line)


@given(st.text(st.sampled_from("ab.1±  │~")))
def test_no_plus_minus_becomes_another_sign(line: str) -> None:
    (found,) = AsciiFilter().apply([Segment(line)], Color(0, 0, 0)) if line else [Segment("")]
    assert len(found.text) == len(line)
    assert found.text.isascii()
    assert found.text.count("~") == line.count("~")
    assert found.text.count("|") == line.count("│")


def test_every_sign_of_ours_has_a_likeness_in_ascii() -> None:
    root = Path(tui_al.__file__).parent
    files = [
        *root.glob("ui/**/*.py"),
        *root.glob("report/curves.py"),
        *root.glob("core/query/built_in_strategies.py"),
    ]
    written = {
        sign
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for sign in node.value
        if not sign.isascii()
    }
    unknown = {sign for sign in written - {"±", "⏎"} if ascii_cells(sign) == "?"}
    assert not unknown


@pytest.mark.slow
async def test_without_unicode_nothing_but_ascii_is_painted(home: Path, engine: FakeEngine) -> None:
    record(home, "one").finish()
    async with drive(TuiAl(home, terminal=Terminal(ascii=True))) as pilot:
        for keys in ((), ("n",), ("f3",), ("f1",), ("escape",), ("f4",)):
            await pilot.press(*keys)
            await pilot.pause()
            assert shown(pilot.app).isascii(), keys
        await pilot.press("escape")
        await until(pilot, lambda: "delivery ######## 100" in shown(pilot.app))


async def test_f8_switches_between_dark_and_light(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home, terminal=Terminal(light=True))) as pilot:
        assert pilot.app.theme == "tui-al-light"
        await pilot.press("f8")
        assert pilot.app.theme == "tui-al-dark"


@pytest.mark.slow
async def test_no_color_paints_greys_and_marks_the_focus_otherwise(
    home: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with drive(TuiAl(home)) as pilot:
        await pilot.press("up", "up", "up", "up", "up", "up")
        await until(pilot, lambda: "▸" in shown(pilot.app).replace("▸ more", ""))
        for strip in pilot.app.screen._compositor.render_strips():
            for segment in strip:
                for color in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    if color is not None and color.triplet is not None:
                        assert max(color.triplet) - min(color.triplet) <= 2


@pytest.mark.slow
async def test_it_opens_on_the_session_that_was_asked_for(home: Path, engine: FakeEngine) -> None:
    done, half = record(home, "done"), record(home, "half")
    done.finish()
    half.start()
    half.rounds(half.config.seeds[0], 2)
    async with drive(TuiAl(home, done.directory)) as pilot:
        assert isinstance(pilot.app.screen, ResultsScreen)
    async with drive(TuiAl(home, half.directory)) as pilot:
        assert isinstance(pilot.app.screen, RunScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def test_a_session_that_cannot_be_opened_is_a_dialog(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home, home / "sessions" / "gone[red]")) as pilot:
        await until(pilot, lambda: "Session gone[red] is not there any more" in shown(pilot.app))


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_leaving_says_what_keeps_running_and_the_command_that_shows_it(
    home: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    recording = record(home, "live-one")
    recording.start()
    monkeypatch.setenv("TUI_AL_HOME", str(home.parent / "other" if elsewhere else home))
    with (recording.directory / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        async with drive(TuiAl(home)) as pilot:
            await until(pilot, lambda: "live-one" in shown(pilot.app))
            await pilot.press("q")
            await pilot.pause()
            (said,) = pilot.app._exit_renderables
            command = "tui-al attach live-one" + f" --home {home}" * elsewhere
            assert f"live-one keeps running. `{command}` shows it again." in str(said)


@pytest.mark.slow
async def test_the_palette_finds_the_keys_of_the_screen(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home), (100, 30)) as pilot:
        await pilot.press("f9")
        await pilot.press(*"rows")
        await until(pilot, lambda: "rows (F4)" in shown(pilot.app))


@pytest.mark.slow
async def test_any_size_at_any_moment(home: Path, engine: FakeEngine) -> None:
    recording = record(home, "one")
    recording.start()
    recording.rounds(recording.config.seeds[0], 3)
    async with drive(TuiAl(home)) as pilot:
        for keys in (("d",), ("escape", "n"), ("f3",), ("f4",)):
            await pilot.press(*keys)
            for width, height in ((40, 10), (200, 60), (1, 1), (80, 24)):
                await pilot.resize_terminal(width, height)
                await pilot.pause()
        assert pilot.app.is_running


def test_a_terminal_that_is_gone_is_noticed() -> None:
    ours, theirs = os.openpty()
    try:
        assert not hung_up(theirs)
        os.close(ours)
        assert hung_up(theirs)
    finally:
        os.close(theirs)


@pytest.mark.slow
async def test_the_help_is_whole_in_its_first_frame_and_made_once_a_screen(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames: list[str] = []
    display = TuiAl._display

    def noted(app: TuiAl, screen: Screen[object], renderable: object) -> None:
        display(app, screen, renderable)  # type: ignore[arg-type]
        if isinstance(screen, HelpScreen):
            frames.append(shown(app))

    monkeypatch.setattr(TuiAl, "_display", noted)
    record(home, "one")
    async with drive(TuiAl(home), (120, 40)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        made = []
        for key in ("f1", "question_mark"):
            frames.clear()
            await pilot.press(key)
            await until(pilot, lambda: frames)
            made.append(pilot.app.screen)
            assert "Delete a session or sweep that is not running" in frames[0]
            assert "light theme" in frames[0]
            await pilot.press("f8", "f8", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        assert made[0] is made[1]
        await pilot.resize_terminal(60, 20)
        await pilot.press("f8", "f1")  # other colours, fewer columns
        await until(
            pilot, lambda: "Everywhere" in shown(pilot.app) or "Sessions" in shown(pilot.app)
        )
        assert pilot.app.screen is not made[0]


@pytest.mark.slow
async def test_a_message_takes_the_place_of_the_one_before_and_lies_over_no_text(
    home: Path, engine: FakeEngine
) -> None:
    made = labelling_session(home)
    made.rank(0)
    async with drive(TuiAl(home, made.directory), (80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, TuiAl)
        await until(pilot, lambda: "text number 0 about" in shown(app))
        usual = shown(app).splitlines()
        for _ in range(4):
            await pilot.press("u")
            await until(pilot, lambda: "There is nothing to undo." in shown(app))
            await pilot.pause(0.1)  # as between two keys
        now = shown(app).splitlines()
        assert [n for n, (old, new) in enumerate(zip(usual, now, strict=True)) if old != new] in (
            [23],
            [18, 23],
        )
        assert now[23].strip() == "There is nothing to undo."
        app.say("Something else, " * 12 + "to its [/x] end.", "warning")
        await until(pilot, lambda: "to its [/x] end." in shown(app))
        assert shown(app).splitlines()[-3].lstrip().startswith("⚠ Something else")
        assert "There is nothing" not in shown(app)
        assert "text number 0 about" in shown(app)
        app.notify("[b]From[/b] Textual", title="Well:")
        await until(pilot, lambda: "Well: From Textual" in shown(app))
        assert not app.screen.query("Toast")


@pytest.mark.slow
async def test_a_message_goes_away_and_the_keys_are_back(home: Path) -> None:
    async with drive(TuiAl(home)) as pilot:
        app = pilot.app
        assert isinstance(app, TuiAl)
        app.say("Short.")
        await until(pilot, lambda: shown(app).splitlines()[-1].strip() == "Short.")
        assert app.said is not None
        assert app.said.seconds == 5
        await until(pilot, lambda: "F2 start" in shown(app).splitlines()[-1], 9)
