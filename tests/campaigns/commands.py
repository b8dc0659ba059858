"""Commands that write files or sessions, struck: nothing half is there, and the same command then
comes to what a calm one does."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.campaigns.runs import again, check_words
from tests.campaigns.stage import Calm, Stage, decisions, opens
from tests.helpers.processes import FaultError
from tui_al.store.session import Session

#: Makes what the command needs, and gives its arguments.
SetUp = Callable[[Stage, Path, str], list[str]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command as a case: what it writes, and how that is read. `variants` are told to `set_up`.

    `half_way` says whether a result is one that the command may leave, though it is neither that of
    before nor the whole."""

    name: str
    set_up: SetUp
    target: str  #: below the case
    result: Callable[[Path], Any]
    variants: tuple[str, ...] = ("",)
    half_way: Callable[[Any, Any, Any], bool] = lambda before, now, whole: False

    def __call__(self, stage: Stage, chance: random.Random, case: Path) -> str:
        """Strike it once or twice, look at the target each time, and run it to its end."""
        variant = chance.choice(self.variants)
        calm = self._calm(stage, variant)
        arguments = self.set_up(stage, case, variant)
        target = case / self.target
        before = self.result(target) if target.exists() else None
        there = set(_tree(case))
        said = [variant]
        for _ in range(chance.choice((1, 1, 2, 3))):
            strike = stage.blow(chance, calm)
            victim = stage.forks.start(case, arguments, trap=strike.trap("cli"))
            end = strike.fall(victim)
            said.append(f"{strike}: {end}{check_words(case, strike, end)}")
            now = self.result(target) if target.exists() else None
            if now not in (before, calm.result) and not self.half_way(before, now, calm.result):
                raise FaultError(f"half a target after {said}: {str(now)[:500]}")
            if end == "done" and now != calm.result:
                raise FaultError(f"exit code 0, and nothing done: {said}")
            if now == calm.result and now != before:
                break
        if not (target.exists() and self.result(target) == calm.result) or before == calm.result:
            again(stage, case, arguments)
        if self.result(target) != calm.result:
            raise FaultError(f"the second run differs after {said}")
        failed = any(word in line for line in said for word in ("EIO", "EROFS"))
        self._expect_tidy(case, there, said, 2 if failed else 1)
        return "; ".join(said)

    def _calm(self, stage: Stage, variant: str) -> Calm:
        key = f"{self.name} {variant}"
        if key not in stage.calm:
            case = stage.fresh(f"calm-{self.name}-{variant}".replace(".", "-"))
            arguments = self.set_up(stage, case, variant)
            found = stage.measured(key, case, arguments)
            stage.calm[key] = replace(found, result=self.result(case / self.target))
            stage.forks.end_all(case)
        return stage.calm[key]

    def _expect_tidy(self, case: Path, there: set[str], said: list[str], most: int) -> None:
        """No more than one thing is new beside the target, its sessions' files and the home's
        records; two where removing fails, too."""
        new = [name for name in _tree(case) if name not in there]
        left = [
            name
            for name in new
            if Path(name).name.startswith((".", "tui-al-")) or name.endswith(".part")
        ]
        roots = [name for name in left if not any(name.startswith(f"{other}/") for other in left)]
        if len(roots) > most:
            raise FaultError(f"left behind: {roots} after {said}")


def _tree(case: Path) -> list[str]:
    return [str(path.relative_to(case)) for path in case.rglob("*") if "sprung-" not in path.name]


