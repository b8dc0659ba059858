"""Small valid files of every format, which the mutations of `tests.campaigns.fuzz` begin with."""

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.campaigns.mutation import PACK
from tests.engine.data.workbook import write_workbook
from tests.store.formats.annotations import BY_HAND, HEADERS
from tui_al.core.data.examples import Task
from tui_al.engine.jobs.annotation_tables import TABLE_FORMATS
from tui_al.store.formats import TEXT_FORMATS

Files = Mapping[str, bytes]

_ROWS = [
    ("a parcel came late", "parcel"),
    ("grüße, ünd 'so'", "other"),
    ('1,5 kg "net"', "parcel"),
    ("x", ""),
] * 2
_COLUMNS: dict[str, Sequence[Any]] = {"text": [t for t, _ in _ROWS], "label": [c for _, c in _ROWS]}
_TOKENS = [["Anna", "flew", "to", "Ulm"], ["nobody"], ["New", "York", "!"]]
_TAGS = [["B-PER", "O", "O", "B-LOC"], ["O"], ["B-LOC", "I-LOC", "O"]]
_SPANS = [[[0, 4, "PER"], [13, 16, "LOC"]], [], [[0, 8, "LOC"]]]


def _utf8(*texts: str) -> list[bytes]:
    return [text.encode() for text in texts]


