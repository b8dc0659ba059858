"""tui-al: active learning for NLP in the terminal.

    import tui_al

    data = tui_al.load_dataset("tickets")
    run = tui_al.simulate(data, strategy="lc", seeds=1)
    run.curve()["accuracy"]

The names below are imported when they are first used: `import tui_al` costs next to nothing.
"""

from importlib import import_module

__version__ = "0.1.0"

#: By name, the module that has it.
_PUBLIC = {
    "Data": "tui_al.api",
    "Run": "tui_al.api",
    "Table": "tui_al.api",
    "load_dataset": "tui_al.api",
    "open_session": "tui_al.api",
    "simulate": "tui_al.api",
    "Predictions": "tui_al.core.query.predictions",
    "Strategy": "tui_al.core.query.strategies",
    "Task": "tui_al.core.data.examples",
}

__all__ = ["__version__", *_PUBLIC]  # strings, all of them


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
