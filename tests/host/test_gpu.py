import os
import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.host.nvml_double import Card, Install, Nvml, NVMLError, NVMLError_LibraryNotFound
from tui_al.host import gpu
from tui_al.host.gpu import GpuSampler, GpuSurvey, read_gpus, survey

GIB = 2**30


def split_card() -> Card:
    return Card(
        uuid="GPU-bbbb",
        name="NVIDIA A100",
        mig=True,
        utilization=None,
        instances=[
            Card(
                uuid="MIG-1111",
                name="NVIDIA A100 MIG 3g.20gb",
                utilization=99,
                memory=(GIB, 20 * GIB),
                temperature=None,
                power=None,
                ids=(1, 0),
            ),
            Card(
                uuid="MIG-2222",
                name="NVIDIA A100",
                memory=(2 * GIB, 20 * GIB),
                temperature=None,
                power=None,
                ids=(2, 0),
            ),
        ],
    )


def visible_names(
    *cards: Card, install: Install, monkeypatch: pytest.MonkeyPatch, setting: str
) -> list[str | None]:
    install(Nvml(*cards))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", setting)
    return [reading.uuid for reading in read_gpus() if reading.visible]


def test_every_reading_of_a_card(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = install(Nvml(Card(processes=[(7, 3 * GIB), (8, 5 * GIB), (9, GIB)])))
    (reading,) = read_gpus(frozenset({7, 9}))
    assert reading == gpu.GpuReading(
        index=0,
        uuid="GPU-aaaa1111-0000",
        name="NVIDIA H200",
        utilization=63,
        memory_used=40 * GIB,
        memory_total=140 * GIB,
        memory_ours=4 * GIB,
        power=412.5,
        power_limit=700.0,
        temperature=58,
        capability=(9, 0),
        mig=False,
        visible=True,
    )
    read_gpus()
    assert nvml.inits == 1


def test_a_missing_reading_is_none_and_the_others_stay(install: Install) -> None:
    card = Card(utilization=None, memory=None, power=None, temperature=None, processes=None)
    install(Nvml(card, Card(uuid="GPU-2", utilization=0)))
    bare, other = read_gpus(frozenset({1}))
    assert (bare.utilization, bare.memory_used, bare.memory_total, bare.memory_ours) == (None,) * 4
    assert (bare.power, bare.power_limit, bare.temperature) == (None, 700.0, None)
    assert (bare.name, other.utilization) == ("NVIDIA H200", 0)


def test_reserved_memory_counts_only_where_the_driver_knows_no_better(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(Nvml(Card()))
    assert read_gpus()[0].memory_used == 40 * GIB

    whole = Nvml.nvmlDeviceGetMemoryInfo

    def only_version_1(self: Nvml, card: Card, version: int | None = None) -> SimpleNamespace:
        if version:
            raise NVMLError("Function Not Found")
        return whole(self, card)

    monkeypatch.setattr(Nvml, "nvmlDeviceGetMemoryInfo", only_version_1)
    assert read_gpus()[0].memory_used == 40 * GIB + GIB // 2


def test_our_memory_is_unknown_where_the_driver_does_not_tell(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "_sees_host_pids", lambda: True)
    install(Nvml(Card(processes=[(7, None), (8, GIB)])))
    assert read_gpus(frozenset({7}))[0].memory_ours is None
    assert read_gpus(frozenset({5}))[0].memory_ours == 0
    assert read_gpus()[0].memory_ours is None
    monkeypatch.setattr(gpu, "_sees_host_pids", lambda: False)
    assert read_gpus(frozenset({5}))[0].memory_ours is None


def test_mig_instances_stand_in_for_their_card(install: Install) -> None:
    install(Nvml(Card(), split_card()))
    whole, first, second = read_gpus()
    assert (whole.mig, first.mig, second.mig) == (False, True, True)
    assert (first.index, second.index) == (1, 1)
    assert (first.utilization, second.utilization) == (None, None)
    assert (first.memory_used, second.memory_used) == (GIB, 2 * GIB)
    assert (first.name, second.name) == ("NVIDIA A100 MIG 3g.20gb", "NVIDIA A100 MIG 2/0")
    assert (first.temperature, first.power) == (58, None)


def test_a_card_in_mig_mode_without_instances_is_listed_itself(install: Install) -> None:
    install(Nvml(Card(mig=True)))
    (card,) = read_gpus()
    assert (card.mig, card.uuid) == (False, "GPU-aaaa1111-0000")


def test_no_library_no_driver_no_cards(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install(Nvml(init_error=NVMLError_LibraryNotFound("NVML Shared Library Not Found")))
    assert read_gpus() == ()
    assert survey() == GpuSurvey()
    monkeypatch.setitem(sys.modules, "pynvml", None)
    gpu._nvml.cache_clear()
    assert read_gpus() == ()
    assert "nvidia-ml-py" in (survey().problem or "")


def test_a_broken_driver_is_named(install: Install) -> None:
    nvml = install(Nvml(Card(), init_error=NVMLError("Driver/library version mismatch")))
    assert read_gpus() == ()
    assert survey() == GpuSurvey(problem="Driver/library version mismatch", broken=True)
    assert nvml.inits == 1


def test_a_lost_card_does_not_hide_the_others(install: Install) -> None:
    install(Nvml(Card(uuid="GPU-1", lost=True), Card(uuid="GPU-2")))
    lost, well = read_gpus()
    assert (lost.name, lost.uuid, lost.utilization) == ("GPU 0", None, None)
    assert (well.index, well.uuid, well.utilization) == (1, "GPU-2", 63)


def test_survey_tells_driver_and_cuda(install: Install) -> None:
    install(Nvml(Card()))
    found = survey()
    assert (found.driver, found.cuda, found.problem) == ("580.82.07", (13, 1), None)
    assert [reading.name for reading in found.gpus] == ["NVIDIA H200"]


def test_survey_does_not_wait_for_a_hung_driver(install: Install) -> None:
    nvml = install(Nvml(Card()))
    nvml.hang = threading.Event()
    began = time.monotonic()
    found = survey(0.1)
    assert time.monotonic() - began < 1
    assert found == GpuSurvey(problem="the driver did not answer within 0.1 s", broken=True)
    nvml.hang.set()


def test_sampler_keeps_the_last_readings_while_the_driver_hangs(install: Install) -> None:
    nvml = install(Nvml(Card()))
    sampler = GpuSampler(interval=0.01)
    assert sampler.latest() == gpu.GpuSample((), None)
    sampler.start()
    wait_until(lambda: sampler.latest().readings)
    nvml.cards[0].utilization = 11
    wait_until(lambda: sampler.latest().readings[0].utilization == 11)
    hang = nvml.hang = threading.Event()
    time.sleep(0.1)
    nvml.cards[0].utilization = 22
    sample = sampler.latest()
    assert sample.readings[0].utilization == 11
    assert sample.age is not None and sample.age >= 0.05
    nvml.hang = None
    hang.set()
    wait_until(lambda: sampler.latest().readings[0].utilization == 22)
    age = sampler.latest().age
    assert age is not None and age < sample.age
    sampler.stop()
    wait_until(lambda: not sampler._thread.is_alive())


def test_sampler_asks_for_the_processes_that_are_ours_now(install: Install) -> None:
    install(Nvml(Card(processes=[(os.getpid(), GIB)])))
    sampler = GpuSampler(interval=0.01).start()
    wait_until(lambda: sampler.latest().readings)
    assert sampler.latest().readings[0].memory_ours is None
    sampler.own_pids = frozenset({os.getpid()})
    wait_until(lambda: sampler.latest().readings[0].memory_ours == GIB)
    sampler.stop()


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("0", ["GPU-1a"]),
        ("1,0", ["GPU-1a", "GPU-1b"]),
        (" 1 ", ["GPU-1b"]),
        ("", []),
        ("-1", []),
        ("0,-1,1", ["GPU-1a"]),
        ("7,0", []),
        ("0,0", []),
        ("GPU-1b", ["GPU-1b"]),
        ("GPU-1", []),
        ("GPU-zz", []),
        ("GPU-1a,GPU-bb", ["GPU-1a", "MIG-1111"]),
        ("2", ["MIG-1111"]),
        ("MIG-2222", ["MIG-2222"]),
        ("MIG-GPU-bbbb/2/0", ["MIG-2222"]),
        ("MIG-GPU-bbbb/9/0", []),
        ("MIG-3333", []),
        ("NoDevFiles", []),
    ],
)
def test_cuda_visible_devices(
    setting: str, expected: list[str], install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = [Card(uuid="GPU-1a"), Card(uuid="GPU-1b"), split_card()]
    assert (
        visible_names(*cards, install=install, monkeypatch=monkeypatch, setting=setting) == expected
    )


def test_all_are_visible_when_nothing_is_set(install: Install) -> None:
    install(Nvml(Card(uuid="GPU-1a"), split_card()))
    assert all(reading.visible for reading in read_gpus())


def wait_until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.005)