def contents(path: Path) -> dict[str, bytes]:
    """A file, or all files of a directory."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {
        str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()
    }


def rows(path: Path) -> object:
    """A data set saved by `datasets`, without the fingerprints that differ."""
    import datasets

    if not (path / "dataset_info.json").exists() or not (path / "state.json").exists():
        return f"no whole data set: {sorted(p.name for p in path.iterdir())}"
    return list(datasets.load_from_disk(str(path)))


def parts(path: Path) -> object:
    """Whatever an export wrote."""
    return rows(path) if path.is_dir() else contents(path)


def records(session: Path) -> object:
    """Decisions of a session, in order, without their numbers."""
    opens(session)
    return [(r.annotator, r.uid, r.decision) for r in decisions(session)]


def _export(stage: Stage, case: Path, form: str) -> list[str]:
    stage.labelled(case, "tickets-anna")
    arguments = [
        "tui_al",
        "export",
        "tickets-anna",
        "--out",
        "out.labels",
        "--format",
        form.removesuffix("!"),
    ]
    if form.endswith("!"):
        (case / "out.labels").write_text("an older export\n" * 300)
        arguments.append("--overwrite")
    return arguments


def _import(stage: Stage, case: Path, variant: str) -> list[str]:
    """Half of the labels are new; with "texts" so are some texts."""
    stage.labelled(case, "tickets-anna", amount=40)
    lines = [
        f'{{"text": {_json(e.text)}, "label": {_json(e.answer)}, "annotator": "zoe"}}'
        for e in stage.tickets.train[20:140]
    ]
    if variant == "texts":
        lines += [f'{{"text": "a new text, number {n}", "label": "refund"}}' for n in range(60)]
    (case / "labels.jsonl").write_text("\n".join(lines) + "\n")
    more = ["--add-examples"] if variant == "texts" else []
    return ["tui_al", "import", "tickets-anna", "labels.jsonl", *more]


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def imported(session: Path) -> object:
    """Decisions and texts; half of an import would show in either."""
    opens(session)
    with Session(session) as opened:
        texts = sorted(example.text for example in opened.dataset().train)
    found = sorted((r.annotator, r.uid) for r in decisions(session))
    return texts, found


def _texts_alone(before: Any, now: Any, whole: Any) -> bool:
    """New texts come first, with their labels, the rest in the next moment; the same import then
    adds that."""
    return bool(now == (whole[0], before[1]))


def _merge(stage: Stage, case: Path, _: str) -> list[str]:
    stage.labelled(case, "one")
    stage.labelled(case, "two", salt="b")
    return ["tui_al", "merge", "one", "two", "--into", "both"]


def _backup(stage: Stage, case: Path, _: str) -> list[str]:
    stage.labelled(case, "tickets-anna")
    return ["tui_al", "backup", "tickets-anna", str(case / "copy")]


def _export_model(stage: Stage, case: Path, role: str) -> list[str]:
    stage.finished(case, "cold")
    return ["tui_al", "export-model", "cold", "--out", "model", "--role", role]


def _predict(stage: Stage, case: Path, variant: str) -> list[str]:
    stage.finished(case, "cold")
    texts = [e.text.replace("\n", " ") for e in stage.tickets.train] * 8
    (case / "texts.txt").write_text("\n".join(texts) + "\n")
    out = f"out.{variant}"
    return ["tui_al", "predict", "cold", "texts.txt", "--out", out, "--device", "cpu"]


def _delete(stage: Stage, case: Path, _: str) -> list[str]:
    stage.finished(case, "cold")
    return ["remove", str(case / "home" / "sessions" / "cold")]


def delete(stage: Stage, chance: random.Random, case: Path) -> str:
    """Deleting a session: it is there whole, or gone; and what a killed deletion left goes with the
    next."""
    arguments = _delete(stage, case, "")
    session = case / "home" / "sessions" / "cold"
    if "delete" not in stage.calm:
        calm_case = stage.fresh("calm-delete")
        stage.calm["delete"] = stage.measured("delete", calm_case, _delete(stage, calm_case, ""))
        stage.forks.end_all(calm_case)
    calm = stage.calm["delete"]
    before = contents(session)
    strike = stage.blow(chance, replace(calm, events=0))
    end = strike.fall(stage.forks.start(case, arguments, trap=strike.trap("cli")))
    if session.exists():
        opens(session)
        now = contents(session)
        if {n: b for n, b in before.items() if "session.db" not in n} != {
            n: b for n, b in now.items() if "session.db" not in n and n != "engine.lock"
        } and set(now) != set(before):
            raise FaultError(f"half a session after {strike}")
        again(stage, case, arguments)
    stage.labelled(case, "another")
    with Session(case / "home" / "sessions" / "another"):
        pass
    code = stage.forks.run(case, ["tui_al", "sessions"])
    left = [
        p.name
        for p in (case / "home" / "sessions").iterdir()
        if not p.name.startswith(".") or {one.name for one in p.iterdir()} - {"at-work.lock.new"}
    ]  # who is struck before it holds its lock leaves an empty directory for a minute
    if code or left != ["another"]:
        raise FaultError(f"left after {strike}: {left}, {code}")
    return f"{strike}: {end}"


#: Formats of exports; with "!" over an older file.
_FORMATS = (
    "jsonl",
    "csv",
    "parquet",
    "prodigy",
    "label-studio",
    "doccano",
    "datasets",
    "jsonl!",
    "csv!",
    "parquet!",
)

COMMANDS: dict[str, Callable[[Stage, random.Random, Path], str]] = {
    "export": Command("export", _export, "out.labels", parts, _FORMATS),
    "import": Command(
        "import", _import, "home/sessions/tickets-anna", imported, ("", "texts"), _texts_alone
    ),
    "merge": Command("merge", _merge, "home/sessions/both", records),
    "export-model": Command(
        "export-model", _export_model, "model", contents, ("successor", "acquisition")
    ),
    "predict": Command("predict", _predict, "out.jsonl", contents, ("jsonl",)),
    "backup": Command("backup", _backup, "copy", records),
    "delete": delete,
}
