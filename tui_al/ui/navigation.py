"""Which screen shows what, and what lies beneath it: the only module that knows the screens of
sessions by their classes. Screens ask the app for another one by these methods (`AppServices`)."""

from pathlib import Path

from textual.screen import Screen

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.errors import TuiAlError
from tui_al.store.session import Session
from tui_al.store.sweeps import is_sweep, sweep_of
from tui_al.ui.message_app import MessageApp

#: Screens that list sessions: what is opened from one lies above it.
_LISTS = ("home", "sweep")


class NavigatingApp(MessageApp):
    """An app that shows sessions and sweeps; `annotator` labels. Screens are imported where they
    are shown: the first frame waits for one only."""

    annotator: str

    def open_session(self, directory: Path) -> None:
        """Show a session: where people label, the next sample; else its results if it is finished,
        or its run. Of a sweep, its arms."""
        if is_sweep(directory):
            from tui_al.ui.screens.sweep import SweepScreen

            self._go_to(SweepScreen(directory))
            return
        try:
            with Session(directory) as session:
                created, finished = session.created(), session.is_finished()
            by_people = ExperimentConfig.from_stored(created.config)[0].loop.oracle == "person"
        except Exception as error:  # a damaged file may raise anything; the app must live on
            if len(self.screen_stack) == 1:
                self.to_home()
            if isinstance(error, TuiAlError):
                self.show_error(error)
            else:
                self.show_error(f"Session {directory.name} cannot be opened: {error}")
            return
        if by_people:
            from tui_al.ui.screens.label import LabelScreen

            self._go_to(LabelScreen(directory, Task(created.task), self.annotator))
        elif finished:
            from tui_al.ui.screens.results import ResultsScreen

            self._go_to(ResultsScreen(directory))
        else:
            from tui_al.ui.screens.run import RunScreen

            self._go_to(RunScreen(directory))

    def open_labelling(self, directory: Path) -> None:
        """Back to the samples of a session: the screen that lies beneath, or a new one."""
        from tui_al.ui.screens.label import LabelScreen

        if any(isinstance(screen, LabelScreen) for screen in self.screen_stack):
            while not isinstance(self.screen, LabelScreen):
                self.pop_screen()
        else:
            self.open_session(directory)

    def show_run(self, directory: Path) -> None:
        """A session's run, in the place of the screen that is shown."""
        from tui_al.ui.screens.run import RunScreen

        self.switch_screen(RunScreen(directory))

    def show_results(self, directory: Path) -> None:
        """A session's results, in the place of the screen that is shown."""
        from tui_al.ui.screens.results import ResultsScreen

        self.switch_screen(ResultsScreen(directory))

    def to_home(self) -> None:
        """Back to the list that a session was opened from; where there is none, to its sweep's, or
        to the sessions."""
        base = self._base()
        if getattr(base, "KEYS_OF", "") in _LISTS:
            return
        directory = getattr(base, "directory", None)
        sweep = sweep_of(directory) if isinstance(directory, Path) else None
        if sweep is not None:
            self.open_session(sweep)
        else:
            self.to_sessions()

    def to_sessions(self) -> None:
        """Close everything above the list of sessions and sweeps."""
        from tui_al.ui.screens.home import HomeScreen

        while len(self.screen_stack) > 2:
            self.pop_screen()
        if not isinstance(self._base(), HomeScreen):
            self._show_at_base(HomeScreen())

    def _go_to(self, screen: Screen[None]) -> None:
        """Show the screen, with the list that it was opened from beneath if there is one, and
        nothing else.

        The list is not made before it is asked for: the first frame would wait for it.
        """
        base = self._base()
        if base is None or getattr(base, "KEYS_OF", "") in _LISTS:
            self.push_screen(screen)
        else:
            self.switch_screen(screen)

    def _show_at_base(self, screen: Screen[None]) -> None:
        """In place of the lowest of our screens, which is the one that is shown."""
        if len(self.screen_stack) > 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def _base(self) -> Screen[object] | None:
        """The list that is nearest, else the lowest of our screens (Textual keeps an empty one
        under it), after closing all above."""
        while len(self.screen_stack) > 2 and getattr(self.screen, "KEYS_OF", "") not in _LISTS:
            self.pop_screen()
        return self.screen_stack[-1] if len(self.screen_stack) > 1 else None
