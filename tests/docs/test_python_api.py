"""Every block of code on the page of the Python API runs as it stands, in order."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tui_al.ui.doc_pages import doc_page

PAGE = doc_page("python-api").text
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
EXAMPLE = Path(__file__).parents[1] / "plugin_example" / "pyproject.toml"


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_the_blocks_of_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUI_AL_HOME", str(tmp_path))
    names: dict[str, Any] = {"__name__": "notebook"}
    for block in BLOCKS:
        exec(compile(block, "python-api.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "<Data tickets: classification, 14 labels, 200 to train on, 100 to test on>" in printed
    assert "strategy = 'margins' is unknown." in printed
    assert names["curve"]["labels"].tolist() == [20, 40, 60]
    assert len(names["first"]) == 3
    assert [one.name for one in (tmp_path / "sessions").iterdir()] == [names["run"].name]


def test_the_page_names_what_there_is() -> None:
    assert len(BLOCKS) == 10
    (toml,) = re.findall(r"^```toml\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
    told = tomllib.loads(toml)["project"]["entry-points"]
    example = tomllib.loads(EXAMPLE.read_text())["project"]["entry-points"]
    assert {group: set(names) for group, names in told.items()} == {
        group: set(names) for group, names in example.items()
    }
