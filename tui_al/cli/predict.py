"""`tui-al predict`: a file through a kept model, a thousand rows at a time; what is odd is counted
and said on stderr."""

import csv
import io
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from tui_al.cli.console import Page
from tui_al.cli.export_model import kept_model
from tui_al.core.data.examples import Example, Task
from tui_al.core.data.terminal_text import printable
from tui_al.core.settings.experiment import DataConfig
from tui_al.errors import ConfigError, DataError
from tui_al.store.atomic_files import replacing
from tui_al.store.environment import unwritable
from tui_al.store.formats.files import dumped
from tui_al.store.home import home_directory
from tui_al.store.kept_models import copy_snapshot
from tui_al.store.session import Session

_FORMATS = ("jsonl", "csv")

#: Seconds between two lines of progress.
_PROGRESS_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class PredictOptions:
    """The options of the command."""

    out: Path | None = None
    format: str | None = None
    top: int = 1
    input_format: str | None = None
    text_column: str | None = None
    tokens_column: str | None = None
    delimiter: str | None = None
    subset: str | None = None
    encoding: str = "utf-8"
    header: bool | None = None
    skip_mismatched: bool = False
    batch_size: int | None = None
    device: str = "auto"
    role: str = "successor"
    seed: int | None = None
    overwrite: bool = False


def predict_file(name: str, file: str, options: PredictOptions, home: Path | None) -> None:
    """Label the texts of the file, one result for each row."""
    form = _output_format(options)
    with Session.open(home_directory(home), name) as session:
        kept_model(session, options.role, options.seed)  # no model: told before anything is loaded
    config = DataConfig(
        file,
        text_column=options.text_column,
        tokens_column=options.tokens_column,
        delimiter=options.delimiter,
        encoding=options.encoding,
        header=None if options.header is None else "yes" if options.header else "no",
        subset=options.subset,
        misfits="leave out" if options.skip_mismatched else "texts only",
    )
    from tui_al.engine.data.stream import KINDS, open_tables
    from tui_al.engine.data.tables import LoadReport
    from tui_al.engine.jobs.prediction import Predictor, Texts, task_of
    from tui_al.engine.models.checkpoint import read_elsewhere

    if options.input_format not in (None, *KINDS):
        raise ConfigError(
            f"--input-format {options.input_format!r} is unknown.",
            f"Choose one of {', '.join(KINDS)}.",
        )
    load_report = LoadReport()
    path = Path(file).expanduser() if file != "-" else Path("-")
    name_of_file = "stdin" if file == "-" else path.name
    with (
        Session.open(home_directory(home), name) as session,
        copy_snapshot(
            session.directory, lambda: kept_model(session, options.role, options.seed)
        ) as (
            _,
            files,
        ),
    ):
        config = replace(config, task=task_of(files).value)
        tables = open_tables(path, name_of_file, config, load_report, options.input_format)
        texts = Texts(
            task_of(files), tables, config, load_report
        )  # mistakes before the model is loaded
        if told := read_elsewhere(files):
            Page(Console(stderr=True, soft_wrap=True)).say(f"warning: {told}", "yellow")
        predictor = Predictor(files, options.device, options.batch_size)
    tally = _Tally(Page(Console(stderr=True, soft_wrap=True)))
    with _output(options) as stream:
        writer = _Writer(stream, form, predictor.task, options.top)
        for table, examples in texts:
            tally.tell(load_report.notes)
            filled = [i for i, example in enumerate(examples) if example.text.strip()]
            found = predictor.predict([examples[i] for i in filled])
            results: list[Any] = [None] * len(examples)
            for i, prediction in zip(filled, found, strict=True):
                results[i] = prediction
            writer.write(table.numbers, examples, results)
            tally.add(len(examples), len(examples) - len(filled))
    tally.tell(load_report.notes)
    tally.tell(load_report.warnings, "yellow")
    tally.end(predictor.cut, predictor.limit)


def _output_format(options: PredictOptions) -> str:
    if options.out is not None and options.out.exists() and not options.overwrite:
        raise ConfigError(
            f"--out {options.out} is there already.", "Choose another name, or give --overwrite."
        )
    named = options.out is not None and options.out.suffix.lower() == ".csv"
    form = options.format or ("csv" if named else "jsonl")
    if form not in _FORMATS:
        raise ConfigError(f"--format {form!r} is unknown.", f"Choose one of {', '.join(_FORMATS)}.")
    return form


