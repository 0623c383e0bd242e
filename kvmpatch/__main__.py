"""`python -m kvmpatch`."""

from __future__ import annotations

import sys

from kvmpatch.cli import main

if __name__ == "__main__":
    sys.exit(main())
