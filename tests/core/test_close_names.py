"""Typing errors, and what is offered for them."""

import pytest

from tui_al.core.close_names import did_you_mean
from tui_al.core.query.strategies import strategy
from tui_al.core.settings.bundled_sweeps import sweep_text
from tui_al.core.settings.model_catalog import default_settings
from tui_al.core.settings.sweep import read_sweep
from tui_al.errors import ConfigError


def test_what_is_close() -> None:
    assert (
        did_you_mean("minilmm", ("bert-base", "minilm-3", "minilm"))
        == "Did you mean minilm or minilm-3? "
    )
    assert (
        did_you_mean("P12.TX", ("p12.txt", "x.csv"), before="data/")
        == "Did you mean data/p12.txt? "
    )
    assert did_you_mean("a", ("a.csv", "b.csv")) == ""
    assert did_you_mean("p12", ("p12.parquet",)) == "Did you mean p12.parquet? "
    assert did_you_mean("minilm", ()) == ""
    assert did_you_mean("zebra", ("minilm",)) == ""


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        (lambda: strategy("entrpy"), "entropy"),
        (lambda: default_settings("minilm", "adaptr"), "adapter"),
        (lambda: read_sweep('dat.source = "x"', "s"), "data"),
        (lambda: read_sweep('data.source = "x"\nloop.strategi = "lc"', "s"), "strategy"),
        (lambda: sweep_text("figure-2-smal"), "figure-2-small"),
    ],
)
def test_settings_with_a_typing_error(wrong, meant) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError) as told:
        wrong()
    assert told.value.hint.startswith(f"Did you mean {meant}")
