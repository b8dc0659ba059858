"""What the engine finds out about a pool while people label its first texts: near-duplicates, and where each text lies.

    groups.npy    int64 (train,)         number of each text's group of near-duplicates
    states.npy    float16 (train, width) mean of the last layer's states of the pretrained encoder, of length 1: for search by likeness

Both depend on the frozen data (and the encoder) only, so they are made once a session.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from tui_al.core.config import LearnerConfig
from tui_al.core.duplicates import duplicate_groups
from tui_al.core.predictions import IntArray
from tui_al.core.tasks import Dataset
from tui_al.engine.pretrained import load_model, load_tokenizer
from tui_al.engine.sources import find
from tui_al.engine.tokenizing import tokenize
from tui_al.engine.tokens import collate, scoring_batches

GROUPS_FILE = "groups.npy"
STATES_FILE = "states.npy"

_BUDGET = 4_096  # padded sub-tokens at once


def study(
    directory: Path,
    dataset: Dataset,
    pool: IntArray,
    audit: IntArray,
    config: LearnerConfig,
    device: torch.device,
    heed: Callable[[], None],
) -> IntArray:
    """The groups of near-duplicates, (train,); leaves both files in `directory`.

    Texts of the audit are each a group of their own: folded into others, they would be no random sample any more.
    """
    groups_file, states_file = directory / GROUPS_FILE, directory / STATES_FILE
    if groups_file.exists():
        groups = np.load(groups_file)
    else:
        groups = np.arange(len(dataset.train))
        rows = np.setdiff1d(pool, audit)
        groups[rows] = rows[duplicate_groups([dataset.train[row].text for row in rows.tolist()])]
        _write(groups_file, groups)
    if not states_file.exists():
        _write(states_file, mean_states(dataset, config, device, heed))
    return np.asarray(groups, dtype=np.int64)


def mean_states(
    dataset: Dataset, config: LearnerConfig, device: torch.device, heed: Callable[[], None]
) -> np.ndarray[tuple[int, int], np.dtype[np.float16]]:
    """Each training text's mean state in the pretrained encoder, of length 1. (train, width)"""
    source = find(config.model, config.revision)
    tokenizer = load_tokenizer(source, dataset.task)
    encoder = load_model(source, dataset.task, ("0", "1"), 0.0).base_model.to(device).eval()
    longest = min(
        config.max_length, int(getattr(encoder.config, "max_position_embeddings", 512)) - 2
    )
    tokens = tokenize(tokenizer, dataset.task, dataset.train, longest)
    states = np.zeros((len(dataset.train), encoder.config.hidden_size), dtype=np.float16)
    for rows in scoring_batches(tokens.lengths(), _BUDGET):
        heed()
        batch = collate(tokens, rows, tokenizer.pad_token_id or 0, device)
        with torch.inference_mode():
            hidden = encoder(
                input_ids=batch.input_ids, attention_mask=batch.attention_mask
            ).last_hidden_state  # (batch, longest, width)
            mask = batch.attention_mask[..., None]
            mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
            states[rows] = functional.normalize(mean, dim=1).cpu().numpy()
    return states


def _write(path: Path, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
    """The file appears whole or not at all."""
    making = path.with_suffix(".part")
    with making.open("wb") as file:
        np.save(file, array)
    making.rename(path)
