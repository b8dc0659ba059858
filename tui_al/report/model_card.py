"""The README.md of an exported model: a model card of the Hub, YAML at the top, that states what
the model learned from and how well.

The form of the YAML is that of https://github.com/huggingface/hub-docs/blob/main/modelcard.md.
Licence and language are left to the person who publishes it: nobody else knows the terms of their
data.
"""

import json
from dataclasses import dataclass
from pathlib import PurePath

from tui_al.core.data.examples import Task
from tui_al.core.data.terminal_text import printable
from tui_al.core.session import events as ev
from tui_al.core.session.state import SessionState
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.core.settings.model_catalog import known_model
from tui_al.core.stats.intervals import exact_interval
from tui_al.core.stats.measured import TOO_FEW, Measured
from tui_al.core.stats.metrics import HEADLINE
from tui_al.report import curves
from tui_al.report.markdown import escape, plus_minus
from tui_al.report.settings import facts

#: Where the weights of the bundled encoder come from.
_BUNDLED = "sentence-transformers/all-MiniLM-L6-v2"

_PIPELINES = {
    Task.CLASSIFICATION: (
        "text-classification",
        "AutoModelForSequenceClassification",
        ", truncation=True",  # the other pipeline does so anyway
    ),
    Task.TAGGING: (
        "token-classification",
        "AutoModelForTokenClassification",
        ', aggregation_strategy="first"',
    ),
}

