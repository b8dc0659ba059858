"""Sessions of several accounts, by accounts that are real: two in one group, and one that is not in
it."""

import grp
import os
import shlex
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.ui.sessions import record
from tests.ui.terminals import ROOT, Tmux, end_engines, until
from tui_al.store.atomic_files import write_file
from tui_al.store.decisions import DecisionLog
from tui_al.store.sharing import group_of, make_directory, open_file, share, take_back

pytestmark = pytest.mark.slow

PACKAGES = sysconfig.get_path("purelib")
INTERPRETERS = (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}")

TEXTS = [f"the parcel number {n} is late, where is it now" for n in range(40)]


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_a_session_is_its_accounts_alone_unless_it_is_shared(tmp_path: Path) -> None:
    directory = record(tmp_path, "mine").directory
    assert (mode(directory), group_of(directory)) == ("0o700", None)
    share(directory, os.getegid())
    assert (mode(directory), group_of(directory)) == ("0o2770", os.getegid())
    assert {mode(path) for path in directory.iterdir()} == {"0o660"}
    assert take_back(directory) == 0
    assert (mode(directory), group_of(directory)) == ("0o700", None)
    assert {mode(path) for path in directory.iterdir()} == {"0o600"}


def test_files_have_the_sessions_mode_whatever_the_umask(tmp_path: Path) -> None:
    directory = record(tmp_path, "mine").directory
    before = os.umask(0o077)
    try:
        for shared, wanted in ((False, "0o600"), (True, "0o660")):
            if shared:
                share(directory, os.getegid())
            path = directory / f"log-{shared}"
            os.close(open_file(path, os.O_WRONLY))
            assert mode(path) == wanted
            write_file(directory / "note", "a file that is written whole")
            assert mode(directory / "note") == wanted
        make_directory(directory / "a" / "b")
        assert mode(directory / "a" / "b") == "0o2770"
        with DecisionLog(directory) as log:  # what SQLite makes beside the database
            log.latest("ranking")
            assert mode(directory / "session.db-wal") == "0o660"
            assert mode(directory / "session.db-shm") == "0o660"
    finally:
        os.umask(before)


