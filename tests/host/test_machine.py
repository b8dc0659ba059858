import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil
import pytest

from tests.host.nvml_double import Card, Install, Nvml
from tui_al.core import limits
from tui_al.core.limits import (
    ControlGroups,
    MemoryLimit,
    computing_threads,
    memory_left,
    usable_cores,
)
from tui_al.host import machine
from tui_al.host.machine import MachineMeter, manifest, read_machine


def groups(tmp_path: Path, membership: str, files: dict[str, str]) -> ControlGroups:
    for name, text in files.items():
        path = tmp_path / "fs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    (tmp_path / "membership").write_text(membership)
    return ControlGroups(tmp_path / "fs", tmp_path / "membership")


def test_version_2_takes_the_tightest_of_all_enclosing_groups(tmp_path: Path) -> None:
    found = groups(
        tmp_path,
        "0::/slurm/job\n",
        {
            "slurm/cpu.max": "150000 100000",
            "slurm/job/cpu.max": "max 100000",
            "slurm/job/memory.max": "max",
            "slurm/job/memory.current": "700",
            "slurm/memory.max": "4000",
            "slurm/memory.current": "3000",
            "slurm/memory.stat": "active_file 7\ninactive_file 1200",
        },
    )
    assert found.cpu_quota() == 1.5
    assert found.memory() == MemoryLimit(limit=4000, used=1800)


def test_version_1(tmp_path: Path) -> None:
    found = groups(
        tmp_path,
        "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/\n",
        {
            "cpu/cpu.cfs_quota_us": "50000",
            "cpu/cpu.cfs_period_us": "100000",
            "memory/memory.limit_in_bytes": "9223372036854771712",
            "memory/memory.usage_in_bytes": "5",
            "memory/docker/abc/memory.limit_in_bytes": "1000",
            "memory/docker/abc/memory.usage_in_bytes": "900",
            "memory/docker/abc/memory.stat": "total_inactive_file 100",
        },
    )
    assert found.cpu_quota() == 0.5
    assert found.memory() == MemoryLimit(limit=1000, used=800)


def test_no_limits_and_a_group_outside_of_the_container(tmp_path: Path) -> None:
    found = groups(
        tmp_path,
        "0::/../../elsewhere\n2:cpu:/\n",
        {"memory.max": "2000", "memory.current": "10", "cpu/cpu.cfs_quota_us": "-1"},
    )
    assert found.cpu_quota() is None
    assert found.memory() == MemoryLimit(2000, 10)
    assert ControlGroups(tmp_path / "none", tmp_path / "neither").memory() is None


def test_cores_are_those_of_affinity_and_quota(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "usable_cpus", lambda: frozenset(range(8)))
    assert usable_cores(ControlGroups(tmp_path, tmp_path / "none")) == 8
    quota = groups(tmp_path, "0::/\n", {"cpu.max": "250000 100000"})
    assert usable_cores(quota) == 3
    assert usable_cores(groups(tmp_path, "0::/\n", {"cpu.max": "1000 100000"})) == 1
    monkeypatch.setattr(limits, "usable_cpus", lambda: frozenset({5}))
    assert usable_cores(quota) == 1


def test_threads_are_the_users_choice_else_one_a_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def threads(cpus: Iterable[int], siblings: Mapping[int, str], quota: str = "max 100000") -> int:
        monkeypatch.setattr(limits, "usable_cpus", lambda: frozenset(cpus))
        for cpu, group in siblings.items():
            folder = tmp_path / f"cpu{cpu}" / "topology"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "thread_siblings_list").write_text(f"{group}\n")
        limit = groups(tmp_path, "0::/\n", {"cpu.max": quota})
        return computing_threads(limit, tmp_path)

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    pairs = {0: "0,4", 1: "1,5", 4: "0,4", 5: "1,5"}
    assert threads([0, 1, 4, 5], pairs) == 2
    assert threads([0, 4], pairs) == 1
    assert threads([7, 8, 9], {}) == 3  # nothing is known of these
    assert threads([7, 8, 9], {}, "150000 100000") == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    assert threads([0, 4], pairs) == 6
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert threads([0, 4], pairs) == 1


@pytest.mark.slow
def test_waiting_threads_sleep() -> None:
    """As OpenMP itself tells when torch loads it."""
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-c", "from tui_al.engine.models import device"],
        env={**environment, "OMP_DISPLAY_ENV": "true"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="its allocator is told")
