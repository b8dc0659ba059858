"""What must be so before an engine goes on with a session: numbers that rest on damaged rows would
be wrong in silence."""

from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.session.damage import damaged
from tui_al.core.session.state import SessionState
from tui_al.errors import SessionError
from tui_al.store.decisions import DecisionLog
from tui_al.store.session import Session


def check_whole(session: Session, state: SessionState) -> list[DecisionRecord]:
    """All decisions of the session, in order: they are not read again for what is made of them.

    Raises:
        SessionError: rows of the session are damaged or missing; those that only a newer version
        knows are not.
    """
    bad = list(damaged(state.bad_rows))
    decided: list[DecisionRecord] = []
    if state.config is not None and state.config.loop.oracle == "person":
        with DecisionLog(session.directory) as log:
            decided = log.read()
        bad += damaged(log.bad)
    if bad:
        more = f", and {len(bad) - 1:,} more" if len(bad) > 1 else ""
        name = session.name
        raise SessionError(
            f"Session {name} is damaged ({bad[0]}{more}): what an engine made of it would rest on "
            "wrong numbers.",
            f"`tui-al check {name}` shows all; `tui-al check {name} --repair NEW` writes what is "
            "sound into a new session to go on with.",
        )
    return decided
