"""How a part of this program is started as a process of its own."""

import sys


def module_command(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of this program with this Python.

    Without `-P`, Python would look for every module in the working directory first: where somebody
    works beside data or a session of others, a file there that is called numpy.py would run.
    """
    return [sys.executable, "-P", "-m", module, *arguments]
