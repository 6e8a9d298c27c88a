"""Requests and jobs as the store takes them."""

from __future__ import annotations

from typing import Any

from jupyter_pipeline.models import JobRequest
from jupyter_pipeline.store import ids
from jupyter_pipeline.store.database import now


def request(**changes: Any) -> JobRequest:
    values: dict[str, Any] = {
        "id": ids.new(),
        "workspace": "study",
        "backend": "expectations",
        "requested_actions": ("run_all",),
        "requested_by": "Ada",
        "created_at": now(),
        "project_yaml": "version: 3\n",
    }
    return JobRequest(**(values | changes))


def job_row(asked: JobRequest, action: str = "make", **changes: Any) -> dict[str, Any]:
    row = {
        "id": ids.new(),
        "request_id": asked.id,
        "action": action,
        "state": "pending",
        "code": "created",
        "message": "",
        "run_command": f"sh:v1 sh {action}.sh",
        "reason": "It has not run before.",
        "task": "{}",
        "fingerprint": "{}",
        "wait_for": "[]",
        "runtime": "sh:v1",
    }
    return row | changes
