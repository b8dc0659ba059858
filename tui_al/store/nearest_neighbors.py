"""Nearest neighbours of an example in the encoder's space, from the states that the engine leaves
in the session."""

from pathlib import Path

import numpy as np

from tui_al.core.arrays import FloatArray
from tui_al.errors import SessionError
from tui_al.store.kept_arrays import open_array

#: In the session's directory: (training examples, width), float16, one mean-pooled state a row.
STATES = "states.npy"

_CHUNK = 8192  # rows turned into float32 at a time


def nearest(directory: Path, row: int, limit: int) -> list[tuple[int, float]]:
    """Rows of the training split by their cosine with this one, the nearest first, itself left out.

    Raises:
        SessionError: the engine has not written the states yet, or the file is of other data.
    """
    path = directory / STATES
    try:
        states = open_array(path)
    except FileNotFoundError as error:
        raise SessionError(
            "Neighbours are not there yet: the engine writes them when it has read the texts once.",
            "Search by words meanwhile.",
        ) from error
    except (OSError, ValueError) as error:
        raise SessionError(
            f"{path} cannot be read: {error}.", "Delete it: the engine writes it anew."
        ) from error
    if states.ndim != 2 or row >= len(states):
        raise SessionError(
            f"{path} is of other data: its shape is {states.shape}, example {row + 1} is asked "
            "for.",
            "Delete it: the engine writes it anew.",
        )
    wanted = _unit(states[row : row + 1])[0]
    cosines = np.concatenate(
        [_unit(states[i : i + _CHUNK]) @ wanted for i in range(0, len(states), _CHUNK)]
    )
    cosines[row] = -np.inf
    limit = min(limit, len(cosines) - 1)
    best = np.argsort(-cosines, kind="stable")[:limit]
    return [(int(place), float(cosines[place])) for place in best]


def _unit(states: FloatArray) -> FloatArray:
    """The rows as float32 at length 1; one of zeros stays so."""
    rows = np.nan_to_num(states.astype(np.float32))
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-9))
