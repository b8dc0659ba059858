"""What of a model is trained: the table of tunings. A new one is a line here and, in
`tui_al.engine.models.peft`, how the model is prepared for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

#: Parts of a model that are trained, besides its head.
Trained = Literal["encoder", "adapter", "head"]


@dataclass(frozen=True, slots=True)
class Tuning:
    """A way to train a model. Bottleneck adapters differ in placement; the other adapters in
    method."""

    name: str
    summary: str
    #: "encoder": weights of its own; "adapter": something small that is put into it; "head":
    #: nothing of it.
    trains: Trained
    #: Hidden size of the model / size of its bottleneck, where none is given; 0: it has none.
    reduction_factor: int = 0


TUNINGS: Mapping[str, Tuning] = MappingProxyType(
    {
        one.name: one
        for one in (
            Tuning("full", "all weights", "encoder"),
            Tuning("adapter", "adapter after attention, as in the paper", "adapter", 16),
            Tuning("double", "adapters after attention and after feed-forward", "adapter", 16),
            Tuning("seq", "adapter after feed-forward", "adapter", 16),
            Tuning("par", "adapter beside feed-forward", "adapter", 16),
            Tuning("lora", "low-rank updates of the attention weights", "adapter"),
            Tuning("prefix", "learned prefixes to keys and values", "adapter"),
            Tuning("unipelt", "LoRA, prefixes and adapters behind gates", "adapter", 16),
            Tuning("compacter", "adapters with shared, factored weights", "adapter", 32),
            Tuning("ia3", "learned scales of keys, values and feed-forward", "adapter"),
            Tuning("head", "nothing but the head", "head"),
        )
    }
)

#: A line on each.
TUNING_SUMMARIES: Mapping[str, str] = MappingProxyType(
    {name: one.summary for name, one in TUNINGS.items()}
)

#: Tunings that leave the encoder as it is and train something small in it.
ADAPTERS = tuple(name for name, one in TUNINGS.items() if one.trains == "adapter")
