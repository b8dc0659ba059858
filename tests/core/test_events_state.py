"""Events on the wire, and the state that they fold into."""

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from typing import Any, Union

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report import states
from tui_al.core.session import events as ev
from tui_al.core.session.state import LOSSES_KEPT, SessionState, fold
from tui_al.core.settings.experiment import ExperimentConfig

KINDS = ev._KINDS
NUMBERS = st.integers(-(2**53), 2**53)
FLOATS = st.floats(allow_nan=False)
NAMES = st.text(max_size=8)


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type that JSON can carry."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        return st.one_of(*(values(one) for one in inner))
    if origin is tuple:
        return st.lists(values(inner[0]), max_size=4).map(tuple)
    if origin is Mapping:
        return st.dictionaries(NAMES, values(inner[1]), max_size=3)
    by_type: dict[Any, st.SearchStrategy[Any]] = {
        int: NUMBERS,
        float: FLOATS,
        str: st.text(),
        bool: st.booleans(),
        type(None): st.none(),
        Any: st.one_of(NUMBERS, NAMES, st.none(), st.dictionaries(NAMES, NUMBERS, max_size=2)),
    }
    return by_type[annotation]


@st.composite
def events(draw: st.DrawFn, kind: type[ev.Event]) -> ev.Event:
    hints = typing.get_type_hints(kind)
    drawn = {f.name: draw(values(hints[f.name])) for f in fields(kind)}
    if kind is ev.Labelled:  # an answer and a name for each id
        for name in ("ids", "answers", "by"):
            drawn[name] = tuple(draw(values(hints[name]).map(lambda some: some[:1])) or ("",))
    if kind is ev.SessionCreated:
        drawn["config"] = states.config().to_dict()
    return kind(**drawn)


class TestWire:
    def test_every_event_class_is_registered(self) -> None:
        assert {cls.kind for cls in ev.Event.__subclasses__()} == set(KINDS)
        assert all(cls.kind == kind for kind, cls in KINDS.items())

    @pytest.mark.parametrize("kind", KINDS)
    @settings(max_examples=25)
    @given(data=st.data())
    def test_there_and_back_through_json(self, kind: str, data: st.DataObject) -> None:
        event = data.draw(events(KINDS[kind]))
        plain = json.loads(json.dumps(ev.to_plain(event)))
        assert plain["kind"] == kind
        assert ev.from_plain(plain) == event

    def test_tagging_answers_stay_tuples(self) -> None:
        event = ev.Labelled(1, 0, ("a", "b"), (("O", "B-X"), ("O",)), ("gold", "gold"))
        again = ev.from_plain(json.loads(json.dumps(ev.to_plain(event))))
        assert isinstance(again, ev.Labelled)
        assert again.answers == (("O", "B-X"), ("O",))

    def test_unknown_kinds_are_skipped(self) -> None:
        assert ev.from_plain({"kind": "invented_later", "seed": 1}) is None

    @pytest.mark.parametrize("kind", KINDS)
    @settings(max_examples=5)
    @given(data=st.data())
    def test_unknown_fields_are_left_out(self, kind: str, data: st.DataObject) -> None:
        event = data.draw(events(KINDS[kind]))
        assert ev.from_plain({**ev.to_plain(event), "invented_later": [1]}) == event

    @pytest.mark.parametrize("kind", KINDS)
    @settings(max_examples=5)
    @given(data=st.data())
    def test_later_fields_may_be_missing(self, kind: str, data: st.DataObject) -> None:
        event = data.draw(events(KINDS[kind]))
        defaults = {
            f.name: f.default_factory() if f.default_factory is not MISSING else f.default
            for f in fields(event)
            if f.default is not MISSING or f.default_factory is not MISSING
        }
        plain = {k: v for k, v in ev.to_plain(event).items() if k not in defaults}
        again = ev.from_plain(plain)
        assert all(getattr(again, name) == value for name, value in defaults.items())


def test_a_session_of_a_newer_version_is_opened_and_what_is_unknown_told() -> None:
    created = history()[0]
    assert isinstance(created, ev.SessionCreated)
    newer = {**created.config, "patience": 3}
    state = fold([ev.Recorded(1, 0.0, replace(created, config=newer))])
    assert state.config == ExperimentConfig.from_dict(created.config)
    assert "patience = 3" in state.warnings[-1]


def history() -> list[ev.Event]:
    """Two runs; the first is stopped, resumed and finished, the second fails and is finished
    later."""
    experiment = states.config(seeds=(7, 8), rounds=1)
    first = states.run_events(7, [0.5, 0.6])
    second = states.run_events(8, [0.4, 0.7])
    train = "train successor"
    busy = [
        ev.Progress(7, 0, train, 10, 400, 5.0, 1, 8, 1, 40, 2.5),
        ev.Progress(7, 0, train, 20, 400, 5.0, 1, 8, 2, 40, 2.25),
        ev.Progress(7, 0, train, 30, 400, 5.0, 1, 8, 3, 40, None),
    ]
    return [
        states.created(experiment),
        ev.EngineStarted(1, "host", "cpu", False, states.MACHINE),
        *first[:4],
        *busy,
        ev.EnginePaused(True),
        ev.EnginePaused(False),
        ev.EngineFinished("stopped"),
        ev.EngineStarted(2, "host", "cpu", True, states.MACHINE),
        ev.WarningRaised("something odd"),
        ev.RunStarted(7),
        *first[4:-1],
        ev.ModelSaved(7, 1, "successor", "models/7"),
        ev.ModelSaved(7, 1, "acquisition", "models/asked"),
        first[-1],
        *second[:7],
        ev.WarningRaised("odd in a run", seed=8),
        ev.RunFailed(8, "out of memory", "use a smaller batch"),
        ev.EngineFinished("failed"),
        ev.EngineStarted(3, "host", "cpu", True, states.MACHINE),
        ev.RunStarted(8, 0),
        *second[7:],
        ev.SessionFinished(),
        ev.EngineFinished("finished"),
    ]


