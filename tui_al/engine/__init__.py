"""The only room that imports torch, transformers, adapters and datasets."""

import contextlib
import ctypes
import os
import sys

from tui_al.engine.no_pickle import forbid

forbid()

# No library tells anybody that it was used.
for _name in ("HF_HUB_DISABLE_TELEMETRY", "DISABLE_TELEMETRY", "DO_NOT_TRACK"):
    os.environ[_name] = "1"

# All of this is read once, when torch or pyarrow is imported or first allocates, which is only ever
# done below these lines.

# Arrow's own allocator asks for a gigabyte in advance, within which no bound on memory is felt
# (`core/memory_bound.py`).
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

# OpenMP's threads spin while they wait for each other, milliseconds long. Where something else
# wants a core, that something is then waited for by spinning: two threads on two cores, one of them
# busy, were found ten times slower than sleeping ones.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("KMP_BLOCKTIME", "0")  # the same for Intel's OpenMP, which some builds have

# Tensors of 2 MiB and more on huge pages, where the kernel gives them to those who ask: training
# and scoring on two cores were found 15 to 30 % quicker. Tensors come and go with every step, so
# what is freed is kept rather than given back and fetched page by page again; in a virtual machine,
# whose host takes given-back pages away, full tuning was at times five times slower without.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
if sys.platform == "linux":
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        _mallopt = ctypes.CDLL(None).mallopt
        # what is larger than M_MMAP_THRESHOLD is mapped apart and given back at once;
        # M_TRIM_THRESHOLD is for the rest
        _mallopt(-3, 2**30)
        _mallopt(-1, 2**31 - 1)
