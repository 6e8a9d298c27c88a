"""What ``--json`` says. The shapes are listed in docs/cli.md and only ever gain keys while `VERSION` stays.

The typed documents are imported when one is made: who wants text does not wait for them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import PipelineError
from ..models import Job

if TYPE_CHECKING:
    from ..models.documents import Document, Json
    from ..project.facade import LocalProject
    from ..project.views import RequestView

VERSION = 1


def write(body: Document | Mapping[str, Any]) -> None:
    """Print one document, or what holds some."""
    from ..models.documents import plain

    text = json.dumps({"version": VERSION, **plain(body)}, indent=2, ensure_ascii=True)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def error_document(error: PipelineError, code: int) -> Json:
    """What went wrong."""
    from ..project import documents

    return {"error": documents.error_document(error), "exit_code": code}


def job_document(project: LocalProject, job: Job) -> Json:
    """One job, with the places of its files on this machine."""
    from ..models.documents import plain
    from ..project import documents

    found = project.notebook(job)
    document: dict[str, Any] = {**plain(documents.job_document(job, found)), "log": str(project.log(job.id))}
    if found is not None:
        kept = str(found.kept) if found.kept.exists() else None
        document["notebook"] = {**document["notebook"], "kept": kept}
    return document


def request_document(project: LocalProject, view: RequestView) -> Json:
    """One request with its jobs, without its pipeline."""
    from ..models.documents import plain
    from ..project import documents

    return {**plain(documents.request_document(view, {})), "jobs": [job_document(project, job) for job in view.jobs]}
