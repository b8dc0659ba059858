"""What `tui_al/docs/sharing.md` says of who can do what, by random acts of real accounts, whatever
is at work in the session."""

import contextlib
import os
import random
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.store.accounts import GROUP, MEMBER, OUTSIDER, OWNER, Act, act, command, read_all
from tests.store.people import people_config, texts_pool
from tests.store.test_closed_sessions import (
    ANNOTATOR,
    NAME,
    SWEEP,
    base,
    build,
    label,
    leaks,
    of_owner,
    send,
    tree,
)
from tui_al.core.annotation.decisions import Label
from tui_al.core.session import events as ev
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import DecisionLog
from tui_al.store.history import history
from tui_al.store.home_history import read_home_history
from tui_al.store.kept_arrays import write_array
from tui_al.store.kept_models import replace_dir
from tui_al.store.removal import remove_session
from tui_al.store.session import Session
from tui_al.store.session_sharing import share_with_group
from tui_al.store.sharing import group_of, make_directory
from tui_al.store.sweeps import SweepRecord, keep_scores, write_record

__all__ = ["base"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to act as several accounts"),
]

#: Acts that only the owner may do, whoever is in the group.
OWNERS = ("share", "take back", "rename", "delete", "rename directory", "move")


@contextlib.contextmanager
def owner_process(do: Callable[[Callable[[], bool]], None]) -> Iterator[None]:
    """`do` at work in a process of the owner, until this ends; it is asked to stop by the function
    that it is given."""
    ready, told = os.pipe()
    ending, end = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.close(end)
            os.setgroups([GROUP])
            os.setresgid(OWNER, OWNER, OWNER)
            os.setresuid(OWNER, OWNER, OWNER)
            os.umask(0o077)
            os.set_blocking(ending, False)

            def stopped() -> bool:
                os.write(told, b".")
                time.sleep(0.01)
                with contextlib.suppress(BlockingIOError):
                    return os.read(ending, 1) == b""
                return False

            do(stopped)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(ending)
    os.close(told)
    try:
        assert os.read(ready, 1) == b".", "it has ended before it began"
        yield
    finally:
        os.close(end)
        while os.read(ready, 4096):
            pass
        os.close(ready)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def engine_at_work(directory: Path) -> Callable[[Callable[[], bool]], None]:
    """What an engine does to a session's files, again and again: events, a model by the library
    that makes it 0600, an array."""

    def work(stopped: Callable[[], bool]) -> None:
        with Session(directory) as session, session.engine_lock():
            session.append(ev.EngineStarted(os.getpid(), "box", "cpu", False, {}, str(OWNER)))
            number = 0
            while not stopped():
                number += 1
                folder = directory / "models" / f"seed-{number % 3}"
                make_directory(folder)
                making = folder / f".successor-{os.getpid()}"
                making.mkdir()
                save_file({"weight": np.zeros(3)}, making / "model.safetensors")
                replace_dir(making, folder / "successor")
                write_array(directory / "states.npy", np.arange(number % 5))
                session.append(ev.WarningRaised(f"round {number}"))

    return work


def app_open(directory: Path) -> Callable[[Callable[[], bool]], None]:
    """The owner at the label screen, with a sample before them."""

    def work(stopped: Callable[[], bool]) -> None:
        service = AnnotationService(directory, ANNOTATOR)
        assert service.take() is not None
        while not stopped():
            pass
        service.close()

    return work


@dataclass(frozen=True)
class Place:
    """A home of one kind with the session in it."""

    home: Path
    shared: bool

    @property
    def directory(self) -> Path:
        return self.home / "sessions" / NAME


def make_place(base: Path, kind: str, *, shared: bool) -> Place:
    """A home that the program makes for its owner ("own"), or one that an administrator gave to the
    group ("group")."""
    home = base / str(OWNER) / "home"
    if kind == "group":
        home = base / "home"
        home.mkdir()
        os.chown(home, 0, GROUP)
        home.chmod(0o3770)
    of_owner(base, lambda: build(home, shared=False))
    place = Place(home, shared)
    if shared:
        of_owner(base, command("share", NAME, GROUP, "--home", home))
    return place


