"""``jupyter pipeline report``: a notebook, or the one that a job has executed, as an HTML page, PDF or Markdown."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ..errors import ProjectNotFound
from ..project import reporting
from . import OK, find_project
from .text import Out, safe


def run(options: argparse.Namespace, out: Out) -> int:
    """Make a report and write it."""
    from ..notebooks.driver.imports import lean_imports

    lean_imports()
    report, folder = _made(options)
    if options.output == "-":
        out.stream.flush()
        sys.stdout.buffer.write(report.content)
        return OK
    target = Path(options.output) if options.output else folder / report.name
    reporting.write(target, report.content)
    out.line(f"{out.symbol('good')} {safe(os.fspath(target))} is written.")
    return OK


def _made(options: argparse.Namespace) -> tuple[reporting.MadeReport, Path]:
    """The report, and the folder it goes to if nothing else is said.

    That is beside a notebook; for a job it is in our own folder, since anything new in a project could be its code.
    """
    path = Path(options.what)
    if path.suffix == ".ipynb" or path.exists():
        try:
            root = find_project(options).config.root
        except ProjectNotFound:
            root = None
        inside = root is not None and path.resolve().is_relative_to(root)
        return reporting.of_file(path, options.to, root if inside else None), path.parent
    project = find_project(options)
    folder = project.config.state / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    return project.report(options.what, options.to), folder
