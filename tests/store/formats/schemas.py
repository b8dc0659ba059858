"""What other programs publish of their formats, as JSON Schemas; exported files are held against
these."""

from typing import Any

_STRINGS = {"type": "array", "items": {"type": "string"}}
_OFFSET = {"type": "integer", "minimum": 0}

_PRODIGY_COMMON: dict[str, Any] = {
    "text": {"type": "string"},
    "answer": {"enum": ["accept", "reject", "ignore"]},
    "meta": {"type": "object"},
    "_input_hash": {"type": "integer"},
    "_task_hash": {"type": "integer"},
    "_is_binary": {"type": "boolean"},
    "_session_id": {"type": ["string", "null"]},
    "_annotator_id": {"type": ["string", "null"]},
    "_timestamp": {"type": "integer"},
}

#: Source: Prodigy, "Annotation interfaces", https://prodi.gy/docs/api-interfaces, sections `choice`
#: and "Annotated tasks", and the examples of db-out in support threads 1022 and 3421 of
#: https://support.prodi.gy.
PRODIGY_CHOICE: dict[str, Any] = {
    "type": "object",
    "required": ["text", "options", "accept", "answer"],
    "properties": {
        **_PRODIGY_COMMON,
        "options": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "text"],
                "properties": {"id": {"type": ["string", "integer"]}, "text": {"type": "string"}},
            },
        },
        "accept": {"type": "array", "items": {"type": ["string", "integer"]}},
        "config": {
            "type": "object",
            "properties": {"choice_style": {"enum": ["single", "multiple"]}},
        },
        "_view_id": {"const": "choice"},
    },
}

#: Source: the same page, section `ner_manual`. `token_end` is inclusive; `ws` says whether a blank
#: follows.
PRODIGY_NER: dict[str, Any] = {
    "type": "object",
    "required": ["text", "tokens", "answer"],
    "properties": {
        **_PRODIGY_COMMON,
        "tokens": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["text", "start", "end", "id"],
                "properties": {
                    "text": {"type": "string"},
                    "start": _OFFSET,
                    "end": _OFFSET,
                    "id": _OFFSET,
                    "ws": {"type": "boolean"},
                },
                "additionalProperties": False,
            },
        },
        "spans": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["start", "end", "label", "token_start", "token_end"],
                "properties": {
                    "start": _OFFSET,
                    "end": _OFFSET,
                    "token_start": _OFFSET,
                    "token_end": _OFFSET,
                    "label": {"type": "string", "minLength": 1},
                },
            },
        },
        "_view_id": {"const": "ner_manual"},
    },
}


def _region(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["from_name", "to_name", "type", "value"],
        "properties": {
            "id": {"type": "string"},
            "from_name": {"type": "string"},
            "to_name": {"type": "string"},
            "type": {"const": kind},
            "value": {"type": "object", "required": list(value), "properties": value},
        },
    }


#: Source: Label Studio, "Label Studio JSON format of annotated tasks",
#: https://labelstud.io/guide/task_format (the repository's docs/source/includes/task_format.md),
#: and the tags Choices, Labels and TextArea of https://labelstud.io/tags. `completed_by`, where
#: there is one, must be a user that the project knows (label_studio/tasks/serializers.py), so none
#: is written.
LABEL_STUDIO: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["data", "annotations"],
        "properties": {
            "data": {
                "type": "object",
                "required": ["text"],
                "properties": {"text": {"type": "string"}},
            },
            "annotations": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["result"],
                    "not": {"required": ["completed_by"]},
                    "properties": {
                        "was_cancelled": {"type": "boolean"},
                        "ground_truth": {"type": "boolean"},
                        "created_at": {"type": "string", "format": "date-time"},
                        "updated_at": {"type": "string", "format": "date-time"},
                        "result": {
                            "type": "array",
                            "items": {
                                "oneOf": [
                                    _region("choices", {"choices": _STRINGS}),
                                    _region("textarea", {"text": _STRINGS}),
                                    _region(
                                        "labels",
                                        {
                                            "start": _OFFSET,
                                            "end": _OFFSET,
                                            "text": {"type": "string"},
                                            "labels": _STRINGS,
                                        },
                                    ),
                                ]
                            },
                        },
                    },
                },
            },
        },
    },
}

#: Source: doccano, backend/data_export/pipeline/factories.py and formatters.py (JSONL of a text
#: classification project), and backend/data_import/pipeline/labels.py, which reads a label as a
#: string.
DOCCANO_CLASSES: dict[str, Any] = {
    "type": "object",
    "required": ["text", "label"],
    "properties": {
        "text": {"type": "string"},
        "label": {"type": "array", "items": {"type": "string", "minLength": 1}},
        "Comments": _STRINGS,
    },
}

#: Source: the same files: a span is [start_offset, end_offset, label] in a project without
#: relations.
DOCCANO_SPANS: dict[str, Any] = {
    "type": "object",
    "required": ["text", "label"],
    "properties": {
        "text": {"type": "string"},
        "label": {
            "type": "array",
            "items": {
                "type": "array",
                "prefixItems": [_OFFSET, _OFFSET, {"type": "string", "minLength": 1}],
                "minItems": 3,
                "maxItems": 3,
            },
        },
        "Comments": _STRINGS,
    },
}
