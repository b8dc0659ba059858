"""What `tests.campaigns.fuzz` reads its inputs with: every reader and importer, and all else that
people put before the program."""

import contextlib
import io
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.campaigns import fuzz_seeds as seeds
from tests.store.labelled_sessions import EVENTS, TICKETS, Clock, by_people, labelled, simulated
from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport
from tui_al.engine.jobs.annotation_files import guessed_format, read_annotations
from tui_al.engine.jobs.annotation_tables import TABLE_FORMATS
from tui_al.engine.jobs.prediction import Texts
from tui_al.errors import TuiAlError
from tui_al.store.formats import READ_ONLY_FORMATS, TEXT_FORMATS
from tui_al.store.formats.reading import ReadOptions
from tui_al.store.import_rules import ImportOptions
from tui_al.store.importing import import_annotations
from tui_al.store.session import Session

_FORMATS = {**TEXT_FORMATS, **TABLE_FORMATS, **READ_ONLY_FORMATS}

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads files.

    `works` are the ways to read the files of one input, which lie in a folder; each raises an error
    of the program, or nothing. `packed` says that the files are archives, whose content is mutated
    as well; `kept` names files that stay as they are."""

    name: str
    seeds: Callable[[], Sequence[Mapping[str, bytes]]]
    works: Callable[[Path], Sequence[Work]]
    packed: bool = False
    kept: tuple[str, ...] = ()


def run_all(works: Sequence[Work]) -> None:
    """All of them; then the first error of the program, if any. Other errors are raised at once."""
    errors = []
    for work in works:
        try:
            work()
        except TuiAlError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _only(folder: Path) -> Path:
    return next(folder.iterdir())


def _predict(path: Path, task: Task) -> None:
    config, load_report = DataConfig(str(path)), LoadReport()
    for _ in Texts(task, open_tables(path, path.name, config, load_report), config, load_report):
        pass


def _annotations(path: Path, form: str | None, task: Task, options: ReadOptions) -> None:
    misfits = "leave out" if options.leave_out_misfits else "refuse"
    config = DataConfig(str(path), misfits=misfits)  # type: ignore[arg-type]
    name = form or guessed_format(path, config)
    if name is not None:
        read_annotations(path, _FORMATS[name], task, options, config)


def _imports(path: Path, form: str | None) -> list[Work]:
    return [
        lambda task=task, skip=skip: _annotations(path, form, task, ReadOptions(None, None, skip,
            skip))  # type: ignore[misc]
        for task in Task
        for skip in (False, True)
    ]  # fmt: skip


def read_data(folder: Path) -> Sequence[Work]:
    """One file as `simulate`, `label`, `predict` and `import` read it."""
    path = _only(folder)
    skipping = DataConfig(str(path), misfits="leave out", empty_means="no entity")
    return [
        lambda: load(DataConfig(str(path))),
        lambda: load(skipping, by_people=True),
        lambda: _predict(path, Task.CLASSIFICATION),
        lambda: _predict(path, Task.TAGGING),
        *_imports(path, None),
    ]


def read_folder(folder: Path) -> Sequence[Work]:
    """A folder as a data set."""
    config = DataConfig(str(folder))
    return [lambda: load(config), lambda: load(config, by_people=True)]


def importing(form: str, *, whole_folder: bool = False) -> Callable[[Path], Sequence[Work]]:
    """A file, or the folder, as annotations of that format; what was read goes into a session."""

    def read(folder: Path) -> Sequence[Work]:
        path = folder if whole_folder else _only(folder)
        return [*_imports(path, form), lambda: _into_session(path, form)]

    return read


def _into_session(path: Path, form: str) -> None:
    """Into a session that has none of the texts, and its labels out again."""
    read = read_annotations(
        path,
        _FORMATS[form],
        Task.TAGGING,
        ReadOptions(None, None, True, True),
        DataConfig(str(path), misfits="leave out"),
    )
    home = path.parent.parent / "sessions"
    shutil.rmtree(home, ignore_errors=True)
    with by_people(home, "fuzz", EVENTS) as session:
        import_annotations(
            session, read.annotations, ImportOptions("x", True, True, True, True, True)
        )
        _export(session)


def _export(session: Session) -> None:
    from tui_al.store.annotations import labels_of as stored

    labels = stored(session, each=True, given=True)
    for form in ("jsonl", "prodigy", "label-studio", "doccano", "csv", "conll"):
        if labels.header.task in _FORMATS[form].tasks:
            out = session.directory.parent / f"out-{form}"
            _FORMATS[form].write(out, labels.header, labels.annotations)


def read_keys(folder: Path) -> Sequence[Work]:
    from tui_al.ui.keymap import load_keymap

    return [lambda: load_keymap(folder)]


def read_sweep_file(folder: Path) -> Sequence[Work]:
    from tui_al.core.settings.sweep import arms_with_known_first, read_sweep

    path = _only(folder)

    def read() -> None:
        with contextlib.suppress(UnicodeDecodeError):  # told by what opens the file
            arms_with_known_first(read_sweep(path.read_text(encoding="utf-8"), path.name))

    return [read]


def read_model(folder: Path) -> Sequence[Work]:
    """A kept model: described, loaded, and asked about a text."""
    from tui_al.core.data.examples import Example
    from tui_al.engine.jobs.prediction import Predictor

    return [lambda: Predictor(folder, "cpu").predict([Example("a", "the cat sleeps today")])]


def read_session(folder: Path) -> Sequence[Work]:
    """The home of sessions: listed, opened, exported, reported."""
    from tui_al.cli.sessions import list_sessions
    from tui_al.store.session import session_names

    def with_session(name: str) -> None:
        with Session.open(folder, name) as session:
            session.state()
            session.dataset()
            _export(session)

    def listed() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            list_sessions(folder)

    try:
        names = session_names(folder)
    except TuiAlError:
        names = []
    return [listed, *(partial(with_session, name) for name in names)]


def _sessions() -> list[dict[str, bytes]]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with by_people(home, "people", TICKETS) as session:
            clock = Clock(session)
            clock.label("ann", "a", "return")
            clock.label("bob", "a", "complaint")
            clock.label("ann", "b", "return")
        with simulated(home, "run", TICKETS) as session:
            labelled(session, 7, ("a", "return"), ("b", "complaint"))
        for name in ("people", "run"):
            files = sorted(file for file in (home / "sessions" / name).rglob("*") if file.is_file())
            found.append({str(file.relative_to(home)): file.read_bytes() for file in files})
    return found


def _model() -> list[dict[str, bytes]]:
    from tests.engine import tiny

    with tempfile.TemporaryDirectory() as folder:
        encoder = tiny.save_encoder("bert", Path(folder) / "bert")
        found = []
        for tuning in ("full", "adapter"):
            learner = tiny.learner(encoder, tuning, tiny.classified(), epochs=1)
            learner.save(Path(folder) / tuning)
            files = sorted(f for f in (Path(folder) / tuning).rglob("*") if f.is_file())
            found.append({str(f.relative_to(Path(folder) / tuning)): f.read_bytes() for f in files})
        return found[:1]


def _single(
    name: str, contents: Callable[[], Sequence[bytes]]
) -> Callable[[], list[Mapping[str, bytes]]]:
    return lambda: [{name: content} for content in contents()]


def _targets() -> Iterator[Target]:
    for suffix, made in {
        "csv": lambda: [*seeds.delimited(","), *seeds.delimited(";")],
        "tsv": lambda: [*seeds.delimited("\t"), *seeds.columns()],
        "txt": lambda: [*seeds.texts(), *seeds.columns()],
        "conll": seeds.columns, "json": lambda: [*seeds.json_rows(), *seeds.spacy()],
        "jsonl": lambda: [*seeds.json_lines(), *seeds.spacy()], "arrow": seeds.arrow,
        "parquet": seeds.parquet,
    }.items():  # fmt: skip
        yield Target(suffix, _single(f"a.{suffix}", made), read_data)
    yield Target("fasttext", _single("a.txt", lambda: seeds.texts()[1:2]), read_data)
    yield Target("spacy", _single("a.jsonl", seeds.spacy), read_data)
    yield Target("xlsx", _single("a.xlsx", seeds.workbooks), read_data, packed=True)
    for suffix in ("gz", "bz2", "xz", "zst"):
        yield Target(
            suffix,
            _single(f"a.csv.{suffix}", partial(seeds.compressed, suffix, seeds.delimited(","))),
            read_data,
            packed=True,
        )
    yield Target(
        "zip",
        _single(
            "a.zip",
            lambda: seeds.zipped(
                {"a.csv": seeds.delimited(",")[0]},
                {"b/a.jsonl": seeds.json_lines()[0], "README.md": b"x"},
            ),
        ),
        read_data,
        packed=True,
    )
    yield Target(
        "folder",
        lambda: [
            {"train.csv": seeds.delimited(",")[0], "test.csv": seeds.delimited(",")[0]},
            {"pos/1.txt": b"good", "neg/1.txt": b"bad", "neg/2.txt": b"worse"},
            {"train/seq.in": b"a b\nc\n", "train/seq.out": b"B-X O\nO\n", "train/label": b"x\ny\n"},
        ],
        read_folder,
    )
    for form in ("jsonl", "doccano", "label-studio", "prodigy"):
        name = "a.json" if form == "label-studio" else "a.jsonl"
        yield Target(
            f"import-{form}", _single(name, partial(seeds.exported, form)), importing(form)
        )
    yield Target("import-csv", _single("a.csv", lambda: seeds.exported("csv")), importing("csv"))
    yield Target("import-conll", _single("a.conll", seeds.columns), importing("conll"))
    yield Target(
        "import-parquet",
        _single("a.parquet", lambda: seeds.exported("parquet")),
        importing("parquet"),
    )
    yield Target("import-brat", seeds.standoff, importing("brat", whole_folder=True))
    yield Target("brat", seeds.standoff, read_folder)
    yield Target("import-datasets", seeds.saved_set, importing("datasets", whole_folder=True))
    yield Target("names", seeds.names_files, read_folder, kept=("train.csv", "train.jsonl"))
    yield Target(
        "keys",
        _single(
            "keys.toml",
            lambda: [
                b'[label]\nskip = "j"\nanswer = "a,s,d,f"\n[labels]\ninvoice = "i"\n[app]\nquit = '
                b'"ctrl+q"\n'
            ],
        ),
        read_keys,
    )
    yield Target("sweep", _single("a.toml", _sweeps), read_sweep_file)
    yield Target("model", _model, read_model)
    yield Target("session", _sessions, read_session)


def _sweeps() -> list[bytes]:
    folder = Path(__file__).resolve().parents[2] / "tui_al" / "experiments"
    return [path.read_bytes() for path in sorted(folder.glob("*.toml"))]


TARGETS: dict[str, Target] = {target.name: target for target in _targets()}
