"""Trained models on disk.

`full` and `head`: what `save_pretrained` writes, so `transformers.pipeline(model=directory)` loads
it; with mean pooling, which `transformers` has no class for, modules of sentence-transformers
(`tui_al.engine.models.pooling`). The other tunings: the adapter as the `adapters` library writes
it, in `adapter/`, and the head in `head.safetensors`. All with tokenizer, label names and
`tui_al.json`, which names the encoder that an adapter belongs to.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from tui_al import __version__
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.data.tags import split_tag
from tui_al.core.session.serialization import record_of
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.core.settings.model_catalog import MODELS
from tui_al.engine.hub.sentence_modules import encoder_directory
from tui_al.engine.hub.sources import ModelSource, find, resolve_pooling
from tui_al.engine.models import peft as tuning
from tui_al.engine.models.model_files import check_adapter, first_line
from tui_al.engine.models.padding import leave_out_padding
from tui_al.engine.models.pooling import MeanPoolingClassifier, load_head, save_modules
from tui_al.engine.models.pretrained import check_computes, load_model
from tui_al.errors import ConfigError, ModelError
from tui_al.store.kept_models import replace_dir
from tui_al.store.sharing import make_directory

DESCRIPTION, ADAPTER_FOLDER, HEAD = "tui_al.json", "adapter", "head.safetensors"


def save_model(
    directory: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    config: LearnerConfig,
    source: ModelSource,
    dataset: Dataset,
    limit: int,
) -> None:
    """Write everything that `load_trained` and other programs need; the directory appears whole or
    not at all.

    `limit` is how many sub-tokens the model reads: pipelines cut there, too.
    """
    making = directory.with_name(f".{directory.name}-{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    make_directory(making.parent)
    making.mkdir()
    tokenizer.model_max_length = limit
    # What was tokenised before would show in its file, and a resumed run may have found everything
    # in the cache.
    tokenizer.backend_tokenizer.enable_truncation(limit, direction=tokenizer.truncation_side)
    tokenizer.backend_tokenizer.no_padding()
    if config.trains == "adapter":
        with _one_name_each(model):
            model.save_adapter(
                str(making / ADAPTER_FOLDER), tuning.ADAPTER, with_head=False, use_safetensors=True
            )
        weights = {
            name: w.contiguous().cpu() for name, w in tuning.head(model).state_dict().items()
        }
        save_file(weights, making / HEAD)
        model.config.save_pretrained(making)
        tokenizer.save_pretrained(making)
    elif isinstance(model, MeanPoolingClassifier):
        save_modules(making, model, tokenizer, limit)
    else:
        model.save_pretrained(making, safe_serialization=True)
        tokenizer.save_pretrained(making)
    description = {
        "tui_al": __version__,
        "task": dataset.task.value,
        "outputs": list(dataset.outputs),
        "encoder": {"name": source.name, "commit": source.commit},
        "learner": asdict(config),
    }
    (making / DESCRIPTION).write_text(json.dumps(description, indent=1), encoding="utf-8")
    replace_dir(making, directory)


@contextlib.contextmanager
def _one_name_each(model: PreTrainedModel) -> Iterator[None]:
    """Let `state_dict` name a shared tensor once, by its shortest name: safetensors refuses others.

    The prefixes of all layers lie in one module, which is part of every layer.
    """

    def drop(_module: object, state: dict[str, torch.Tensor], _prefix: str, _local: object) -> None:
        seen = set()
        for name in sorted(state, key=len):
            place = (state[name].data_ptr(), state[name].shape)
            if place in seen and state[name].numel():
                del state[name]
            seen.add(place)

    handle = model.register_state_dict_post_hook(drop)
    try:
        yield
    finally:
        handle.remove()


def load_trained(directory: Path) -> tuple[PreTrainedModel, Task, tuple[str, ...]]:
    """A model that `save_model` wrote, on the CPU and in evaluation mode, with its task and the
    meaning of its outputs.

    Raises:
        ModelError: no model there, or the encoder of an adapter cannot be found.
    """
    found = describe(directory)
    task, outputs, config = found.task, found.outputs, found.learner
    adapter = config.trains == "adapter"
    source = (
        find(config.model, config.revision) if adapter else kept_source(config.model, directory)
    )
    pooling = resolve_pooling(config.pooling, task, source)
    model = load_model(source, task, outputs, config.dropout, pooling)
    if adapter:
        tuning.prepare(model, config)
        model.delete_adapter(tuning.ADAPTER)
        check_adapter(directory / ADAPTER_FOLDER, str(directory))
        with whole(directory / ADAPTER_FOLDER):
            model.load_adapter(
                str(directory / ADAPTER_FOLDER),
                load_as=tuning.ADAPTER,
                with_head=False,
                set_active=True,
                use_safetensors=True,
            )
        leave_out_padding(model)
        with whole(directory / HEAD):
            tuning.head(model).load_state_dict(load_file(directory / HEAD))
    elif isinstance(model, MeanPoolingClassifier):
        with whole(directory):
            load_head(model, directory)
    model.eval()
    check_computes(model, str(directory))  # with its adapter and head
    return model, task, outputs


@contextlib.contextmanager
def whole(path: Path) -> Iterator[None]:
    """Turn what weights that are damaged, or of another model, make the libraries raise into a
    ModelError that names the place."""
    try:
        yield
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RuntimeError,
        SafetensorError,
    ) as error:
        raise ModelError(
            f"model: what was trained cannot be read from {path}: {first_line(error)}.",
            "Put it back from a backup, or train the model again.",
        ) from error


def kept_source(name: str, directory: Path) -> ModelSource:
    """Where encoder and tokenizer of a model lie that `save_model` wrote; of an adapter, the
    tokenizer."""
    return ModelSource(name, encoder_directory(directory))


def read_elsewhere(directory: Path) -> str:
    """What people are told of a kept adapter whose encoder is read from a directory outside of its
    session; "" for all other models.

    The path is the session's word, and a session from somebody else can name any directory.
    ModelError as `describe`."""
    learner = describe(directory).learner
    bundled = learner.model in MODELS and not MODELS[learner.model].hub_id
    place = Path(learner.model).expanduser()
    if learner.trains != "adapter" or bundled or not place.is_dir():  # as `sources.find` looks
        return ""
    return (
        f"The adapter's encoder is read from {place.absolute()}, outside of the session, as the "
        "session says: "
        "if it came from somebody else, see that this is the encoder it was trained on."
    )


@dataclass(frozen=True, slots=True)
class Description:
    """What `save_model` noted of a model."""

    task: Task
    outputs: tuple[str, ...]
    learner: LearnerConfig
    #: of the encoder on the Hub, or the start of the hash of its weights; "" for a local path
    commit: str


def describe(directory: Path) -> Description:
    """What `save_model` noted of the model; ModelError if there is none, or it is damaged."""
    try:
        plain = json.loads((directory / DESCRIPTION).read_text(encoding="utf-8"))
        outputs, commit = plain["outputs"], plain["encoder"]["commit"]
        if not isinstance(outputs, list) or not all(isinstance(one, str) for one in outputs):
            raise ValueError("outputs are no list of names")
        task = Task(plain["task"])
        if task is Task.TAGGING:
            for tag in outputs:
                split_tag(tag)
        learner = record_of(LearnerConfig, plain["learner"])
        return Description(task, tuple(outputs), learner, str(commit or ""))
    except (OSError, ValueError, TypeError, KeyError, RecursionError, ConfigError) as error:
        raise ModelError(
            f"model: {directory} holds no model written by tui-al ({DESCRIPTION}: {error}).",
            "Give the path that the session's results name.",
        ) from error
