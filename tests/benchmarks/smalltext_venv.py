"""small-text 1.4.1 to measure against, in a virtual environment of its own: it needs another
transformers than we may have.

    with SmallText(job) as rival:
        rival.train("best", max_length=64, texts=600, epochs=6)["seconds"]
        rival.score("default", max_length=64, texts=2000)["seconds"]

The environment is made at the first use (1.4 GB, in the user's cache directory) and kept. The other
process stays alive between the calls, so that ours and theirs can be timed in turns. See
`smalltext_runner` for what the two settings are."""

import json
import subprocess
import sys
import tempfile
import venv
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

import platformdirs

REQUIREMENTS = ("small-text[transformers]==1.4.1", "transformers<5", "torch==2.13.0")

#: What a table says of the comparison.
FAIRNESS = (
    "small-text runs with the same number of threads and in the same environment: on huge pages, "
    "with threads that sleep while they "
    "wait (see `tui_al/engine/__init__.py`)."
)

Settings = Literal["default", "best"]


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts with their labels."""

    texts: list[str]
    labels: list[str]


@dataclass(frozen=True, slots=True)
class Job:
    """What small-text is to work on: a model directory, data, and settings that it shares with
    ours."""

    model: str
    train: Texts
    test: Texts
    pool: Texts
    batch: int = 16
    learning_rate: float = 2e-4
    threads: int = 2
    device: str = "cpu"


def python() -> Path:
    """The interpreter of the environment, which is made if it is not there or not complete."""
    directory = Path(
        platformdirs.user_cache_dir("tui-al", appauthor=False), "benchmarks", "small-text-1.4.1"
    )
    interpreter, complete = directory / "bin" / "python", directory / "complete"
    if not complete.exists():
        print(
            f"making the virtual environment {directory} for {', '.join(REQUIREMENTS)} …",
            file=sys.stderr,
        )
        venv.create(directory, clear=True, with_pip=True)
        install = [
            str(interpreter),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*install, *REQUIREMENTS], check=True)
        complete.touch()
    return interpreter


class SmallText:
    """The other process, while the context lasts."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def __enter__(self) -> Self:
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as stream:
            json.dump(asdict(self.job), stream)
        self.path = Path(stream.name)
        runner = Path(__file__).with_name("smalltext_runner.py")
        self.process = subprocess.Popen(
            [python(), runner, self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()
        self.path.unlink()

    def train(
        self, settings: Settings, max_length: int, texts: int, epochs: int
    ) -> dict[str, float]:
        """Train on the first texts: `seconds`, `samples` trained on, `accuracy` on the test texts,
        `length` padded to."""
        return self._ask(
            do="train", settings=settings, max_length=max_length, texts=texts, epochs=epochs
        )

    def score(self, settings: Settings, max_length: int, texts: int) -> dict[str, float]:
        """Query by least confidence over the first texts of the pool: `seconds`, `texts`, `batch`
        size, `length` padded to."""
        return self._ask(do="score", settings=settings, max_length=max_length, texts=texts)

    def _ask(self, **command: Any) -> dict[str, float]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"small-text ended with exit code {self.process.wait()}")
        found: dict[str, float] = json.loads(answer)
        return found