def tries(place: Place, rng: random.Random, count: int) -> list[Act]:
    """So many acts: each kind once, then at random."""
    home, directory = place.home, place.directory
    where = ["--home", home]
    made = []
    for number in range(count):
        acts: dict[str, Callable[[], object]] = {
            "list": command("sessions", *where),
            "read": lambda: read_all(directory),
            "open": lambda: Session.open(home, NAME).state(),
            "label": lambda: label(directory, "stranger"),
            "import": command("import", NAME, "more.csv", *where),
            "command": lambda: send(home, NAME),
            "export": command("export", NAME, "--given", "--out", f"out-{number}.csv", *where),
            "report": command("report", NAME, *where),
            "backup": command("backup", NAME, f"copy-{number}", *where),
            "check": command("check", NAME, *where),
            "history": command("history", NAME, "--json", *where),
            "repair": command("check", NAME, "--repair", f"new-{number}", *where),
            "share": command("share", NAME, GROUP, *where),
            "take back": command("unshare", NAME, *where),
            "rename": command("rename", NAME, f"other-{number}", *where),
            "delete": lambda: remove_session(directory),
            "rename directory": lambda: directory.rename(directory.with_name("taken")),
            "move": partial(directory.rename, f"moved-{number}"),
        }
        what = list(acts)[number] if number < len(acts) else rng.choice(list(acts))
        made.append(Act(what, acts[what], NAME))
    rng.shuffle(made)
    return made


def may(place: Place, account: int, kind: str, what: str) -> bool:
    """What the page on sharing says."""
    if account == OUTSIDER:
        return False
    if what == "list":
        return kind == "group"  # which shows the names to its group
    if not place.shared or what in OWNERS:
        return False
    return what != "repair" or kind == "group"  # it makes a new session in the home


def is_there(place: Place, number: int) -> None:
    """The session lies where it was, is its owner's, and everything in it is its group's or its
    owner's alone."""
    walked = os.walk(place.directory)  # which passes over what vanishes meanwhile
    for path in [Path(parent, name) for parent, _, names in walked for name in (*names, "")]:
        with contextlib.suppress(FileNotFoundError):  # an engine replaces it
            found = path.lstat()
            mode = stat.S_IMODE(found.st_mode)
            hidden = any(part.startswith(".") for part in path.relative_to(place.home).parts)
            if place.shared and not hidden:  # a name with a dot is under way
                wanted = 0o2770 if stat.S_ISDIR(found.st_mode) else 0o660
                assert (path, oct(mode), found.st_gid) == (path, oct(wanted), GROUP), number
    assert place.directory.stat().st_uid == OWNER
    assert place.shared or stat.S_IMODE(place.directory.stat().st_mode) & 0o777 == 0o700


@pytest.mark.parametrize("state", ["closed", "engine", "app"])
@pytest.mark.parametrize("kind", ["own", "group"])
@pytest.mark.parametrize("shared", [False, True], ids=["alone", "shared"])
def test_what_the_page_says_is_what_happens(
    base: Path, shared: bool, kind: str, state: str
) -> None:
    place = make_place(base, kind, shared=shared)
    rng = random.Random(f"{shared} {kind} {state}")
    at_work = {"engine": engine_at_work, "app": app_open}.get(state)
    before = tree(place.directory)
    with owner_process(at_work(place.directory)) if at_work else contextlib.nullcontext():
        for account, groups in ((OUTSIDER, []), (MEMBER, [GROUP])):
            acts = tries(place, rng, 22)
            came = act(account, groups, base / str(account), acts)
            for number, (one, it) in enumerate(zip(acts, came, strict=True)):
                assert "Traceback" not in it.output, (one.what, it.output)
                expected = not may(place, account, kind, one.what)
                if one.what == "label" and not expected and "assert item is not None" in it.output:
                    continue  # all samples are labelled by now
                assert (
                    account,
                    one.what,
                    it.failed,
                    it.output[-600:] * (it.failed != expected),
                ) == (account, one.what, expected, ""), number
                if expected:
                    known = [NAME, SWEEP] if kind == "group" and account == MEMBER else [NAME]
                    assert [word for word in leaks(one, it) if word not in known] == []
            is_there(place, account)
    if not shared and state == "closed":
        assert tree(place.directory) == before
    with DecisionLog(place.directory) as log:
        by = Counter((one.account, one.annotator) for one in log.read())
    with Session(place.directory) as session:
        senders = {one.account for one in session.sent()}
    assert by.pop((str(OWNER), ANNOTATOR)) == 1
    assert set(by) == ({(str(MEMBER), "stranger"), (str(MEMBER), "import")} if shared else set())
    assert senders == ({str(MEMBER)} if shared else set())
    of_owner(
        base, lambda: label(place.directory, ANNOTATOR)
    )  # who is not shut out by what others made


