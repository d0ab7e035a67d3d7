"""`python -m pipeline ...` is `triage ...`."""

from __future__ import annotations

import sys

from pipeline import collecting


def main() -> None:
    collecting.seldom()  # before the imports
    from pipeline.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
