"""What the set-up's answers mean, in a line each."""

from tui_al.core.query.strategies import find_strategy
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.settings.model_catalog import known_model
from tui_al.core.settings.tunings import TUNINGS
from tui_al.host.estimate import Estimate
from tui_al.ui.eta import roughly
from tui_al.ui.setup_form import Values


def learner_note(role: str, values: Values) -> str:
    """What of the model is trained, and what is not."""
    model = known_model(values[f"{role}.model"])
    size = f"{model.parameters / 1e6:.0f} M " if model else ""
    tuning = TUNINGS[values[f"{role}.tuning"]]
    if tuning.trains == "encoder":
        return f"all {size}weights are trained"
    return f"{tuning.summary}; {size}encoder frozen"


def strategy_note(name: str) -> str:
    """What the strategy asks about; empty for one that is unknown."""
    known = find_strategy(name)
    return known.summary if known else ""


def oracle_note(oracle: str) -> str:
    """Who answers."""
    return {
        "simulated": "the data set's own labels answer",
        "person": "you label, while the models learn from it",
    }[oracle]


def labelling_plan(config: ExperimentConfig, estimate: Estimate) -> str:
    """What a person will do, and how long a training in between takes."""
    told = f"You label; after every {config.loop.batch} new labels the models are trained again"
    if estimate.seconds is None:
        return told
    rounds = config.loop.rounds + 1
    return f"{told}, in about {roughly(estimate.seconds / rounds)} on {estimate.device}"


def plan_text(estimate: Estimate) -> str:
    """What will happen, and about how long it will take on this machine."""
    unknown = estimate.seconds is None
    time = "time unknown" if unknown else f"about {roughly(estimate.seconds or 0.0)}"
    basis = f" ({estimate.basis})" if estimate.basis else ""
    return f"{estimate.trainings} trainings, {time} on {estimate.device}{basis}"
