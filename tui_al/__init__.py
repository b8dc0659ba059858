"""tui-al: active learning for NLP in the terminal."""

__version__ = "0.1.0"
