"""What holds for all tests."""

from hypothesis import settings

# How long an example takes says nothing of its result: the first one imports a library, another
# core may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
