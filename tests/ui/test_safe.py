"""The gate for foreign text, and a search for places that go round it."""

import ast
from pathlib import Path

import pytest

import tui_al.ui
from tests.ui.driving import assert_clean, drive, shown, until
from tests.ui.fake_engine import FakeEngine
from tests.ui.torture import TEXTS
from tui_al.ui.app import TuiAl
from tui_al.ui.escape import safe, safe_rich

SOURCES = sorted(Path(tui_al.ui.__file__).parent.rglob("*.py"))

#: Calls and attributes that would read markup in a plain string.
SHOWING_CALLS = {
    "Static",
    "Label",
    "Button",
    "Option",
    "update",
    "Checkbox",
    "Select",
    "TabPane",
    "Collapsible",
}
SHOWING_ATTRIBUTES = {"border_title", "border_subtitle", "label", "tooltip", "sub_title"}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_gate_keeps_the_length_and_lets_no_markup_through(text: str) -> None:
    for shown_text in (safe(text).plain, safe(text, "bold").plain, safe_rich(text).plain):
        assert len(shown_text) == len(text)
        assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown_text)
    if text.isprintable() and "\u202e" not in text:
        assert safe(text).plain == text
    assert not [span for span in safe(text).spans if "click" in str(span.style)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_no_widget_is_given_a_string_that_is_put_together(source: Path) -> None:
    """A string of ours is written out in the source; one with anything in it goes through the
    gate."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Call) and _name(node.func) in SHOWING_CALLS and node.args:
            assert _is_ours(node.args[0]), f"{source.name}:{node.lineno}"
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr in SHOWING_ATTRIBUTES:
                    assert _is_ours(node.value), f"{source.name}:{node.lineno}"
        if isinstance(node, ast.Call) and _name(node.func) == "notify":
            markup = [k.value for k in node.keywords if k.arg == "markup"]
            assert markup, f"{source.name}:{node.lineno} notifies with markup"


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _is_ours(node: ast.expr) -> bool:
    """Whether it is a literal or the outcome of a call (of the gate, or of what builds Content); no
    f-string, no bare value."""
    if isinstance(node, ast.IfExp):
        return _is_ours(node.body) and _is_ours(node.orelse)
    if isinstance(node, ast.BinOp):
        return _is_ours(node.left) and _is_ours(node.right)
    if isinstance(node, ast.Name):
        return node.id.isupper() or node.id in {"role", "title", "word", "text", "where"}
    return isinstance(node, ast.Constant | ast.Call | ast.Attribute | ast.Dict)


@pytest.mark.slow
async def test_messages_and_errors_show_foreign_text(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home)) as pilot:
        app = pilot.app
        assert isinstance(app, TuiAl)
        for text in TEXTS.values():
            text = text or " "
            app.say(text[:200], "error")
            app.show_error(text, text, (text, text))
            await until(pilot, lambda: "─ Error ─" in shown(app))
            assert_clean(app)
            await pilot.press("end")
            await pilot.pause()
            assert_clean(app)
            await pilot.press("enter")
            await until(pilot, lambda: "─ Error ─" not in shown(app))
