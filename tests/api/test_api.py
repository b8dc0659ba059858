"""The Python API on stored sessions, and what its settings refuse; whole runs are in
`test_runs`."""

import builtins
import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tui_al
from tests.store.test_migrations import stored
from tui_al.api.settings import data_config, make_experiment
from tui_al.cli.app import simulate as command
from tui_al.core.settings.experiment import Amount
from tui_al.errors import ConfigError, DataError, SessionError
from tui_al.store.accounts import this_account
from tui_al.store.history import history


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(tmp_path_factory.mktemp("api") / "home")


class TestSession:
    def test_a_curve_has_a_row_a_round(self, home: Path) -> None:
        run = tui_al.open_session("simulation", home)
        curve = run.curve()
        assert list(curve) == [
            "seed",
            "round",
            "labels",
            "tokens",
            "seconds",
            "accuracy",
            "macro_f1",
        ]
        assert curve["seed"].tolist() == [7, 7, 7, 8, 8]
        assert curve["round"].dtype == np.int64
        assert curve["labels"].tolist() == [50, 100, 150, 50, 100]
        assert curve["accuracy"].tolist() == [0.5, 0.6, 0.7, 0.4, 0.8]
        assert curve["seconds"].tolist() == [20.5, 44.0, 44.0, 20.5, 44.0]
        assert (curve.rows, run.curve(8)["accuracy"].tolist()) == (5, [0.4, 0.8])
        assert (run.name, run.status, run.seeds) == ("simulation", "stopped", (7, 8))
        assert run.settings["loop"]["strategy"] == "lc"
        assert run.settings["loop"]["mismatch_sample"] == 500  # by the name that sweep files have
        assert "freeze_layers" in run.settings["successor"]
        assert run.warnings == ("3 rows are duplicates",)
        assert repr(run) == "<Run simulation: stopped, 2 seeds, rounds 0 to 2>"

    def test_queries_are_in_the_order_of_asking(self, home: Path) -> None:
        queries = tui_al.open_session("simulation", str(home)).queries(7)
        assert queries["id"][:2].tolist() == ["7-0-0", "7-0-1"]
        assert queries["place"].tolist() == [*range(50)] * 3
        assert queries["round"].tolist() == [0] * 50 + [1] * 50 + [2] * 50
        assert np.isnan(queries["score"]).all()
        assert set(queries["answer"]) == {"return"}
        assert queries["text"][0] is None  # this session's texts are others

    def test_labels_of_people(self, home: Path) -> None:
        run = tui_al.open_session(home / "sessions" / "labelled")
        assert run.name == tui_al.open_session(str(home / "sessions" / "labelled")).name
        labels = run.labels()
        assert labels["answer"][labels["id"] == "a"].tolist() == [((0, 4, "PER"), (8, 11, "LOC"))]
        assert run.curve().rows == 0
        assert labels["annotator"][0] == "anna"

    def test_history_says_who_took_the_labels_out(self, tmp_path: Path) -> None:
        run = tui_al.open_session("labelled", stored(tmp_path / "home"))
        labels = run.labels()
        assert run.labels().rows == labels.rows  # in a loop
        (entry,) = [e for e in history(run.directory).entries if e.action == "exported"]
        assert entry.account == this_account()
        assert entry.detail == (
            f"to Python: annotations: {labels.rows}, examples: {len(set(labels['id']))}"
        )

    def test_labels_of_a_session_that_nobody_can_write(self, tmp_path: Path) -> None:
        run = tui_al.open_session("labelled", stored(tmp_path / "home"))
        with contextlib.closing(sqlite3.connect(run.directory / "session.db")) as db, db:
            db.execute(
                "UPDATE events SET body = body || ' ' WHERE seq = (SELECT max(seq) FROM events)"
            )
        with pytest.warns(UserWarning, match="not in the session's history: exported to Python"):
            assert run.labels().rows

    def test_a_data_frame_has_the_same_columns(self, home: Path) -> None:
        frame = tui_al.open_session("simulation", home).curve().to_pandas()
        assert frame.groupby("seed")["accuracy"].max().to_dict() == {7: 0.7, 8: 0.8}
        labels = tui_al.open_session("labelled", home).labels().to_pandas()
        assert labels.loc[labels["id"] == "a", "answer"].item() == ((0, 4, "PER"), (8, 11, "LOC"))

    def test_without_pandas_there_are_the_columns(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = builtins.__import__

        def refuse(name: str, *more: Any, **others: Any) -> Any:
            if name == "pandas":
                raise ImportError(name)
            return real(name, *more, **others)

        monkeypatch.setattr(builtins, "__import__", refuse)
        curve = tui_al.open_session("simulation", home).curve()
        with pytest.raises(KeyError, match="no column 'acc'; there are seed, round"):
            curve["acc"]
        with pytest.raises(ConfigError, match="needs pandas, which is not installed"):
            curve.to_pandas()
        assert repr(curve).startswith("<Table of 5 rows: seed, round")

    def test_what_is_not_there_is_told(self, home: Path) -> None:
        with pytest.raises(SessionError, match="There is no session 'simulations'"):
            tui_al.open_session("simulations", home)
        with pytest.raises(ConfigError, match="has no run with seed 9"):
            tui_al.open_session("simulation", home).curve(9)

    def test_reading_changes_nothing(self, home: Path) -> None:
        run = tui_al.open_session("simulation", home)
        before = (run.directory / "session.db").read_bytes()
        run.curve()
        run.queries()
        assert (run.directory / "session.db").read_bytes() == before


class TestSettings:
    def test_defaults_are_those_of_the_command(self) -> None:
        config = make_experiment("tickets", {})
        assert (config.loop.strategy, config.loop.rounds, len(config.seeds)) == ("lc", 12, 5)
        assert (config.acquisition.model, config.acquisition.tuning) == ("minilm", "adapter")
        assert config.loop.batch == Amount(1, percent=True)
        assert command.__name__ == "simulate"

    def test_values_as_a_notebook_has_them(self) -> None:
        config = make_experiment(
            "tickets",
            {"seed_size": 20, "batch": "2 %", "seed": (3, np.int64(4).item()),
                "epochs": np.int64(2),
             "label_noise": 0, "labels": ["yes, really", "no"], "freeze_layers": 2, "header": True},
        )  # fmt: skip
        assert (config.loop.seed_size, config.loop.batch) == (
            Amount(20, percent=False),
            Amount(2, percent=True),
        )
        assert (config.seeds, config.acquisition.epochs) == ((3, 4), 2)
        assert config.data.labels == ("yes, really", "no")
        assert (config.data.header, config.acquisition.trunk_layers) == ("yes", 2)
        assert make_experiment("tickets", {"seed": 5}).seeds == (5,)
        assert data_config("x.csv", {"data_dir": "here"}).data_dir == "here"

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"strategi": "lc"}, "simulate has no setting 'strategi'"),
            ({"epochs": "8"}, "epochs = '8' is not a whole number"),
            ({"epochs": True}, "epochs = True is not a whole number"),
            ({"label_noise": "some"}, "label_noise = 'some' is not a number"),
            ({"label_noise": 2.0}, "label_noise = 2.0 is out of range"),
            ({"save_models": 1}, "save_models = 1 is not allowed"),
            ({"seed": [1, "2"]}, "seed = .* is not allowed"),
            ({"seed": 1, "seeds": 2}, "Both seed and seeds are given"),
            ({"labels": "yes,no"}, "labels = 'yes,no' is not allowed"),
            ({"batch": "many"}, "batch = 'many'"),
            ({"data_dir": 7}, "data_dir = 7 is not allowed"),
            ({"as_json": True}, "simulate has no setting 'as_json'"),
        ],
    )
    def test_what_cannot_be_is_refused_before_anything_is_loaded(
        self, given: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(ConfigError, match=said):
            tui_al.simulate("tickets", **given)

    def test_how_data_is_read_is_said_once(self) -> None:
        with pytest.raises(ConfigError, match="load_dataset has no setting 'strategy'"):
            tui_al.load_dataset("tickets", strategy="lc")
        data = tui_al.Data("tickets", {"train_limit": 60}, None)  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match="train_limit = 50, but the data was loaded with 60"):
            tui_al.simulate(data, train_limit=50)
        with pytest.raises(ConfigError, match="test_limit = 50, but the data was loaded with None"):
            tui_al.simulate(data, test_limit=50)

    @pytest.mark.parametrize(
        ("given", "today"),
        [("iterations", "rounds"), ("gauge", "mismatch_sample"), ("learning_rate", "lr"),
         ("trunk_layers", "freeze_layers"), ("misfits", "skip_mismatched"), ("epoch", "epochs")],
    )  # fmt: skip
    def test_a_name_of_before_is_told_todays(self, given: str, today: str) -> None:
        with pytest.raises(ConfigError) as caught:
            tui_al.simulate("tickets", **dict[str, Any]({given: 1}))
        near = caught.value.hint.partition(" Its settings are ")[0]
        assert near in (f"It is called {today}.", f"Did you mean {today}?")

    def test_what_is_in_memory_is_refused_without_repeating_it(self) -> None:
        rows: Any = [{"text": "x" * 1000, "label": "a"}] * 100
        for call in (tui_al.load_dataset, tui_al.simulate):
            with pytest.raises(ConfigError, match="a name, a path or a Hub id, not a list") as one:
                call(rows)
            assert len(str(one.value)) < 300

    def test_what_cannot_be_called_is_refused_before_anything_runs(self) -> None:
        with pytest.raises(ConfigError, match="on_round = 3 cannot be called"):
            tui_al.simulate("tickets", on_round=3)  # type: ignore[arg-type]

    def test_a_function_is_no_name_of_a_strategy(self) -> None:
        def ratio(_: object) -> None: ...

        with pytest.raises(ConfigError, match=r"strategy is a function \(ratio\), not a name"):
            tui_al.simulate("tickets", strategy=ratio)

    def test_there_are_two_splits(self) -> None:
        data = tui_al.Data("tickets", {}, None)  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match="split = 'dev' is unknown"):
            data.table("dev")  # type: ignore[arg-type]


