"""Which columns hold texts and answers: as named by the person, else by their names, else by what
is in them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from tui_al.core.close_names import did_you_mean
from tui_al.core.data.examples import Task
from tui_al.core.settings.dataset_catalog import NamedSet
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.cells import ColumnSample, Kind
from tui_al.engine.data.column_names import (
    LABEL_NAMES,
    TAG_NAMES,
    TEXT_NAMES,
    TOKEN_NAMES,
    named,
)
from tui_al.engine.data.label_column import Labels, Use, find_labels, is_metadata
from tui_al.engine.data.tables import SAMPLE, LoadReport, Table, some
from tui_al.errors import DataError

_AS_LONG = 0.5  # of the mean length of the texts: a column that may be the other text of pairs


@dataclass(frozen=True, slots=True)
class Columns:
    """The task and the columns that matter; no answer column means that every row is unlabelled."""

    task: Task
    unit: str  #: texts, or lists of tokens
    answer: str | None  #: labels, or lists of tags
    #: tagging of texts that nobody has split into words yet (`core.data.word_split` does)
    raw: bool = False
    text: str | None = None  #: of tagging: the text that the tokens lie in
    listed: bool = False  #: labels are lists of one


def choose_columns(
    table: Table,
    config: DataConfig,
    known: NamedSet | None,
    load_report: LoadReport,
    use: Use = Use.GOLD,
) -> Columns:
    """Settle the columns from a sample of the first training file.

    Notes and warnings say what was guessed, with the option that overrides it.

    Raises:
        DataError: a column is missing, or several fit alike, or what fits holds several labels a
        text.
    """
    if table.settled is not None:
        return settled_columns(table, config, load_report, use)
    for option in ("text_column", "label_column", "tokens_column", "tags_column"):
        column = getattr(config, option)
        if column and not (table.uneven and len(table) >= SAMPLE):  # else it may come later
            require(table, column, f"--{option.replace('_', '-')}")
    guess = _Guess(table, known, load_report, use)
    if _task(guess, config) is Task.TAGGING:
        return guess.tagging(config)
    return guess.classification(config)


def settled_columns(table: Table, config: DataConfig, load_report: LoadReport, use: Use) -> Columns:
    """Those of a table whose reader knows them; of texts with `tagging` asked for, words are found
    in them."""
    if table.tagged:
        if config.task == "classification" and "text" in table.columns:
            load_report.notes.append("the texts are read without the entities in them")
            return Columns(Task.CLASSIFICATION, "text", None)
        if config.task == "classification":
            raise DataError(
                f"{table.name} holds tagged tokens, which are no texts with one label each.",
                "Leave the task out, or name another file.",
            )
        return tagged_columns(table)
    for option in ("text_column", "label_column", "tokens_column", "tags_column"):
        column = getattr(config, option)
        if column and column not in table.columns:
            raise DataError(
                f"{table.name} has no column {column!r}.",
                f"It has {', '.join(table.columns)}: leave --{option.replace('_', '-')} out.",
            ).at(option)
    if config.task == "tagging":
        load_report.notes.append("the texts of 'text' are split into words for tagging")
        return Columns(Task.TAGGING, "text", None, raw=True)
    answer = "label" if "label" in table.columns and config.label_column != "" else None
    if answer and table.guessed and use is Use.GIVEN and config.label_column is None:
        load_report.warnings.append(
            f"the labels in {table.name} are not taken, since nobody named them (--label-column "
            "label takes them)"
        )
        answer = None
    return Columns(Task.CLASSIFICATION, "text", answer)


def tagged_columns(table: Table) -> Columns:
    """Those of a table of tokens; one without tags is unlabelled."""
    tags, text = (name if name in table.columns else None for name in ("tags", "text"))
    return Columns(Task.TAGGING, "tokens", tags, text=text)


def require(table: Table, column: str, option: str) -> None:
    """DataError, listing the columns there are, if the table lacks one."""
    if column not in table.columns:
        raise DataError(
            f"{table.name} has no column {column!r}.",
            f"{did_you_mean(column, table.columns)}It has {', '.join(table.columns)}. Name the "
            f"right one with {option}.",
        ).at(option.strip("-").replace("-", "_"))


def _task(guess: "_Guess", config: DataConfig) -> Task:
    if config.task is not None:
        return Task(config.task)
    if config.tokens_column is not None or config.tags_column is not None:
        return Task.TAGGING
    if config.text_column is not None or config.label_column is not None:
        return Task.CLASSIFICATION
    if guess.known is not None:
        return guess.known.task
    has_tags = guess.named(TOKEN_NAMES, "list") and guess.named(TAG_NAMES, "list", "empty")
    has_label = guess.named(TEXT_NAMES, "text") and guess.named(LABEL_NAMES, "text", "number")
    if has_tags and has_label:
        guess.load_report.notes.append(
            "read as texts with labels; there are tokens and tags too: --tokens-column and "
            "--tags-column read those"
        )
    return Task.TAGGING if has_tags and not has_label else Task.CLASSIFICATION


class _Guess:
    """One table under inspection: a sample of its cells and the kind of each column."""

    def __init__(
        self, table: Table, known: NamedSet | None, load_report: LoadReport, use: Use
    ) -> None:
        self.table, self.known, self.load_report, self._use = table, known, load_report, use
        self.columns = {name: ColumnSample.of(cells) for name, cells in table.columns.items()}

    def named(self, names: Sequence[str], *kinds: Kind) -> list[str]:
        """Columns of these kinds in the order of `names`: those so called, then those with such a
        word in their name."""
        return named(names, [name for name, c in self.columns.items() if c.kind in kinds])

    def tagging(self, config: DataConfig) -> Columns:
        tokens = config.tokens_column or self._hinted("units")
        if tokens is None and config.task == "tagging" and not self.named(TOKEN_NAMES, "list"):
            text = config.text_column or self._text(None)
            self.load_report.notes.append(f"the texts of {text!r} are split into words for tagging")
            return Columns(Task.TAGGING, text, None, raw=True)
        if tokens is None:
            tokens = self._first(self.named(TOKEN_NAMES, "list"), "tokens")
        answer = config.tags_column or self._hinted("answers")
        if answer is None:
            others = [c for c in self.named(TAG_NAMES, "list", "empty") if c != tokens]
            if not others and config.task == "tagging":
                return Columns(Task.TAGGING, tokens, None)  # nothing is tagged yet
            answer = self._first(others, "tags")
        return Columns(Task.TAGGING, tokens, answer)

    def classification(self, config: DataConfig) -> Columns:
        text = config.text_column or self._hinted("units")
        label = config.label_column if config.label_column is not None else self._hinted("answers")
        if text is None:
            text = self._text(label)
        labels = find_labels(self.table, self.columns, text, label, self._use, self.load_report)
        if text == labels.column:
            raise DataError(
                f"{self.table.name}: {text!r} cannot be both the text and the label.",
                "Name both with --text-column and --label-column.",
            )
        return Columns(Task.CLASSIFICATION, text, labels.column, listed=labels.listed)

    def _hinted(self, role: Literal["units", "answers"]) -> str | None:
        if self.known is None:
            return None
        hints = self.known.units if role == "units" else self.known.answers
        return next((column for column in hints if column in self.table.columns), None)

    def _first(self, columns: Sequence[str], role: str) -> str:
        if not columns:
            raise DataError(
                f"{self.table.name} has no column that looks like {role}.",
                f"It has {', '.join(self.table.columns)}. Name the right one with --{role}-column.",
            ).at(f"{role}_column")
        self._tell(role, columns[0])
        return columns[0]

    def _tell(self, role: str, column: str, why: str = "guessed") -> None:
        self.load_report.notes.append(f"{role} column: {column} ({why}; --{role}-column overrides)")

    def _text(self, label: str | None) -> str:
        """The longest on average of the text columns with a usual name; of all text columns if none
        has one."""
        labels = [label, *self.named(LABEL_NAMES, "text", "number", "empty")[:1]]
        candidates = [c for c in self.named(TEXT_NAMES, "text") if c not in labels] or [
            name
            for name, column in self.columns.items()
            if column.kind == "text" and name not in labels and not is_metadata(name, column)
        ]
        if not candidates:
            raise DataError(
                f"{self.table.name} has no column that looks like texts.",
                f"It has {', '.join(self.table.columns)}. Name the right one with --text-column.",
            ).at("text_column")
        best = max(candidates, key=lambda name: self.columns[name].mean_length)
        others = [name for name in candidates if name != best]
        why = f"guessed: longer than {some(others)}" if others else "guessed"
        self._tell("text", best, why)
        self._tell_second_texts(best, {*candidates, *(label for label in labels if label)})
        return best

    def _tell_second_texts(self, best: str, others: Collection[str]) -> None:
        """A warning for columns of texts about as long as those that are read, as of pairs of
        sentences."""
        long = self.columns[best].mean_length * _AS_LONG
        second = [
            name
            for name, column in self.columns.items()
            if name not in others and column.kind == "text" and column.mean_length >= long
            and not is_metadata(name, column)
        ]  # fmt: skip
        if second:
            self.load_report.warnings.append(
                f"{self.table.name}: the texts of {some(second)} are not read: a row has one text, "
                f"that of {best}"
            )


__all__ = [
    "Columns",
    "Labels",
    "Use",
    "choose_columns",
    "require",
    "settled_columns",
    "tagged_columns",
]
