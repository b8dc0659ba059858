"""The README's moving picture, of a real session: `python -m tests.pictures.film`.

It runs an experiment on the sample data, with real models, and takes a picture of the app at each
point of its curves and one at the end. It takes minutes, and no two runs give the same file:
seconds and readings are those of the machine."""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from textual.pilot import Pilot

from tests.pictures.make import strips_of
from tests.pictures.svg import document, row_shapes
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.host.process import create_session, start_engine
from tui_al.store.session import Session
from tui_al.ui.app import TuiAl

OUT = Path(__file__).parent / "film.svg"
SIZE = (100, 30)
SECONDS = 0.9  #: that a frame stands, the last one three times as long


@dataclass(frozen=True, slots=True)
class Film:
    """Rows of each frame as shapes of an SVG, and the colour behind them."""

    frames: tuple[tuple[str, ...], ...]
    background: str

    def svg(self) -> str:
        """All frames in one picture; only rows that change are there more than once. Where nothing
        may move, the last one stands."""
        stands = [SECONDS] * (len(self.frames) - 1) + [3 * SECONDS]
        times = [sum(stands[:n]) for n in range(len(stands) + 1)]
        body, spans = [], set()
        for row in range(len(self.frames[0])):
            for first, end, shapes in _runs([frame[row] for frame in self.frames]):
                if shapes and (first, end) == (0, len(self.frames)):
                    body.append(shapes)
                elif shapes:
                    spans.add((first, end))
                    shown = " last" if end == len(self.frames) else ""
                    body.append(f'<g class="f{shown} f{first}-{end}">{shapes}</g>')
        style = [
            ".f{visibility:hidden}.last{visibility:visible}",
            "@media (prefers-reduced-motion: no-preference){",
        ]
        style += [_animation(first, end, times) for first, end in sorted(spans)]
        head = f"<style>{''.join([*style, '}'])}</style>"
        title = "tui-al: a simulation on the sample data"
        return document([head, *body], SIZE, self.background, title)


def _runs(rows: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """From which frame to before which one a row looks like that."""
    start = 0
    for shapes, group in groupby(rows):
        end = start + len(list(group))
        yield start, end, shapes
        start = end


def _animation(first: int, end: int, times: Sequence[float]) -> str:
    name, whole = f"f{first}-{end}", times[-1]
    shown, hidden = 100 * times[first] / whole, 100 * times[end] / whole
    steps = [f"{shown:.2f}%{{visibility:visible}}"]
    if first:
        steps.insert(0, "0%{visibility:hidden}")
    if end < len(times) - 1:
        steps.append(f"{hidden:.2f}%{{visibility:hidden}}")
        steps.append("100%{visibility:hidden}")
    else:
        steps.append("100%{visibility:visible}")
    animation = f".{name}{{animation:{name} {whole:.1f}s step-end infinite}}"
    return f"{animation}@keyframes {name}{{{''.join(steps)}}}"


def experiment() -> ExperimentConfig:
    """Breaking ties on a cut of the sample data, with the bundled encoder: a few minutes on two
    cores."""
    return ExperimentConfig(
        data=DataConfig("tickets", train_limit=600, test_limit=200),
        acquisition=replace(default_settings("minilm", "adapter"), epochs=4),
        successor=replace(default_settings("minilm", "full"), epochs=4),
        loop=LoopConfig("bt", Amount.parse("6%"), Amount.parse("6%"), rounds=5),
        seeds=(23419, 705525),
        device="cpu",
    )


async def record(home: Path, config: ExperimentConfig) -> Film:
    """Run the experiment to its end and take the pictures."""
    directory = create_session(home, config, "first")
    app = TuiAl(home, directory)
    frames: list[tuple[str, ...]] = []
    start_engine(directory)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        colours = app.theme_variables
        background, foreground = colours["background"].lower(), colours["foreground"].lower()

        def take() -> None:
            rows = enumerate(strips_of(app))
            frames.append(
                tuple("\n".join(row_shapes(s, y, background, foreground)) for y, s in rows)
            )

        points = (config.loop.rounds + 1) * len(config.seeds)
        for number in range(1, points + 1):
            await _until(pilot, directory, number)
            take()
        await _until(pilot, directory, points, finished=True)
        take()
    return Film(tuple(frames), background)


async def _until(
    pilot: Pilot[None], directory: Path, points: int, *, finished: bool = False
) -> None:
    """Wait until so many points are measured, and the screen has had time to show them."""
    while True:
        with Session(directory) as session:
            state = session.state()
        if any(state.failure):
            raise RuntimeError(" ".join(state.failure))
        measured = sum(len(run.points) for run in state.runs.values())
        if measured >= points and (state.finished or not finished):
            break
        await asyncio.sleep(0.3)
    await asyncio.sleep(2)
    await pilot.pause()


def main() -> None:
    """Write the picture beside this file."""
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        film = asyncio.run(record(Path("experiments").absolute(), experiment()))
    OUT.write_text(film.svg(), encoding="utf-8")
    print(f"{OUT.name}: {len(film.frames)} frames, {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
