"""``jupyter pipeline serve``: the service of split mode, run by another user than the one who works.

The terminal finds this module by its name and hands it what was asked; neither surface imports the other.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Protocol, TextIO

from .serving import serve


class Terminal(Protocol):
    """Where lines are printed."""

    @property
    def stream(self) -> TextIO:
        """What they are written to."""

    def line(self, text: str) -> None:
        """Print a line."""


def run(options: argparse.Namespace, out: Terminal) -> int:
    """Answer requests until told to end; 0 then."""
    root = Path(options.project)
    out.line(f"Serving the projects below {root.resolve()} at {options.address}:{options.port}{options.base_url}")
    out.stream.flush()
    settings = Path(options.settings) if options.settings else None
    serve(root, Path(options.tokens), settings, options.address, options.port, options.base_url)
    return 0
