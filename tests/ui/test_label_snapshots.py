"""What the editor of entities and the screens beside labelling look like, cell by cell; see
`test_snapshots` for how to renew them."""

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.app import App
from textual.strip import Strip

from tests.store.people import disputes_board
from tests.ui.driving import drive, shown, until
from tests.ui.labelling import LabellingSession, labelling_session
from tests.ui.sessions import dataset
from tests.ui.test_label_aside import press_until
from tests.ui.test_snapshots import FOLDER, compare, written
from tests.ui.test_span_editor import PROPOSED, TEXT, editor, flat, tagging
from tui_al.core.annotation.decisions import Decision, DecisionRecord, Label
from tui_al.core.session import timestamps as times
from tui_al.store.decisions import DecisionLog
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.label import LabelScreen
from tui_al.ui.terminal import Terminal

TEXTS = (
    "hi, i bought the headphones two weeks ago and since yesterday the left side only crackles. "
    "can i swap them at the store "
    "or do i need to send them in??",
    "my parcel says delivered but there is nothing here",
    "please send me the invoice for last month again",
    "great service, thank you so much!",
)


def strips(app: App[Any]) -> list[Strip]:
    return list(app.screen._compositor.render_strips()[: app.size.height])


@pytest.mark.slow
@pytest.mark.parametrize("look", ["dark", "light", "no-color", "wide"])
async def test_the_editor(home: Path, look: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if look == "no-color":
        monkeypatch.setenv("NO_COLOR", "1")
    session = tagging(home, [TEXT, "Second ."], *PROPOSED)
    app = TuiAl(home, session.directory, annotator="anna", terminal=Terminal(light=look == "light"))
    async with drive(app, (120, 40) if look == "wide" else (80, 24)) as pilot:
        await until(pilot, lambda: "[Anna Berg PER?]" in flat(pilot))
        await pilot.press("a", "right_square_bracket", "end", "comma", "v", "comma")
        await until(pilot, lambda: "selected “and Lille”" in flat(pilot))
        region = editor(pilot).region
        rows = [s.crop(region.x, region.right) for s in strips(app)[region.y : region.bottom]]
        compare(FOLDER / f"spans-{look}.txt", written(rows))


def reviewed(home: Path) -> LabellingSession:
    """Two annotators, a label that the models dispute, everything at the same second."""
    data = dataset()
    texts = [TEXTS[i % len(TEXTS)] for i in range(len(data.train))]
    data = replace(
        data, train=tuple(replace(e, text=t) for e, t in zip(data.train, texts, strict=True))
    )
    session = labelling_session(home, data=data)
    session.rank(1)
    ids = session.ids
    said: list[tuple[str, Decision]] = [
        ("anna", Label((ids[place],), "billing")) for place in (20, 21, 22)
    ]
    said += [
        ("bob", Label((ids[place],), label)) for place, label in ((20, "billing"), (21, "returns"))
    ]
    with DecisionLog(session.directory) as log:
        log.insert(
            DecisionRecord(0, 1.8e9, who, f"u{n}", what) for n, (who, what) in enumerate(said)
        )
        case: dict[str, list[str | float]] = {ids[20]: ["billing", 0.12, "returns", 0.71]}
        log.publish("disputes", 1, disputes_board(case, 246, delivery=2, refund=1))
    return session


@pytest.mark.slow
async def test_the_screens_beside_labelling(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    still = SimpleNamespace(localtime=time.gmtime, strftime=time.strftime)
    monkeypatch.setattr(times, "time", still)
    session = reviewed(home)
    app = TuiAl(home, session.directory, annotator="anna")
    async with drive(app) as pilot:
        await until(pilot, lambda: "saved ✓ 2" in shown(app))
        for name, keys, seen in (
            ("find-label", ("slash", "d", "e"), "as a new label"),
            ("search-pool", ("s", *"parcel"), "15 found"),
            ("labels", ("l", "down"), "2 without an example"),
            ("history", ("h", "down"), "3 decisions"),
            ("second-look", ("d",), "trained without"),
            ("conflicts", ("c",), "kappa"),
        ):
            await pilot.press(*keys)
            await press_until(pilot, [], seen)
            await pilot.pause()
            compare(FOLDER / f"{name}.txt", written(strips(app)))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, LabelScreen))
