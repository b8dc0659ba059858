"""Sub-tokens on disk: made once for all rounds, seeds, strategies and sessions, read through a
memory map.

One file a split, named by a digest of everything that its content depends on: the texts, the
tokenizer (so models with the same vocabulary share), the maximum length. A file is a header of 512
bytes, JSON padded with spaces, then the arrays of `Tokens` one after the other, lengths in place of
offsets. It appears whole or not at all, whoever else writes it at the same time; one that does not
match its own checksum is made again.
"""

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import time
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from tui_al.core.data.examples import Example, Task
from tui_al.engine.text.tokenizing import Piece, joined, pieces_of, tokenize
from tui_al.engine.text.tokens import Tokens, offsets_of
from tui_al.store.sharing import fit, make_directory

log = logging.getLogger(__name__)

#: Bytes that all files together may take; the least recently used go first.
BUDGET = 4 * 2**30

_FORMAT = 1
_HEADER = 512
_SUFFIX = ".tokens"
_CHECKED_AT_ONCE = 2**24

#: Seconds after which a file that is still being written has been left behind by a killed process.
_ABANDONED = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class TokenCache:
    """The files in one directory, which need not be there yet."""

    directory: Path
    budget: int = BUDGET

    def tokens(
        self,
        tokenizer: PreTrainedTokenizerFast,
        task: Task,
        examples: Sequence[Example],
        max_length: int,
    ) -> Tokens:
        """What `tokenize` gives, from the cache if it is there. Without a usable disk it is kept in
        memory."""
        path = self.directory / (digest(tokenizer, task, examples, max_length) + _SUFFIX)
        found = _read(path)
        if found is None:
            try:
                self._write(path, pieces_of(tokenizer, task, examples, max_length))
                found = _read(path)
            except OSError as error:
                log.warning("sub-tokens are kept in memory, not in %s: %s", self.directory, error)
        else:
            with contextlib.suppress(OSError):
                os.utime(path)  # used just now
        return found or tokenize(tokenizer, task, examples, max_length)

    def in_pieces(
        self,
        tokenizer: PreTrainedTokenizerFast,
        task: Task,
        examples: Sequence[Example],
        max_length: int,
    ) -> Generator[None, None, Tokens]:
        """As `tokens`, with a stop after every ten thousand texts or so, for who has other things
        to look after."""
        path = self.directory / (digest(tokenizer, task, examples, max_length) + _SUFFIX)
        yield
        if _read(path) is None:
            pieces = []
            for piece in pieces_of(tokenizer, task, examples, max_length):
                pieces.append(piece)
                yield
            try:
                self._write(path, pieces)
            except OSError as error:
                log.warning("sub-tokens are kept in memory, not in %s: %s", self.directory, error)
                return joined(pieces)
        return self.tokens(tokenizer, task, examples, max_length)

    def _write(self, path: Path, pieces: Iterable[Piece]) -> None:
        make_directory(self.directory)
        descriptor, name = tempfile.mkstemp(
            dir=self.directory, prefix=f"{path.stem}-", suffix=".part"
        )
        making = Path(name)
        try:
            fit(descriptor, self.directory)
            with os.fdopen(descriptor, "wb") as stream:
                _write_pieces(stream, pieces)
            making.replace(path)
        except BaseException:
            making.unlink(missing_ok=True)
            raise
        self._tidy(path)

    def _tidy(self, newest: Path) -> None:
        """Drop what is over the budget, the least recently used first, and what killed processes
        left."""
        for part in self.directory.glob("*.part"):
            with contextlib.suppress(OSError):
                if time.time() - part.stat().st_mtime > _ABANDONED:
                    part.unlink()
        there: list[tuple[float, int, Path]] = []
        for path in self.directory.glob(f"*{_SUFFIX}"):
            with contextlib.suppress(OSError):  # dropped by another process meanwhile
                facts = path.stat()
                there.append((facts.st_mtime, facts.st_size, path))
        total = sum(size for _, size, _ in there)
        for _, size, path in sorted(there):
            if total <= self.budget:
                return
            if path != newest:
                path.unlink(missing_ok=True)
                total -= size


