"""Which columns hold texts and answers: as named by the person, else by their names, else by what is in them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tui_al.core.config import DataConfig
from tui_al.core.named_sets import NamedSet
from tui_al.core.tasks import Task
from tui_al.engine.data.tables import Findings, Table, some
from tui_al.errors import DataError

Kind = Literal["text", "number", "fraction", "list", "empty", "other"]

_TEXT_NAMES = (
    "text", "sentence", "utt", "utterance", "content", "message", "body", "question", "query", "review", "comment",
    "tweet", "post", "document", "doc", "description", "abstract", "summary", "title", "headline", "subject", "premise",
)  # fmt: skip
_LABEL_NAMES = (
    "label_text", "label_name", "label", "labels", "category", "intent", "class", "target", "topic", "sentiment",
    "coarse_label", "y", "gold", "annotation", "type", "tag",
)  # fmt: skip
_TOKEN_NAMES = ("tokens", "words", "token", "sentence", "text")
_TAG_NAMES = ("ner_tags", "tags", "ner", "labels", "bio_tags", "slots", "entities", "label", "tag")
_ID_NAMES = frozenset({"id", "idx", "index", "guid", "uid", "uuid", "row", "url"})
_SAMPLE = 5_000  # rows looked at, spread evenly over the table
_LONGEST_NAME = 3  # words of a column name
_FEW_CLASSES = 200
_ROWS_PER_CLASS = 2


@dataclass(frozen=True, slots=True)
class Columns:
    """The task and the two columns that matter; no answer column means that every row is unlabelled."""

    task: Task
    unit: str  #: texts, or lists of tokens
    answer: str | None  #: labels, or lists of tags
    raw: bool = False  #: tagging of texts that nobody has split into words yet (`core.words` does)


def choose_columns(
    table: Table, config: DataConfig, named: NamedSet | None, findings: Findings
) -> Columns:
    """Settle the columns from the first training table; notes say what was guessed, DataError what is missing."""
    for option in ("text_column", "label_column", "tokens_column", "tags_column"):
        column = getattr(config, option)
        if column is not None and not table.tagged:
            require(table, column, f"--{option.replace('_', '-')}")
    if table.tagged:
        if config.task == "classification":
            raise DataError(
                f"{table.name} holds tagged tokens, which are no texts with one label each.",
                "Leave the task out, or name another file.",
            )
        return tagged_columns(table)
    guess = _Guess(table, named, findings)
    if _task(guess, config) is Task.TAGGING:
        return guess.tagging(config)
    return guess.classification(config)


def tagged_columns(table: Table) -> Columns:
    """Those of a CoNLL file; one with nothing but words is unlabelled."""
    return Columns(Task.TAGGING, "tokens", "tags" if "tags" in table.columns else None)


def require(table: Table, column: str, option: str) -> None:
    """DataError, listing the columns there are, if the table lacks one."""
    if column not in table.columns:
        raise DataError(
            f"{table.name} has no column {column!r}.",
            f"It has {', '.join(table.columns)}. Name the right one with {option}.",
        )


def is_known_name(column: str) -> bool:
    """Whether a column name is one that texts, labels or ids usually have: a sign of a header line."""
    parts = _parts(column)
    known = {*_TEXT_NAMES, *_LABEL_NAMES, *_ID_NAMES}
    return len(parts) <= _LONGEST_NAME and bool({column.lower(), *parts} & known)


def _task(guess: "_Guess", config: DataConfig) -> Task:
    if config.task is not None:
        return Task(config.task)
    if config.tokens_column is not None or config.tags_column is not None:
        return Task.TAGGING
    if config.text_column is not None or config.label_column is not None:
        return Task.CLASSIFICATION
    if guess.named is not None:
        return guess.named.task
    has_tags = guess.by_name(_TOKEN_NAMES, ("list",)) and guess.by_name(
        _TAG_NAMES, ("list", "empty")
    )
    has_label = guess.by_name(_TEXT_NAMES, ("text",)) and guess.by_name(
        _LABEL_NAMES, ("text", "number")
    )
    if has_tags and has_label:
        guess.findings.notes.append(
            "read as texts with labels; there are tokens and tags too: --tokens-column and --tags-column read those"
        )
    return Task.TAGGING if has_tags and not has_label else Task.CLASSIFICATION


class _Guess:
    """One table under inspection: a sample of its cells and the kind of each column."""

    def __init__(self, table: Table, named: NamedSet | None, findings: Findings) -> None:
        self.table, self.named, self.findings = table, named, findings
        step = max(1, len(table) // _SAMPLE)
        self.cells = {
            column: [cell for cell in values[::step] if cell is not None and cell != ""]
            for column, values in table.columns.items()
        }
        self.kinds = {column: _kind(cells) for column, cells in self.cells.items()}

    def by_name(self, names: Sequence[str], kinds: Sequence[Kind]) -> list[str]:
        """Columns of these kinds in the order of `names`: those so called, then those with such a word in their name."""
        fitting = [column for column, kind in self.kinds.items() if kind in kinds]
        exact = [column for name in names for column in fitting if column.lower() == name]
        partly = [column for name in names for column in fitting if name in _parts(column)]
        return list(dict.fromkeys((*exact, *partly)))

    def tagging(self, config: DataConfig) -> Columns:
        tokens = config.tokens_column or self._hinted("units")
        if (
            tokens is None
            and config.task == "tagging"
            and not self.by_name(_TOKEN_NAMES, ("list",))
        ):
            text = config.text_column or self._text(None)
            self.findings.notes.append(f"the texts of {text!r} are split into words for tagging")
            return Columns(Task.TAGGING, text, None, raw=True)
        if tokens is None:
            tokens = self._first(self.by_name(_TOKEN_NAMES, ("list",)), "tokens")
        answer = config.tags_column or self._hinted("answers")
        if answer is None:
            others = [c for c in self.by_name(_TAG_NAMES, ("list", "empty")) if c != tokens]
            if not others and config.task == "tagging":
                return Columns(Task.TAGGING, tokens, None)  # nothing is tagged yet
            answer = self._first(others, "tags")
        return Columns(Task.TAGGING, tokens, answer)

    def classification(self, config: DataConfig) -> Columns:
        text = config.text_column or self._hinted("units")
        label = config.label_column or self._hinted("answers")
        if text is None:
            text = self._text(label)
        if label is None:
            label = self._label(text)
        if text == label:
            raise DataError(
                f"{self.table.name}: {text!r} cannot be both the text and the label.",
                "Name both with --text-column and --label-column.",
            )
        return Columns(Task.CLASSIFICATION, text, label)

    def _hinted(self, role: Literal["units", "answers"]) -> str | None:
        if self.named is None:
            return None
        hints = self.named.units if role == "units" else self.named.answers
        return next((column for column in hints if column in self.table.columns), None)

    def _first(self, columns: Sequence[str], role: str) -> str:
        if not columns:
            raise DataError(
                f"{self.table.name} has no column that looks like {role}.",
                f"It has {', '.join(self.table.columns)}. Name the right one with --{role}-column.",
            )
        self._tell(role, columns[0])
        return columns[0]

    def _tell(self, role: str, column: str, why: str = "guessed") -> None:
        self.findings.notes.append(f"{role} column: {column} ({why}; --{role}-column overrides)")

    def _text(self, label: str | None) -> str:
        """The longest on average of the text columns with a usual name; of all text columns if none has one."""
        labels = [label, *self.by_name(_LABEL_NAMES, ("text", "number", "empty"))[:1]]
        candidates = [
            column for column in self.by_name(_TEXT_NAMES, ("text",)) if column not in labels
        ] or [
            column
            for column, kind in self.kinds.items()
            if kind == "text" and column not in labels and column.lower() not in _ID_NAMES
        ]
        if not candidates:
            raise DataError(
                f"{self.table.name} has no column that looks like texts.",
                f"It has {', '.join(self.table.columns)}. Name the right one with --text-column.",
            )
        best = max(candidates, key=lambda column: _mean_length(self.cells[column]))
        others = [column for column in candidates if column != best]
        why = f"guessed: longer than {some(others)}" if others else "guessed"
        self._tell("text", best, why)
        return best

    def _label(self, text: str) -> str | None:
        named = self.by_name(_LABEL_NAMES, ("text", "number", "empty"))
        odd = self.by_name(_LABEL_NAMES, ("fraction", "list", "other"))
        candidates = [column for column in named if column != text] or self._few_values(text) or odd
        if not candidates:
            there = ", ".join(self.table.columns)
            self.findings.notes.append(
                f"no label column was found among {there}: every row is unlabelled (--label-column names one)"
            )
            return None
        others = candidates[1:]
        self._tell(
            "label", candidates[0], f"guessed before {some(others)}" if others else "guessed"
        )
        return candidates[0]

    def _few_values(self, text: str) -> list[str]:
        """Columns whose values repeat as labels do: text before numbers, fewer values first."""
        found = []
        for column, cells in self.cells.items():
            distinct = len(set(cells)) if self.kinds[column] in ("text", "number") else 0
            most = max(2, min(_FEW_CLASSES, len(cells) // _ROWS_PER_CLASS))
            if column != text and 2 <= distinct <= most and column.lower() not in _ID_NAMES:
                found.append((self.kinds[column] != "text", distinct, column))
        return [column for _, _, column in sorted(found)]


def _kind(cells: Sequence[object]) -> Kind:
    if not cells:
        return "empty"
    if all(isinstance(cell, str) for cell in cells):
        return "text"
    if all(isinstance(cell, list) for cell in cells):
        return "list"
    if all(
        isinstance(cell, int) or (isinstance(cell, float) and cell.is_integer()) for cell in cells
    ):
        return "number"
    return "fraction" if all(isinstance(cell, int | float) for cell in cells) else "other"


def _mean_length(cells: Sequence[object]) -> float:
    return sum(len(str(cell)) for cell in cells) / max(1, len(cells))


def _parts(column: str) -> list[str]:
    return re.split(r"[\s_.\-]+", column.lower())
