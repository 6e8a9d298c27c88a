"""``jupyter pipeline kernels``: kernels for writing notebooks in the runtime of an action."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import InvalidRequest
from . import OK, find_project
from .documents import write
from .text import Out, safe


def run(options: argparse.Namespace, out: Out) -> int:
    """List, install, remove or start kernels."""
    project = find_project(options)
    names = options.names
    if options.verb == "start":
        if len(names) != 2:
            raise InvalidRequest("Jupyter starts these kernels.", "Choose one in its launcher.")
        return project.run_kernel(names[0], options.action, Path(names[1]))
    if options.verb == "install":
        made = project.install_kernel(names[0] if names else "", options.action)
        out.line(f"{out.symbol('good')} {safe(made.title)} is in Jupyter's launcher now, as {safe(made.name)}.")
    elif options.verb == "remove":
        if not names:
            raise InvalidRequest("Which kernel is to be removed?", "`jupyter pipeline kernels` lists them.")
        for name in names:
            project.remove_kernel(name)
            out.line(f"{out.symbol('good')} Removed {safe(name)}.")
    found = project.kernels()
    if options.json:
        rows = [
            {"name": k.name, "title": k.title, "project": k.project, "runtime": k.runtime, "action": k.action}
            for k in found
        ]
        write({"kernels": rows})
    elif options.verb == "list":
        out.table(
            ("KERNEL", "RUNTIME", "ACTION", "PROJECT"),
            [(safe(k.name), safe(k.runtime), safe(k.action or ""), safe(k.project)) for k in found],
        )
    return OK
