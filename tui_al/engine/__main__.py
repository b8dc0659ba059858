"""The engine as a process of its own: `python -m tui_al.engine COMMAND`, one JSON object in, one
JSON object out.

    preview    a data configuration to what the data set holds
    load       a data configuration to a file with the whole data set
    check      experiments by what they are called: raises what is wrong with the names of data,
        models and devices in them
    create     an experiment to a session
    run        works on a session until it is done; its output goes to the session's engine.log.
        Arguments: the session, a
               descriptor that holds its lock, and in a sweep the folder of what is shared and the
               place to begin among the seeds

A user's mistake becomes {"error": {...}}; `host.process` raises it again on the other side.
"""

import contextlib
import faulthandler
import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

from tui_al.core.data.preview import preview_of
from tui_al.core.settings.experiment import DataConfig, ExperimentConfig
from tui_al.errors import EngineStopped, TuiAlError, errors_at
from tui_al.store.environment import explained
from tui_al.store.session import Session


def main(arguments: list[str]) -> int:
    """Carry out one command; returns the exit code."""
    command = arguments[0]
    try:
        if command == "run":
            return _run(Path(arguments[1]), int(arguments[2]), *arguments[3:])
        request = json.load(sys.stdin)
        reply = _COMMANDS[command](request)
    except Exception as error:
        told = explained(error)
        if told is None:
            raise
        reply = {
            "error": {
                "type": type(told).__name__,
                "message": told.message,
                "hint": told.hint,
                "setting": told.setting,
            }
        }
    json.dump(reply, sys.stdout)
    return 0


def _preview(request: dict[str, Any]) -> dict[str, Any]:
    from tui_al.engine.data import load

    with errors_at("source", "data"):
        return preview_of(load(_data_config(request["data"]))).to_plain()


def _load(request: dict[str, Any]) -> dict[str, Any]:
    from tui_al.engine.data import load
    from tui_al.store.examples import write_examples

    write_examples(Path(request["to"]), load(_data_config(request["data"])))
    return {}


def _data_config(plain: dict[str, Any]) -> DataConfig:
    labels = plain.get("labels")
    return DataConfig(**{**plain, "labels": None if labels is None else tuple(labels)})


def _check(request: dict[str, Any]) -> dict[str, Any]:
    from tui_al.engine.worker.session_setup import check_names

    for called, plain in request["configs"]:
        try:
            check_names(ExperimentConfig.from_dict(plain))
        except TuiAlError as error:
            named = type(error)(f"{called}: {error.message}", error.hint)
            raise named.at(error.setting) from error
    return {}


def _create(request: dict[str, Any]) -> dict[str, Any]:
    from tui_al.engine.worker.session_setup import open_or_create

    config = ExperimentConfig.from_dict(request["config"])
    with open_or_create(
        Path(request["home"]),
        config,
        request["manifest"],
        request["name"],
        group=request["group"],
    ) as session:
        return {"directory": str(session.directory)}


def _run(directory: Path, lock: int, shared: str = "", ahead: str = "0") -> int:
    faulthandler.enable()  # a native crash leaves its stack in engine.log
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.raiseExceptions = False  # what a full disk does not take is not told in tracebacks
    from tui_al.engine.models.device import choose_device
    from tui_al.engine.worker.niceness import give_way
    from tui_al.engine.worker.runner import Sharing, run_session
    from tui_al.engine.worker.session_io import StopSignal

    stop = StopSignal()

    def request_stop(*_: object) -> None:
        stop.requested = True

    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGINT, request_stop)
    try:
        with Session(directory) as session:
            config = session.state().config
            with contextlib.suppress(TuiAlError):  # told of by the engine itself
                if config is not None and choose_device(config.device).type == "cpu":
                    give_way()  # a GPU's engine takes one core, and must not wait for it
            sharing = Sharing(Path(shared), int(ahead)) if shared else None
            state = run_session(session, lambda _: None, stop, lock, sharing)
    except EngineStopped as stopped:
        logging.info("%s", stopped.message)
        return 0
    except Exception as error:
        told = explained(error)
        if told is None:
            raise
        logging.error("%s", told)
        return told.exit_code
    return 0 if state.finished else 1


_COMMANDS = {"preview": _preview, "load": _load, "check": _check, "create": _create}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
