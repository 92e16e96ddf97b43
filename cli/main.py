"""Entry point of the `artledger` command.

Each worker process imports this module once more, because Python's multiprocessing loads the main module in every
process that it starts. So the command line is imported only where it runs: workers, which open strangers' files, hold
little more than Pillow.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point of the distribution's script."""
    # NumPy's products here are small, and a second thread of OpenBLAS spins while it waits for the next one: a quarter
    # of a verification's processor time. NumPy reads this when a command imports it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A title in a script that the terminal's encoding lacks must not end the command.
            stream.reconfigure(errors="replace")
    from cli.command_line import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
