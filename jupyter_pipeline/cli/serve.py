"""``jupyter pipeline serve``: the service of split mode, run by another user than the one who works."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import OK
from .text import Out


def run(options: argparse.Namespace, out: Out) -> int:
    """Answer requests until told to end."""
    from ..server.serving import serve

    root = Path(options.project)
    out.line(f"Serving the projects below {root.resolve()} at {options.address}:{options.port}{options.base_url}")
    out.stream.flush()
    settings = Path(options.settings) if options.settings else None
    serve(root, Path(options.tokens), settings, options.address, options.port, options.base_url)
    return OK
