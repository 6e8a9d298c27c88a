"""``jupyter pipeline schema``: the JSON Schema of project.yaml, so that editors complete and check it."""

from __future__ import annotations

import argparse

from ..spec import schema
from . import OK
from .text import Out


def run(options: argparse.Namespace, out: Out) -> int:
    """Print the schema."""
    out.stream.write(schema.text())
    return OK
