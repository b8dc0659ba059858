"""Encoders and data sets small enough to train within a test: two layers, 128 wide, words that tell
their class."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertTokenizerFast,
    DebertaV2Config,
    DebertaV2Model,
    DistilBertConfig,
    DistilBertModel,
    DistilBertTokenizerFast,
    ElectraConfig,
    ElectraModel,
    ElectraTokenizerFast,
    ModernBertConfig,
    ModernBertModel,
    RobertaConfig,
    RobertaModel,
    RobertaTokenizerFast,
)

from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.tags import spans_of
from tui_al.core.progress import TrainingProgress
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.hub.sources import ModelSource
from tui_al.engine.models.learner import TransformerLearner

CPU = torch.device("cpu")

#: As narrow as Compacter can be: its bottleneck is a 32nd of the width, and that a multiple of
#: four.
WIDTH = 128
_SHAPE = {
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}

_SUBJECTS = {
    "animal": ("the cat", "a horse", "my old dog", "the bird"),
    "fruit": ("the apple", "a ripe pear", "that plum", "the cherry"),
    "metal": ("the iron", "pure copper", "a lump of zinc", "the lead"),
}
_VERBS = {
    "animal": ("sleeps", "runs and barks", "eats"),
    "fruit": ("tastes sweet", "rots", "ripens on the tree"),
    "metal": ("rusts", "melts at last", "shines in the furnace"),
}
_FILLERS = ("today", "again and again", "in the house", "")
_PEOPLE = ("Anna Berg", "Omar", "Lena Maria Fuchs", "Ivo")
_PLACES = ("Oslo", "New York", "Bern", "Rio Grande")

#: Two people, two places; the words of `_tagged`.
_FRAMES = (
    "{person} lives in {place} .",
    "in {place} nobody knows {person}",
    "yesterday {person} left {place} for good",
    "{place} is cold",
)


def classified() -> Dataset:
    """Three classes told apart by their words: 108 texts to train, 36 to test."""
    texts = [
        (f"{subject} {verb} {filler}".strip(), label)
        for label, subjects in _SUBJECTS.items()
        for subject in subjects
        for verb in _VERBS[label]
        for filler in _FILLERS
    ]
    order = np.random.default_rng(3).permutation(len(texts))
    ids = example_ids(text for text, _ in texts)
    examples = [Example(ids[i], *texts[i]) for i in order]
    return Dataset(
        "things", Task.CLASSIFICATION, tuple(_SUBJECTS), tuple(examples[:108]),
        tuple(examples[108:])
    )  # fmt: skip


def tagged() -> Dataset:
    """People and places: 40 sentences to train, 12 to test."""
    sentences = [
        _tagged(frame, person, place)
        for frame in _FRAMES
        for person in _PEOPLE
        for place in _PLACES
    ]
    unique = list(dict.fromkeys(sentences))
    order = np.random.default_rng(4).permutation(len(unique))
    texts = [" ".join(words) for words, _ in unique]
    ids = example_ids(texts)
    examples = [Example(ids[i], texts[i], unique[i][1], unique[i][0]) for i in order]
    return Dataset(
        "people", Task.TAGGING, ("LOC", "PER"), tuple(examples[:40]), tuple(examples[40:])
    )


def _tagged(frame: str, person: str, place: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    words: list[str] = []
    tags: list[str] = []
    for part in frame.split():
        name = {"{person}": person, "{place}": place}.get(part, part).split()
        kind = {"{person}": "PER", "{place}": "LOC"}.get(part)
        words += name
        tags += (
            [f"{'I' if i else 'B'}-{kind}" for i in range(len(name))] if kind else ["O"] * len(name)
        )
    spans_of(tags)
    return tuple(words), tuple(tags)


def corpus() -> list[str]:
    """All texts of both data sets."""
    return [e.text for d in (classified(), tagged()) for e in (*d.train, *d.test)]


def wordpiece(texts: Iterable[str], size: int = 300) -> Tokenizer:
    """BERT's kind of tokenizer, its vocabulary made from these texts."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def byte_pairs(texts: Iterable[str], size: int = 400) -> Tokenizer:
    """RoBERTa's kind of tokenizer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def save_encoder(
    kind: str, directory: Path, texts: Iterable[str] | None = None, width: int = WIDTH
) -> Path:
    """A randomly initialised encoder of that kind with its tokenizer, written by
    save_pretrained."""
    texts = corpus() if texts is None else texts
    torch.manual_seed(11)
    shape = {"hidden_size": width, **_SHAPE}
    model: Any
    if kind == "roberta":
        raw = byte_pairs(texts)
        tokenizer: Any = RobertaTokenizerFast(tokenizer_object=raw)
        model = RobertaModel(
            RobertaConfig(
                vocab_size=raw.get_vocab_size(),
                pad_token_id=1,
                bos_token_id=0,
                eos_token_id=2,
                **shape,
            )
        )
    else:
        raw = wordpiece(texts)
        size = raw.get_vocab_size()
        match kind:
            case "bert":
                tokenizer = BertTokenizerFast(tokenizer_object=raw)
                model = BertForSequenceClassification(BertConfig(vocab_size=size, **shape)).bert
            case "electra":
                tokenizer = ElectraTokenizerFast(tokenizer_object=raw)
                model = ElectraModel(ElectraConfig(vocab_size=size, embedding_size=32, **shape))
            case "distilbert":
                tokenizer = DistilBertTokenizerFast(tokenizer_object=raw)
                model = DistilBertModel(
                    DistilBertConfig(vocab_size=size, dim=width, n_layers=2, n_heads=4,
                        hidden_dim=64, max_position_embeddings=64)
                )  # fmt: skip
            case "deberta-v2":
                tokenizer = BertTokenizerFast(tokenizer_object=raw)
                model = DebertaV2Model(
                    DebertaV2Config(vocab_size=size, pos_att_type=["p2c", "c2p"],
                        relative_attention=True, position_biased_input=False,
                    share_att_key=True, norm_rel_ebd="layer_norm", position_buckets=16, **shape)
                )  # fmt: skip
            case "modernbert":
                tokenizer = BertTokenizerFast(tokenizer_object=raw)
                model = ModernBertModel(
                    ModernBertConfig(vocab_size=size, pad_token_id=0, cls_token_id=2,
                        sep_token_id=3, bos_token_id=2, eos_token_id=3, local_attention=16,
                    global_attn_every_n_layers=2, **shape)
                )  # fmt: skip
            case _:
                raise ValueError(kind)
    _spread(model)
    model.save_pretrained(directory, safe_serialization=True)
    tokenizer.save_pretrained(directory)
    return directory


def _spread(model: torch.nn.Module) -> None:
    """Weights three times as far from zero as usual: so small an encoder else gives the same for
    every text."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(3)


def settings(model: Path | str, tuning: str, **changes: Any) -> LearnerConfig:
    """Settings with which the tiny encoders learn their toy tasks in a second."""
    given: dict[str, Any] = {
        "learning_rate": 2e-3 if tuning == "full" else 1e-2, "head_learning_rate": 1e-2,
        "epochs": 3,
        "dropout": 0.0, "max_length": 48, "reduction_factor": 4,
    }  # fmt: skip
    return LearnerConfig(str(model), tuning, **(given | changes))


def learner(path: Path, tuning: str, dataset: Dataset, **changes: Any) -> TransformerLearner:
    """A learner on the CPU."""
    return TransformerLearner(
        settings(path, tuning, **changes), ModelSource(str(path), path), dataset, CPU
    )


def silent(_: TrainingProgress) -> None:
    """A progress sink."""


def fit(learner: TransformerLearner, rows: Iterable[int] | None = None, seed: int = 5) -> Any:
    """Train on these rows (all of them) with their gold answers."""
    train = learner.dataset.train
    chosen = np.array(range(len(train)) if rows is None else list(rows), dtype=np.int64)
    answers = [train[row].answer for row in chosen]
    return learner.fit(chosen, answers, seed, silent)
