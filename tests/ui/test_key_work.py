"""What a label's key has painted before the next sample is there: counted in regions, which no busy
machine changes."""

from pathlib import Path
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.geometry import Region
from textual.pilot import Pilot

from tests.ui.driving import drive, shown, until
from tests.ui.labelling import LabellingSession, labelling_session
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.label import LabelScreen


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[set[Region]]:
    """The regions of each painting from now on; cleared by the test."""
    found: list[set[Region]] = []
    render = Compositor.render_partial_update

    def noted(self: Compositor) -> Any:
        found.append(set(self._dirty_regions))
        return render(self)

    monkeypatch.setattr(Compositor, "render_partial_update", noted)
    return found


async def _labelling(pilot: Pilot[Any], session: LabellingSession) -> LabelScreen:
    """The label screen after a first answer, at rest."""
    await until(pilot, lambda: session.text(session.ids[0]) in shown(pilot.app))
    await pilot.press("2")
    await until(pilot, lambda: "saved ✓ 1" in shown(pilot.app))
    await pilot.pause(0.3)
    screen = pilot.app.screen
    assert isinstance(screen, LabelScreen)
    return screen


@pytest.mark.slow
async def test_the_next_sample_is_painted_before_the_rows_around_it(
    home: Path, painted: list[set[Region]]
) -> None:
    session = labelling_session(home)
    session.rank(1)
    app = TuiAl(home, session.directory, annotator="anna")
    async with drive(app, size=(120, 40)) as pilot:
        screen = await _labelling(pilot, session)
        main = screen.query_one("#main").region
        painted.clear()
        await pilot.press("1")
        await until(pilot, lambda: "saved ✓ 2" in shown(app))
        assert painted[0]
        assert all(main.contains_region(region) for region in painted[0])
        frame = screen.text.region.y
        assert not any(
            region.y == frame and region.width == screen.text.region.width for region in painted[0]
        ), "the frame around the text stays as it is"
