"""The GPUs on the Run screen, from NVML's double through the threads that read it to what is
painted."""

import threading
from pathlib import Path

import pytest

from tests.host.nvml_double import Card, Nvml, NVMLError
from tests.ui import sessions
from tests.ui.driving import drive, shown, until
from tests.ui.sessions import FakeEngine
from tui_al.host import gpu
from tui_al.ui.app import TuiAl
from tui_al.ui.widgets import machine

GIB = 2**30
PID = 4242


@pytest.fixture
def app(home: Path, monkeypatch: pytest.MonkeyPatch) -> TuiAl:
    """On a session whose engine, process 4242, works on a GPU."""
    engine = FakeEngine()
    monkeypatch.setattr("tui_al.host.process.engine_end", engine.engine_end)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("tui_al.ui.screens.run._MACHINE", 0.05)
    recording = sessions.record(home)
    recording.start(device="cuda:0", pid=PID)
    recording.rounds(1, 1)
    engine.live(recording.directory)
    return TuiAl(home, recording.directory)


def install(monkeypatch: pytest.MonkeyPatch, library: Nvml) -> None:
    found = gpu._Nvml(library, broken=library.init_error is not None)
    monkeypatch.setattr(gpu, "_nvml", lambda: found)


async def test_a_slice_of_a_split_card(app: TuiAl, monkeypatch: pytest.MonkeyPatch) -> None:
    slices = [
        Card(f"MIG-{i}", "NVIDIA H200 MIG 1g.18gb", None, (i * GIB, 18 * GIB), None, None, None,
             [(PID, 2 * GIB)] if i == 2 else [], ids=(i, 0))
        for i in (1, 2)
    ]  # fmt: skip
    install(monkeypatch, Nvml(Card(mig=True, instances=slices)))
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "ours 2.0 GiB" in shown(app))
        text = shown(app)
        assert "GPU 0 NVIDIA H200 MIG 1g.18gb" in text
        assert "2.0/18 GiB" in text and "n/a W  58 °C" in text  # the card's temperature
        assert any("use" in row and "n/a" in row for row in text.splitlines())
        assert any("0 " in row and "1.0/18 GiB" in row for row in text.splitlines())
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "GPU 0   n/a  2.0/18 GiB, ours 2.0 GiB" in shown(app))
        assert "+1 GPUs" in shown(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_a_driver_leaves_out(
    app: TuiAl, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    bare = Card("GPU-b", "GB10", None, None, None, None, None, None)
    lost = Card("GPU-l", lost=True)
    install(monkeypatch, Nvml(bare, lost))
    async with drive(app, size) as pilot:
        await until(pilot, lambda: "GPU 0" in shown(app))
        text = shown(app)
        assert "ours n/a" in text and "n/a W  n/a °C" in text
        assert " 0 %" not in text.split("GPU 0")[1].splitlines()[0]
        await until(pilot, lambda: "+1 GPUs" in shown(app) or "1 " in shown(app))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_driver_that_fails(
    app: TuiAl, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    install(monkeypatch, Nvml(init_error=NVMLError("Driver/library version mismatch")))
    async with drive(app, size) as pilot:
        await until(pilot, lambda: "! GPU: no readings" in shown(app))
        await until(pilot, lambda: "CPU" in shown(app) and " cores" in shown(app))


@pytest.mark.slow
async def test_a_driver_that_hangs(app: TuiAl, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Nvml(Card(processes=[(PID, 9 * GIB)]))
    install(monkeypatch, library)
    monkeypatch.setattr(machine, "_OLD", 0.5)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "ours 9.0 GiB" in shown(app))
        library.hang = threading.Event()
        try:
            await until(pilot, lambda: "! GPUs: no reading for" in shown(app))
            assert "ours 9.0 GiB" in shown(app)
            await pilot.press("t")  # the screen goes on
            await until(pilot, lambda: "accuracy on" not in shown(app))
        finally:
            library.hang.set()
