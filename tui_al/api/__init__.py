"""The Python API, as documented in `tui-al docs python-api`: its names are those of the package
`tui_al`.

    load_dataset, simulate, open_session    what one calls
    Data, Run, Table                        what comes back

Everything goes the way of the command line: the same settings with the same checks, sessions in the
same home, the engine as a process of its own. That process is why a notebook stays as it is: the
engine forbids pickles, sets thread counts and memory options, and may crash natively, all of which
would be the notebook's too if it worked within it."""

from tui_al.api.data import Data, load_dataset
from tui_al.api.run import Run, open_session
from tui_al.api.simulation import simulate
from tui_al.api.table import Table

__all__ = ["Data", "Run", "Table", "load_dataset", "open_session", "simulate"]