def test_what_an_engine_makes_after_its_session_was_shared_is_the_groups(base: Path) -> None:
    """And nobody's but the owner's once it was taken back."""
    place = make_place(base, "own", shared=False)
    reads = [Act("read", lambda: read_all(place.directory))]
    with owner_process(engine_at_work(place.directory)):
        time.sleep(0.3)
        (came,) = act(MEMBER, [GROUP], base / str(MEMBER), reads)
        assert came.failed
        of_owner(base, command("share", NAME, GROUP, "--home", place.home))
        assert stat.S_IMODE(place.home.stat().st_mode) == 0o710
        assert stat.S_IMODE((place.home / "sessions").stat().st_mode) == 0o710
        until = time.monotonic() + 1.5
        looks = 0
        while time.monotonic() < until:
            is_there(Place(place.home, True), looks)
            looks += 1
        assert looks > 3
        (came,) = act(MEMBER, [GROUP], base / str(MEMBER), reads)
        assert "zebra" in came.output
        of_owner(base, command("unshare", NAME, "--home", place.home))
        time.sleep(0.3)
        (came,) = act(MEMBER, [GROUP], base / str(MEMBER), reads)
        assert came.failed
    assert stat.S_IMODE(place.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((place.home / "sessions").stat().st_mode) == 0o700
    files = {
        stat.S_IMODE(path.stat().st_mode) for path in place.directory.rglob("*") if path.is_file()
    }
    assert files == {0o600}
    found = [(one.action, one.account, one.name) for one in read_home_history(place.home).entries]
    assert found == [("shared", str(OWNER), NAME), ("taken back", str(OWNER), NAME)]


def test_it_is_not_taken_back_from_under_who_has_it_open(base: Path) -> None:
    place = make_place(base, "own", shared=True)
    with DecisionLog(place.directory) as log:  # as an app of another account
        from tui_al.store.decisions import Client

        log.heartbeat(Client(f"box-1@{MEMBER}", "ben"))
    took = [Act("take back", command("unshare", NAME, "--home", place.home))]
    (came,) = act(OWNER, [GROUP], base / str(OWNER), took)
    assert came.failed
    assert f"Others are at work in session {NAME}: {MEMBER}." in came.output
    is_there(place, 0)


def test_who_labels_under_the_name_of_another_is_told(base: Path) -> None:
    place = make_place(base, "own", shared=True)
    acts = [
        Act("label", lambda: label(place.directory, ANNOTATOR)),
        Act("history", command("history", NAME, "--home", place.home)),
        Act("each", command("history", NAME, "--json", "--home", place.home)),
    ]
    _, told, each = act(MEMBER, [GROUP], base / str(MEMBER), acts)
    assert f"{MEMBER} as {ANNOTATOR}" in told.output
    assert f"annotator {ANNOTATOR}, by account: {OWNER} 1, {MEMBER} 1" in told.output
    assert f'"account": "{MEMBER}", "annotator": "{ANNOTATOR}", "action": "labelled"' in each.output
    entries = history(place.directory).entries
    assert [one.action for one in entries][:1] == ["made the session"]
    assert ("shared", str(OWNER), f"with group {GROUP}") in [
        (one.action, one.account, one.detail) for one in entries
    ]


def test_deleted_and_renamed_is_in_the_history_of_the_home(base: Path) -> None:
    place = make_place(base, "group", shared=True)
    of_owner(base, command("rename", NAME, "annual", "--home", place.home))
    of_owner(base, lambda: remove_session(place.home / "sessions" / "annual"))
    told = [
        (one.account, one.action, one.name, one.detail)
        for one in read_home_history(place.home).entries
    ]
    assert told == [
        (str(OWNER), "shared", NAME, f"with group {GROUP}"),
        (str(OWNER), "renamed", NAME, "to annual"),
        (str(OWNER), "deleted", "annual", ""),
    ]
    (came,) = act(
        MEMBER,
        [GROUP],
        base / str(MEMBER),
        [Act("history", command("history", "--home", place.home))],
    )
    assert "renamed session quarterly" in came.output


def test_a_home_that_holds_one_group_takes_no_other(base: Path) -> None:
    place = make_place(base, "own", shared=True)
    before = {path: facts[:3] for path, facts in tree(place.directory).items()}
    (came,) = act(
        OWNER,
        [GROUP, GROUP + 1],
        base / str(OWNER),
        [Act("share", command("share", NAME, GROUP + 1, "--home", place.home))],
    )
    assert came.failed
    assert f"{place.home / 'sessions'} is open to group {GROUP} already" in came.output
    assert f"Share it with {GROUP}" in came.output
    assert {path: facts[:3] for path, facts in tree(place.directory).items()} == before


def test_a_link_that_a_member_plants_is_not_followed(base: Path) -> None:
    """Else sharing anew would open a file of the owner's to the group."""
    place = make_place(base, "own", shared=True)
    secret = base / str(OWNER) / "secret"
    secret.write_text("key")
    os.chown(secret, OWNER, OWNER)
    secret.chmod(0o600)
    acts = [Act("link", lambda: (place.directory / "note").symlink_to(secret))]
    assert not act(MEMBER, [GROUP], base / str(MEMBER), acts)[0].failed
    shares = [Act("share", lambda: share_with_group(place.directory, GROUP, "GROUP"))]
    (came,) = act(OWNER, [GROUP], base / str(OWNER), shares)
    assert "is a link, which has no place in a session" in came.output
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_an_older_programs_decisions_have_no_account(base: Path) -> None:
    place = make_place(base, "own", shared=False)
    with DecisionLog(place.directory) as log:
        first = log.read()[0]
        assert first.account == str(OWNER)
        body = log._db.execute("SELECT body FROM decisions WHERE seq = 1").fetchone()[0]
        assert f'"account": "{OWNER}"' in body
        assert isinstance(first.decision, Label)
        from dataclasses import replace

        log.insert([replace(first, uid="of old", account="")])
        assert log.read()[-1].account == ""
    assert any(
        one.account == "" and one.annotator == ANNOTATOR for one in history(place.directory).entries
    )


def test_a_sweep_is_shared_as_a_whole_and_so_is_what_it_makes_later(base: Path) -> None:
    home = base / str(OWNER) / "home"
    sweep = home / "sweeps" / SWEEP

    def arm(name: str) -> None:
        config = people_config()
        created = ev.SessionCreated(
            config.to_dict(), "classification", ("refund",), 1, 0, (), (), {}
        )
        Session.create(sweep, name, created, texts_pool(["zebra"]), group=group_of(sweep)).close()

    def made() -> None:
        write_record(sweep, SweepRecord(SWEEP, "zebra", (), (), 1, 0))
        arm("before")

    of_owner(base, made)
    of_owner(base, command("share", SWEEP, GROUP, "--home", home))
    of_owner(base, lambda: arm("after"))
    of_owner(base, lambda: keep_scores(sweep, "first", {"zebra": 1}))
    modes = {
        path.relative_to(sweep).as_posix(): (
            oct(stat.S_IMODE(path.stat().st_mode)),
            path.stat().st_gid,
        )
        for path in sweep.rglob("*")
    }
    assert modes.pop("sessions") == ("0o3770", GROUP)
    assert set(modes.values()) == {("0o2770", GROUP), ("0o660", GROUP)}
    acts = [
        Act("report", command("report", SWEEP, "--home", home)),
        Act("read", lambda: read_all(sweep)),
    ]
    report, read = act(MEMBER, [GROUP], base / str(MEMBER), acts)
    assert "Traceback" not in report.output
    assert "closed to" not in report.output
    assert "first.json" in read.output
    arms = [Act("share", lambda: share_with_group(sweep / "sessions" / "after", GROUP, "GROUP"))]
    (came,) = act(OWNER, [GROUP], base / str(OWNER), arms)
    assert f"`tui-al share {SWEEP} GROUP`" in came.output
