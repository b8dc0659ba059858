"""A setting that is declared in one place is on the command line, in the form, in sweep files, reports and the documentation."""

import pytest

from tests.docs.options import commands, reference
from tui_al.core.settings.options import experiment, options_of
from tui_al.core.settings.presets import sample_experiment
from tui_al.core.settings.sweep import read_sweep
from tui_al.errors import ConfigError
from tui_al.report.settings import _others
from tui_al.ui.setup_form import folded, read, title_of, values_of


def test_the_invented_setting_is_everywhere() -> None:
    flags = [one for p in commands()["simulate"].params for one in p.opts]
    assert "--cooldown" in flags
    assert experiment("simulate", "tickets", {"cooldown": "3"}).loop.cooldown == 3
    with pytest.raises(ConfigError, match="--cooldown -1 is out of range"):
        experiment("simulate", "tickets", {"cooldown": "-1"})
    assert "cooldown" in folded("") and title_of("cooldown") == "cooldown"
    config, wrong = read(values_of(sample_experiment()) | {"cooldown": "4"})
    assert config and config.loop.cooldown == 4 and not wrong
    (arm,) = read_sweep("data.source = 'tickets'\nloop.cooldown = 5", "s").arms
    assert arm.config.loop.cooldown == 5
    assert ("cooldown", "5 rounds") in _others(arm.config)
    assert "- **loop.cooldown**: Rounds without a better successor" in reference()
    (option,) = (one for one in options_of("simulate") if one.flag == "--cooldown")
    assert option.help.endswith("[example: 3; default: 0]")
