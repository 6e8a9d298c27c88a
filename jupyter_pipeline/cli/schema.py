"""``jupyter pipeline schema``: the JSON Schema of project.yaml, so that editors complete and check it."""

from __future__ import annotations

import argparse

from .. import spec_schema
from . import OK
from .text import Out


def run(options: argparse.Namespace, out: Out) -> int:
    """Print the schema."""
    out.stream.write(spec_schema.text())
    return OK
