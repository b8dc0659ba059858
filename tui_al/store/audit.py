"""What an account did with a session as a whole, put on the session's record: imported, exported,
copied. Read by `tui_al.store.history`."""

from pathlib import Path

from tui_al.core.session.events import ActionTaken, Event
from tui_al.errors import TuiAlError
from tui_al.store.accounts import this_account
from tui_al.store.session import Session


def note_action(directory: Path, action: str, detail: str, *, again: bool = True) -> str:
    """Put on record what this account has just done with the session in `directory`.

    Args:
        directory: the session's.
        action: as "exported".
        detail: of what, and where to.
        again: whether it is put there although the same is what is last on record of actions.

    Returns:
        "", or why it is not on record: a session that is damaged or cannot be written can be
        exported and copied all the same.
    """
    try:
        taken = ActionTaken(this_account(), action, detail)
        with Session(directory) as session:
            if not again and _last_action(session) == taken:
                return ""
            if damage := session.state().damage:  # nothing is added to what is damaged
                return f"not in the session's history: {action} {detail}. {damage[0]}"
            session.append(taken)
    except TuiAlError as error:
        return f"not in the session's history: {action} {detail}. {error.message}"
    return ""


def _last_action(session: Session) -> Event | None:
    found = session.last(ActionTaken.kind)
    return found.event if found else None
