"""Full tuning trains the embeddings of those sub-tokens only that occur in its texts.

A sub-token that does not occur has no gradient: AdamW's moments stay zero, and all that is done to
its embedding is weight decay, the same at every step for all of them, which one product at the end
makes up for. The others get the updates that they would get anyway, without half of the model's
parameters (of MiniLM's: 11.7 of 22.7 million) going through every step."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel

from tui_al.core.arrays import IntArray

#: Of all sub-tokens, the share that may occur for this to be worth its while.
_SHARE = 0.5


@contextlib.contextmanager
def occurring_only(view: PreTrainedModel, ids: IntArray, decay: float) -> Iterator[None]:
    """Within, the view's input embeddings are those of `ids` (sorted, with padding's); afterwards
    the table is whole again.

    Args:
        decay: what weight decay leaves of a weight without gradient over the whole training, 0 to
        1.
    """
    table: Any = view.get_input_embeddings()
    if not _is_worth_it(view, table, len(ids)):
        yield
        return
    rows = torch.from_numpy(ids).to(table.weight.device)
    some = _Some(table, rows)
    _replace(view, table, some)
    try:
        yield
        with torch.no_grad():
            table.weight.mul_(decay)
    finally:
        _replace(view, some, table)
        with torch.no_grad():
            table.weight[rows] = some.weight


class _Some(nn.Module):
    """Some rows of an embedding table, asked for by the numbers that they have in the whole one."""

    places: torch.Tensor  #: of the whole table's rows among these, (rows of the whole table,)

    def __init__(self, table: nn.Embedding, rows: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(table.weight.detach()[rows].clone())
        places = torch.zeros(table.num_embeddings, dtype=torch.int64, device=rows.device)
        places[rows] = torch.arange(len(rows), device=rows.device)
        self.register_buffer("places", places, persistent=False)
        self.padding = None if table.padding_idx is None else int(places[table.padding_idx])

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Embeddings of sub-tokens, (batch, length) to (batch, length, width)."""
        return functional.embedding(self.places[ids], self.weight, self.padding)


def _is_worth_it(view: PreTrainedModel, table: Any, occurring: int) -> bool:
    if type(table) is not nn.Embedding or not table.weight.requires_grad:
        return False
    holders = [m for m in view.modules() if any(p is table.weight for p in m._parameters.values())]
    return len(holders) == 1 and occurring <= _SHARE * table.num_embeddings


def _replace(view: PreTrainedModel, old: nn.Module, new: nn.Module) -> None:
    for module in list(view.modules()):
        for name, child in module._modules.items():
            if child is old:
                module._modules[name] = new
