"""What ``--json`` says. The shapes are listed in docs/cli.md and only ever gain keys while `VERSION` stays."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from ..errors import PipelineError
from ..models import Job
from ..project import documents
from ..project.documents import (
    Document,
    action_document,
    checked_document,
    comparison_document,
    executor_document,
    now_of,
    output_document,
    plan_document,
    runtime_document,
)

if TYPE_CHECKING:
    from ..project.facade import Project
    from ..project.views import RequestView

__all__ = [
    "Document",
    "action_document",
    "checked_document",
    "comparison_document",
    "error_document",
    "executor_document",
    "job_document",
    "now_of",
    "output_document",
    "plan_document",
    "request_document",
    "runtime_document",
    "write",
]

VERSION = 1


def write(body: Document) -> None:
    """Print one document."""
    text = json.dumps({"version": VERSION, **body}, indent=2, ensure_ascii=True)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def error_document(error: PipelineError, code: int) -> Document:
    """What went wrong."""
    return {"error": documents.error_document(error), "exit_code": code}


def job_document(project: Project, job: Job) -> Document:
    """One job, with the places of its files on this machine."""
    found = project.notebook(job)
    document = {**documents.job_document(job, found), "log": str(project.log(job.id))}
    if found is not None:
        kept = str(found.kept) if found.kept.exists() else None
        document["notebook"] = {**document["notebook"], "kept": kept}
    return document


def request_document(project: Project, view: RequestView) -> Document:
    """One request with its jobs, without its pipeline."""
    document = documents.request_document(view, {})
    return {**document, "jobs": [job_document(project, job) for job in view.jobs]}
