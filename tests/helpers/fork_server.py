"""Processes of tests and campaigns, forked by one that has imported everything: `python -m
tests.helpers.fork_server SOCKET LAUNCHER`.

Importing what an engine needs takes eight seconds of a processor. A process asks for another by
the launcher, which stands where it expects Python. So each starts within a few hundredths of a
second, and is otherwise what it is in real life: a process of its own with its arguments,
environment, descriptors, session and end."""

import contextlib
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaigns.traps import CASE
from tests.helpers.launcher import LARGEST, SOCKET


@dataclass
class Child:
    """A living process, and who is told of its end."""

    pid: int
    case: str
    arguments: list[str]
    connection: socket.socket


@dataclass
class Server:
    """Forks on request, and tells of ends."""

    listener: socket.socket
    launcher: str
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    children: dict[int, Child] = field(default_factory=dict)
    #: Connections of those who need this server; it ends when the last one is closed.
    holders: list[socket.socket] = field(default_factory=list)

    def serve(self) -> "list[str] | None":
        """Serve until killed; in a forked child, what it is to run."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(reader, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select(0.2):
                if key.fileobj is self.listener:
                    arguments = self._answer()
                    if arguments is not None:
                        return arguments  # all its descriptors are closed
                elif key.fileobj in self.holders:
                    assert isinstance(key.fileobj, socket.socket)
                    self._let_go(key.fileobj)
                else:
                    os.read(reader, 4096)
            self._bury()

    def _let_go(self, holder: socket.socket) -> None:
        """Forget one who needed this server; leave, with all children, if that was the last."""
        self.selector.unregister(holder)
        self.holders.remove(holder)
        holder.close()
        if self.holders:
            return
        self.listener.close()
        for pid in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os._exit(0)

    def _answer(self) -> "list[str] | None":
        connection, _ = self.listener.accept()
        text, descriptors, _, _ = socket.recv_fds(connection, LARGEST, 64)
        if not text:
            connection.close()
            return None
        request = json.loads(text)
        if request["do"] == "hold":
            self.holders.append(connection)
            self.selector.register(connection, selectors.EVENT_READ)
            connection.send(b"held")
            return None
        if request["do"] == "alive":
            found = [
                [c.pid, c.arguments] for c in self.children.values() if c.case == request["case"]
            ]
            connection.send(json.dumps(found).encode())
            connection.close()
            return None
        pid = os.fork()
        if pid == 0:
            connection.close()
            self.listener.close()
            self.selector.close()
            for child in self.children.values():
                child.connection.close()
            for holder in self.holders:
                holder.close()
            _become(request, list(descriptors), self.launcher)
            arguments: list[str] = request["arguments"]
            return arguments
        for descriptor in descriptors:
            os.close(descriptor)
        self.children[pid] = Child(
            pid, request["environment"].get(CASE, ""), request["arguments"], connection
        )
        connection.send(json.dumps({"pid": pid}).encode())
        return None

    def _bury(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                child = self.children.pop(pid)
                code = os.waitstatus_to_exitcode(status)
                with contextlib.suppress(OSError):
                    child.connection.send(json.dumps({"code": code}).encode())
                child.connection.close()


def _become(request: dict[str, Any], descriptors: list[int], launcher: str) -> None:
    """Take over descriptors, environment, session and terminal."""
    import fcntl
    import tempfile
    import termios

    signal.set_wakeup_fd(-1)
    for name in (signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM):
        signal.signal(name, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if request["leader"]:
        os.setsid()
    high = [fcntl.fcntl(one, fcntl.F_DUPFD, 200) for one in descriptors]
    os.closerange(3, 200)
    for one, number in zip(high, request["numbers"], strict=True):
        os.dup2(one, number)
        os.close(one)
    if request["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.umask(request["umask"])
    if "cores" in request:
        os.sched_setaffinity(0, request["cores"])
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:0] = [
        place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep)
        if place and place not in sys.path
    ]  # fmt: skip
    tempfile.tempdir = None
    sys.executable = launcher
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False, buffering=1 if os.isatty(1) else -1)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]


def _run(arguments: list[str]) -> int:
    """What `python [-P] -m MODULE ARGUMENT...` or `python -c CODE ARGUMENT...` does in a new
    process; the exit code."""
    from tests.campaigns import traps

    arguments = arguments[arguments[0] == "-P" :]
    kind, what, *rest = arguments
    assert kind in ("-m", "-c"), arguments
    module = what if kind == "-m" else ""
    sys.argv = [module or "-c", *rest]
    traps.set_up(module, rest)
    try:
        if not module:
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
            return 0
        if module == "tui_al":
            from tui_al.cli import main

            main()
            return 0
        if module == "tui_al.engine":
            from tui_al.engine.__main__ import main as engine

            return engine(rest)
        if module == "tui_al.host.supervisor":
            from tui_al.host.supervisor import main as watch

            return watch(Path(rest[0]), int(rest[1]), *rest[2:])
        if module == "remove":
            from tui_al.store.removal import remove_session

            remove_session(Path(rest[0]))
            return 0
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return 0
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except KeyboardInterrupt:
        import traceback

        traceback.print_exc()
        return 130
    except BaseException:
        import traceback

        traceback.print_exc()
        return 1


def _preload() -> None:
    import datasets  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    import tui_al.cli.app
    import tui_al.cli.export_labels
    import tui_al.cli.export_model
    import tui_al.cli.import_labels
    import tui_al.cli.label
    import tui_al.cli.merge
    import tui_al.cli.predict
    import tui_al.cli.simulate
    import tui_al.cli.sweep
    import tui_al.engine.__main__
    import tui_al.engine.data.stream
    import tui_al.engine.jobs.annotation_files
    import tui_al.engine.jobs.prediction
    import tui_al.engine.models.device
    import tui_al.engine.worker.annotation_worker
    import tui_al.engine.worker.niceness
    import tui_al.engine.worker.session_setup
    import tui_al.host.machine
    import tui_al.host.placement
    import tui_al.host.scheduler
    import tui_al.host.supervisor
    import tui_al.host.sweeping
    import tui_al.store.removal
    import tui_al.ui.app
    import tui_al.ui.keymap
    import tui_al.ui.screens.home
    import tui_al.ui.screens.label
    import tui_al.ui.widgets.recent
    from tests.engine.forkable import import_engine

    import_engine()
    # whoever watches is as patient as the machine is busy
    tui_al.engine.worker.niceness.give_way = lambda: None


def main() -> None:
    """Serve, and in a child run what it was forked for."""
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    path, launcher = sys.argv[1:]
    os.environ[SOCKET] = path
    _preload()
    gc.collect()
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(f"{path}.new")
    listener.listen(64)
    os.rename(f"{path}.new", path)  # noqa: PTH104 - who sees it can connect
    arguments = Server(listener, launcher).serve()
    assert arguments is not None
    code = _run(arguments)
    _end(code)


def _end(code: int) -> None:
    """As the interpreter does, but for taking all modules apart."""
    import atexit
    import threading

    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
