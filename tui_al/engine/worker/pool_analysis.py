"""What the engine finds out about a pool while people label its first texts: near-duplicates, and
where each text lies.

    groups.npy    int64 (train,)         number of each text's group of near-duplicates
    states.npy    float16 (train, width) mean of the last layer's states of the pretrained encoder,
        of length 1: for search by likeness

Both depend on the frozen data (and the encoder) only, so they are made once a session. The groups
are needed for the first ranking by a model; the states take as long as scoring the pool and only
serve the search, so they are made in pieces, when nothing is due."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.core.data.near_duplicates import duplicate_groups, equal_groups
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.hub.sources import find
from tui_al.engine.models.device import free_memory, is_out_of_memory
from tui_al.engine.models.learner import positions_of
from tui_al.engine.models.pretrained import load_model, load_tokenizer
from tui_al.engine.models.scoring import SCORING_BUDGET
from tui_al.engine.text.token_cache import TokenCache
from tui_al.engine.text.tokens import Tokens, collate, scoring_batches
from tui_al.store.environment import of_os
from tui_al.store.home import cache_directory
from tui_al.store.kept_arrays import read_array, write_array

log = logging.getLogger(__name__)

GROUPS_FILE = "groups.npy"
STATES_FILE = "states.npy"

#: Seconds of work between two looks at what is due.
_PIECE = 1.0


def near_duplicates(
    directory: Path,
    dataset: Dataset,
    pool: IntArray,
    audit: IntArray,
    check_stop: Callable[[], None] = lambda: None,
) -> IntArray:
    """The groups of near-duplicates, (train,), kept in `directory`; `check_stop` is called every
    now and then and may raise.

    Texts of the audit are each a group of their own: folded into others, they would be no random
    sample any more. Entities are character offsets, which fit no other text: there only equal texts
    make a group.
    """
    path = directory / GROUPS_FILE
    kept = read_array(path, (len(dataset.train),), np.int64)
    if kept is not None and ((kept >= 0) & (kept < len(kept))).all():
        return np.asarray(kept, dtype=np.int64)
    groups = np.arange(len(dataset.train))
    rows = np.setdiff1d(pool, audit)
    groups[rows] = rows[
        _alike([dataset.train[row] for row in rows.tolist()], dataset.task, check_stop)
    ]
    _write(path, groups)
    return groups


def _alike(examples: Sequence[Example], task: Task, check_stop: Callable[[], None]) -> IntArray:
    """For each example the position of the first that one answer may stand for. (examples,)"""
    if task is Task.TAGGING:
        return equal_groups([(example.text, example.tokens) for example in examples])
    return duplicate_groups([example.text for example in examples], check_stop=check_stop)


def mean_states(
    directory: Path, dataset: Dataset, config: LearnerConfig, device: torch.device
) -> Iterator[None]:
    """Leave each training text's mean state in the pretrained encoder in `directory`; stops about
    once a second."""
    path = directory / STATES_FILE
    if read_array(path, (len(dataset.train), -1), np.float16) is not None:
        return
    source = find(config.model, config.revision)
    tokenizer = load_tokenizer(source, dataset.task)
    encoder = load_model(source, dataset.task, ("0", "1"), 0.0).base_model.to(device).eval()
    cache = TokenCache(cache_directory(directory) / "tokens")
    limit = min(config.max_length, positions_of(encoder))
    tokens = yield from cache.in_pieces(tokenizer, dataset.task, dataset.train, limit)
    states = np.zeros((len(dataset.train), encoder.config.hidden_size), dtype=np.float16)
    stopped = time.monotonic()
    waiting = list(scoring_batches(tokens.lengths(), SCORING_BUDGET[device.type]))[::-1]
    while waiting:
        rows = waiting.pop()
        found = _means(encoder, tokens, rows, tokenizer.pad_token_id or 0, device)
        if found is None:
            free_memory()
            if len(rows) == 1:
                log.warning("no search by likeness: memory is short with a single text")
                return
            middle = len(rows) // 2
            waiting += [rows[middle:], rows[:middle]]
            continue
        states[rows] = found
        if time.monotonic() - stopped > _PIECE:
            yield
            stopped = time.monotonic()
    _write(path, states)


def _means(
    encoder: Any, tokens: Tokens, rows: IntArray, pad: int, device: torch.device
) -> FloatArray | None:
    """Mean states of length 1, (rows, width), or None where memory runs out: what it held is free
    when this returns."""
    try:
        with torch.inference_mode():
            batch = collate(tokens, rows, pad, device)
            hidden = encoder(
                input_ids=batch.input_ids, attention_mask=batch.attention_mask
            ).last_hidden_state  # (batch, longest, width)
            return np.asarray(mean_of(hidden, batch.attention_mask).cpu().numpy())
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return None


def mean_of(hidden: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Mean state of each text's sub-tokens, scaled to length one: (batch, longest, width) to
    (batch, width)."""
    mask = attention_mask[..., None]
    return functional.normalize((hidden * mask).sum(dim=1) / mask.sum(dim=1), dim=1)


def _write(path: Path, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
    """The file appears whole or not at all; where the disk refuses it, it is made again next
    time."""
    try:
        write_array(path, array)
    except OSError as error:
        log.warning("not kept: %s", of_os(error, path).message)
