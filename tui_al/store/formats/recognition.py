"""Which program wrote a file of objects, by the fields of the first ones."""

from collections.abc import Mapping, Sequence

from tui_al.store.formats.fields import Fields


def format_of_objects(items: Sequence[object]) -> str:
    """The name of the format: prodigy, label-studio, doccano, or jsonl for rows of any other
    kind."""
    objects = [item for item in items if isinstance(item, Mapping)]
    for is_it, name in (
        (_is_label_studio, "label-studio"),
        (_is_prodigy, "prodigy"),
        (_is_doccano, "doccano"),
    ):
        if any(map(is_it, objects)):
            return name
    return "jsonl"


def _is_label_studio(item: Fields) -> bool:
    """A task: its data, and what was said of them."""
    return isinstance(item.get("data"), Mapping) and any(
        isinstance(item.get(name), list) for name in ("annotations", "completions", "predictions")
    )


def _is_prodigy(item: Fields) -> bool:
    if item.get("answer") in ("accept", "reject", "ignore"):
        return True
    return bool({"_task_hash", "_view_id"} & item.keys()) or (
        isinstance(item.get("spans"), list) and "status" not in item
    )


def _is_doccano(item: Fields) -> bool:
    """A list under `label` or `labels`, or entities of a project with relations; `status` beside it
    is ours only with our id."""
    if {"annotation_id", "tokens", "words"} & item.keys():
        return False
    if isinstance(item.get("label", item.get("labels")), list):
        return True
    entities = item.get("entities")
    return isinstance(entities, list) and any(
        isinstance(one, Mapping) and "start_offset" in one for one in entities
    )
