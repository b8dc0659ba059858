"""Mutations of files: of bytes, of the values in JSON, and of what lies inside compressed files."""

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

#: What packs and unpacks bytes, by suffix.
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.decompress,
    "bz2": bz2.decompress,
    "xz": lzma.decompress,
}

#: What readers may stumble over, put anywhere.
TOKENS = (
    b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\r", b"\r\n",
    b"\n\n", b"\t", b'"', b"'", b";", b",",
    b"|", b"{", b"}", b"[", b"]", b":", b"null", b"true", b"NaN", b"Infinity", b"1e400", b"-1",
    b"0.5", b"9" * 5000, b"18446744073709551616",
    b"[" * 3000, b'{"a":' * 3000, b"(" * 500, b"a" * 70000, b"\\ud800", b"\\u0000", b"\xe2\x80\xa8",
    b"\xc2\x85", b"\x1c", b"__label__", b"B-X", b"I-",
    b"O", b"-DOCSTART-", b"sep=;\n", b"#", b"# text = x\n", b"=1+1", b"T1\tPER 0 4\tAnna\n",
    b"T2\tPER 0 "
        b"1;2 3\tA\n", b"\xf0\x9f\x91\xa9\xe2\x80\x8d", b"\xcc\x81",
    b"text", b"label", b"tokens", b"tags", b"entities", b"spans", b"data", b"train", b"id", b"time",
    b"status",
)  # fmt: skip

#: Values that take the place of others in JSON.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**400, 0.5, -0.0, 1e308,
    float("inf"), float("nan"), "", " ", "x", "O", "B-X", "\x00",
    "\ud800", "\u202e", "👩\u200d👧", "a" * 5000, "9" * 5000, "2026-01-31T12:00:00Z",
    "9999-12-31T23:59:59-12:00", "0001-01-01", [], {}, [[]], [None], [0, 1], [0, 4, "PER"],
    [4, 0, "PER"], ["O", "B-X"], ["a", "b"], [{}], {"a": {}}, {"text": "x"},
    {"start": 0, "end": 4, "label": "PER"}, {"start": -5, "end": 10**12, "label": ["a"]},
    [{"start": 0, "end": 4, "label": "PER"}] * 2, "[1, 2]", "['a']", "{}", 1767225600000, -1e18,
)  # fmt: skip

_NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63), 2**40, 2**20, 64, 255)


def mutated(content: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """One to eight changes of a file's bytes; JSON is changed by its values as often."""
    if content[:1] in b"[{" and chance.random() < 0.6:
        found = _json_mutated(content, chance)
        if found is not None:
            content = found
            if chance.random() < 0.7:
                return content
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 8))):
        _change(changed, others, chance)
    return bytes(changed)


def _change(content: bytearray, others: Sequence[bytes], chance: random.Random) -> None:
    kind, place = chance.randrange(11), chance.randrange(len(content) + 1)
    after = min(len(content), place + chance.choice((1, 2, 4, 16, 64, 256)))
    if kind == 0 and place < len(content):
        content[place] ^= 1 << chance.randrange(8)
    elif kind == 1 and place < len(content):
        content[place] = chance.randrange(256)
    elif kind in (2, 3):
        content[place:place] = chance.choice(TOKENS)
    elif kind == 4:
        content[place:after] = chance.choice(TOKENS)
    elif kind == 5:
        width = chance.choice((2, 4, 8))
        place -= place % width
        number = chance.choice(_NUMBERS) % (1 << 8 * width)
        content[place : place + width] = number.to_bytes(width, "little")
    elif kind == 6:
        del content[place:after]
    elif kind == 7:
        content[place:place] = content[place:after] * chance.choice((1, 2, 50))
    elif kind == 8:
        del content[place:]
    elif kind == 9:
        other = chance.choice(others)
        start = chance.randrange(len(other) + 1)
        content[place:after] = other[start : start + chance.choice((4, 32, 400))]
    elif b"\n" in content:
        lines = content.split(b"\n")
        lines.insert(chance.randrange(len(lines)), chance.choice(lines))
        del lines[chance.randrange(len(lines))]
        content[:] = b"\n".join(lines)


def _json_mutated(content: bytes, chance: random.Random) -> bytes | None:
    """JSON, or lines of it, with one to four other values; None for what is none."""
    lines = content.strip().split(b"\n")
    try:
        found = [json.loads(line) for line in lines]
        whole = False
    except (ValueError, RecursionError):
        try:
            found, whole = [json.loads(content)], True
        except (ValueError, RecursionError):
            return None
    for _ in range(chance.choice((1, 1, 2, 4))):
        number = chance.randrange(len(found))
        found[number] = _value_mutated(found[number], chance)
    if whole:
        return json.dumps(found[0]).encode()
    return b"\n".join(json.dumps(one).encode() for one in found)


def _value_mutated(value: Any, chance: random.Random, depth: int = 0) -> Any:
    """The value with something in it changed; a deep place as likely as a shallow one."""
    if depth < 6 and chance.random() < 0.8:
        if isinstance(value, dict) and value:
            key = chance.choice(list(value))
            if chance.random() < 0.1:
                return {name: one for name, one in value.items() if name != key}
            if chance.random() < 0.1:
                return {
                    **value,
                    chance.choice(("text", "label", "", "\x00", "a.b", "spans")): value[key],
                }
            return {**value, key: _value_mutated(value[key], chance, depth + 1)}
        if isinstance(value, list) and value:
            number = chance.randrange(len(value))
            if chance.random() < 0.2:
                return (
                    value[:number]
                    + [value[number]] * chance.choice((0, 2, 60))
                    + value[number + 1 :]
                )
            inner = _value_mutated(value[number], chance, depth + 1)
            return [*value[:number], inner, *value[number + 1 :]]
    return chance.choice(VALUES)


def packed_mutated(
    name: str, content: bytes, others: Sequence[bytes], chance: random.Random
) -> bytes:
    """A compressed file: its bytes changed, or what is in it, packed again."""
    if chance.random() < 0.4:
        return mutated(content, others, chance)
    try:
        members = _unpacked(name, content)
    except Exception:  # whatever unpackers raise; readers must not
        return mutated(content, others, chance)
    if not members:
        return mutated(content, others, chance)
    key = chance.choice(list(members))
    members[key] = mutated(members[key], list(members.values()), chance)
    return _packed(name, members)


def _unpacked(name: str, content: bytes) -> dict[str, bytes]:
    suffix = name.rpartition(".")[2]
    if suffix in ("zip", "xlsx"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {
                info.filename: archive.read(info)
                for info in archive.infolist()[:50]
                if info.file_size < 1 << 20
            }
    if suffix == "zst":
        with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
            return {"": stream.read(1 << 20)}
    return {"": UNPACK[suffix](content)}


def _packed(name: str, members: dict[str, bytes]) -> bytes:
    suffix = name.rpartition(".")[2]
    if suffix in ("zip", "xlsx"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return buffer.getvalue()
    if suffix == "zst":
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(members[""])
        return bytes(sink.getvalue())
    return PACK[suffix](members[""])