@pytest.mark.slow
def test_data_is_read_by_the_engine_and_none_of_its_libraries_come_here(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(
        "text,label\n" + "".join(f"text {i},{'xy'[i % 2]}\n" for i in range(12))
    )
    code = (
        "import pathlib, sys, tui_al\n"
        f"path = pathlib.Path({str(tmp_path / 'train.csv')!r})\n"
        "data = tui_al.load_dataset(path, test_share=0.25)\n"
        "print(data, data.labels, data.train[0].text, sorted(set(data.table('test')['answer'])))\n"
        "assert not {'torch', 'pyarrow', 'tui_al.engine'} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(
        "<Data train: classification, 2 labels, 9 to train on, 3 to test on>"
    ), done.stdout
    assert done.stdout.rstrip().endswith("['x', 'y']")
    with pytest.raises(DataError, match="nothing-there"):
        tui_al.load_dataset(str(tmp_path / "nothing-there.csv"))


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import sys, tui_al; tui_al.__version__; print(*sorted(n for n in sys.modules if "
        "n.startswith('tui_al') or n == 'numpy'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["tui_al"]


def test_every_public_name_is_there() -> None:
    assert {"simulate", "Strategy", "open_session"} <= {*tui_al.__all__} <= {*dir(tui_al)}
    for name in tui_al.__all__:
        assert getattr(tui_al, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'simulation'"):
        tui_al.simulation  # type: ignore[attr-defined]  # noqa: B018
    stub = Path(tui_al.__file__).with_suffix(".pyi").read_text()
    assert all(f"import {name} as {name}\n" in stub for name in tui_al.__all__[1:])
