"""Every kind of event with values that no program of ours writes, in a session's log: all who read
it answer, and what is sound stays."""

import asyncio
import json
import types
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.labelled_sessions import TICKETS, Clock, by_people, simulated
from tests.store.test_stored_values import TEXTS, TIMES, VALUES, changed, read_all
from tests.ui.driving import assert_clean, drive, shown, until
from tui_al.cli.export_labels import ExportOptions, export_labels
from tui_al.cli.reports import report_on
from tui_al.core.data.examples import Task
from tui_al.core.session import events as ev
from tui_al.engine.jobs.annotation_tables import read_dataset
from tui_al.store.event_log import read_events
from tui_al.store.session import Session
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.home import HomeScreen
from tui_al.ui.terminal import Terminal

SEED = 7
KINDS = [kind for kind in ev._KINDS.values() if kind is not ev.SessionCreated]
MARKUP = [
    "[bold red]",
    "[/]",
    "$error",
    "`x` | y",
    "<script>",
    "\x1b[2J",
    "\u202eevil",
    "a\nb\r\nc",
    "x" * 20_000,
    "👩\u200d👧" * 50,
]
WORDS = st.one_of(st.sampled_from(MARKUP), TEXTS)
WHOLE = st.sampled_from([0, 1, 2, 3, 50, -1, 10**9, 2**53 + 1, 2**63 - 1, -(2**63)])
FRACTIONS = st.one_of(
    st.floats(),
    st.sampled_from([0.5, float("nan"), float("inf"), -float("inf"), 1e308, -0.0, 5e-324]),
    WHOLE,
)
NAMES = st.sampled_from(
    ["accuracy", "macro_f1", "f1", "loss", "complaint", "return", *(str(p) for p in ev.Phase)]
)

#: Fields whose values are looked up: mostly ones that are there.
USUAL: dict[str, st.SearchStrategy[Any]] = {
    "seed": st.sampled_from([SEED, SEED, SEED, 8, 9, -1, 2**63 - 1]),
    "seeds": st.lists(st.sampled_from([9, -1, 2**63 - 1]), max_size=3),
    "round": st.sampled_from([0, 1, 2, 3, -1, 2**63 - 1]),
    "phase": st.one_of(st.sampled_from([str(p) for p in ev.Phase]), WORDS),
    "reason": st.one_of(st.sampled_from(["finished", "failed", "stopped", "pool"]), WORDS),
    "role": st.one_of(st.sampled_from(["successor", "acquisition"]), WORDS),
    "ids": st.lists(st.one_of(st.sampled_from(["a", "b", "c"]), WORDS), max_size=3),
}


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type, as JSON has them: the reader takes them, whatever they are."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return st.one_of([of_type(one) for one in inner])
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        return st.lists(of_type(inner[0]), max_size=3)
    if origin is tuple:
        return st.tuples(*map(of_type, inner)).map(list)
    if origin is Mapping:
        return st.dictionaries(st.one_of(NAMES, WORDS), of_type(inner[1]), max_size=4)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: WORDS,
        int: WHOLE,
        float: FRACTIONS,
        bool: st.booleans(),
        type(None): st.none(),
        Any: VALUES,
    }
    return simple[hint]


@st.composite
def plain_events(draw: st.DrawFn, kind: type[ev.Event]) -> dict[str, Any]:
    """An event of this kind as it is stored, with values of the right types."""
    hints = get_type_hints(kind)
    plain = {
        name: draw(USUAL[name] if name in USUAL else of_type(hints[name]))
        for name in (one.name for one in fields(kind))
    }
    if kind is ev.Labelled:
        answers = st.one_of(
            st.sampled_from(["return", "complaint"]), WORDS, st.lists(WORDS, max_size=2)
        )
        plain["answers"] = [draw(answers) for _ in plain["ids"]]
        plain["by"] = [draw(WORDS) for _ in plain["ids"]]
    return {"kind": kind.kind, **plain}


Stored = tuple[object, str, int | None, str]  # a row: time, kind, seed, body


@st.composite
def rows(draw: st.DrawFn) -> Stored:
    """A row of the log; one in five has a value of the wrong type, is not an event at all, or has
    an odd time."""
    kind = draw(st.sampled_from(KINDS))
    plain: Any = draw(plain_events(kind))
    when: object = 1_000.0
    if not draw(st.integers(0, 4)):
        when = draw(st.one_of(st.just(when), TIMES))
        plain[draw(st.sampled_from(sorted(plain)))] = draw(VALUES)
        plain = draw(st.one_of(st.just(plain), VALUES))
    seed = plain.get("seed") if isinstance(plain, dict) else None
    fits = isinstance(seed, int) and not isinstance(seed, bool) and -(2**63) <= seed < 2**63
    return when, kind.kind, seed if fits else None, json.dumps(plain)


