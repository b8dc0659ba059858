"""The README's pictures, made of recorded sessions: `python -m tests.pictures.make`. The same on
every machine, byte for byte.

The sessions are made up (`tests.pictures.story`): the pictures show the screens, not results.
"""

import asyncio
import contextlib
import tempfile
from pathlib import Path

from textual.strip import Strip

from tests.pictures.scenes import PICTURES, Scene, on_stage, prepare
from tests.pictures.svg import svg
from tui_al.ui.app import TuiAl

HERE = Path(__file__).parent


def strips_of(app: TuiAl) -> list[Strip]:
    """What is on the screen, a strip a row."""
    return app.screen._compositor.render_strips()[: app.size.height]


def picture(app: TuiAl, scene: Scene) -> str:
    """The screen as SVG."""
    strips = strips_of(app)
    colours = app.theme_variables
    return svg(
        strips, app.size.width, colours["background"].lower(), colours["foreground"].lower(),
        "tui-al: "
            f"{scene.name}"
    )  # fmt: skip


async def _take(scene: Scene) -> str:
    async with on_stage(scene) as app:
        return picture(app, scene)


def main() -> None:
    """Write all of them beside this file."""
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        prepare(Path(directory))
        for scene in PICTURES:
            path = HERE / f"{scene.name}.svg"
            path.write_text(asyncio.run(_take(scene)), encoding="utf-8")
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
