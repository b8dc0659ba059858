"""What a stranger may plant in a session: each thing by its name, in the place of every file, in
SQLite's files, in events, in labels."""

import contextlib
import json
import os
import pickle
import random
import shutil
import sqlite3
import stat
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tui_al.core.annotation import decisions as de
from tui_al.core.session import events as ev
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.session import Session

#: In the reader's files, and nowhere else.
PRIVATE = "PRIVATE-4f1c9d"

#: What would steer a terminal: no terminal may get it.
STEERING = "\x1b]0;OWNED\x07\x1b[2J"


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are planted: a session, and beside it what is the reader's."""

    session: Path
    outside: Path
    ran: Path  #: appears where anything planted is run

    @property
    def canary(self) -> Path:
        """A file of the reader's."""
        return self.outside / "canary"


Plant = Callable[[Place], None]

_OF_SESSION = (
    "session.db", "session.db-wal", "session.db-shm", "session.db-journal", "session.last",
    "examples.db", "examples.db-wal", "examples.db-journal",
    "engine.lock", "engine.log", "engine.exit", "at-work.lock", "states.npy", "groups.npy",
    "rates.json", "models", "models/seed-7",
    "models/seed-7/successor", "warm", "warm/.making", "anything", ".anything",
)  # fmt: skip
OF_MODEL = (
    "tui_al.json", "config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "vocab.txt", "model.safetensors",
    "model.safetensors.index.json", "pytorch_model.bin", "added_tokens.json",
    "generation_config.json", "adapter", "adapter/adapter_config.json",
    "adapter/adapter.safetensors", "head.safetensors", "README.md", "modules.json", "1_Pooling",
    "anything",
)  # fmt: skip
MODEL = "models/seed-7/successor"


class _Runs:
    """Runs where it is unpickled."""

    def __init__(self, ran: Path) -> None:
        self.ran = str(ran)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.ran,)


def pickled(place: Place) -> bytes:
    """A program, as a pickle."""
    return pickle.dumps(_Runs(place.ran))


def _sparse(path: Path, place: Place) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


def _device(path: Path, place: Place) -> None:
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero, which never ends


#: What lies in the place of a file.
KINDS: dict[str, Callable[[Path, Place], object]] = {
    "link": lambda path, place: path.symlink_to(place.canary),
    "link to nowhere": lambda path, place: path.symlink_to(place.outside / "new"),
    "link to a directory": lambda path, place: path.symlink_to(place.outside),
    "link to itself": lambda path, place: path.symlink_to(path.name),
    "hard link": lambda path, place: path.hardlink_to(place.canary),
    "pipe": lambda path, place: os.mkfifo(path),
    "socket": lambda path, place: os.mknod(path, stat.S_IFSOCK | 0o600),
    "device": _device,
    "directory": lambda path, place: (path / "inner").mkdir(parents=True),
    "nothing": lambda path, place: path.write_bytes(b""),
    "a terabyte of nothing": _sparse,
    "zeros": lambda path, place: path.write_bytes(bytes(32 << 20)),
    "nesting": lambda path, place: path.write_bytes(b"[" * (1 << 20)),
    "noise": lambda path, place: path.write_bytes(random.Random(path.name).randbytes(5000)),
    "pickle": lambda path, place: path.write_bytes(pickled(place)),
    "steering": lambda path, place: path.write_text(f"{STEERING}\n" * 3),
}  # fmt: skip


def _in_place(name: str, kind: str, place: Place) -> None:
    path = place.session / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    KINDS[kind](path, place)


def _sql(name: str, script: str, place: Place) -> None:
    with contextlib.closing(sqlite3.connect(place.session / name, timeout=1)) as db:
        if name == "examples.db":
            db.execute("CREATE TABLE IF NOT EXISTS commands (seq)")
        db.executescript(script)


