"""Model cards: YAML that the Hub's own library reads, and every fact a reader needs."""

from dataclasses import replace

import pytest
import yaml
from huggingface_hub import ModelCard, ModelCardData

from tests.report import states
from tui_al.core.data.examples import Task
from tui_al.core.session import events as ev
from tui_al.core.session.state import SessionState, fold
from tui_al.core.settings.experiment import DataConfig, LearnerConfig
from tui_al.report.model_card import Subject, model_card

LEARNER = LearnerConfig("electra-base", "full", 2e-5, 2e-4, epochs=15)
SUBJECT = Subject("first", "successor", 7, 1, LEARNER, with_adapter=False)


def state(source: str = "owner/set", task: str = "classification") -> SessionState:
    config = replace(states.config((7, 8)), data=DataConfig(source), successor=LEARNER)
    told: list[ev.Event] = [states.created(config, task)]
    for seed in (7, 8):
        told += states.run_events(seed, [0.5, 0.7 if seed == 7 else 0.8])
    return fold(ev.Recorded(i, 100.0 + i, event) for i, event in enumerate(told, start=1))


def front(card: str) -> dict[str, object]:
    start, matter, _ = card.split("---\n", 2)
    assert start == ""
    found = yaml.safe_load(matter)
    assert isinstance(found, dict)
    return found


def read_by_hub(card: str) -> ModelCardData:
    data = ModelCard(card).data
    assert isinstance(data, ModelCardData)
    return data


def test_the_front_matter_is_what_the_hub_reads() -> None:
    card = model_card(SUBJECT, state())
    assert front(card) == {
        "library_name": "transformers",
        "pipeline_tag": "text-classification",
        "tags": ["active-learning", "tui-al"],
        "base_model": "google/electra-base-discriminator",
        "datasets": ["owner/set"],
        "metrics": ["accuracy", "f1"],
        "model-index": [
            {
                "name": "first",
                "results": [
                    {
                        "task": {"type": "text-classification"},
                        "dataset": {"name": "owner/set", "type": "owner/set", "split": "test"},
                        "metrics": [
                            {"type": "accuracy", "name": "accuracy", "value": 0.7},
                            {"type": "f1", "name": "macro-averaged F1", "value": 0.6},
                        ],
                    }
                ],
            }
        ],
    }
    assert [
        (one.metric_type, one.metric_value) for one in read_by_hub(card).eval_results or ()
    ] == [
        ("accuracy", 0.7),
        ("f1", 0.6),
    ]


def test_licence_and_language_are_left_to_the_person() -> None:
    card = model_card(SUBJECT, state())
    assert "# license: to be filled in" in card
    assert "# language: to be filled in" in card
    assert "license" not in front(card)
    assert "To be filled in by whoever publishes the model" in card


def test_what_a_reader_needs() -> None:
    card = model_card(SUBJECT, state())
    assert "seed 7, round 1: electra-base (full), trained on 100 labelled texts" in card
    assert "which active learning chose out of 1,000" in card
    # Clopper and Pearson's limits of 140 of 200, as statsmodels gives them
    assert "| accuracy | 0.700 | [.631, .763] |" in card
    assert "| macro-averaged F1 | 0.600 |  |" in card
    assert "2 seeds: accuracy 0.750 ± 0.071 (mean ± sample standard deviation)" in card
    assert "| complaint | 10 |\n| return | 90 |" in card
    assert "- **strategy**: lc" in card
    assert "learning rate 2e-05, head 0.0002" in card
    assert "tui-al 0.1.0, python 3.11.9, torch 2.13.0" in card


def test_places_on_this_machine_are_not_published() -> None:
    subject = replace(SUBJECT, learner=replace(LEARNER, model="/home/ann/models/mine"))
    card = model_card(subject, state("/home/ann/secret/tickets.csv"))
    assert "ann" not in card
    assert "tickets.csv" in card
    assert "base_model" not in front(card)
    assert "datasets" not in front(card)


def test_a_name_cannot_break_the_yaml_or_the_page() -> None:
    card = model_card(
        replace(SUBJECT, session='a": [b\n# c'),
        state('x"y: z\n---\nlicense: mit/data [w](http://x)'),
    )
    assert "license" not in front(card)
    assert (read_by_hub(card).model_name or "").startswith('a": [b')
    assert "\n# c" not in card


@pytest.mark.parametrize("with_adapter", [False, True])
def test_a_model_that_was_not_measured(with_adapter: bool) -> None:
    subject = replace(SUBJECT, role="acquisition", with_adapter=with_adapter)
    card = model_card(subject, state(task=Task.TAGGING.value))
    found = front(card)
    assert found["pipeline_tag"] == "token-classification"
    assert found["library_name"] == ("adapter-transformers" if with_adapter else "transformers")
    assert "model-index" not in found
    assert "This model was not measured." in card
    assert ("adapters.init(model)" in card) == with_adapter


def test_without_a_test_set_the_blind_labels_are_the_measure() -> None:
    told = ev.AuditEvaluated(7, 1, "accuracy", 0.7, 0.55, 0.82, 40)
    run = state().runs[7]
    unmeasured = replace(state(), test=0, runs={7: replace(run, audits=(told,))})
    card = model_card(SUBJECT, unmeasured)
    assert (
        "Estimated on 40 of the texts that could be answered, drawn at random and labelled blind"
        in card
    )
    assert "accuracy .700 [.550, .820] n=40 (95 % interval)." in card
    assert "test texts | value" not in card
    assert "model-index" not in front(card)
    few = replace(
        unmeasured, runs={7: replace(run, audits=(replace(told, value=1.0, examples=4),))}
    )
    assert "accuracy too few yet n=4" in model_card(SUBJECT, few)


def test_a_head_on_the_mean_is_for_sentence_transformers() -> None:
    """Not so where words are tagged, whatever the pooling says."""
    learner = replace(LEARNER, pooling="mean")
    card = model_card(replace(SUBJECT, learner=learner), state())
    assert front(card)["library_name"] == "sentence-transformers"
    assert "SentenceTransformer(" in card
    assert "`AutoModelForSequenceClassification` does not load it" in card
    both = model_card(replace(SUBJECT, learner=learner, with_adapter=True), state())
    assert front(both)["library_name"] == "adapter-transformers"
    assert "encoder.load_adapter(" in both
    tags = model_card(replace(SUBJECT, learner=learner), state(task="tagging"))
    assert front(tags)["library_name"] == "transformers"
    assert "SentenceTransformer" not in tags
