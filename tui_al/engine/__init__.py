"""The only room that imports torch, transformers, adapters and datasets."""

import os

# OpenMP's threads spin while they wait for each other, milliseconds long. Where something else wants a core, that something is
# then waited for by spinning: two threads on two cores, one of them busy, were found ten times slower than sleeping ones. Read
# once, when torch is imported, which is only ever done below this line.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("KMP_BLOCKTIME", "0")  # the same for Intel's OpenMP, which some builds have
