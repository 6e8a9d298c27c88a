"""What ``--json`` says. The shapes are listed in docs/cli.md and only ever gain keys while `VERSION` stays."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import PipelineError
from ..models import Job
from ..models.documents import Document, Json, plain
from ..project import documents
from ..project.documents import (
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
    from ..project.facade import LocalProject
    from ..project.views import RequestView

__all__ = [
    "Json",
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


def write(body: Document | Mapping[str, Any]) -> None:
    """Print one document."""
    text = json.dumps({"version": VERSION, **plain(body)}, indent=2, ensure_ascii=True)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def error_document(error: PipelineError, code: int) -> Json:
    """What went wrong."""
    return {"error": documents.error_document(error), "exit_code": code}


def job_document(project: LocalProject, job: Job) -> Json:
    """One job, with the places of its files on this machine."""
    found = project.notebook(job)
    document: dict[str, Any] = {**plain(documents.job_document(job, found)), "log": str(project.log(job.id))}
    if found is not None:
        kept = str(found.kept) if found.kept.exists() else None
        document["notebook"] = {**document["notebook"], "kept": kept}
    return document


def request_document(project: LocalProject, view: RequestView) -> Json:
    """One request with its jobs, without its pipeline."""
    return {**plain(documents.request_document(view, {})), "jobs": [job_document(project, job) for job in view.jobs]}
