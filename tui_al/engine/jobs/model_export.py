"""A kept model as other programs load it, from its own files alone: no session and no download is
needed then.

`full` and `head` are one directory for `transformers`; with mean pooling, for
sentence-transformers, whose `encode` gives logits. The other tunings are two: `model/`, the encoder
as it was with the trained head, in the same form, and `adapter/`, for `adapters` to add to it. The
encoder alone would load too and predict nonsense, so it does not lie at the top."""

from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.hub.sentence_modules import encoder_directory
from tui_al.engine.hub.sources import ModelSource, find, resolve_pooling
from tui_al.engine.models import peft as tuning
from tui_al.engine.models.checkpoint import ADAPTER_FOLDER, HEAD, describe, whole
from tui_al.engine.models.model_files import (
    CONFIG,
    check_adapter,
    check_shards,
    check_tokenizer,
    read_config,
)
from tui_al.engine.models.pooling import MeanPoolingClassifier, save_modules
from tui_al.engine.models.pretrained import load_model, load_tokenizer
from tui_al.errors import ModelError
from tui_al.store.atomic_dirs import temp_dir
from tui_al.store.environment import unwritable
from tui_al.store.strangers import copy_files

#: The directory of the encoder with its head, beside that of the adapter.
MODEL_FOLDER = "model"

#: How the names of a model's files end.
_OF_A_MODEL = (".json", ".safetensors", ".txt", ".model", ".codes", ".tiktoken", ".jinja")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: what the model is and how it was trained."""

    task: Task
    learner: LearnerConfig
    #: of the encoder on the Hub, or the start of the hash of its weights; "" for a local path
    commit: str
    with_adapter: bool


def export_model(saved: Path, out: Path, card: str) -> Exported:
    """Write the model of `saved` (see `tui_al.engine.models.checkpoint`) with its card to the new
    directory `out`, whole or not at all.

    Raises:
        ModelError: no model there, the encoder of an adapter cannot be found, or `out` cannot be
        written.
    """
    found = exported(saved)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with temp_dir(out.parent, out.name) as place:
            making = place / out.name
            if found.with_adapter:
                making.mkdir()
                _write_parts(saved, making, found)
            else:
                _copy_model(saved, making, found.learner.model)
            (making / "README.md").write_text(card, encoding="utf-8")
            making.rename(out)
    except OSError as error:
        raise unwritable(out, error, ModelError, "--out") from error
    return found


def _copy_model(saved: Path, making: Path, name: str) -> None:
    """The files of a model, if they say what a model may be read with here: whoever gets the copy
    trusts its files more than a stranger's. Files of other kinds, as programs, are left out."""
    encoder = encoder_directory(saved)
    if (encoder / CONFIG).is_file():
        read_config(encoder, name)
        check_shards(encoder, name)
        check_tokenizer(encoder, name)
    data = [path for path in saved.rglob("*") if path.suffix in _OF_A_MODEL]
    copy_files(saved, making, [path.relative_to(saved).as_posix() for path in data])


def exported(saved: Path) -> Exported:
    """What `export_model` would write of it."""
    noted = describe(saved)
    learner = noted.learner
    return Exported(noted.task, learner, noted.commit, learner.trains == "adapter")


def _write_parts(saved: Path, making: Path, found: Exported) -> None:
    """The encoder with the trained head, and the adapter."""
    source = find(found.learner.model, found.learner.revision)
    outputs = describe(saved).outputs
    learner = found.learner
    pooling = resolve_pooling(learner.pooling, found.task, source)
    model = load_model(source, found.task, outputs, learner.dropout, pooling)
    with whole(saved / HEAD):
        tuning.head(model).load_state_dict(load_file(saved / HEAD))
    tokenizer = load_tokenizer(ModelSource(str(saved), saved), found.task)
    if isinstance(model, MeanPoolingClassifier):
        save_modules(making / MODEL_FOLDER, model, tokenizer, tokenizer.model_max_length)
    else:
        model.save_pretrained(making / MODEL_FOLDER, safe_serialization=True)
        tokenizer.save_pretrained(making / MODEL_FOLDER)
    check_adapter(saved / ADAPTER_FOLDER, str(saved))
    copy_files(saved / ADAPTER_FOLDER, making / ADAPTER_FOLDER)
