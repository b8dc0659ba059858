"""Data in: from a name, a path or a Hub id to a checked `Dataset`."""

from tui_al.engine.data.loading import load

__all__ = ["load"]
