"""``jupyter pipeline requests``: what was asked for, newest first."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..models.looks import REQUESTS
from ..wording import clock, moment
from . import OK, find_project
from .documents import request_document, write
from .text import Cell, Out, safe

if TYPE_CHECKING:
    from ..project.views import RequestView


def run(options: argparse.Namespace, out: Out) -> int:
    """Print the newest requests."""
    project = find_project(options)
    views = project.requests(options.limit)
    if options.json:
        write({"backend": project.config.backend, "requests": [request_document(project, view) for view in views]})
        return OK
    if not views:
        out.line("There are no requests yet. `jupyter pipeline run` makes one.")
        return OK
    headers = ("    NO", "IDENTIFIER", "STATUS", "CREATED (UTC)", "RUNTIME", "DONE", "ACTIONS")
    out.table(headers, [_row(out, view) for view in views])
    return OK


def _row(out: Out, view: RequestView) -> list[Cell]:
    symbol, style, _ = REQUESTS[view.status]
    done = sum(1 for job in view.jobs if job.state.is_final)
    return [
        (f"{out.symbol(symbol)} {view.number:>4}", style),
        view.request.id,
        (str(view.status).replace("_", " "), style),
        (moment(view.request.created_at)[:16], "dim"),
        clock(view.runtime),
        f"{done}/{len(view.jobs)}",
        safe(", ".join(view.request.requested_actions)),
    ]
