"""Which GPUs PyTorch can use, by the driver and PyTorch's build; and what an engine is told of
them."""

from collections.abc import Callable

import pytest

from tests.host.nvml_double import Card, Nvml
from tui_al.host import cuda, hardware
from tui_al.host.cuda import WHY_CPU, TorchBuild, engine_environment, usable_gpus

Install = Callable[[Nvml], Nvml]
GB = 2**30


def built(monkeypatch: pytest.MonkeyPatch, version: tuple[int, int] | None) -> None:
    build = TorchBuild("2.13.0", version, rocm=False)
    monkeypatch.setattr(cuda, "torch_build", lambda: build)
    monkeypatch.setattr(hardware, "torch_build", lambda: build)


def test_a_new_card_under_a_new_driver_is_used(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(Nvml(Card()))
    built(monkeypatch, (13, 0))
    found = usable_gpus()
    assert [gpu.uuid for gpu in found.gpus] == ["GPU-aaaa1111-0000"]
    assert found.gpus[0].capability == (9, 0)
    assert found.why_not == ""


@pytest.mark.parametrize(
    ("version", "capability", "why"),
    [
        (None, (9, 0), "built without CUDA"),
        ((14, 0), (9, 0), "built for CUDA 14.0, the driver 580.82.07 runs CUDA up to 13.1"),
        ((13, 0), (7, 0), "of compute capability 7.0, and torch 2.13.0 for CUDA 13.0 needs 7.5 or "
            "more"),
    ],
)  # fmt: skip
def test_one_that_pytorch_cannot_use_is_told_everywhere(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, int] | None,
    capability: tuple[int, int],
    why: str,
) -> None:
    install(Nvml(Card(name="Tesla V100", capability=capability)))
    built(monkeypatch, version)
    found = usable_gpus()
    assert found.gpus == ()
    assert "Tesla V100" in found.why_not
    assert why in found.why_not
    told = engine_environment("auto", "", {})
    assert told == {
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": "",
        WHY_CPU: found.why_not,
    }
    assert {finding.status for finding in hardware.gpu_findings()} & {"warn", "bad"}


def test_one_that_does_not_tell_its_age_is_not_judged(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(Nvml(Card(capability=None)))
    built(monkeypatch, (13, 0))
    assert len(usable_gpus().gpus) == 1


def test_an_engine_gets_the_freest_card(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    cards = [
        Card("GPU-full", memory=(70 * GB, 80 * GB)),
        Card("GPU-free", memory=(1 * GB, 40 * GB)),
        Card("GPU-old", memory=(0, 80 * GB), capability=(7, 0)),
        Card("GPU-mute", memory=None),
    ]
    install(Nvml(*cards))
    built(monkeypatch, (13, 0))
    assert engine_environment("auto", "", {})["CUDA_VISIBLE_DEVICES"] == "GPU-free"
    assert engine_environment("auto", "GPU-full", {})["CUDA_VISIBLE_DEVICES"] == "GPU-full"
    # who names a card, or the processor, gets what is asked for; cards count as they are shown
    for device in ("cpu", "cuda:1"):
        assert engine_environment(device, "", {}) == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert engine_environment("cpu", "", {"CUDA_DEVICE_ORDER": "FASTEST_FIRST"}) == {}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-full,GPU-old")
    assert engine_environment("auto", "", {})["CUDA_VISIBLE_DEVICES"] == "GPU-full"


def test_without_a_gpu_nothing_is_said(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install(Nvml())
    built(monkeypatch, (13, 0))
    assert engine_environment("auto", "", {}) == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert usable_gpus().why_not == ""


def test_the_estimate_does_not_count_on_a_gpu_that_cannot_be_used(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui_al.host.estimate import _device

    install(Nvml(Card()))
    built(monkeypatch, (13, 0))
    assert _device("auto") == "cuda"
    built(monkeypatch, None)
    assert _device("auto") == "cpu"
