"""What holds for all tests."""

import signal
import threading

from hypothesis import settings

# How long an example takes says nothing of its result: the first one imports a library, another
# core may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell that starts the tests in the background has them ignore these two, and all that they start
# would ignore them too, also where a test sends one.
if threading.current_thread() is threading.main_thread():
    for number, usual in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGQUIT, signal.SIG_DFL),
    ):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)