RECORDED = states.recorded(history())


def after(last: type[ev.Event], occurrence: int = 1) -> SessionState:
    """The state right after that event."""
    positions = [i for i, record in enumerate(RECORDED) if isinstance(record.event, last)]
    return fold(RECORDED[: positions[occurrence - 1] + 1])


class TestFold:
    @pytest.mark.slow
    @given(st.lists(st.integers(0, len(RECORDED)), max_size=6).map(sorted))
    def test_in_pieces_as_in_one_go(self, cuts: list[int]) -> None:
        state: SessionState | None = None
        for start, end in zip([0, *cuts], [*cuts, len(RECORDED)], strict=True):
            state = fold(RECORDED[start:end], state)
        assert state == fold(RECORDED)

    @given(st.integers(0, len(RECORDED)))
    def test_earlier_states_do_not_change(self, cut: int) -> None:
        early = fold(RECORDED[:cut])
        fold(RECORDED[cut:], early)
        assert early == fold(RECORDED[:cut])

    def test_nothing(self) -> None:
        assert fold([]) == SessionState()
        assert fold([]).status == "new"

    def test_created(self) -> None:
        state = after(ev.SessionCreated)
        assert state.config == states.config(seeds=(7, 8), rounds=1)
        assert (state.task, state.labels) == ("classification", ("complaint", "return"))
        assert (state.train, state.test) == (1000, 200)
        assert list(state.runs) == [7, 8]
        assert [run.status for run in state.runs.values()] == ["waiting", "waiting"]
        assert state.status == "new"

    def test_statuses_over_time(self) -> None:
        assert after(ev.EngineStarted).status == "running"
        paused = after(ev.EnginePaused)
        assert (paused.status, paused.paused) == ("running", True)
        assert not after(ev.EnginePaused, 2).paused
        stopped = after(ev.EngineFinished)
        assert (stopped.status, stopped.ended, stopped.current) == ("stopped", "stopped", None)
        assert stopped.runs[7].status == "stopped"
        assert stopped.runs[8].status == "waiting"
        records = [
            *RECORDED[:2],
            ev.Recorded(99, 5.0, ev.EngineFinished("failed", "no model", "name one")),
        ]
        assert isinstance(records[1].event, ev.EngineStarted)  # and no run has begun
        assert fold(records).status == "failed"
        assert {run.status for run in fold(records).runs.values()} == {"waiting"}
        assert after(ev.EngineStarted, 2).status == "running"
        assert after(ev.RunFailed).status == "running"  # the engine is still there
        failed = after(ev.EngineFinished, 2)
        assert (failed.status, failed.runs[8].status) == ("failed", "failed")
        assert (failed.runs[8].error, failed.runs[8].hint) == (
            "out of memory",
            "use a smaller batch",
        )
        again = after(ev.RunStarted, 4)
        assert (again.runs[8].status, again.runs[8].error) == ("running", "")
        assert fold(RECORDED).status == "finished"

    def test_progress_of_the_phase_under_way(self) -> None:
        state = after(ev.Progress, 3)
        run = state.runs[7]
        assert state.current == 7
        assert run.progress is not None and run.progress.done == 30
        assert run.losses == (2.5, 2.25)
        assert (run.phase, run.round) == ("train successor", 0)
        assert after(ev.PhaseStarted, 2).runs[7].losses == ()

    def test_losses_do_not_grow_without_end(self) -> None:
        ticks = [
            ev.Progress(7, 0, "train successor", i, 999, 1.0, loss=float(i)) for i in range(999)
        ]
        run = fold(states.recorded([*history()[:3], *ticks])).runs[7]
        assert run.losses == tuple(float(i) for i in range(999 - LOSSES_KEPT, 999))

    def test_a_finished_run(self) -> None:
        run = fold(RECORDED).runs[7]
        assert (run.status, run.last_round, run.model_path) == ("finished", 1, "models/7")
        assert [point.metrics["accuracy"] for point in run.points] == [0.5, 0.6]
        assert [query.round for query in run.queries] == [0, 1]
        assert len(run.labelled) == 100
        assert list(run.labelled)[:2] == ["7-0-0", "7-0-1"]
        assert (run.seconds, run.peak_bytes, run.progress) == ({}, 0, None)

    def test_the_round_under_way(self) -> None:
        run = after(ev.PhaseFinished).runs[7]
        assert run.seconds == {"train successor": 20.0}
        assert run.peak_bytes == 2**30
        assert run.last_round == -1

    def test_warnings_are_kept(self) -> None:
        assert fold(RECORDED).warnings == (
            "3 rows are duplicates",
            "something odd",
            "odd in a run",
        )

    def test_numbers_and_times(self) -> None:
        state = fold(RECORDED)
        assert state.seq == len(RECORDED)
        assert (state.started, state.updated) == (1000.0, 1000.0 + len(RECORDED) - 1)

    def test_a_run_that_the_configuration_does_not_know(self) -> None:
        state = fold(states.recorded([*history()[:2], ev.RunStarted(99)]))
        assert list(state.runs) == [7, 8]
