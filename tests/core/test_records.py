"""Values that do not fit their fields are refused."""

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from tui_al.core.session.serialization import fits, record_of
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.core.settings.model_catalog import default_settings


@dataclass(frozen=True)
class Chosen:
    way: Literal["cold", "warm"]
    layers: int | Literal["auto"] = 0


def test_choices() -> None:
    assert record_of(Chosen, {"way": "warm", "layers": "auto"}) == Chosen("warm", "auto")
    assert record_of(Chosen, {"way": "cold", "layers": 3}) == Chosen("cold", 3)
    for wrong in ({"way": "hot"}, {"way": 1}, {"way": "cold", "layers": "all"}, {"way": ["cold"]}):
        with pytest.raises(ValueError, match="cannot be"):
            record_of(Chosen, wrong)
    assert not fits(True, Literal[1])


@pytest.mark.parametrize("plain", [[], "x", 1, None, [{"way": "cold"}]])
def test_what_has_no_fields_at_all(plain: Any) -> None:
    with pytest.raises(ValueError, match="Chosen cannot be"):
        record_of(Chosen, plain)


def test_the_settings_of_a_model_come_back() -> None:
    from dataclasses import asdict

    settings = default_settings("minilm", "adapter")
    assert record_of(LearnerConfig, asdict(settings)) == settings
