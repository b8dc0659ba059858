"""A kept model at work on texts that are in no session."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Example, Task
from tui_al.core.data.offsets import CharSpan, token_offsets
from tui_al.core.data.tags import spans_of
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.columns import Use, choose_columns
from tui_al.engine.data.rows import RowReader
from tui_al.engine.data.tables import LoadReport, Table, sampled
from tui_al.engine.models.checkpoint import describe, kept_source, load_trained
from tui_al.engine.models.device import choose_device, free_memory, is_out_of_memory, prepare
from tui_al.engine.models.learner import positions_of
from tui_al.engine.models.precision import resolve_precision
from tui_al.engine.models.pretrained import load_tokenizer
from tui_al.engine.models.scoring import SCORING_BUDGET
from tui_al.engine.models.training import out_of_memory, unit_logits
from tui_al.engine.text.tokenizing import tokenize
from tui_al.engine.text.tokens import UNSEEN, Tokens, collate, scoring_batches
from tui_al.errors import DataError


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one text; both are empty for a text without words."""

    top: tuple[tuple[str, float], ...] = ()  #: classes with their probabilities, likeliest first
    spans: tuple[
        tuple[CharSpan, float], ...
    ] = ()  #: entities, the mean probability of their words' tags


class Predictor:
    """A model that `checkpoint.save_model` wrote, loaded once.

    Raises:
        ModelError: no model there, or the encoder of an adapter cannot be found.
        ConfigError: there is no such device.
    """

    def __init__(self, saved: Path, device: str = "auto", batch_size: int | None = None) -> None:
        self.device = choose_device(device)
        prepare(self.device)
        model, self.task, self.outputs = load_trained(saved)
        self.learner = describe(saved).learner
        self.limit = min(self.learner.max_length, positions_of(model))
        self.cut = 0  #: texts so far whose end was not read
        self._model = model.to(self.device)
        self._tokenizer = load_tokenizer(kept_source(self.learner.model, saved), self.task)
        self._precision = resolve_precision(self.learner.precision, self.device)
        self._batch_size = batch_size

    def predict(self, examples: Sequence[Example]) -> list[Prediction]:
        """One prediction for each; of tagging, `tokens` are the words."""
        tokens = tokenize(self._tokenizer, self.task, examples, self.limit)
        self.cut += tokens.cut
        found = [Prediction()] * len(examples)
        for positions, probs in self._batches(tokens):
            start = 0
            for position in positions:
                example = examples[position]
                if self.task is Task.CLASSIFICATION:
                    found[position] = Prediction(top=self._top(probs[start]))
                    start += 1
                else:
                    seen = tokens.words_of(int(position)) != UNSEEN
                    after = start + int(seen.sum())
                    found[position] = Prediction(
                        spans=self._spans(example, seen, probs[start:after])
                    )
                    start = after
        return found

    def _batches(self, tokens: Tokens) -> Iterator[tuple[IntArray, FloatArray]]:
        """Positions, and the probabilities of their units one after the other."""
        lengths = tokens.lengths()
        waiting = [
            part
            for batch in scoring_batches(lengths, SCORING_BUDGET[self.device.type])
            for part in _parts(batch, self._batch_size or len(batch))
        ][::-1]
        while waiting:
            positions = waiting.pop()
            probs = self._try(tokens, positions)
            if probs is None:
                free_memory()
                if len(positions) == 1:
                    raise out_of_memory(self.learner, int(lengths[positions[0]]))
                waiting += _parts(positions, (len(positions) + 1) // 2)[::-1]
                continue
            yield positions, probs

    def _try(self, tokens: Tokens, positions: IntArray) -> FloatArray | None:
        """Probabilities of these texts' units, or None where memory runs out."""
        try:
            with torch.inference_mode():
                batch = collate(tokens, positions, self._tokenizer.pad_token_id or 0, self.device)
                logits = unit_logits(self._model, batch, self._precision)
                return np.asarray(functional.softmax(logits, dim=-1).cpu().numpy())
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return None

    def _top(self, probs: FloatArray) -> tuple[tuple[str, float], ...]:
        order = np.argsort(-probs, kind="stable")
        return tuple((self.outputs[i], float(probs[i])) for i in order)

    def _spans(
        self, example: Example, seen: np.ndarray, probs: FloatArray
    ) -> tuple[tuple[CharSpan, float], ...]:
        """Words that the model has not seen are in no entity."""
        tags = np.full(len(seen), "O", dtype=object)
        sure = np.ones(len(seen))
        tags[seen] = [self.outputs[i] for i in probs.argmax(axis=1)]
        sure[seen] = probs.max(axis=1)
        offsets = token_offsets(example.text, example.tokens)
        return tuple(
            ((offsets[a][0], offsets[b - 1][1], kind), float(sure[a:b].mean()))
            for a, b, kind in spans_of(tags.tolist())
        )


def task_of(saved: Path) -> Task:
    """What a saved model does; ModelError if there is none."""
    return describe(saved).task


class Texts:
    """The texts of a file, in the form that a task needs, read as `load` reads them.

    Args:
        task: what they are predicted for.
        tables: of the file, from `open_tables`.
        config: columns, where they are named.
        load_report: take what was guessed and mended.

    Raises:
        DataError: there is no column of texts; or later, from the iteration, the file cannot be
        read further.
    """

    def __init__(
        self, task: Task, tables: Iterator[Table], config: DataConfig, load_report: LoadReport
    ) -> None:
        config = replace(config, task=task.value)
        sample, self._tables = sampled(tables)
        if sample is None:
            raise DataError("There is not a single row to label.", "Name a file that has some.")
        columns = choose_columns(sample, config, None, load_report, Use.NONE)
        self._reader = RowReader(replace(columns, answer=None), load_report)

    def __iter__(self) -> Iterator[tuple[Table, list[Example]]]:
        """Each table with an example for each of its rows, also for those without a text."""
        for table in self._tables:
            rows = self._reader.rows(table)
            yield table, [Example("", row.text, None, row.tokens, row.origin) for row in rows]
        self._reader.finish()


def _parts(positions: IntArray, most: int) -> list[IntArray]:
    return [positions[start : start + most] for start in range(0, len(positions), most)]