def round_events(round_: int) -> list[ev.Event]:
    """A round of two labels, whose successor is right in half of the cases, and then in five of
    eight."""
    ids = ("a", "b") if round_ == 0 else ("c", "d")
    metrics = {"accuracy": 0.5 + round_ / 8, "macro_f1": 0.25}
    return [
        ev.RunStarted(SEED) if round_ == 0 else ev.PhaseStarted(SEED, round_, ev.Phase.SCORE_POOL,
            4),
        ev.QuerySelected(SEED, round_, "lc", ids),
        ev.Labelled(SEED, round_, ids, ("return", "complaint"), ("gold", "gold")),
        ev.RoundResult(SEED, round_, 2 + 2 * round_, 0, metrics,
            {"return": 1 + round_, "complaint": 1 + round_}, {"evaluate": 1.0}, 2**30),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulation of two points and one that people label, soundly written."""
    home = tmp_path_factory.mktemp("templates")
    with simulated(home, "simulation", TICKETS) as session:
        session.append(*(sound for round_ in (0, 1) for sound in round_events(round_)))
    with by_people(home, "classes", TICKETS) as session:
        session.append(ev.RunStarted(SEED))
        Clock(session).label("anna", "a", "return")
    return home


#: Rows in each of them, with the one that says what the session is.
SOUND = {"simulation": 9, "classes": 2}

INSERT = "INSERT INTO events (time, kind, seed, body) VALUES (?, ?, ?, ?)"
#: The same rows each time, since a row takes a second; a hunt takes a larger `max_examples`,
#: without `derandomize`.
SETTINGS = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def check_reports(home: Path, name: str) -> None:
    """A report as JSON is JSON, to any program; as Markdown it holds nothing that steers a
    terminal."""
    report_on([name], "json", home / "report.json", None, home)
    json.loads((home / "report.json").read_text(), parse_constant=no_constant)
    report_on([name], "md", home / "report.md", None, home)
    text = (home / "report.md").read_text()
    assert not any(ord(c) < 32 and c not in "\n\t" for c in text)


def no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


async def look_at(home: Path, name: str) -> None:
    """The screen that the session opens on, and Home."""
    app = TuiAl(home, home / "sessions" / name, Terminal())
    async with drive(app) as pilot:
        await until(pilot, lambda: name in shown(app))
        assert_clean(app)
        app.push_screen(HomeScreen())
        await until(pilot, lambda: isinstance(app.screen, HomeScreen) and name in shown(app))
        assert_clean(app)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["simulation", "classes"])
@settings(SETTINGS, max_examples=8)
@given(odd=st.lists(rows(), min_size=1, max_size=12))
def test_lists_reports_and_exports_survive(
    templates: Path, tmp_path: Path, odd: list[Stored], name: str
) -> None:
    with changed(templates, tmp_path, name, INSERT, odd) as home:
        with Session(home / "sessions" / name) as session:  # before exports put more on record
            found = read_events(session._db, session.directory)
        assert len(found.recorded) + len(found.bad) == SOUND[name] + len(odd)
        read_all(home, name, Task.CLASSIFICATION)
        check_reports(home, name)


def test_half_a_character_and_a_control_character_in_names(templates: Path, tmp_path: Path) -> None:
    """Of who answered, and of what the last training would have taken."""
    labelled = {
        "kind": "labelled",
        "seed": SEED,
        "round": 0,
        "ids": ["a"],
        "answers": ["return"],
        "by": ["\ud800"],
    }
    ended = {"kind": "engine_finished", "reason": "finished", "lacks": "two\r\x01"}
    odd = [
        (1000.0, "labelled", SEED, json.dumps(labelled)),
        (1000.0, "engine_finished", None, json.dumps(ended)),
    ]
    with changed(templates, tmp_path, "simulation", INSERT, odd) as home:
        read_all(home, "simulation", Task.CLASSIFICATION)
        check_reports(home, "simulation")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["simulation", "classes"])
@settings(SETTINGS, max_examples=3)
@given(odd=st.lists(rows(), min_size=1, max_size=12))
def test_screens_survive(templates: Path, tmp_path: Path, odd: list[Stored], name: str) -> None:
    with changed(templates, tmp_path, name, INSERT, odd) as home:
        asyncio.run(look_at(home, name))


def test_seeds_that_no_run_can_have_are_left_out_and_told(tmp_path: Path) -> None:
    """Also one that was given twice, which stands once."""
    with simulated(tmp_path, "s", TICKETS) as session:
        session.append(ev.SeedsAdded((9, -1, 9)))
    with Session(tmp_path / "sessions" / "s") as session:
        state = session.state()
    assert state.config is not None
    assert state.config.seeds == tuple(state.runs) == (7, 8, 9)
    assert state.warnings[-1] == "left out, since no run can have such a seed: -1"


def test_answers_that_no_label_of_the_session_is_are_exported_with_their_names(
    tmp_path: Path,
) -> None:
    with simulated(tmp_path, "s", TICKETS) as session:
        session.append(ev.RunStarted(SEED))
        session.append(ev.Labelled(SEED, 0, ("a", "b"), ("other", "return"), ("gold", "gold")))
    export_labels("s", ExportOptions(tmp_path / "out", "datasets"), tmp_path)
    found = read_dataset(tmp_path / "out", Task.CLASSIFICATION).annotations
    assert [one.answer for one in found] == ["other", "return"]
