"""``python -m jupyter_pipeline.runtimes NAME --project DIR``: build one runtime, printing how far it is.

The engine runs this as a process of its own, so that building neither blocks it nor ends with it. Exit code 0 when the
runtime is ready, 1 with the reason on standard error when it cannot be had, 143 when told to end.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import config
from ..errors import PipelineError
from . import prepare

PATIENCE = 600.0
"""Seconds for which a download that failed is not tried again, since one engine builds several runtimes in a row."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the runtime that the command line names; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_pipeline.runtimes", description="Build a runtime.")
    parser.add_argument("name", help="the runtime's name, such as python:v2")
    parser.add_argument("--project", type=Path, default=Path(), help="the project's folder")
    given = parser.parse_args(arguments)
    # So that uv is ended, and what it made is removed, on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        runtime = prepare(given.name, config.load(given.project), _tell, PATIENCE)
    except PipelineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    _tell(f"{runtime.name} is ready")
    return 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
