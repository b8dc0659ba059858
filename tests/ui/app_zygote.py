"""Apps that start at once, for tests that kill many: `python -m tests.ui.app_zygote SOCKET` has
imported everything and forks.

`python -S tests/ui/app_zygote.py SOCKET SESSION ANNOTATOR` is what runs in the terminal: it hands
its terminal over, prints the number of the process that has it now, and waits until that is gone.
"""

import array
import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path


def serve(path: str) -> None:
    """Fork an app for each connection, on the terminal that came with it."""
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    import tui_al.ui.screens.label
    import tui_al.ui.widgets.recent  # noqa: F401 - imported for the children
    from tui_al.ui.app import TuiAl
    from tui_al.ui.terminal import Terminal

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    while True:
        connection, _ = listener.accept()
        asked, descriptors, _, _ = socket.recv_fds(connection, 65536, 1)
        child = os.fork()
        if child:
            os.close(descriptors[0])
            connection.sendall(f"{child}\n".encode())
            connection.close()
            continue
        with contextlib.suppress(OSError):
            listener.close()
        for number in (0, 1, 2):
            os.dup2(descriptors[0], number)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        directory, annotator = json.loads(asked)
        home = Path(directory).parent.parent
        with contextlib.suppress(BaseException):
            TuiAl(home, Path(directory), Terminal(), annotator).run()
        # the connection is closed with the process, however it ends
        os._exit(0)


def hand_over(path: str, directory: str, annotator: str) -> None:
    """Give the terminal to an app and wait for its end."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        terminal = array.array("i", [0])
        connection.sendmsg(
            [json.dumps([directory, annotator]).encode()],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, terminal)],
        )
        pid = int(connection.recv(64))
        Path(f"{directory}/{annotator}.pid").write_text(str(pid))
        with contextlib.suppress(OSError):
            while connection.recv(64):
                pass


if __name__ == "__main__":
    if len(sys.argv) == 2:
        serve(sys.argv[1])
    else:
        hand_over(*sys.argv[1:])
