"""What accounts may do with the sessions of another: those without rights nothing at all, those of
its group what the owner may."""

import contextlib
import hashlib
import os
import random
import shutil
import stat
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.store.accounts import (
    GROUP,
    MEMBER,
    OUTSIDER,
    OWNER,
    Act,
    Came,
    act,
    command,
    read_all,
)
from tests.store.people import make_session, put_up_ranking, suggesting, texts_pool
from tui_al.core.session.state import SessionState
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.backup import back_up
from tui_al.store.commands import commands_sent
from tui_al.store.database import connect
from tui_al.store.decisions import DecisionLog
from tui_al.store.home import session_directory
from tui_al.store.removal import remove_session
from tui_al.store.session import Session, session_names
from tui_al.store.sharing import share
from tui_al.store.sweeps import SweepRecord, sweep_directory, write_record

TEXTS = [f"zebra parcel {n}" for n in range(12)]
NAME, SWEEP, ANNOTATOR = "quarterly", "gridsearch", "annabel"
#: What nobody may come to know who has no right to.
SECRETS = ("zebra", "refund", NAME, SWEEP, ANNOTATOR)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to act as several accounts")


@pytest.fixture
def base() -> Iterator[Path]:
    """A place that every account can enter, with a directory for each."""
    place = Path(tempfile.mkdtemp(prefix="tui-al-accounts-"))
    place.chmod(0o755)
    for account in (OWNER, MEMBER, OUTSIDER):
        own = place / str(account)
        own.mkdir()
        (own / "more.csv").write_text("text,label\n" + f"{TEXTS[3]},repair\n")
        for path in (own, own / "more.csv"):
            os.chown(path, account, account)
    yield place
    shutil.rmtree(place)


def build(home: Path, *, shared: bool) -> None:
    """A labelled session with a ranking, and a sweep: to be made by its owner."""
    pool = texts_pool(TEXTS)
    directory = make_session(home, pool, NAME)
    put_up_ranking(directory, suggesting(pool, "refund"))
    label(directory, ANNOTATOR)
    write_record(sweep_directory(home, SWEEP), SweepRecord(SWEEP, TEXTS[0], (), (), 1, 0))
    if shared:
        share(directory, GROUP)


def label(directory: Path, annotator: str) -> str:
    """The next sample in the queue gets a label; its text."""
    service = AnnotationService(directory, annotator)
    try:
        item = service.take()
        assert item is not None
        service.label(item, "refund")
        return item.example.text
    finally:
        service.close()


def state_of(home: Path, name: str) -> SessionState:
    return Session.open(home, name).state()


def send(home: Path, name: str) -> None:
    with Session.open(home, name) as session:
        session.send("stop")


def tries(home: Path, rng: random.Random, count: int) -> list[Act]:
    """So many acts drawn at random: each by the right name, its path, or a name that is guessed."""
    made: list[Act] = []
    for number in range(count):
        name = rng.choice([NAME, NAME, str(home / "sessions" / NAME), "guess"])
        place = session_directory(home, Path(name).name)
        where = ["--home", home]
        acts: dict[str, Callable[[], object]] = {
            "list": command("sessions", *where),
            "names": lambda: session_names(home),
            "read": lambda: read_all(home),
            "read session": partial(read_all, place),
            "open": partial(state_of, home, name),
            "label": partial(label, place, "stranger"),
            "import": command("import", name, "more.csv", *where),
            "command": partial(send, home, name),
            "stop": command("stop", name, *where),
            "export": command("export", name, "--out", f"out-{number}.csv", "--given", *where),
            "report": command("report", name, *where),
            "report sweep": command("report", SWEEP, *where),
            "backup": command("backup", name, f"copy-{number}", *where),
            "copy": partial(back_up, place, Path(f"copy-{number}").absolute()),
            "check": command("check", name, *where),
            "repair": command("check", name, "--repair", f"new-{number}", *where),
            "merge": command("merge", name, name, "--into", f"new-{number}", *where),
            "share": partial(share, place, os.getegid()),
            "take back": command("unshare", name, *where),
            "rename": command("rename", name, f"new-{number}", *where),
            "history": command("history", name, "--json", *where),
            "delete": partial(remove_session, place),
            "rename directory": partial(place.rename, place.with_name("taken")),
            "move": partial(place.rename, f"moved-{number}"),
        }
        what = list(acts)[number] if number < len(acts) else rng.choice(list(acts))
        made.append(Act(what, acts[what], f"{name} {SWEEP if what == 'report sweep' else ''}"))
    rng.shuffle(made)
    return made


