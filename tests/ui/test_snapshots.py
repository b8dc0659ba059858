"""What the screens look like, cell by cell, against files; the README's pictures against the
screens.

After a change that is meant: `TUI_AL_UPDATE_SNAPSHOTS=1 python -m pytest
tests/ui/test_snapshots.py`, then look at the difference in version control.
"""

import difflib
import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from tests.pictures import make
from tests.pictures.scenes import OTHERS, PICTURES, Scene, on_stage, prepare

FOLDER = Path(__file__).parent / "snapshots"
UPDATE = os.environ.get("TUI_AL_UPDATE_SNAPSHOTS", "") not in ("", "0")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sessions of all scenes; they only look at it."""
    directory = tmp_path_factory.mktemp("scenes")
    prepare(directory)
    return directory


@pytest.mark.slow
@pytest.mark.parametrize("scene", [*PICTURES, *OTHERS], ids=lambda scene: scene.name)
async def test_snapshot(scene: Scene, recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(recorded)
    async with on_stage(scene) as app:
        strips = app.screen._compositor.render_strips()[: app.size.height]
        assert len(strips) == scene.size[1]
        assert {strip.cell_length for strip in strips} == {scene.size[0]}
        compare(FOLDER / f"{scene.name}.txt", written(strips))
        if scene in PICTURES:
            path = make.HERE / f"{scene.name}.svg"
            if UPDATE:
                path.write_text(make.picture(app, scene), encoding="utf-8")
            same = path.read_text(encoding="utf-8") == make.picture(app, scene)
            assert same, f"{path.name} shows another screen: run `python -m tests.pictures.make`"


def compare(path: Path, now: str) -> None:
    """Against the file, row by row."""
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8")
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before != now:
        rows = difflib.unified_diff(
            before.splitlines(), now.splitlines(), f"{path.name}", "now", n=0, lineterm=""
        )
        pytest.fail("\n".join(rows), pytrace=False)


def written(strips: Sequence[Strip]) -> str:
    """The rows as text, and then, row by row, how many cells have which look."""
    texts = ["".join(segment.text for segment in strip).rstrip() for strip in strips]
    looks = []
    for strip in strips:
        runs = groupby(strip, key=lambda segment: _described(segment.style or Style()))
        cells = [(sum(cell_len(s.text) for s in segments), look) for look, segments in runs]
        looks.append(", ".join(f"{count} {look}" for count, look in cells))
    return "\n".join([*texts, "", *looks, ""])


def _described(style: Style) -> str:
    """Colours and what else there is to see; links and meta are not."""
    kinds = ("bold", "dim", "italic", "underline", "reverse", "strike")
    words = [kind for kind in kinds if getattr(style, kind)]
    colours = [color.name if color else "-" for color in (style.color, style.bgcolor)]
    return " ".join(["/".join(colours), *words])


def test_a_changed_colour_or_letter_is_a_difference(tmp_path: Path) -> None:
    from rich.segment import Segment

    plain = [Strip([Segment("ab", Style(color="red")), Segment("c", Style(color="blue"))])]
    assert written(plain) == "abc\n\n2 red/-, 1 blue/-\n"
    (tmp_path / "it.txt").write_text(written(plain), encoding="utf-8")
    if not UPDATE:
        compare(tmp_path / "it.txt", written(plain))
        with pytest.raises(pytest.fail.Exception, match=r"-2 red/-, 1 blue/-\n\+3 red/-"):
            compare(tmp_path / "it.txt", written([Strip([Segment("abc", Style(color="red"))])]))
