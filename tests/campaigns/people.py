"""People at work: the app on a terminal with keys being typed, and the engine that follows what
they decide."""

import contextlib
import fcntl
import json
import os
import pty
import random
import re
import select
import signal
import struct
import termios
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.campaigns.engines import expect_no_leftovers, send, standing_still
from tests.campaigns.failures import TOLD, Blow, Failure
from tests.campaigns.moments import Strike
from tests.campaigns.stage import Calm, Stage, decisions, opens
from tests.campaigns.traps import COUNT
from tests.helpers.processes import FaultError, Victim, wait_for
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.annotation.label_state import LabelState, Status
from tui_al.core.session import events as ev
from tui_al.host.process import stop_engine
from tui_al.store.decisions import DecisionLog
from tui_al.store.engine_lock import is_live
from tui_al.store.session import Session

_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_].*?\x1b\\|[@-Z\\-_])"
)
_SAVED = re.compile(r"saved ✓ ([\d,]+)")

#: What a restored terminal does: it echoes, and gives lines.
_COOKED = termios.ECHO | termios.ICANON


@dataclass
class Seat:
    """A terminal with the app on it."""

    stage: Stage
    case: Path
    session: Path
    output: bytearray = field(default_factory=bytearray)
    typed: list[str] = field(default_factory=list)

    def sit_down(self, trap: dict[str, Any] | None = None) -> Victim:
        """Start `tui-al label` on the session."""
        self.output.clear()
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave  # kept, so that its state can be read when the app is gone
        arguments = ["tui_al", "label", self.session.name, "--annotator", "anna"]
        self.victim = self.stage.forks.start(self.case, arguments, trap=trap, terminal=slave)
        return self.victim

    def read(self, seconds: float) -> None:
        """Take what the app paints meanwhile."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            try:
                self.output += os.read(self.master, 65536)
            except OSError:  # nobody has it open
                time.sleep(seconds)

    def saved(self) -> int:
        """The number that the screen says is on disk; -1 before it says any."""
        found = _SAVED.findall(_ESCAPES.sub(b"", bytes(self.output)).decode(errors="replace"))
        return int(found[-1].replace(",", "")) if found else -1

    def shows(self, text: str) -> bool:
        """Whether it was painted since the app began."""
        return text in _ESCAPES.sub(b"", bytes(self.output)).decode(errors="replace")

    def tail(self) -> str:
        """What was painted last."""
        return _ESCAPES.sub(b" ", bytes(self.output[-3000:])).decode(errors="replace")

    def until(self, what: Any, seconds: float, tell: str) -> Any:
        """Keep the terminal flowing until that is true."""
        deadline = time.monotonic() + seconds
        while not (found := what()):
            if self.victim.wait(0.001) is not None or time.monotonic() > deadline:
                raise FaultError(f"{tell}; the app: {self.victim.code}\n{self.tail()}")
            self.read(0.02)
        return found

    def type(self, keys: str) -> None:
        """As the keyboard does."""
        self.typed += keys
        os.write(self.master, keys.encode())

    def expect_restored(self, why: object) -> None:
        """The terminal echoes and gives lines again, and shows the screen that was there before."""
        now = termios.tcgetattr(self.slave)
        if now[3] & _COOKED != _COOKED or now[:3] != self.before[:3]:
            raise FaultError(f"the terminal stays raw after {why}")
        text = bytes(self.output)
        for on, off in (
            (b"\x1b[?1049h", b"\x1b[?1049l"),
            (b"\x1b[?1000h", b"\x1b[?1000l"),
            (b"\x1b[?25l", b"\x1b[?25h"),
        ):
            if on in text and text.rfind(off) < text.rfind(on):
                raise FaultError(f"the terminal keeps {on!r} after {why}")

    def leave(self) -> None:
        """The terminal goes."""
        for one in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(one)


def app_of_people(stage: Stage, chance: random.Random, case: Path) -> str:
    """Somebody types; the app, its engine or its terminal is struck. Then somebody sits down
    again."""
    if stage.failures and chance.random() < stage.failures:
        return app_on_a_failing_disk(stage, chance, case)
    session = stage.labelled(case, "tickets-anna", amount=30)
    undoing = chance.random() < 0.5
    whom = chance.choices(("app", "engine", "terminal"), (6, 2, 1))[0]
    strike = Strike.draw(
        chance, 2.5, 6, 14, signals="KILL" if whom == "engine" else "KILL TERM INT HUP STOP"
    )
    if whom != "app":
        strike = Strike(strike.signal, "delay", chance.uniform(0, 2.5))
    said = f"{whom} {strike}"
    seat = Seat(stage, case, session)
    before = decisions(session)
    try:
        victim = seat.sit_down(strike.trap("cli"))
        _type_until_struck(seat, victim, whom, strike, chance, undoing)
        for _ in range(20):
            seat.read(0.01)
        acknowledged = seat.saved()
        here = decisions(session)
        if here[: len(before)] != before:
            raise FaultError(f"decisions of before differ after {said}")
        _check_acknowledged(seat, here, len(before), acknowledged, undoing)
        if whom == "app" and strike.signal in ("TERM", "INT", "HUP") and victim.code is not None:
            seat.expect_restored(said)
        opens(session)
        if whom == "engine":
            said += f", the app goes on with {seat.saved()}"
            _quit(seat, victim)
        seat.leave()
        _sit_down_again(seat, said)
    finally:
        seat.leave()
    if is_live(session) and not stop_engine(session, 30):
        raise FaultError(f"the engine does not stop after {said}")
    stage.forks.expect_no_ghosts(case)
    expect_no_leftovers(session, said)
    return (
        f"{said}: {acknowledged} were shown as saved, {len(here) - len(before)} decisions are there"
    )


#: Calls of the app and its engine while they open and some keys are typed, about, by the bit of
#: their kind.
_CALLS = (150, 15, 5, 60, 5, 3, 250, 60, 300, 10)


def app_on_a_failing_disk(stage: Stage, chance: random.Random, case: Path) -> str:
    """Somebody types while calls of the app and its engine fail, until they do no more; what is
    shown as saved is on disk, then and after."""
    session = stage.labelled(case, "tickets-anna", amount=30)
    assert stage.control is not None
    failure = Failure.draw(chance, 2.5, _CALLS, stage.control)
    failure.lasts = chance.choice((0.5, 2.0, 4.0))
    undoing = chance.random() < 0.5
    seat = Seat(stage, case, session)
    before = decisions(session)
    try:
        victim = seat.sit_down(failure.trap("app"))
        _type_while_it_fails(seat, victim, failure, chance, undoing)
        failure.end()
        said = str(failure)
        if victim.wait(0.001) is None:
            seat.until(
                lambda: seat.saved() == _labelled(seat), 30, f"not all is saved after {said}"
            )
            said += f", it goes on with {seat.saved()}"
            _quit(seat, victim)
        elif victim.code not in TOLD or seat.shows("Traceback"):
            raise FaultError(f"the app ends with {victim.code} after {said}: {seat.tail()}")
        else:
            said += f", it ends with {victim.code}: {' '.join(seat.tail().split())[-200:]}"
            seat.expect_restored(said)
        shown, here = seat.saved(), decisions(session)
        if here[: len(before)] != before:
            raise FaultError(f"decisions of before differ after {said}")
        _check_acknowledged(seat, here, len(before), shown, undoing)
        opens(session)
        seat.leave()
        _sit_down_again(seat, said)
    finally:
        failure.end()
        seat.leave()
    if is_live(session) and not stop_engine(session, 30):
        raise FaultError(f"the engine does not stop after {said}")
    stage.forks.expect_no_ghosts(case)
    expect_no_leftovers(session, said)
    return f"app {said}; {len(here) - len(before)} decisions are there"


def _type_while_it_fails(
    seat: Seat, victim: Victim, failure: Failure, chance: random.Random, undoing: bool
) -> None:
    """Type from when the app is open until a second after the failure, but for 12 seconds at
    most."""
    began = time.monotonic()
    opened, over = 0.0, 0.0
    while victim.wait(0.001) is None:
        now = time.monotonic()
        failure.look()
        if failure.what == "delay" and now > began + failure.when:
            failure.hit(victim.pid)
        if not over and (failure.is_over or (opened and now > opened + 8)):
            over = now
        opened = opened or (now if seat.saved() >= 0 else 0.0)
        if (over and opened and now > over + 1) or now > began + 60:
            break
        if opened:
            seat.type(chance.choice("123456 u" if undoing else "123456"))
        for _ in range(
            chance.choice((4, 10))
        ):  # no faster than the app paints, else "q" waits behind all keys
            seat.read(0.05)


def _labelled(seat: Seat) -> int:
    """How many are answered on disk."""
    label_state = LabelState(seat.stage.tickets.labels)
    label_state.apply(decisions(seat.session))
    return label_state.count(Status.LABELLED)


def _type_until_struck(
    seat: Seat, victim: Victim, whom: str, strike: Strike, chance: random.Random, undoing: bool
) -> None:  # fmt: skip
    began = None if whom == "app" and strike.what != "delay" else time.monotonic() + 60
    while victim.wait(0.001) is None and seat.saved() < 0:
        seat.read(0.02)
        if victim.stopped():
            victim.strike(signal.SIGKILL)
        if began is not None and time.monotonic() > began:
            raise FaultError("the app does not open")
    deadline = time.monotonic() + (strike.when if strike.what == "delay" else 8)
    while victim.wait(0.001) is None and time.monotonic() < deadline:
        if victim.stopped():
            time.sleep(0.05)
            victim.strike(signal.SIGKILL)
        try:
            seat.type(chance.choice("123456 u" if undoing else "123456"))
        except OSError:
            break
        seat.read(chance.choice((0.01, 0.03, 0.08)))
    if whom == "app":
        if victim.wait(0.001) is None:
            victim.strike(strike.number if strike.what == "delay" else signal.SIGKILL)
        _flow_until_gone(seat, victim, strike)
    elif whom == "terminal":
        os.close(seat.master)
        end = time.monotonic() + 20
        while victim.wait(0.05) is None:
            if time.monotonic() > end:
                raise FaultError("the app lives on without its terminal")
        seat.master = os.open(os.devnull, os.O_RDWR)
    else:
        _kill_engine(seat)


def _flow_until_gone(seat: Seat, victim: Victim, strike: Strike) -> None:
    end = time.monotonic() + 20
    while victim.wait(0.001) is None:
        seat.read(0.01)
        if victim.stopped():
            victim.strike(signal.SIGKILL)
        if time.monotonic() > end:
            raise FaultError(f"the app lives on after {strike}")


def _kill_engine(seat: Seat) -> None:
    """Killed under the hands of who types, who goes on."""
    for pid, arguments in seat.stage.forks.alive(seat.case):
        if "tui_al.engine" in arguments:
            send(pid, signal.SIGKILL)
    for number in range(10):
        seat.type("123"[number % 3])
        seat.read(0.05)
        if seat.victim.wait(0.001) is not None:
            raise FaultError(f"the app ended with its engine: {seat.victim.code}")


def _check_acknowledged(
    seat: Seat, here: list[DecisionRecord], before: int, shown: int, undoing: bool
) -> None:
    """What the screen said is saved is on disk, and nothing is there that nobody typed."""
    label_state = LabelState(seat.stage.tickets.labels)
    label_state.apply(here[:before])
    counts = [label_state.count(Status.LABELLED)]
    for record in here[before:]:
        label_state.apply([record])
        counts.append(label_state.count(Status.LABELLED))
    if shown >= 0 and (shown not in counts or (not undoing and shown > counts[-1])):
        raise FaultError(f"{shown} were shown as saved; on disk there were {counts}")
    new = [r.decision for r in here[before:]]
    answers = [one for one in new if isinstance(one, de.Label)]
    keys = [one for one in seat.typed if one.isdigit()]
    if len(answers) > len(keys):
        raise FaultError(f"{len(answers)} answers of {len(keys)} keys")


def _quit(seat: Seat, victim: Victim) -> None:
    end = time.monotonic() + 60
    while victim.wait(0.001) is None:
        if time.monotonic() > end:
            raise FaultError(f"the app does not quit: {seat.tail()}")
        seat.type("q")
        for _ in range(10):
            seat.read(0.02)
    if victim.code:
        raise FaultError(f"q ended the app with {victim.code}")
    seat.expect_restored("q")


def _sit_down_again(seat: Seat, said: str) -> None:
    """The app opens on the session, and shows what is on disk."""
    there = _labelled(seat)
    victim = seat.sit_down()
    seat.until(
        lambda: seat.saved() == there,
        30,
        f"{there} are on disk, {seat.saved()} shown, after {said}",
    )
    _quit(seat, victim)
    seat.leave()


ROUNDS = 3


def engine_of_people(stage: Stage, chance: random.Random, case: Path) -> str:
    """People answer batch after batch, while the engine is killed and started again; its boards and
    points are those of a calm one."""
    if "people" not in stage.calm:
        calm_case = stage.fresh("calm-people")
        stage.count_calls()
        began = time.monotonic()
        session = stage.session(calm_case, "people", stage.people())
        result, _ = _label_rounds(stage, calm_case, session, [])
        count = json.loads((calm_case / "count").read_text())
        stage.calm["people"] = Calm(
            time.monotonic() - began, count["file"], count["event"], result, stage.counted_calls()
        )
        stage.forks.end_all(calm_case)
    calm = stage.calm["people"]
    session = stage.session(case, "people", stage.people())
    strikes = [
        stage.blow(chance, replace(calm, seconds=calm.seconds / 2))
        for _ in range(chance.choice((1, 2, 3)))
    ]
    result, ends = _label_rounds(stage, case, session, list(strikes))
    if result != calm.result:
        raise FaultError(f"rounds differ after {ends}: {_first_difference(result, calm.result)}")
    opens(session)
    expect_no_leftovers(session, ends)
    return "; ".join(ends)


def _first_difference(one: Any, other: Any) -> str:
    return str(next(((k, one.get(k), other.get(k)) for k in other if one.get(k) != other[k]), ""))[
        :600
    ]


def _label_rounds(
    stage: Stage, case: Path, session: Path, strikes: list[Blow]
) -> tuple[dict[Any, Any], list[str]]:
    gold = {
        example.id: str(example.answer) for example in stage.tickets.train
    }  # ids come from texts
    result: dict[Any, Any] = {}
    ends: list[str] = []
    counted = not strikes

    struck: list[tuple[Blow, float]] = []

    def keep_at_work() -> None:
        living = [(p, a) for p, a in stage.forks.alive(case) if "tui_al.engine" in a]
        if not living and not stage.forks.at_work(case, session):
            if struck:
                struck[0][0].end()
                ends.append(f"{struck.pop()[0]}")
            trap = None
            if strikes:
                struck.append((strikes.pop(), time.monotonic()))
                trap = struck[0][0].trap("engine")
            stage.forks.engine(
                case,
                session,
                trap=trap,
                more={COUNT: f"engine:{case / 'count'}"} if counted else None,
            )
        for pid, _ in living:
            if standing_still(pid):
                opens(session)
                send(pid, signal.SIGKILL)
            elif (
                struck
                and struck[0][0].what == "delay"
                and time.monotonic() > struck[0][1] + struck[0][0].when
            ):
                struck[0][0].hit(pid)
        if struck:
            struck[0][0].look()

    with DecisionLog(session) as log:
        for round_ in range(ROUNDS):

            def ranked(wanted: int = round_) -> Any:
                keep_at_work()
                time.sleep(0.01)
                return (
                    log.board("ranking", wanted) if (log.latest("ranking") or 0) >= wanted else None
                )

            board = wait_for(ranked, 60, f"the ranking of round {round_}; {ends}")
            result["ranking", round_] = board
            chosen = [row["id"] for row in board["rows"][:10]]
            log.insert(
                DecisionRecord(0, 1.7e9 + round_, "anna", f"r{round_}-{identity}",
                    de.Label((identity,), gold[identity]))
                for identity in chosen
            )  # fmt: skip
        with Session(session) as opened:

            def points() -> Any:
                keep_at_work()
                time.sleep(0.01)
                return (
                    max((p.round for p in opened.state().runs[7].points), default=-1) >= ROUNDS - 1
                )

            wait_for(points, 60, f"the last point; {ends}")
            if is_live(session):
                opened.send("stop")
            wait_for(lambda: not stage.forks.at_work(case, session), 30, "the engine's end")
            for record in opened.events():
                event = record.event
                if isinstance(event, ev.RoundResult):
                    result["point", event.round] = (
                        event.labels,
                        dict(event.metrics),
                        dict(event.counts),
                    )
                elif isinstance(event, ev.RankingPublished):
                    result["ranked", event.round] = (event.strategy, event.answered, event.labels)
    return result, ends
