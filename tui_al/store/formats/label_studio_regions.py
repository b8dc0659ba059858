"""What Label Studio calls the result of an annotation: regions of many kinds, of which some are
classes, entities or notes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_al.core.data.examples import Task
from tui_al.core.data.stored_spans import Mark
from tui_al.store.formats.fields import Fields, mapping, mark_of, string, strings
from tui_al.store.formats.reading import ItemError, Reading, Reason

#: Kinds of regions that are entities, as the name of their type has it.
_ENTITIES = ("labels", "hypertextlabels")

# Where all of a plain text lies in the page that shows it, for regions of HyperText.
_WHOLE_TEXT = ("", "/text()[1]", "/text()", "/pre[1]/text()[1]")


@dataclass(slots=True)
class Regions:
    """The result of one annotation, sorted."""

    classes: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    others: set[str] = field(default_factory=set)  #: kinds that say nothing of this task


def regions_of(result: Sequence[Fields], reading: Reading, place: str) -> Regions:
    """The classes, entities and notes of an annotation; regions of other kinds are counted in
    `reading.aside`.

    Raises:
        ItemError: classes of several controls, or an entity that cannot be read.
    """
    found = Regions()
    controls: dict[str, list[str]] = {}
    wanted = reading.options.label_column
    for region in result:
        kind, control = string(region, "type", place), string(region, "from_name", place)
        value = mapping(region, "value", place)
        of_region = (
            "start" in value or "startOffset" in value
        )  # belongs to a region, not to the text
        if kind == "textarea" and not of_region:
            found.notes += _lines(value, place)
            found.others.add("a note")
        elif wanted is not None and control != wanted:
            _put_aside(found, f"{kind} of the control {control!r}", reading, place)
        elif kind == "choices" and not of_region and reading.task is Task.CLASSIFICATION:
            controls.setdefault(control, []).extend(strings(value, "choices", place))
        elif kind in _ENTITIES and reading.task is Task.TAGGING:
            found.marks.append(_mark(kind, value, place))
        else:
            _put_aside(found, f"{kind} of regions" if of_region and kind not in _ENTITIES else kind,
                       reading, place)  # fmt: skip
    if len(controls) > 1:
        raise ItemError(
            f"{place}: classes of {len(controls)} controls, {', '.join(controls)}.",
            "Name the one to read with --label-column.",
            Reason.SEVERAL,
        )
    found.classes = [name for names in controls.values() for name in names]
    return found


def _put_aside(found: Regions, kind: str, reading: Reading, place: str) -> None:
    kind = kind or "regions without a type"
    found.others.add(kind)
    reading.aside.add(f"{kind}, which have no place here", place)


def _lines(value: Fields, place: str) -> Sequence[str]:
    if isinstance(value.get("text"), str):
        return [string(value, "text", place)]
    return strings(value, "text", place)


def _mark(kind: str, value: Fields, place: str) -> Mark:
    """An entity. Offsets of HyperText count in the page that is shown, so its text must be stored
    to be believed."""
    if kind == "labels":
        return mark_of({**value, "label": value.get("labels")}, place)
    whole = value.get("globalOffsets")
    if isinstance(whole, Mapping):
        offsets = (whole.get("start"), whole.get("end"))
    else:
        offsets = (value.get("startOffset"), value.get("endOffset"))
        paths = [value.get(name, "") for name in ("start", "end")]
        if any(path not in _WHOLE_TEXT for path in paths):
            raise ItemError(
                f"{place}: hypertextlabels from {paths[0]!r} to {paths[1]!r}: offsets in a page "
                "with markup.",
                "Export it with globalOffsets, as Label Studio 1.0 and later do.",
                "with hypertextlabels in a page with markup",
            )
    if not isinstance(value.get("text"), str):
        raise ItemError(
            f"{place}: hypertextlabels at {offsets[0]}-{offsets[1]} without their text: whether "
            "they fit cannot be seen.",
            "Export it with the text of regions (granularity and showLabels do not matter).",
            "with hypertextlabels that do not say what text they cover",
        )
    kinds = value.get("hypertextlabels") or value.get("labels")
    named = {"start": offsets[0], "end": offsets[1], "label": kinds, "text": value["text"]}
    return mark_of(named, place)