@contextmanager
def _output(options: PredictOptions) -> Iterator[io.TextIOBase | TextIO]:
    """Standard output, or a file that gets its name when it is complete: after a failure there is
    none."""
    if options.out is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="")
        try:
            yield _Shown(sys.stdout) if sys.stdout.isatty() else sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:  # as `| head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the last flush
        return
    try:
        with (
            replacing(options.out) as raw,
            io.TextIOWrapper(raw, encoding="utf-8", newline="") as stream,
        ):
            yield stream
    except OSError as error:
        raise unwritable(options.out, error, DataError, "--out") from error


class _Shown(io.TextIOBase):
    """A terminal, for foreign text: what would steer it is shown by a picture of the character
    instead; a pipe gets it raw."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        """One record with its line end."""
        body = text.removesuffix("\n").removesuffix("\r")
        self._terminal.write(printable(body, keep_newlines=True) + "\n")
        return len(text)


class _Writer:
    """Results as JSON lines or CSV, each row under its number in the file."""

    def __init__(self, stream: io.TextIOBase | TextIO, form: str, task: Task, top: int) -> None:
        self._stream, self._form, self._task, self._top = stream, form, task, top
        if form == "csv":
            self._record(self._header())

    def write(
        self, numbers: Sequence[int], examples: Sequence[Example], results: Sequence[Any]
    ) -> None:
        """A result is None for an empty text."""
        for number, example, result in zip(numbers, examples, results, strict=True):
            row = self._row(number, example, result)
            if self._form == "jsonl":
                self._stream.write(dumped(row) + "\n")
            else:
                self._record(self._cells(row))

    def _row(self, number: int, example: Example, result: Any) -> dict[str, Any]:
        row: dict[str, Any] = {"row": number, "text": example.text}
        if self._task is Task.TAGGING:
            spans = result.spans if result else ()
            row["entities"] = [
                {
                    "start": start,
                    "end": end,
                    "label": kind,
                    "text": example.text[start:end],
                    "probability": round(sure, 4),
                }
                for (start, end, kind), sure in spans
            ]
            return row
        best = result.top[: self._top] if result else ()
        row["label"], row["probability"] = (
            (best[0][0], round(best[0][1], 4)) if best else (None, None)
        )
        if self._top > 1:
            row["top"] = [{"label": label, "probability": round(p, 4)} for label, p in best]
        return row

    def _header(self) -> list[str]:
        if self._task is Task.TAGGING:
            return ["row", "text", "entities"]
        more = [f"{name}_{k}" for k in range(2, self._top + 1) for name in ("label", "probability")]
        return ["row", "text", "label", "probability", *more]

    def _cells(self, row: dict[str, Any]) -> list[object]:
        if self._task is Task.TAGGING:
            return [row["row"], row["text"], dumped(row["entities"])]
        cells = [row["row"], row["text"], row["label"], row["probability"]]
        cells += [cell for one in row.get("top", ())[1:] for cell in one.values()]
        return cells + [None] * (2 + 2 * self._top - len(cells))

    def _record(self, cells: Iterable[object]) -> None:
        buffer = io.StringIO(newline="")
        csv.writer(buffer, lineterminator="\r\n").writerow(cells)
        self._stream.write(buffer.getvalue())


class _Tally:
    """Counts, and says on stderr how far it is."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._begun = self._told = time.monotonic()
        self._rows = self._empty = self._notes = 0
        self._said: set[str] = set()

    def add(self, rows: int, empty: int) -> None:
        """So many more rows are done."""
        self._rows += rows
        self._empty += empty
        now = time.monotonic()
        if now - self._told >= _PROGRESS_SECONDS:
            self._told = now
            self._page.say(f"{self._rows:,} rows, {self._rows / (now - self._begun):,.0f} a second")

    def tell(self, lines: Iterable[str], style: str = "") -> None:
        """Say what was guessed or mended, once."""
        for line in lines:
            if line not in self._said:
                self._said.add(line)
                self._page.say(line, style)

    def end(self, cut: int, limit: int) -> None:
        """The sum of it."""
        seconds = max(time.monotonic() - self._begun, 1e-9)
        self._page.say(f"rows: {self._rows:,} ({self._rows / seconds:,.0f} a second)")
        if self._empty:
            self._page.say(f"empty texts, which got an empty result: {self._empty:,}", "yellow")
        if cut:
            self._page.say(
                f"texts of more than {limit} sub-tokens, whose ends were not read: {cut:,}",
                "yellow",
            )
