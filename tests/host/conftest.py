"""Every test here meets a driver of its own making, never the machine's."""

import sys
from collections.abc import Iterator

import pytest

from tests.host.nvml_double import Install, Nvml
from tui_al.host import gpu


@pytest.fixture(autouse=True)
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a driver in place; none has any GPU until then."""

    def put(nvml: Nvml) -> Nvml:
        monkeypatch.setitem(sys.modules, "pynvml", nvml)
        gpu._nvml.cache_clear()
        return nvml

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    put(Nvml())
    yield put
    gpu._nvml.cache_clear()