def _lines(rows: Sequence[object]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def delimited(separator: str) -> list[bytes]:
    quoted = ['"' + t.replace('"', '""') + '"' for t, _ in _ROWS]
    rows = "\n".join(f"{t}{separator}{c}" for t, (_, c) in zip(quoted, _ROWS, strict=True))
    tokens = "\n".join(
        separator.join((str(n), w, t))
        for n in range(3)
        for w, t in zip(_TOKENS[n], _TAGS[n], strict=True)
    )
    lists = "\n".join(f'"{w}"{separator}"{t}"' for w, t in zip(_TOKENS, _TAGS, strict=True))
    return [
        *_utf8(
            f"text{separator}label\n{rows}\n",
            f"sep={separator}\nid{separator}body{separator}class\n"
            + "\n".join(f"{i}{separator}{q}{separator}{i % 2}" for i, q in enumerate(quoted)),
            f"sentence{separator}word{separator}tag\n{tokens}\n",
            f"tokens{separator}ner_tags\n{lists}\n",
            "# made by hand\n" + rows,
        ),
        f"text{separator}label\n{rows}\n".encode("utf-16"),
        f"text{separator}label\n{rows}\n".encode("cp1252"),
    ]


def columns() -> list[bytes]:
    """CoNLL in its forms."""
    plain = "\n\n".join(
        "\n".join(f"{w} {t}" for w, t in zip(*s, strict=True))
        for s in zip(_TOKENS, _TAGS, strict=True)
    )
    numbered = (
        "# text = "
        "Anna\n1\tAnna\tanna\tNOUN\t_\t_\t0\troot\t_\tB-PER\n1-2\tx\t_\t_\t_\t_\t_\t_\t_\t_\n2\tran\trun\tVERB\t_\t_\t1\tx\t_\tO\n\n"
        * 3
    )
    wnut = plain.replace(" ", "\t")
    multi = "# id 1 domain=en\nAnna _ _ B-PER\nran _ _ O\n\n# id 2 domain=en\nUlm _ _ B-LOC\n"
    return _utf8(
        plain,
        "-DOCSTART- -X- O O\n\n" + plain,
        numbered,
        wnut,
        multi,
        plain.replace("B-PER", "B").replace("B-LOC", "S-LOC"),
    )


def texts() -> list[bytes]:
    """Lines, fastText's, and labels before or after a tab."""
    return _utf8(
        "\n".join(t for t, _ in _ROWS),
        "\n".join(f"__label__{c or 'other'} {t}" for t, c in _ROWS),
        "\n".join(f"{c or 'other'}\t{t}" for t, c in _ROWS),
        "\n".join(f"__label__a __label__b {t}" for t, _ in _ROWS),
    )


def json_rows() -> list[bytes]:
    rows = [{"text": t, "label": c} for t, c in _ROWS]
    tagged = [
        {"id": i, "tokens": w, "ner_tags": t}
        for i, (w, t) in enumerate(zip(_TOKENS, _TAGS, strict=True))
    ]
    nested = [{"data": {"text": t, "meta": {"n": 1}}, "label": [c]} for t, c in _ROWS]
    found: list[object] = [
        rows,
        tagged,
        nested,
        {"train": rows[:5], "test": rows[5:]},
        {"data": rows, "version": 1},
        {key: list(value) for key, value in _COLUMNS.items()},
        {"text": {"0": "a b", "1": "c"}, "label": {"0": "x", "1": "y"}},
        {"columns": ["text", "label"], "data": [list(r) for r in _ROWS]},
        {"parcel": ["where is my parcel now"] * 3, "other": ["what is it then"] * 2},
        {"classes": ["PER"], "annotations": [["Anna ran", {"entities": [[0, 4, "PER"]]}], None]},
    ]
    return [json.dumps(one, ensure_ascii=False).encode() for one in found]


def json_lines() -> list[bytes]:
    rows = [{"text": t, "label": c} for t, c in _ROWS]
    tagged = [{"tokens": w, "tags": t} for w, t in zip(_TOKENS, _TAGS, strict=True)]
    numbered = [
        {"tokens": w, "tags": [len(x) % 3 for x in t]} for w, t in zip(_TOKENS, _TAGS, strict=True)
    ]
    spans = [{"text": " ".join(w), "entities": s} for w, s in zip(_TOKENS, _SPANS, strict=True)]
    several = [{"text": t, "labels": [c, "b"]} for t, c in _ROWS]
    tokens = [
        {"sentence": n, "token": w, "tag": t}
        for n in range(3)
        for w, t in zip(_TOKENS[n], _TAGS[n], strict=True)
    ]
    return [_lines(one) for one in (rows, tagged, numbered, spans, several, tokens)]


def spacy() -> list[bytes]:
    pairs = [[" ".join(w), {"entities": s}] for w, s in zip(_TOKENS, _SPANS, strict=True)]
    cats = [
        {"text": t, "cats": {"parcel": float(c == "parcel"), "other": float(c != "parcel")}}
        for t, c in _ROWS
    ]
    return [_lines(pairs), json.dumps(pairs).encode(), _lines(cats)]


def exported(name: str) -> list[bytes]:
    """What our own exports write, of both tasks."""
    known = {**TEXT_FORMATS, **TABLE_FORMATS}[name]
    found: list[bytes] = []
    with tempfile.TemporaryDirectory() as folder:
        for task in Task:
            if task in known.tasks:
                path = Path(folder) / f"{task}"
                known.write(path, HEADERS[task], BY_HAND[task])
                found.append(path.read_bytes())
    return found


def tables() -> list[pa.Table]:
    """Tables with columns of every type that files may have."""
    metadata = json.dumps(
        {
            "info": {
                "features": {
                    "label": {"names": ["a", "b"], "_type": "ClassLabel"},
                    "ner_tags": {
                        "feature": {"names": ["O", "B-X"], "_type": "ClassLabel"},
                        "_type": "List",
                    },
                }
            }
        }
    )
    named = {"huggingface": metadata.encode()}
    text = _COLUMNS["text"]
    odd = pa.table({
        "text": text, "label": pa.array(_COLUMNS["label"]).dictionary_encode(),
        "when": pa.array(range(8), pa.timestamp("ns", "Europe/Berlin")),
        "time": pa.array(range(8), pa.timestamp("us")), "day": pa.array(range(8), pa.date32()),
        "span": pa.array(range(8), pa.duration("s")), "raw": pa.array([b"\xff"] * 8),
        "price": pa.array([1] * 8).cast(pa.decimal128(30, 2)),
        "map": pa.array([[("a", 1)]] * 8, pa.map_(pa.string(), pa.int64())),
        "half": pa.array([1.5] * 8).cast(pa.float16()),
        "deep": pa.array([[["a"]]] * 8), "large": pa.array(text, pa.large_string()),
        "fixed": pa.array([[1, 2]] * 8, pa.list_(pa.int8(), 2)), "none": pa.nulls(8),
    })  # fmt: skip
    entities = [[{"start": 0, "end": 1, "label": "X"}], None, [], [None]] * 2
    return [
        pa.table(dict(_COLUMNS)),
        pa.table({"text": text, "label": [0, 1, -1, None] * 2}).replace_schema_metadata(named),
        pa.table(
            {"tokens": _TOKENS, "ner_tags": [[0, 1, 0, 1], [0], [1, 1, 0]]}
        ).replace_schema_metadata(named),
        odd,
        pa.table({"text": text, "entities": entities}),
    ]


def arrow() -> list[bytes]:
    found = []
    for number, table in enumerate(tables()):
        for kind in (pa.ipc.new_file, pa.ipc.new_stream):
            options = pa.ipc.IpcWriteOptions(compression=(None, "lz4", "zstd")[number % 3])
            buffer = io.BytesIO()
            with kind(buffer, table.schema, options=options) as writer:
                writer.write_table(table)
            found.append(buffer.getvalue())
    return found


def parquet() -> list[bytes]:
    found = []
    for number, table in enumerate(tables()):
        buffer = io.BytesIO()
        if "half" in table.column_names:
            table = table.drop_columns(["half", "map"])
        pq.write_table(
            table, buffer, compression=("none", "snappy", "zstd")[number % 3], version="2.6"
        )
        found.append(buffer.getvalue())
    return found


def workbooks() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        body = [list(row) for row in _ROWS]
        write_workbook(path, {"Sheet": [["text", "label"], *body], "two": [[1, None, 2.5]]})
        return [path.read_bytes()]


def zipped(*members: Files) -> list[bytes]:
    found = []
    for files in members:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        found.append(buffer.getvalue())
    return found


def compressed(suffix: str, contents: Sequence[bytes]) -> list[bytes]:
    if suffix == "zst":
        return [pa.compress(content, "zstd", asbytes=True) for content in contents]
    return [PACK[suffix](content) for content in contents]


def standoff() -> list[Files]:
    """brat's folders."""
    ann = b"T1\tPER 0 4\tAnna\nT2\tLOC 13 16\tUlm\nR1\tat Arg1:T1 Arg2:T2\n#1\tNote T1\tx\n"
    return [
        {"a.txt": b"Anna flew to Ulm\n", "a.ann": ann, "b.txt": "grüße\r\n".encode(), "b.ann": b""}
    ]


def saved_set() -> list[Files]:
    """A folder of `save_to_disk`, as our own export writes it."""
    found: list[Files] = []
    with tempfile.TemporaryDirectory() as folder:
        for task in Task:
            path = Path(folder) / f"{task}"
            TABLE_FORMATS["datasets"].write(path, HEADERS[task], BY_HAND[task])
            found.append({file.name: file.read_bytes() for file in sorted(path.iterdir())})
    return found


def names_files() -> list[Files]:
    """Data with numbers for classes, and beside it a file of their names in one of its forms."""
    data = "text,label\n" + "\n".join(f"text {i},{i % 2}" for i in range(8))
    names = {
        "classes.txt": b"parcel\nother\n",
        "labels.txt": b"0\tparcel\n1\tother\n",
        "id2label.json": b'{"0": "parcel", "1": "other"}',
        "label2id.json": b'{"parcel": 0, "other": 1}',
        "label_map.json": b'["parcel", "other"]',
        "config.json": b'{"id2label": {"0": "parcel", "1": "other"}}',
        "README.md": b"---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      "
        b"class_label:\n        names:\n          '0': a\n          '1': b\n---\n",
    }
    tagged = _lines(
        [
            {"tokens": w, "tags": [len(x) % 2 for x in t]}
            for w, t in zip(_TOKENS, _TAGS, strict=True)
        ]
    )
    found: list[Files] = [
        {"train.csv": data.encode(), name: content} for name, content in names.items()
    ]
    return [
        *found,
        {"train.jsonl": tagged, "tags.txt": b"O\nB-PER\n"},
        {"train.jsonl": tagged, "README.md": names["README.md"]},
    ]
