"""Builds the wheel and checks what is in it: `python -m tests.wheel_contents`. CI runs it; it
fetches the build backend."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

NEEDED = (
    "tui_al/sample_data/tickets/train.csv",
    "tui_al/sample_data/tickets/test.csv",
    "tui_al/sample_data/events/train.conll",
    "tui_al/sample_data/events/test.conll",
    "tui_al/ui/screens/setup.tcss",
    "tui_al/engine/__main__.py",
    "tui_al/py.typed",
    "tui_al/__init__.pyi",
    *(f"tui_al/docs/{page.name}" for page in (ROOT / "tui_al" / "docs").iterdir()),
)


def main() -> None:
    """Exit with a message if something is missing, or something is there that does not belong."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", place,
                str(ROOT)],
            check=True,
        )  # fmt: skip
        (wheel,) = Path(place).glob("*.whl")
        names = set(zipfile.ZipFile(wheel).namelist())
    missing = [name for name in NEEDED if name not in names]
    if missing:
        sys.exit(f"the wheel lacks {', '.join(missing)}")
    if strange := [name for name in names if name.startswith(("tests/", "shared/"))]:
        sys.exit(f"the wheel holds {', '.join(strange)}")
    print(f"{wheel.name}: {len(names)} files, the sample data among them")


if __name__ == "__main__":
    main()
