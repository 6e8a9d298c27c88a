"""Jobs with notebooks: what their drivers are given, and what these have told since the last look, which is recorded.

What the lines mean is ``notebooks.progress``' to say; what a job makes of it, ``rules.lifecycle``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..executors import Notebook
from ..models import Job, JobRequest, Runtime
from ..notebooks.commands import from_json
from ..notebooks.progress import Progress, read
from ..outputs.job_folder import CELLS
from ..store.database import Store


def provenance_of(request: JobRequest, job: Job, runtime: str) -> dict[str, str]:
    """What the report of a job says of where it comes from, in the order in which it is shown."""
    commit = request.commit or "none"
    facts = {
        "Project": request.workspace,
        "Organisation": request.organisation or "",
        "Action": job.action,
        "Job": job.id,
        "Job request": request.id,
        "Commit": f"{commit} and changes that were not committed" if request.dirty else commit,
        "Code snapshot": (request.code or "")[:12],
        "Runtime": runtime,
        "Backend": request.backend,
        "Requested by": request.requested_by,
        "Time": f"{(job.started_at or request.created_at)[:19].replace('T', ' ')} UTC",
    }
    return {name: value for name, value in facts.items() if value}


def replaced(store: Store, job: Job, task: Mapping[str, Any], runtime: Runtime) -> Notebook | None:
    """The notebook that a job runs in place of the command in its recorded task, and what its report will say."""
    if not task.get("notebook"):
        return None
    request = store.request(job.request_id)
    assert request is not None
    return Notebook(
        from_json(task["notebook"]), provenance_of(request, job, f"{runtime.name} ({runtime.identity[:40]})")
    )


class NotebookWatch:
    """The notebooks of the jobs that run under one engine."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[str, tuple[int, Progress]] = {}

    def look(self, job_id: str, folder: Path) -> str:
        """Record what is new about a job's notebook; how far it is, as a sentence, empty where there is none."""
        offset, before = self._seen.get(job_id, (0, Progress()))
        try:
            with (folder / CELLS).open("rb") as stream:
                stream.seek(offset)
                data = stream.read()
        except FileNotFoundError:
            return ""
        progress, used = read(data, before)
        self._seen[job_id] = offset + used, progress
        news = [cell for number, cell in progress.cells.items() if before.cells.get(number) != cell]
        if news:
            self._store.record_cells(job_id, news)
        return progress.sentence

    def forget(self, job_id: str) -> None:
        """A job has ended."""
        self._seen.pop(job_id, None)