def tree(place: Path) -> dict[str, tuple[object, ...]]:
    """All that is there, with owners, modes, times of change, and hashes of contents."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted([place, *place.rglob("*")]):
        told = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        facts = (told.st_mode, told.st_uid, told.st_gid, told.st_size, told.st_mtime_ns)
        found[str(path.relative_to(place))] = (*facts, content)
    return found


def leaks(one: Act, came: Came) -> list[str]:
    """The secrets in what was printed and returned, without what was known before."""
    return [word for word in SECRETS if word in came.output and word not in one.named]


def make_home(base: Path, kind: str) -> Path:
    """A home as `kind` says: made by the program, or there before with a mode."""
    home = base / str(OWNER) / "new" / "home"
    if kind != "new":
        home = base / "home"
        home.mkdir()
        os.chown(home, OWNER, GROUP)
        home.chmod(int(kind, 8))
    of_owner(base, lambda: build(home, shared=kind == "2770"))
    return home


def of_owner(base: Path, do: Callable[[], object]) -> None:
    """Done by the owner, who must be able to."""
    (came,) = act(OWNER, [GROUP], base / str(OWNER), [Act("own", do)])
    assert not came.failed, came.output


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["new", "755", "2775", "2770"])
def test_an_account_without_rights_sees_and_changes_nothing(base: Path, kind: str) -> None:
    home = make_home(base, kind)
    before = tree(home)
    own = base / str(OUTSIDER)
    acts = tries(home, random.Random(f"closed {kind}"), 60)
    came = act(OUTSIDER, [], own, acts)
    for one, it in zip(acts, came, strict=True):
        assert (one.what, leaks(one, it), it.output) == (one.what, [], it.output)
        assert "Traceback" not in it.output
    assert tree(home) == before
    brought = [path for path in own.rglob("*") if path.name != "more.csv"]
    assert not brought


@pytest.mark.slow
def test_an_account_of_the_group_does_in_a_shared_session_what_its_owner_does(base: Path) -> None:
    home = make_home(base, "2770")
    directory, own, where = home / "sessions" / NAME, base / str(MEMBER), ["--home", home]
    acts = [
        Act("list", command("sessions", *where)),
        Act("names", lambda: session_names(home)),
        Act("read", lambda: read_all(directory)),
        Act("open", lambda: Session.open(home, NAME).state()),
        Act("label", lambda: label(directory, "ben")),
        Act("import", command("import", NAME, "more.csv", *where)),
        Act("command", lambda: send(home, NAME)),
        Act("export", command("export", NAME, "--out", "out.csv", *where)),
        Act("report", command("report", NAME, *where)),
        Act("backup", command("backup", NAME, "copy", *where)),
        Act("check", command("check", NAME, *where)),
        Act("repair", command("check", NAME, "--repair", "repaired", *where)),
        Act("merge", command("merge", NAME, "repaired", "--into", "merged", *where)),
    ]
    for one, it in zip(acts, act(MEMBER, [GROUP], own, acts), strict=True):
        assert not it.failed, (one.what, it.output)
    assert "zebra parcel" in (own / "out.csv").read_text()
    with Session(own / "copy") as copy:
        assert len(copy.dataset().train) == len(TEXTS)
    with contextlib.closing(connect(directory / "session.db")) as db:
        assert [(one.name, one.account) for one in commands_sent(db)] == [("stop", str(MEMBER))]
    files = [path.stat() for path in directory.rglob("*")]
    assert {(stat.S_IMODE(one.st_mode), one.st_gid) for one in files} == {(0o660, GROUP)}
    made = [(home / "sessions" / name).stat() for name in ("repaired", "merged")]
    assert {(one.st_uid, stat.S_IMODE(one.st_mode) & 0o777) for one in made} == {(MEMBER, 0o700)}
    of_owner(base, lambda: label(directory, ANNOTATOR))  # who is not shut out by what others made
    with DecisionLog(directory) as log:
        by = Counter(one.annotator for one in log.read())
    assert by == {ANNOTATOR: 2, "ben": 1, "import": 1}
    owners = [
        Act("share", command("share", NAME, GROUP, *where)),
        Act("take it back", command("unshare", NAME, *where)),
        Act("rename", command("rename", NAME, "other", *where)),
        Act("delete", lambda: remove_session(directory)),
    ]
    for one, it in zip(owners, act(MEMBER, [GROUP], own, owners), strict=True):
        assert it.failed
        to_do = (
            "share it" if one.what == "share" else one.what + " it" * (one.what != "take it back")
        )
        assert f"{NAME} is {OWNER}'s: only {OWNER} can {to_do}." in it.output
    of_owner(base, lambda: remove_session(directory))
    assert not directory.exists()


@pytest.mark.slow
def test_a_session_that_is_not_shared_stays_closed_in_the_home_of_a_group(base: Path) -> None:
    home = make_home(base, "2775")
    directory = home / "sessions" / NAME
    before = tree(directory)
    # names of a shared home are its group's, and a sweep is not closed to it
    acts = [
        one
        for one in tries(home, random.Random("group"), 60)
        if one.what not in ("list", "names", "read", "report sweep")
    ]
    for one, it in zip(acts, act(MEMBER, [GROUP], base / str(MEMBER), acts), strict=True):
        told = {word for word in leaks(one, it) if word in ("zebra", "refund", ANNOTATOR)}
        assert (one.what, told, it.output) == (one.what, set(), it.output)
    assert tree(directory) == before