#: Our metrics in the Hub's terms: type, and what kind of it.
_METRICS = {
    "accuracy": ("accuracy", "accuracy"),
    "macro_f1": ("f1", "macro-averaged F1"),
    "entity_f1": ("f1", "entity F1"),
    "entity_precision": ("precision", "entity precision"),
    "entity_recall": ("recall", "entity recall"),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The model that a card is about."""

    session: str
    role: str
    seed: int
    round: int
    learner: LearnerConfig
    with_adapter: bool  #: an encoder and an adapter beside it, not one model


def model_card(subject: Subject, state: SessionState) -> str:
    """The whole file."""
    points = state.runs[subject.seed].points
    point = next((point for point in points if point.round == subject.round), None)
    blocks = [
        _front_matter(subject, state, point),
        f"# {escape(subject.session)}",
        _summary(subject, state, point),
        "## Use",
        _use(subject, Task(state.task)),
        *_labels(state, point),
        *_scores(subject, state, point),
        "## How it was made",
        "\n".join(f"- **{what}**: {escape(how)}" for what, how in _facts(state)),
        "## Licence",
        "To be filled in by whoever publishes the model: its licence, that of the encoder it was "
        "made from, that of the texts, "
        "and what their authors have agreed to.",
    ]
    return "\n\n".join(blocks) + "\n"


def _facts(state: SessionState) -> list[tuple[str, str]]:
    """The facts of the session; of places on this machine only the last part, since cards are
    published."""
    assert state.config is not None
    config = state.config
    places = [config.data.source, config.acquisition.model, config.successor.model]
    found = []
    for what, how in facts(state):
        for place in map(printable, places):
            how = how.replace(place, _without_folders(place))
        found.append((what, how))
    return found


def _without_folders(name: str) -> str:
    """The last part of a path; names and ids of the Hub stay whole."""
    return name if _is_hub_id(name) else PurePath(name).name or name


def _front_matter(subject: Subject, state: SessionState, point: ev.RoundResult | None) -> str:
    """YAML; strings are written as JSON, which YAML reads."""
    task = Task(state.task)
    lines = [
        "# license: to be filled in, as apache-2.0",
        "# language: to be filled in, as en",
        f"library_name: {_library(subject, task)}",
        f"pipeline_tag: {_PIPELINES[task][0]}",
        "tags: [active-learning, tui-al]",
    ]
    if base := _hub_id(subject.learner.model):
        lines.append(f"base_model: {_quoted(base)}")
    if state.config and _is_hub_id(state.config.data.source):
        lines.append(f"datasets: [{_quoted(state.config.data.source)}]")
    if point and point.metrics and state.test and subject.role == "successor":
        kinds = dict.fromkeys(_METRICS[name][0] for name in point.metrics if name in _METRICS)
        lines += [f"metrics: [{', '.join(kinds)}]", *_model_index(subject, state, point)]
    return "\n".join(["---", *lines, "---"])


def _model_index(subject: Subject, state: SessionState, point: ev.RoundResult) -> list[str]:
    source = _without_folders(state.config.data.source) if state.config else ""
    lines = [
        "model-index:",
        f"- name: {_quoted(subject.session)}",
        "  results:",
        f"  - task: {{type: {_PIPELINES[Task(state.task)][0]}}}",
        f"    dataset: {{name: {_quoted(source)}, type: {_quoted(source)}, split: test}}",
        "    metrics:",
    ]
    for name, value in point.metrics.items():
        if name in _METRICS:
            kind, words = _METRICS[name][0], _words(name, state)
            lines.append(f"    - {{type: {kind}, name: {_quoted(words)}, value: {value:.4f}}}")
    return lines


def _summary(subject: Subject, state: SessionState, point: ev.RoundResult | None) -> str:
    unit = "texts" if state.task == Task.CLASSIFICATION else "sentences"
    labelled = f"{point.labels:,} labelled {unit}" if point else "labelled texts"
    what = {
        "successor": "The successor model",
        "acquisition": "The acquisition model, which chose what to label,",
    }.get(subject.role, f"The {subject.role} model")
    return (
        f"{what} of the tui-al session {escape(subject.session)}, seed {subject.seed}, round "
        f"{subject.round}: "
        f"{escape(_without_folders(subject.learner.model))} ({subject.learner.tuning}), trained "
        f"on {labelled}, "
        f"which active learning chose out of {state.train:,}."
    )


def reads_mean(learner: LearnerConfig, task: Task) -> bool:
    """Whether the head reads the mean of all tokens, so that sentence-transformers loads it and no
    class of transformers does."""
    return task is Task.CLASSIFICATION and learner.pooling == "mean"


def _library(subject: Subject, task: Task) -> str:
    if subject.with_adapter:
        return "adapter-transformers"
    return "sentence-transformers" if reads_mean(subject.learner, task) else "transformers"


def _use(subject: Subject, task: Task) -> str:
    pipeline, auto, options = _PIPELINES[task]
    if reads_mean(subject.learner, task):
        return _use_of_mean(subject)
    if not subject.with_adapter:
        code = [
            "from transformers import pipeline",
            "",
            f'predict = pipeline("{pipeline}", model="path/to/this/directory"{options})',
        ]
    else:
        code = [
            "import adapters",
            f"from transformers import {auto}, AutoTokenizer, pipeline",
            "",
            'here = "path/to/this/directory"',
            f'model = {auto}.from_pretrained(f"{{here}}/model")',
            "adapters.init(model)",
            'model.load_adapter(f"{here}/adapter", set_active=True, use_safetensors=True)',
            'tokenizer = AutoTokenizer.from_pretrained(f"{here}/model")',
            f'predict = pipeline("{pipeline}", model=model, tokenizer=tokenizer{options})',
        ]
    return "\n".join(["```python", *code, 'print(predict("A text."))', "```"])


def _use_of_mean(subject: Subject) -> str:
    """The logits are what `encode` gives: the last module is the head."""
    place = "path/to/this/directory"
    adapter = [
        "import adapters",
        "adapters.init(encoder)",
        f'encoder.load_adapter("{place}/adapter", set_active=True, use_safetensors=True)',
    ]
    code = [
        "from sentence_transformers import SentenceTransformer",
        "",
        f'model = SentenceTransformer("{place}{"/model" if subject.with_adapter else ""}")',
        "encoder = model[0].auto_model",
        *(adapter if subject.with_adapter else []),
        "",
        "",
        "def predict(text):",
        "    probs = model.encode(text, convert_to_tensor=True).softmax(-1)",
        "    return {encoder.config.id2label[i]: float(p) for i, p in enumerate(probs)}",
        "",
        "",
        'print(predict("A text."))',
    ]
    words = (
        "The head reads the mean of all tokens' states, as no class of transformers does. "
        "sentence-transformers loads the model, the "
        "head as its last module, so that `encode` gives the logits; "
        "`AutoModelForSequenceClassification` does not load it. Without "
        "any code: `tui-al predict`."
    )
    return "\n".join([words, "", "```python", *code, "```"])


def _labels(state: SessionState, point: ev.RoundResult | None) -> list[str]:
    counts = point.counts if point else {}
    unit = "labelled texts" if state.task == Task.CLASSIFICATION else "labelled entities"
    names = [*state.classes, *(name for name in counts if name not in state.classes)]
    rows = [f"| {escape(name)} | {counts.get(name, 0):,} |" for name in names]
    return ["## Labels", "\n".join([f"| label | {unit} |", "| --- | ---: |", *rows])]


def _scores(subject: Subject, state: SessionState, point: ev.RoundResult | None) -> list[str]:
    audits = state.runs[subject.seed].audits
    audit = next((one for one in audits[::-1] if one.round == subject.round), None)
    estimate = [] if audit is None else [_estimated(audit)]
    measured = point is not None and (point.metrics or estimate)
    if subject.role != "successor" or point is None or not measured:
        return ["## Scores", "This model was not measured."]
    if not state.test:
        return ["## Scores", *estimate]
    rows = [
        f"| {_words(name, state)} | {value:.3f} | {_interval(name, value, state)} |"
        for name, value in point.metrics.items()
    ]
    table = "\n".join(
        [f"| on {state.test:,} test texts | value | 95 % interval |", "| --- | --- | --- |", *rows]
    )
    blocks = ["## Scores", table, *estimate]
    others = curves.round_rows(state)
    mean = next((row for row in others if row.round == subject.round and row.runs > 1), None)
    if mean is not None:
        blocks.append(
            f"The same experiment with {mean.runs} seeds: "
            f"{curves.metric_name(HEADLINE[Task(state.task)])} "
            f"{plus_minus(mean.headline)} (mean ± sample standard deviation)."
        )
    return blocks


def _interval(metric: str, value: float, state: SessionState) -> str:
    """Exact, for the share of texts that are right; there is none as simple for F1, and words are
    not independent."""
    if metric != "accuracy" or state.task == Task.TAGGING:
        return ""
    found = exact_interval(round(value * state.test), state.test)
    return Measured(found, state.test).limits(3) or TOO_FEW


def _estimated(audit: ev.AuditEvaluated) -> str:
    """What people's blind labels of a random share say of the model."""
    return (
        f"Estimated on {audit.examples:,} of the texts that could be answered, drawn at random "
        "and labelled blind, which no model "
        f"learned from: {curves.metric_name(audit.metric)} {curves.measured(audit).in_words(3)} "
        "(95 % interval)."
    )


def _words(metric: str, state: SessionState) -> str:
    """What a metric is called; of tags, accuracy counts words."""
    if metric == "accuracy" and state.task == Task.TAGGING:
        return "word accuracy"
    return _METRICS[metric][1] if metric in _METRICS else metric.replace("_", " ")


def _hub_id(model: str) -> str:
    """The encoder's id on the Hub, "" for a path."""
    if known := known_model(model):
        return (
            known.hub_id if not known.package or _is_hub_id(known.hub_id) else ""
        ) or _BUNDLED * (not known.package)
    return model if _is_hub_id(model) else ""


def _is_hub_id(name: str) -> bool:
    """Whether it has the form of an id on the Hub and not that of a path: one slash, no dot in
    front."""
    owner, slash, rest = name.partition("/")
    return bool(slash and owner and rest) and "/" not in rest and owner[0] not in ".~"


def _quoted(text: str) -> str:
    return json.dumps(printable(text), ensure_ascii=False)