@dataclass(frozen=True)
class People:
    """Accounts of this machine: `anna` and `ben` are in `group`, `carol` is not."""

    anna: str
    ben: str
    carol: str
    group: str
    base: Path  #: a directory that all can enter, with a copy of the program in it
    python: str = sys.executable  #: an interpreter that all can run

    @property
    def home(self) -> Path:
        return self.base / "home"

    def command(self, account: str, *arguments: str) -> list[str]:
        """A command line that runs as this account, as after logging in: with its groups and no
        more."""
        variables = {
            "HOME": str(self.base / account), "PYTHONPATH": f"{self.base / 'program'}:{PACKAGES}",
            "TUI_AL_HOME": str(self.home),
            "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
            "TERM": os.environ.get("TERM", "xterm"),
            "OMP_NUM_THREADS": "1", "TUI_AL_ANNOTATOR": account,
        }  # fmt: skip
        identity = ["setpriv", f"--reuid={account}", f"--regid={account}", "--init-groups"]
        settings = [f"{name}={value}" for name, value in variables.items()]
        return [
            *identity,
            "env",
            "-i",
            *settings,
            "sh",
            "-c",
            f"umask 022; exec {shlex.join(arguments)}",
        ]

    def run(self, account: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, without a terminal."""
        return subprocess.run(
            self.command(account, self.python, *arguments),
            cwd=self.base, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip


@pytest.fixture(scope="module")
def people() -> Iterator[People]:
    """Made and removed again; skipped where that cannot be done."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("useradd", "groupadd", "setpriv"))):
        pytest.skip("needs root, useradd and setpriv, to act as several accounts")
    tag = uuid.uuid4().hex[:6]
    anna, ben, carol, group = (f"{name}{tag}" for name in ("anna", "ben", "carol", "lab"))
    base = Path(tempfile.mkdtemp(prefix="tui-al-people-"))
    base.chmod(0o755)
    shutil.copytree(
        ROOT / "tui_al", base / "program" / "tui_al", ignore=shutil.ignore_patterns("__pycache__")
    )
    try:
        subprocess.run(["groupadd", group], check=True)
        for account in (anna, ben, carol):
            more = [] if account == carol else ["--groups", group]
            own = ["--home-dir", str(base / account), "--create-home"]
            subprocess.run(["useradd", "--user-group", *own, *more, account], check=True)
        found = People(anna, ben, carol, group, base)
        for python in INTERPRETERS:  # the environment's own may lie in root's home
            found = replace(found, python=python)
            tried = found.run(anna, "-c", "import tui_al.cli, textual, torch")
            if not tried.returncode:
                break
        else:
            pytest.skip(f"another account cannot use this Python: {tried.stderr[-300:]}")
        found.home.mkdir()
        shutil.chown(found.home, group=group)
        found.home.chmod(0o3770)
        (base / "texts.csv").write_text("text\n" + "\n".join(TEXTS) + "\n")
        yield found
    finally:
        for home in ("home", "annas"):
            end_engines(base / home)  # an account with a process at work cannot be removed
        for account in (anna, ben, carol):
            subprocess.run(["userdel", "--force", account], check=False, capture_output=True)
        subprocess.run(["groupdel", group], check=False, capture_output=True)
        shutil.rmtree(base, ignore_errors=True)


def test_a_group_that_is_none_is_told_with_those_that_are_allowed(people: People) -> None:
    """Of the second account; before anything is made."""
    ask = (
        "import sys; from tui_al.store.accounts import group_id; print(group_id(sys.argv[1], "
        "'--shared'))"
    )
    allowed = people.run(people.ben, "-c", ask, people.group)
    assert allowed.stdout.strip() == str(grp.getgrnam(people.group).gr_gid), allowed.stderr
    by_number = people.run(people.ben, "-c", ask, allowed.stdout.strip())
    assert by_number.stdout == allowed.stdout
    for account, group, why in (
        (people.ben, "nosuch", "there is no group 'nosuch'"),
        (people.ben, people.ben, f"nobody else is in group {people.ben}"),
        (people.carol, people.group, f"{people.carol} is not in group {people.group}"),
        (people.carol, "0", f"{people.carol} is not in group root"),
    ):
        refused = people.run(account, "-c", ask, group)
        assert f"ConfigError: --shared: {why}." in refused.stderr
        offered = (
            f"{people.ben} is in: {people.group}."
            if account == people.ben
            else f"{people.carol} is in no group with others."
        )
        assert offered in refused.stderr


@pytest.fixture
def terminal(people: People, tmp_path: Path) -> Iterator[Tmux]:
    with Tmux(tmp_path, people.home, (100, 30)) as tmux:
        yield tmux


def on_screen(tmux: Tmux, people: People, account: str, *arguments: str) -> None:
    """Run `tui-al` in the terminal as this account."""
    tmux.run_command(*people.command(account, people.python, "-m", "tui_al", *arguments))


def decided(people: People, name: str) -> dict[str, int]:
    """Labels on record by annotator, read as root."""
    counts: dict[str, int] = {}
    with DecisionLog(people.home / "sessions" / name) as log:
        for record_ in log.read():
            counts[record_.annotator] = counts.get(record_.annotator, 0) + 1
    return counts


def test_two_accounts_label_in_one_session_and_a_third_is_refused(
    people: People, terminal: Tmux
) -> None:
    texts = str(people.base / "texts.csv")
    made = [
        "label",
        texts,
        "--labels",
        "late,lost",
        "--task",
        "classification",
        "--session",
        "both",
    ]
    on_screen(
        terminal,
        people,
        people.anna,
        *made,
        "--shared",
        people.group,
        "--seed-size",
        "30",
        "--batch",
        "30",
    )
    terminal.sees("parcel number", "1 late", seconds=180)
    for _ in range(2):
        terminal.press("1")
        time.sleep(0.3)
    terminal.sees("saved ✓ 2")
    directory = people.home / "sessions" / "both"
    assert directory.owner() == people.anna
    assert directory.group() == people.group
    assert mode(directory) == "0o2770"
    terminal.press("q")
    on_screen(terminal, people, people.ben, "label", "both")
    terminal.sees("parcel number", "1 late", seconds=180)
    terminal.press("2")
    terminal.sees("saved ✓ 3")
    assert decided(people, "both") == {people.anna: 2, people.ben: 1}
    files = [path for path in directory.rglob("*") if path.is_file()]
    closed = [str(path) for path in files if path.group() != people.group or mode(path) != "0o660"]
    assert not closed
    terminal.press("q")
    stopped = people.run(people.ben, "-m", "tui_al", "stop", "both")
    assert stopped.returncode == 0, stopped.stderr
    on_screen(terminal, people, people.ben, "label", "both")  # whose engine it is now
    terminal.sees("parcel number", seconds=180)
    terminal.press("q")
    assert people.run(people.anna, "-m", "tui_al", "stop", "both").returncode == 0

    for command in (
        ["sessions"],
        ["stop", "both"],
        ["report", "both"],
        ["export", "both", "--out", "x.csv"],
    ):
        refused = people.run(people.carol, "-m", "tui_al", *command)
        assert refused.returncode not in (0, 1), command
        assert "Traceback" not in refused.stderr
        assert f"is closed to {people.carol}" in refused.stderr
        assert f"Only group {people.group} may, and {people.carol} is not in it" in refused.stderr
    on_screen(terminal, people, people.carol, "label", "both")
    terminal.sees(f"is closed to {people.carol}")
    until(terminal.ended, 30)


def test_a_session_at_work_is_shared_and_what_its_engine_saves_later_is_the_groups(
    people: People, terminal: Tmux
) -> None:
    """In a home of its owner: the other account labels, has the model, and keeps its caches and
    keys to itself."""
    home = people.base / "annas"
    home.mkdir(mode=0o700)
    shutil.chown(home, people.anna, people.anna)
    where = ["--home", str(home)]
    texts = str(people.base / "texts.csv")
    made = [
        "label",
        texts,
        "--labels",
        "late,lost",
        "--task",
        "classification",
        "--session",
        "own",
        *where,
    ]
    small = [
        "--seed-size",
        "2",
        "--batch",
        "2",
        "--audit-share",
        "0%",
        "--acquisition-tuning",
        "head",
        "--successor-tuning",
        "head",
        "--epochs",
        "1",
    ]
    on_screen(terminal, people, people.anna, *made, *small)
    terminal.sees("parcel number", "1 late", seconds=180)
    terminal.press("q")
    (home / "keys.toml").write_text("no keys for anybody else\n")  # would be an error to its owner
    (home / "keys.toml").chmod(0o600)
    directory = home / "sessions" / "own"
    assert mode(directory) == "0o700"
    refused = people.run(people.ben, "-m", "tui_al", "export", "own", "--out", "x.csv", *where)
    assert (
        f"Home {home} is closed to {people.ben}" in refused.stderr
        or "own is closed to" in refused.stderr
    )
    assert "Traceback" not in refused.stderr
    shared = people.run(people.anna, "-m", "tui_al", "share", "own", people.group, *where)
    assert (shared.returncode, f"own is shared with group {people.group}" in shared.stdout) == (
        0,
        True,
    ), shared.stderr
    on_screen(terminal, people, people.ben, "label", "own", *where)
    terminal.sees("parcel number", "1 late", seconds=180)
    for number, key in enumerate("12", start=1):
        terminal.press(key)
        terminal.sees(f"saved ✓ {number}", seconds=60)
    models = directory / "models"
    until(lambda: bool(list(models.glob("*/successor-*/tui_al.json"))), 600)
    terminal.press("q")
    until(terminal.ended, 30, terminal.screen)
    checked = people.run(people.ben, "-m", "tui_al", "check", "own", *where)  # its models too
    assert "own is sound" in checked.stdout, checked.stderr
    assert people.run(people.ben, "-m", "tui_al", "stop", "own", *where).returncode == 0
    there = [path for path in directory.rglob("*") if not path.name.startswith(".")]
    wrong = [
        str(p)
        for p in there
        if (p.group(), mode(p)) != (people.group, "0o2770" if p.is_dir() else "0o660")
    ]
    assert not wrong
    assert (directory / "session.db").owner() == people.anna
    told = people.run(people.ben, "-m", "tui_al", "history", "own", *where).stdout
    for line in (
        f"{people.anna}  made the session",
        f"{people.anna}  started the engine",
        f"{people.ben}   labelled 2",
    ):
        assert " ".join(line.split()) in " ".join(told.split()), told
    back = people.run(people.anna, "-m", "tui_al", "unshare", "own", *where)
    if back.returncode:  # whoever had it open is not seen as gone for a minute
        assert f"Others are at work in session own: {people.ben}." in back.stderr
        with DecisionLog(directory) as log:
            until(lambda: not log.present(), 90)
        back = people.run(people.anna, "-m", "tui_al", "unshare", "own", *where)
    assert back.returncode == 0, back.stderr
    assert (mode(home), mode(home / "sessions"), mode(directory)) == ("0o700", "0o700", "0o700")


def test_a_way_that_is_shut_is_told_before_anything_is_made(people: People) -> None:
    shut = people.base / "shut"
    other = people.base / "other"
    for place, group in ((shut, people.anna), (other, "users")):
        (place / "home").mkdir(parents=True)
        for path in (place, place / "home"):
            shutil.chown(path, people.anna, group)
    shut.chmod(0o700)
    other.chmod(0o755)
    (other / "home").chmod(0o750)
    subprocess.run(["gpasswd", "--add", people.carol, "users"], check=True, capture_output=True)
    subprocess.run(["gpasswd", "--add", people.anna, "users"], check=True, capture_output=True)
    texts = str(people.base / "texts.csv")
    expected = {
        shut / "home": f"--shared: {shut} is closed to group {people.group}",
        other / "home": f"--shared: {other / 'home'} is open to group users already",
        people.base
        / people.anna
        / "no"
        / "home": "is not there, and would be made for this account alone",
    }
    for home, why in expected.items():
        refused = people.run(
            people.anna,
            "-m",
            "tui_al",
            "simulate",
            texts,
            "--shared",
            people.group,
            "--home",
            str(home),
        )
        assert (refused.returncode, why in refused.stderr) == (2, True), refused.stderr
        assert not (home / "sessions").exists()
