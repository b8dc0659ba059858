"""What Textual keeps of screens that are closed, given up here: else an app that is open for weeks
grows with each one."""

from textual._styles_cache import StylesCache


def forget_closed() -> None:
    """Drop what a cache of Textual's own holds of widgets; call it when a screen is gone.

    `StylesCache.get_inner_outer` is kept by `lru_cache` for each widget apart, so that of up to
    1,024 widgets that were removed long ago the painted rows stay: about 280 KB for each dialog or
    screen. What is still shown is worked out again, which is little."""
    kept = getattr(StylesCache, "get_inner_outer", None)
    clear = getattr(kept, "cache_clear", None)  # private: other versions may do without
    if clear is not None:
        clear()
