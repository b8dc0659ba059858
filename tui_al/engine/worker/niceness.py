"""The engine gives way: on a machine whose cores it fills, whoever waits for a key to be answered
comes first."""

import contextlib
import os
from pathlib import Path

#: Of 19. The scheduler gives a process of the usual niceness three times as much of a core that
#: both want.
NICENESS = 5


def give_way() -> None:
    """Lower the priority of this process and of the threads it will start; of no account on cores
    that nobody else wants.

    Linux may weigh sessions against each other before processes ("autogroups", see sched(7)), and
    then niceness counts within a session only; the engine is a session of its own, so that one is
    told, too.
    """
    os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))
