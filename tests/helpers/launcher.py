"""Stands where a process expects Python (`sys.executable`): hands its descriptors and arguments to
the fork server, and ends as that process does.

Only the standard library: it has to start within a hundredth of a second.
"""

import contextlib
import json
import os
import signal
import socket
import sys

#: Where the fork server listens; an environment variable.
SOCKET = "TUI_AL_FORK_SERVER"

#: Signals that the process gets which are sent to this one.
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGWINCH)

#: Bytes of a message at most.
LARGEST = 262_144


def inherited() -> list[int]:
    """Descriptors that were handed down, the three standard ones first."""
    return sorted(int(name) for name in os.listdir("/proc/self/fd") if _is_open(int(name)))  # noqa: PTH208 - pathlib takes too long to import


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:  # of the listing itself
        return False
    return True


def _pass_on(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just left
        os.kill(pid, number)


def main(arguments: list[str]) -> None:
    """Ask for a process, give it everything, and wait for its end."""
    numbers = inherited()
    umask = os.umask(0)
    request = {
        "do": "run", "arguments": arguments, "environment": dict(os.environ),
        "directory": os.getcwd(),  # noqa: PTH109
        "leader": os.getsid(0) == os.getpid(), "terminal": False, "numbers": numbers,
        "umask": umask, "cores": sorted(os.sched_getaffinity(0)),
    }  # fmt: skip
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(os.environ[SOCKET])
        socket.send_fds(connection, [json.dumps(request).encode()], numbers)
        for number in numbers:
            os.close(number)
        pid = json.loads(connection.recv(LARGEST))["pid"]
        for name in PASSED_ON:
            if signal.getsignal(name) != signal.SIG_IGN:
                signal.signal(name, lambda number, _: _pass_on(pid, number))
        ended = connection.recv(LARGEST)
    code = json.loads(ended)["code"] if ended else 1
    if code < 0:
        with contextlib.suppress(OSError):  # those that nobody can handle
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
