"""What ``%%action`` does: the cell becomes a script, the script an action of project.yaml, and the action is run."""

from __future__ import annotations

import argparse
from typing import Any

from ..client import Project
from ..client.cells import CellAction
from . import words


def perform(line: str, cell: str) -> Any:
    """Write the action of a cell, show what was written, and run it. Raises PipelineError; nothing is written then."""
    options = words.parsed(words.action(), words.split(line))
    if options is None:
        return None
    project = Project.find(options.project)
    _made(options, cell).write(project, replace=options.replace)
    if options.no_run:
        return None
    run = project.run(options.name, wait=not options.no_wait, on_interrupt=options.on_interrupt)
    return run if options.no_wait else None


def _made(options: argparse.Namespace, cell: str) -> CellAction:
    outputs = {
        f"{level}_sensitive": tuple(getattr(options, level))
        for level in ("highly", "moderately", "minimally")
        if getattr(options, level)
    }
    needs = None if options.needs is None else tuple(options.needs)
    return CellAction(options.name, cell, options.image, needs, outputs, options.script)
