"""``jupyter pipeline cancel``: end a request, or some of its jobs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..wording import listed, plural
from . import OK, find_project
from .documents import write
from .text import Out, safe

if TYPE_CHECKING:
    from ..models import Job
    from ..project.facade import LocalProject


def run(options: argparse.Namespace, out: Out) -> int:
    """Ask for the jobs to be cancelled; they end within moments, as `status` shows."""
    project = find_project(options)
    wanted = _wanted(project, options.request, options.job or [])
    cancelled: list[Job] = []
    for request_id, jobs in wanted.items():
        if project.cancel(request_id, None if options.job is None else [job.id for job in jobs]):
            cancelled += jobs
    if options.json:
        told = [{"id": job.id, "action": job.action, "request": job.request_id} for job in cancelled]
        write({"requests": list(wanted), "cancelled": told})
    elif cancelled:
        names = listed([safe(job.action) for job in cancelled][:8])
        more = f" and {len(cancelled) - 8} more" if len(cancelled) > 8 else ""
        out.wrapped(
            f"{out.symbol('stopped')} Cancelling {plural(len(cancelled), 'job')}: {names}{more}.", indent=2, first=0
        )
    else:
        out.wrapped("Nothing to cancel: no such job is waiting or running, or it is being cancelled already.")
    return OK


def _wanted(project: LocalProject, request: str | None, names: list[str]) -> dict[str, list[Job]]:
    """The unfinished jobs to cancel, by request."""
    if names:
        found: dict[str, list[Job]] = {}
        inside = {job.action: job for job in project.request(request).jobs} if request else {}
        for name in names:
            job = inside.get(name) or project.job(name)
            if not job.state.is_final and not job.cancelled:
                found.setdefault(job.request_id, []).append(job)
        return found
    views = project.unfinished()[:1] if request is None else [project.request(request)]
    return {
        view.request.id: [job for job in view.jobs if not job.state.is_final and not job.cancelled] for view in views
    }
