"""An excerpt of the campaign over every call (`tests.campaigns.every_call`), and that the shim does
what it says."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaigns.every_call import (
    Tally,
    Worker,
    labelling,
    labelling_home,
)
from tests.faults.injector import Control, Fault, compile_shim
from tests.store.labelled_sessions import by_people

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = compile_shim(tmp_path_factory.mktemp("shim"))
    if made is None:
        pytest.skip("needs a C compiler, to fail calls by a preloaded library")
    return made


_CALLS = """
import fcntl, os, sys
place = sys.argv[1]
def tried(name, call):
    try:
        call()
        print(name, "ok")
    except OSError as error:
        print(name, error.errno)
made = os.open(f"{place}/file", os.O_RDWR | os.O_CREAT)
tried("write", lambda: os.write(made, b"x"))
tried("pwrite", lambda: os.pwrite(made, b"x", 0))
tried("writev", lambda: os.writev(made, [b"x"]))
tried("fsync", lambda: os.fsync(made))
tried("fdatasync", lambda: os.fdatasync(made))
tried("ftruncate", lambda: os.ftruncate(made, 1))
tried("open", lambda: os.open(f"{place}/new", os.O_CREAT | os.O_WRONLY))
tried("rename", lambda: os.rename(f"{place}/file", f"{place}/other"))
tried("mkdir", lambda: os.mkdir(f"{place}/directory"))
tried("lock", lambda: fcntl.lockf(made, fcntl.LOCK_EX))
tried("elsewhere", lambda: os.write(1, b""))
"""


def test_the_shim_fails_the_call_that_it_is_told_to(shim: Path, tmp_path: Path) -> None:
    control = Control(tmp_path / "control")

    def run(fault: Fault) -> dict[str, str]:
        place = tmp_path / str(len(list(tmp_path.iterdir())))
        place.mkdir()
        control.arm(fault)
        said = subprocess.run(
            [sys.executable, "-c", _CALLS, str(place)], env=control.environment(shim, tmp_path),
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return dict(line.split(" ") for line in said.stdout.splitlines())

    calm = run(Fault())
    assert set(calm.values()) == {"ok"}
    assert (control.calls, control.failed) == (10, 0)  # the first one makes the file
    names = list(calm)[:-1]
    once = run(Fault(at=5, number=errno.EIO))
    assert {name: said for name, said in once.items() if said != "ok"} == {"fsync": str(errno.EIO)}
    forever = run(Fault(at=5, number=errno.ENOSPC, forever=True))
    refused = [name for name, said in forever.items() if said == str(errno.ENOSPC)]
    assert refused == names[names.index("fsync") : names.index("lock")]
    assert run(Fault(at=1, number=errno.ENOLCK))["lock"] == str(errno.ENOLCK)


_LOCKED = """
import sys
from pathlib import Path
from tui_al.errors import MachineError
from tui_al.store.engine_lock import take_engine_lock
try:
    take_engine_lock(Path(sys.argv[1]))
except MachineError as error:
    print(error.message, error.hint)
"""


def test_a_lock_that_the_machine_refuses_is_told_as_that(shim: Path, tmp_path: Path) -> None:
    session = by_people(tmp_path, "s").directory
    control = Control(tmp_path / "control")
    control.arm(Fault(at=1, number=errno.ENOLCK, forever=True))
    said = subprocess.run(
        [sys.executable, "-c", _LOCKED, str(session)], env=control.environment(shim, session),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "lock" in said.stdout and str(session.name) in said.stdout, said


def test_no_acknowledged_label_is_missing(shim: Path, tmp_path: Path) -> None:
    pristine = labelling_home(tmp_path / "pristine")
    tally = Tally()
    with Worker("label", tmp_path / "label", shim) as worker:
        labelling(worker, pristine, lambda calls: [
            *(Fault(at, errno.ENOSPC) for at in range(4, calls, calls // 6)),
            *(Fault(at, errno.EIO, forever=True) for at in range(9, calls, calls // 4)),
        ], errno.ENOSPC, tally)  # fmt: skip
    assert tally.is_clean(), tally
    assert tally.faults >= 9
    assert tally.acknowledged > tally.finished * 5
