"""What kind of annotated records a file holds: which program's, and whether classes or entities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.errors import DataError
from tui_al.store.formats.doccano import DOCCANO
from tui_al.store.formats.fields import is_mark
from tui_al.store.formats.format import Format, Parser
from tui_al.store.formats.jsonl import JSONL
from tui_al.store.formats.label_studio import LABEL_STUDIO, text_key
from tui_al.store.formats.prodigy import PRODIGY
from tui_al.store.formats.reading import Reading
from tui_al.store.formats.recognition import format_of_objects
from tui_al.store.formats.rows import ENTITY_FIELDS, listed

Record = Mapping[str, Any]

_FORMATS = {known.name: known for known in (JSONL, DOCCANO, LABEL_STUDIO, PRODIGY)}
_NAMES = {"jsonl": "texts with entities", "doccano": "doccano's export", "prodigy": "Prodigy's "
    "tasks",
          "label-studio": "Label Studio's tasks"}  # fmt: skip
_DOCCANO = {"Comments", "annotation_approver", "tui_al_id"}
_ENTITY_VIEWS = frozenset({"ner", "ner_manual", "spans", "spans_manual"})


@dataclass(frozen=True, slots=True)
class RecordKind:
    """How the records of a file are read."""

    known: Format
    task: Task
    described: str
    text_column: str | None = None
    label_column: str | None = None
    text_name: str = "text"

    @property
    def format(self) -> "_WithParser":
        """The format, which has a parser."""
        assert self.known.parser is not None
        return _WithParser(self.known.parser)

    def text_of(self, record: Record) -> object:
        """The text of a record, as it is stored."""
        inside = record.get("data")
        if self.known is LABEL_STUDIO and isinstance(inside, Mapping):
            return inside.get(self.text_name)
        return record.get(self.text_name, record.get("data"))


@dataclass(frozen=True, slots=True)
class _WithParser:
    parser: Parser


def kind_of(records: Sequence[Record], name: str, config: DataConfig) -> RecordKind | None:
    """The kind of a file's first records; None if they are rows whose columns are to be guessed.

    Raises:
        DataError: they hold classes and entities, and neither task nor column is named.
    """
    if config.tokens_column is not None or config.tags_column is not None:
        return None
    form = format_of_objects(records)
    if form == "jsonl" and config.label_column in (None, "cats") and _has_one_cat_each(records):
        text = config.text_column
        told = "texts with spaCy's cats, of which one is true in each"
        return RecordKind(JSONL, Task.CLASSIFICATION, told, text, "cats", text or "text")
    has_classes, has_entities = _ANSWERS[form](records, config)
    wanted = Task(config.task) if config.task is not None else None
    if not has_classes and not has_entities and form == "jsonl":
        return None
    if form == "jsonl" and _is_plain(records, config, wanted):
        return None
    if form == "doccano" and not has_entities and not any(_DOCCANO & row.keys() for row in records):
        return None  # lists under a usual name: a column of labels
    if has_classes and has_entities and wanted is None:
        raise DataError(
            f"{name}: {_NAMES[form]} hold classes and entities.",
            "Say which to read with --label-column, and the name of its field or control.",
        )
    task = wanted or (Task.TAGGING if has_entities else Task.CLASSIFICATION)
    if form == "label-studio":
        text = config.text_column or text_key(records, Reading(task))
    else:
        text = config.text_column or "text"
    what = "entities" if task is Task.TAGGING else "classes"
    described = _NAMES[form] if form == "jsonl" else f"{_NAMES[form]}, {what}"
    label = config.label_column or None
    return RecordKind(_FORMATS[form], task, described, config.text_column, label, text)


def _is_plain(records: Sequence[Record], config: DataConfig, wanted: Task | None) -> bool:
    """Whether rows with entities are read as texts with labels after all: where that is asked for,
    or there is no text."""
    text = config.text_column or "text"
    if not any(isinstance(row.get(text), str) for row in records):
        return True
    if config.label_column:
        return not any(is_mark(m) for row in records for m in listed(row.get(config.label_column)))
    if wanted is Task.CLASSIFICATION:
        return True
    labels = [row["label"] for row in records if isinstance(row.get("label"), str)]
    return wanted is None and any(label.strip() and not listed(label) for label in labels)


def _has_one_cat_each(records: Sequence[Record]) -> bool:
    """Whether the first records have `cats`, as spaCy's text classifiers do, of which one is 1 and
    the others are 0."""
    cats = [row.get("cats") for row in records]
    return bool(cats) and all(
        isinstance(one, Mapping) and len(one) > 1
        and sum(value in (1, True) for value in one.values()) == 1
        and all(value in (0, 1) for value in one.values())
        for one in cats
    )  # fmt: skip


def _of_rows(records: Sequence[Record], config: DataConfig) -> tuple[bool, bool]:
    fields = (config.label_column,) if config.label_column else None
    return False, any(
        is_mark(item)
        for row in records
        for name in fields or row
        if name in row and (fields or name in ENTITY_FIELDS or isinstance(row[name], list | str))
        for item in listed(row[name])
    )


def _of_doccano(records: Sequence[Record], config: DataConfig) -> tuple[bool, bool]:
    names = (config.label_column,) if config.label_column else ("label", "labels", "entities")
    items = [item for row in records for name in names for item in listed(row.get(name))]
    return any(isinstance(item, str) for item in items), any(map(is_mark, items))


def _of_prodigy(records: Sequence[Record], config: DataConfig) -> tuple[bool, bool]:
    if config.label_column in ("spans", "accept", "label"):
        return config.label_column != "spans", config.label_column == "spans"
    entities = any(
        row.get("_view_id") in _ENTITY_VIEWS or any(map(is_mark, listed(row.get("spans"))))
        for row in records
    )
    classes = any(
        isinstance(row.get("accept"), list) or row.get("_view_id") in ("choice", "classification")
        for row in records
    )
    labelled = any(isinstance(row.get("label"), str) for row in records)
    return classes or (labelled and not entities), entities


def _of_label_studio(records: Sequence[Record], config: DataConfig) -> tuple[bool, bool]:
    kinds = {
        region.get("type")
        for task in records
        for annotation in listed(task.get("annotations", task.get("completions")))
        if isinstance(annotation, Mapping)
        for region in listed(annotation.get("result"))
        if isinstance(region, Mapping)
        and config.label_column in (None, "", region.get("from_name"))
        and not (region.get("type") == "choices" and "start" in (region.get("value") or {}))
    }
    return "choices" in kinds, bool({"labels", "hypertextlabels"} & kinds)


_ANSWERS = {
    "jsonl": _of_rows,
    "doccano": _of_doccano,
    "prodigy": _of_prodigy,
    "label-studio": _of_label_studio,
}
