"""The pages of the documentation: Markdown files in `tui_al/docs`, shipped with the program."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from tui_al.errors import ConfigError

FOLDER = Path(__file__).parent.parent / "docs"

#: The page that lists the others, in the order in which they are to be read.
INDEX = "index"


@dataclass(frozen=True, slots=True)
class DocPage:
    """One page: `name` is its file's name without `.md`, `title` its first heading."""

    name: str
    title: str
    text: str


def doc_pages() -> dict[str, DocPage]:
    """All pages by name: the index, then those that it links to in its order, then any others."""
    found = {path.stem: _read(path) for path in sorted(FOLDER.glob("*.md"))}
    linked = re.findall(r"\]\(([\w-]+)\.md[)#]", found[INDEX].text) if INDEX in found else []
    order = dict.fromkeys([INDEX, *linked, *found])
    return {name: found[name] for name in order if name in found}


def doc_page(name: str) -> DocPage:
    """The page of that name, also written as `keys.md` or `KEYS`; raises ConfigError that lists the
    pages."""
    pages = doc_pages()
    wanted = name.strip().lower().removesuffix(".md")
    if wanted in pages:
        return pages[wanted]
    close = difflib.get_close_matches(wanted, pages, n=1)
    close = close or [page for page in pages if wanted and wanted in page][:1]
    meant = f"Did you mean {close[0]}? " if close else ""
    raise ConfigError(f"There is no page {name!r}.", f"{meant}The pages are {', '.join(pages)}.")


def _read(path: Path) -> DocPage:
    text = path.read_text(encoding="utf-8")
    return DocPage(path.stem, text.partition("\n")[0].removeprefix("# ").strip(), text)
