"""Figures are files of the right kind, with the right text in them."""

import sys
from pathlib import Path

import pytest

from tests.report.states import session
from tui_al.errors import ConfigError
from tui_al.report.curves import curve
from tui_al.report.figures import save_figure

CURVES = [
    curve("first", session({7: (0.4, 0.6), 8: (0.5, 0.8)})),
    curve("_cost $x$ \x1b", session({7: (0.3, 0.5)})),
]


def test_png_and_svg(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    save_figure(CURVES, tmp_path / "deep" / "a.png", "tickets")
    assert (tmp_path / "deep" / "a.png").read_bytes().startswith(b"\x89PNG")
    save_figure(CURVES, tmp_path / "a.svg")
    save_figure(CURVES, tmp_path / "b.svg")
    svg = (tmp_path / "a.svg").read_text()
    assert all(f"<!-- {text} -->" in svg for text in ("first", "accuracy", "labelled examples"))
    assert "_cost $x$ " in svg.replace("\\$", "$")
    assert svg == (tmp_path / "b.svg").read_text()


def test_no_curves_is_still_a_figure(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    save_figure([], tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()


def test_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pdf"):
        save_figure(CURVES, tmp_path / "a.pdf")


def test_without_matplotlib_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigError) as caught:
        save_figure(CURVES, tmp_path / "a.png")
    assert "pip install 'tui-al[report]'" in caught.value.hint
