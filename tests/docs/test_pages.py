"""README and documentation: links lead somewhere, what they name is there, tables fit, and what
commands write is up to date."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.docs import import_graph, keys, options
from tests.docs.narrow import wide_rows
from tests.docs.sections import PAGES, ROOT
from tui_al import errors
from tui_al.core.settings.options import KINDS
from tui_al.core.settings.schema import entries
from tui_al.core.settings.sweep import read_sweep
from tui_al.ui.doc_pages import doc_pages

README = ROOT / "README.md"
ALL = [README, *sorted(PAGES.glob("*.md"))]

each = pytest.mark.parametrize("page", ALL, ids=lambda page: page.stem)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """Without what stands in blocks of code."""
    return re.sub(r"^```.*?^```", "", text_of(page), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What a code host and Textual's viewer make of headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> Iterator[tuple[str, str]]:
    for target in re.findall(r"\]\(([^)]+)\)", prose(page)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield path, anchor


@each
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(text_of(README).splitlines()) <= 200


def test_readme_and_index_link_to_every_page() -> None:
    names = {page.name for page in ALL[1:]} - {"index.md"}
    linked = {path for path, _ in links(PAGES / "index.md")}
    in_readme = {Path(path).name for path, _ in links(README) if path.startswith("tui_al/docs/")}
    assert linked == in_readme
    assert names - {"sharing.md"} <= linked <= names  # that page is being written


def test_a_page_begins_with_its_title() -> None:
    for page in doc_pages().values():
        assert page.text.startswith(f"# {page.title}\n\n"), page.name


@pytest.mark.parametrize(
    "page", [p for p in ALL if p.stem not in ("faults", "sharing")], ids=lambda page: page.stem
)
def test_tables_fit_120_columns(page: Path) -> None:
    """But for tables of sentences: the faults, whose rows name their tests, and who may do what."""
    assert wide_rows(text_of(page)) == []


@each
def test_tests_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", text_of(page))
    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert named or page.stem != "faults"


@each
def test_files_of_the_program_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(r"`(tui_al/[\w/.*-]+)`", text_of(page))
    assert [name for name in named if not any(ROOT.glob(name))] == []
    assert named or page.stem != "architecture"


@each
def test_modules_that_a_page_names_can_be_run(page: Path) -> None:
    for module in re.findall(r"python -m\s+(tests[\w.]*)", text_of(page)):
        path = ROOT / module.replace(".", "/")
        module_file = path.with_suffix(".py")
        path = module_file if module_file.exists() else path / "__main__.py"
        assert "__main__" in path.read_text(encoding="utf-8"), module


def test_every_exit_code_is_in_the_table() -> None:
    codes = {one.exit_code for one in vars(errors).values() if isinstance(one, type)
             and issubclass(one, errors.TuiAlError)}  # fmt: skip
    table = text_of(PAGES / "faults.md").partition("## Exit codes")[2].partition("\n## ")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.M)} == codes | {0}


def test_the_sweep_in_the_tutorial_can_be_read() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", text_of(PAGES / "tutorial-simulate.md"), re.DOTALL)
    labels = [arm.label for arm in read_sweep(text, "tutorial").arms]
    assert labels == ["random", "adapter · bt", "head · bt", "full · bt"]


@pytest.mark.slow
@pytest.mark.parametrize("writer", [keys, options, import_graph], ids=lambda one: one.__name__)
def test_what_commands_write_is_up_to_date(writer: ModuleType) -> None:
    assert writer.renew(check=True), "run `python -m tests.docs`"


def test_the_tables_have_every_key_and_every_option() -> None:
    shown = text_of(PAGES / "keys.md")
    assert "| `F1` `?` | help | This help." in shown
    assert "## Label: `[label]`" in shown
    settings = text_of(PAGES / "settings.md")
    for name, command in options.commands().items():
        assert f"### `tui-al {name}" in settings
        for parameter in command.params:
            flags = [one for one in parameter.opts if one.startswith("--")]
            assert all(f"`{one}" in settings for one in flags)  # before's names too
    for kind in KINDS:
        for entry in entries(kind).values():
            section = f"{entry.section}." if entry.section else ""
            assert f"- **{section}{entry.name}**: {entry.setting.help}" in settings


def test_the_graph_tells_imports_from_what_a_type_checker_sees(tmp_path: Path) -> None:
    """Also within functions, of sub-packages, and of several names at once."""
    files = {
        "__init__.py": "", "errors.py": "", "low/__init__.py": "", "low/one.py": "import p.errors",
        "low/deep/__init__.py": "", "low/deep/two.py": "from p.low import one\nfrom p import "
            "errors",
        "high/__init__.py": "", "high/three.py": "def f():\n    from p.low.deep import two",
        "high/four.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.other "
            "import x",
        "other/__init__.py": "", "other/x.py": "import p.high.three as t",
        "data/__init__.py": "",
    }  # fmt: skip
    for name, text in files.items():
        path = tmp_path / "p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    graph = import_graph.imports(1, tmp_path / "p")
    assert {name: set(there) for name, there in graph.items()} == {
        "errors": set(), "high": {"low"}, "low": {"errors"}, "other": {"high"},
    }  # fmt: skip
    deep = import_graph.imports(2, tmp_path / "p")
    assert deep["low.deep"] == {"low", "errors"}
    assert deep["high"] == {"low.deep"}
    on_top = tmp_path / "p" / "low" / "top.py"
    on_top.write_text("from p.low.deep import two", encoding="utf-8")
    deep = import_graph.imports(2, tmp_path / "p")
    assert deep["low.top"] == {"low.deep"}
    assert import_graph.circles(deep) == []


def test_circles_are_told_and_arrows_that_follow_are_left_out() -> None:
    plain = {"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset[str]()}
    assert import_graph.circles(plain) == []
    assert import_graph.needed(plain)["a"] == {"b"}
    round_trip = plain | {"c": frozenset("b")}
    assert import_graph.circles(round_trip) == [("b", "c")]


@pytest.mark.slow
def test_packages_do_not_import_each_other_in_a_circle() -> None:
    assert import_graph.circles(import_graph.imports(1)) == []
    assert import_graph.circles(import_graph.imports(2)) == []
