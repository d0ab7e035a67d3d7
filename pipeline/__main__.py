"""`python -m pipeline ...` is `triage ...`."""

from __future__ import annotations

import os
import sys

from pipeline import memory


def main() -> None:
    memory.settle(memory.MAIN)  # before the imports
    # numpy starts threads for products of matrices, of which there are none here; they spin before they sleep.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from pipeline.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