def test_memory_that_tensors_free_is_used_again() -> None:
    """Not given back and fetched page by page again: pages of 4 KiB asked for by 20 tensors of 48
    MB after the first."""
    code = """
import resource
from tui_al.engine.models import device
import torch

def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

torch.ones(12_000_000)
before = pages()
for _ in range(20):
    torch.ones(12_000_000)
print(pages() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 5_000  # 234,000 otherwise


def test_affinity_is_asked_for() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from tui_al.core.limits import usable_cores; print(usable_cores())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_memory_is_the_containers_where_it_has_a_limit(tmp_path: Path) -> None:
    limited = groups(tmp_path, "0::/\n", {"memory.max": str(2**28), "memory.current": str(2**27)})
    reading = MachineMeter(limited).read()
    assert (reading.memory_used, reading.memory_total) == (2**27, 2**28)
    free = MachineMeter(ControlGroups(tmp_path / "none", tmp_path / "none")).read()
    assert free.memory_total == psutil.virtual_memory().total


def test_memory_that_can_be_had_is_the_machines_or_what_a_group_leaves(tmp_path: Path) -> None:
    nowhere = ControlGroups(tmp_path / "none", tmp_path / "none")
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(
        "MemTotal: 9000 kB\nMemFree: 1 kB\nMemAvailable:   5000 kB\nSwapFree: 7 kB\n"
    )
    assert memory_left(nowhere, meminfo) == 5007 * 1024
    assert memory_left(nowhere, tmp_path / "none") is None
    limited = groups(
        tmp_path,
        "0::/\n",
        {
            "memory.max": "4000000",
            "memory.current": "3900000",
            "memory.stat": "active_file 200000\ninactive_file 300000",
        },
    )
    assert memory_left(limited, meminfo) == 600_000
    assert memory_left(limited, tmp_path / "none") == 600_000


def test_cpu_is_the_share_of_usable_cpus_since_the_last_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = type(psutil.cpu_times())
    zeros = dict.fromkeys(kind._fields, 0.0)

    def times(user: float, idle: float) -> object:
        return kind(**{**zeros, "user": user, "idle": idle})

    readings = iter(
        [[times(10, 10), times(0, 0)], [times(13, 11), times(90, 0)], [times(13, 11)] * 2]
    )
    monkeypatch.setattr(psutil, "cpu_times", lambda percpu: next(readings))
    monkeypatch.setattr(machine, "usable_cpus", lambda: frozenset({0}))
    meter = MachineMeter()
    assert meter.read().cpu is None
    assert meter.read().cpu == 75.0
    assert meter.read().cpu is None


def test_our_processes_are_summed_and_dead_ones_left_out() -> None:
    meter = MachineMeter()
    first = meter.read(frozenset({os.getpid()}))
    assert first.our_cpu is None
    assert first.our_memory is not None and first.our_memory > 2**20
    end = psutil.Process().cpu_times().user + 0.1
    while psutil.Process().cpu_times().user < end:
        sum(range(10_000))
    second = meter.read(frozenset({os.getpid(), 2**22 + 1}))
    assert second.our_cpu is not None and 0 < second.our_cpu < 400
    gone = meter.read(frozenset({2**22 + 1}))
    assert (gone.our_cpu, gone.our_memory) == (None, None)


def test_disk_is_that_where_a_directory_would_be_made(tmp_path: Path) -> None:
    reading = read_machine(path=tmp_path / "not" / "yet")
    assert reading.disk_free is not None
    assert abs(reading.disk_free - psutil.disk_usage(str(tmp_path)).free) < 2**30
    assert read_machine().disk_free is None


def test_manifest_is_plain_and_names_the_gpus(install: Install) -> None:
    install(Nvml(Card()))
    facts = json.loads(json.dumps(manifest()))
    assert facts["gpus"] == [{"name": "NVIDIA H200", "memory": 140 * 2**30, "visible": True}]
    assert facts["gpu_driver"] == "580.82.07"
    assert facts["numpy"] == __import__("numpy").__version__
    assert facts["python"] == sys.version.split()[0]
    assert facts["cores"] >= 1 and facts["memory"] > 2**28 and facts["hostname"]


def test_a_missing_library_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LIBRARIES", ("no-such-distribution",))
    assert manifest()["no-such-distribution"] is None


@pytest.mark.slow
def test_nothing_heavy_is_imported() -> None:
    code = "import sys, tui_al.host.doctor; from tui_al.host.machine import manifest; manifest()\n"
    code += "print([name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