def digest(
    tokenizer: PreTrainedTokenizerFast, task: Task, examples: Sequence[Example], max_length: int
) -> str:
    """32 hex digits of everything that the sub-tokens depend on, in the order of the examples."""
    hashed = hashlib.blake2b(digest_size=16)
    basis = [_FORMAT, version("tokenizers"), task.value, max_length, tokenizer.truncation_side]
    hashed.update(json.dumps(basis).encode())
    hashed.update(_rules(tokenizer))
    for example in examples:
        parts = example.tokens if task is Task.TAGGING else (example.text,)
        hashed.update(len(parts).to_bytes(4, "little"))
        for part in parts:
            raw = part.encode("utf-8", "surrogatepass")
            hashed.update(len(raw).to_bytes(4, "little"))
            hashed.update(raw)
    return hashed.hexdigest()


def _rules(tokenizer: PreTrainedTokenizerFast) -> bytes:
    """What turns texts into sub-tokens: vocabulary, normalisation and so on, without names, states
    and the way back."""
    rules = json.loads(tokenizer.backend_tokenizer.to_str())
    for name in ("version", "truncation", "padding", "decoder"):
        rules.pop(name, None)
    return json.dumps(rules, sort_keys=True).encode()


def _write_pieces(stream: IO[bytes], pieces: Iterable[Piece]) -> None:
    stream.write(b" " * _HEADER)
    checksum = cut = count = 0
    id_type = "<i4"
    small: list[tuple[Any, Any, Any]] = []
    for piece in pieces:
        raw = piece.ids.astype(piece.ids.dtype.newbyteorder("<"), copy=False)
        stream.write(raw.data)
        checksum = zlib.crc32(raw.data, checksum)
        id_type, count, cut = raw.dtype.str, count + len(raw), cut + piece.cut
        small.append((piece.lengths, piece.heads, piece.words))
    padding = bytes(-(count * np.dtype(id_type).itemsize) % 4)
    stream.write(padding)
    checksum = zlib.crc32(padding, checksum)
    sizes = {}
    for name, arrays in zip(
        ("lengths", "heads", "words"),
        zip(*small, strict=True) if small else ((), (), ()),
        strict=True,
    ):
        sizes[name] = sum(map(len, arrays))
        for array in arrays:
            raw = array.astype("<i4", copy=False)
            stream.write(raw.data)
            checksum = zlib.crc32(raw.data, checksum)
    facts = {"format": _FORMAT, "type": id_type, "ids": count, **sizes, "cut": cut}
    stream.seek(0)
    stream.write(json.dumps({**facts, "crc32": _sealed(facts, checksum)}).encode())


def _read(path: Path) -> Tokens | None:
    """The tokens of a file; None for one that is not there or damaged."""
    try:
        size = path.stat().st_size
        body = np.memmap(path, np.uint8, "r", _HEADER) if size > _HEADER else np.zeros(0, np.uint8)
        with path.open("rb") as stream:
            header = json.loads(stream.read(_HEADER))
        if header.pop("crc32") != _sealed(header, _checksum(body)):
            return None
        parts = _parts(body, header)
        return Tokens(
            ids=next(parts).view(header["type"]),
            offsets=offsets_of(next(parts).view("<i4")),
            heads=next(parts).view("<i4"),
            word_offsets=offsets_of(next(parts).view("<i4")),
            cut=int(header["cut"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _parts(body: NDArray[np.uint8], header: dict[str, Any]) -> Iterator[NDArray[np.uint8]]:
    """The bytes of the four arrays."""
    count = int(header["ids"]) * np.dtype(header["type"]).itemsize
    yield body[:count]
    start = count + -count % 4
    for name in ("lengths", "heads", "words"):
        end = start + 4 * int(header[name])
        yield body[start:end]
        start = end


def _sealed(facts: dict[str, Any], checksum: int) -> int:
    """The checksum of a body and of what the header says about it."""
    return zlib.crc32(json.dumps(facts).encode(), checksum)


def _checksum(body: NDArray[np.uint8]) -> int:
    checksum = 0
    for start in range(0, len(body), _CHECKED_AT_ONCE):
        checksum = zlib.crc32(body[start : start + _CHECKED_AT_ONCE].data, checksum)
    return checksum
