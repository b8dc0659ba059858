from tui_al.api import Data as Data
from tui_al.api import Run as Run
from tui_al.api import Table as Table
from tui_al.api import load_dataset as load_dataset
from tui_al.api import open_session as open_session
from tui_al.api import simulate as simulate
from tui_al.core.data.examples import Task as Task
from tui_al.core.query.predictions import Predictions as Predictions
from tui_al.core.query.strategies import Strategy as Strategy

__version__: str
__all__: list[str]
