"""Writes all that commands write of README and documentation: `python -m tests.docs [--check]`."""

import sys

from tests.docs import import_graph, keys, options
from tests.docs.sections import run
from tests.evidence import results, speed

if __name__ == "__main__":
    sys.exit(run(keys.renew, options.renew, import_graph.renew, results.renew, speed.renew))
