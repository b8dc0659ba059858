"""The moving picture: which rows are shown when, and that the one in the README is whole."""

import re
from xml.etree import ElementTree

from tests.pictures.film import OUT, Film


def test_a_row_is_shown_in_its_frames_only_and_the_last_frame_where_nothing_moves() -> None:
    """Three frames stand .9, .9 and 2.7 seconds of 4.5: they begin at 0, 20 and 40 %."""
    frames = (("<a/>", "<x/>", "<same/>"), ("<a/>", "<y/>", "<same/>"), ("<b/>", "<x/>", "<same/>"))
    drawn = Film(frames, "#000000").svg()
    assert re.findall(r'<g class="([^"]*)">(<\w/>)</g>', drawn) == [
        ("f f0-2", "<a/>"),
        ("f last f2-3", "<b/>"),
        ("f f0-1", "<x/>"),
        ("f f1-2", "<y/>"),
        ("f last f2-3", "<x/>"),
    ]
    assert drawn.count("<same/>") == 1
    assert ".f{visibility:hidden}.last{visibility:visible}" in drawn
    keyframes = re.findall(r"@keyframes f(\S+?)\{((?:[\d.]+%\{[^}]*\})*)\}", drawn)
    steps = {
        name: dict(re.findall(r"([\d.]+)%\{visibility:(\w+)\}", body)) for name, body in keyframes
    }
    assert steps == {
        "0-1": {"0.00": "visible", "20.00": "hidden", "100": "hidden"},
        "0-2": {"0.00": "visible", "40.00": "hidden", "100": "hidden"},
        "1-2": {"0": "hidden", "20.00": "visible", "40.00": "hidden", "100": "hidden"},
        "2-3": {"0": "hidden", "40.00": "visible", "100": "visible"},
    }
    assert "animation:f0-1 4.5s step-end infinite" in drawn


def test_the_readme_s_film_is_whole_and_light() -> None:
    text = OUT.read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert len(re.findall(r"@keyframes", text)) > 5
    assert "accuracy" in text
    assert len(text) < 1_500_000