def _schema(name: str, sql: str, place: Place) -> None:
    """What no statement would make, written into the schema."""
    with contextlib.closing(sqlite3.connect(place.session / name, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        table = "events" if name == "session.db" else "examples"
        db.execute(f"UPDATE sqlite_master SET sql = ? WHERE name = '{table}'", (sql,))


_SQL = {
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON commands BEGIN DELETE FROM events; END",
    "an endless view": "ALTER TABLE commands RENAME TO kept; CREATE VIEW commands AS WITH "
    "RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n) SELECT seq, 'a' name FROM n",
    "an endless view of events": "ALTER TABLE events RENAME TO kept; CREATE VIEW events AS WITH "
    "RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n) SELECT seq, 1 time, 'x' kind, "
    "7 seed, '{}' body FROM n",
    "a virtual table": "CREATE VIRTUAL TABLE v USING fts5(text)",
    "a generated column": "CREATE TABLE v (a, b AS (hex(zeroblob(900000000))))",
    "a default that calls": "CREATE TABLE v (a DEFAULT (hex(zeroblob(900000000))))",
    "an index that calls": "CREATE INDEX i ON commands (hex(zeroblob(9)))",
    "a check": "CREATE TABLE v (a CHECK (a > zeroblob(900000000)))",
    "many tables": "".join(f"CREATE TABLE t{n} (a);" for n in range(3000)),
    "another application": "PRAGMA application_id = 1; PRAGMA user_version = 2147483647",
    "UTF-16": "CREATE TABLE v (a); PRAGMA encoding = 'UTF-16'",
}
_SCHEMA = {
    "ATTACH": "ATTACH '/etc/passwd' AS p",
    "a table that is attached": "CREATE VIRTUAL TABLE events USING csv(filename='/etc/passwd')",
    "load_extension": "CREATE TABLE events (a DEFAULT (load_extension('/tmp/x.so')))",
    "a long schema": "CREATE TABLE events (" + ", ".join(f"c{n}" for n in range(20_000)) + ")",
    "steering": f"CREATE TABLE {STEERING!r} (a)",
    "nothing": "",
}  # fmt: skip


def _bytes_of(name: str, change: Callable[[bytearray, random.Random], None], place: Place) -> None:
    path = place.session / name
    content, chance = bytearray(path.read_bytes()), random.Random(name)
    change(content, chance)
    path.write_bytes(content)


def _pages(content: bytearray, chance: random.Random) -> None:
    for start in range(4096, len(content), 4096):
        content[start : start + 64] = chance.randbytes(64)


def _inner_cells(content: bytearray, chance: random.Random) -> None:
    for start in range(4096, len(content), 4096):
        content[start] = 5  # an inner page of a table, whose cells then point at random
        content[start + 8 : start + 12] = struct.pack(">I", chance.randrange(1, 9))


_BYTES: dict[str, Callable[[bytearray, random.Random], None]] = {
    "bad pages": _pages,
    "pages that point in circles": _inner_cells,
    "another page size": lambda content, _: content.__setitem__(slice(16, 18), b"\x02\x00"),
    "four thousand million pages": lambda content,
    _: content.__setitem__(slice(28, 32), b"\xff" * 4),
    "a freelist in circles": lambda content,
    _: content.__setitem__(slice(32, 40), struct.pack(">2I", 2, 2**31)),
    "half a file": lambda content, _: content.__delitem__(slice(len(content) // 2, None)),
    "a newer format": lambda content, _: content.__setitem__(slice(18, 20), b"\x09\x09"),
}  # fmt: skip


def _journal_of_several(base: str, place: Place) -> None:
    journal_of_several_files(place.session / base, place.canary)


def _foreign_log(name: str, place: Place) -> None:
    """A write-ahead log that belongs to another database."""
    other = place.outside.parent / "other.db"
    with contextlib.closing(sqlite3.connect(other, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(
            "CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;"
        )
        shutil.copyfile(f"{other}-wal", place.session / f"{name}-wal")
    other.unlink(missing_ok=True)


def journal_of_several_files(file: Path, named: Path) -> None:
    """As a transaction over this file and others leaves it that ended in the middle; SQLite deletes
    `named` when it goes back."""
    size = int.from_bytes(file.read_bytes()[16:18], "big")
    magic, name = bytes.fromhex("d9d505f920a163d7"), bytes(named)
    head = struct.pack(">8s5I", magic, 0, 1, file.stat().st_size // size, 512, size).ljust(
        512, b"\0"
    )
    tail = name + struct.pack(">2I8s", len(name), sum(name) & 0xFFFFFFFF, magic)
    journal = file.with_name(f"{file.name}-journal")
    journal.write_bytes(head + struct.pack(">I", 0x40000000 // size + 1) + tail)


_NAMED = (
    "/{outside}", "{outside}/canary", "../../outside", "models/../../../outside", "..", ".", "",
    "models/seed-7/../../../outside", "\0", "~",
    "models/" + "x" * 5000, "models/seed-7/\x1b]0;OWNED\x07", "models\n/seed-7", "$(id)", "-rf",
)  # fmt: skip
_HASHES = (
    {"../../../../outside/canary": "00"},
    {"{outside}/canary": "00"},
    {"config.json": ""},
    {"\x1b]0;OWNED\x07": "x"},
    {"x" * 3000: "y" * 3000},
)


def _event(event: ev.Event, place: Place) -> None:
    with Session(place.session) as session:
        session.append(event)


def _saved(named: str, hashes: dict[str, str], place: Place) -> None:
    at = str(place.outside).lstrip("/")
    known = {key.format(outside=place.outside): value for key, value in hashes.items()}
    _event(ev.ModelSaved(7, 2, "successor", named.replace("{outside}", at), known), place)


def _decision(decision: Any, place: Place, who: str = "ann") -> None:
    with DecisionLog(place.session) as log:
        log.append(Client.new(who), decision)


def _words(place: Place) -> None:
    """Steering characters wherever a session keeps somebody's words."""
    _decision(de.AddLabel(f"label {STEERING}"), place, f"ann{STEERING}"[:60])
    _decision(de.Note("a", f"note {STEERING}"), place)
    _decision(de.Flag("b", f"unclear {STEERING}"), place)
    _event(ev.EngineFinished("failed", f"error {STEERING}", f"hint {STEERING}\nTraceback"), place)
    (place.session / "engine.log").write_text(f"log {STEERING}\n")


def _exit_note(note: str, place: Place) -> None:
    (place.session / "engine.exit").write_text(note)


def _odd_names(place: Place) -> None:
    for name in (
        STEERING.replace("/", "_"),
        "new\nline",
        "\u202egnp",
        "a" * 255,
        os.fsdecode(b"\xff\xfe"),
        "-rf",
        "$(touch ran)",
        "...",
    ):
        for folder in ("", "models/seed-7", "models"):
            (place.session / folder / name).write_text("x")
    shutil.copytree(place.session, place.session.with_name("\x1b]0;OWNED\x07\n2"))


def _modules(place: Place) -> None:
    """Files that Python would import from a directory it works in."""
    for folder in (place.session, place.session / MODEL):
        for name in (
            "json",
            "numpy",
            "torch",
            "tui_al",
            "sitecustomize",
            "usercustomize",
            "modeling_bert",
        ):
            (folder / f"{name}.py").write_text(f"import os\nos.mkdir({str(place.ran)!r})\n")


def _many(place: Place) -> None:
    for number in range(30_000):
        (place.session / "models" / f"x{number}").touch()


def _deep(place: Place) -> None:
    path = place.session / "models"
    for _ in range(200):
        path = path / "d"
    path.mkdir(parents=True)


def _several() -> Iterator[tuple[str, Plant]]:
    for name in (*_OF_SESSION, *(f"{MODEL}/{one}" for one in OF_MODEL)):
        for kind in KINDS:
            yield f"{kind} as {name}", partial(_in_place, name, kind)
    for base in ("session.db", "examples.db"):
        for what, script in _SQL.items():
            yield f"{what} in {base}", partial(_sql, base, script)
        for what, sql in _SCHEMA.items():
            yield f"{what} in the schema of {base}", partial(_schema, base, sql)
        for what, change in _BYTES.items():
            yield f"{what} in {base}", partial(_bytes_of, base, change)
        yield f"a foreign log of {base}", partial(_foreign_log, base)
        yield f"a journal of several files of {base}", partial(_journal_of_several, base)
    for named in _NAMED:
        yield f"a model at {named[:30]!r}", partial(_saved, named, {})
    for hashes in _HASHES:
        yield f"hashes of {next(iter(hashes))[:30]!r}", partial(_saved, MODEL, hashes)
    yield "steering in words", _words
    yield "odd names", _odd_names
    yield "modules of Python", _modules
    yield "thirty thousand files", _many
    yield "two hundred levels", _deep
    for note in (
        "[]",
        '"x"',
        '{"code": "x"}',
        '{"code": 1e999, "began": []}',
        json.dumps({"code": 3, "pid": STEERING}),
        "[" * 100_000,
        '{"code": ' + "9" * 9999 + "}",
    ):
        yield f"an engine's end {note[:20]!r}", partial(_exit_note, note)


PLANTS: dict[str, Plant] = dict(_several())
