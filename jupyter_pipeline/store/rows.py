"""The columns that are read from the store, and the nouns that their rows become."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..models import (
    Job,
    JobRequest,
    Level,
    OutputFile,
    State,
    StatusCode,
    ViewKind,
    ViewRecord,
)

JOB = (
    "id, request_id, action, state, code, message, run_command, reason, created_at, updated_at, started_at, "
    "completed_at, elapsed, exit_code, runtime, executor, cancelled, peak_memory, cpu_time, revision"
)
REQUEST = (
    "id, workspace, backend, requested_actions, requested_by, created_at, force, organisation, branch, commit_id, "
    "dirty, code, project_yaml, cancelled"
)
EVENT = "revision, at, kind, request_id, job_id, action, state, code, message"
VIEW = "seq, at, who, kind, job_id, path, detail"
OUTPUT = "o.path, j.action, o.job_id, j.request_id, o.level, o.size, o.mtime_ns, o.sha256, o.rows, o.columns, o.message"


def job_of(row: Sequence[Any]) -> Job:
    """A job."""
    values = list(row)
    values[3], values[4], values[16] = State(row[3]), StatusCode(row[4]), bool(row[16])
    return Job(*values)


def output_of(row: Sequence[Any]) -> OutputFile:
    """A published file."""
    values = list(row)
    values[4] = Level(row[4])
    return OutputFile(*values)


def view_of(row: Sequence[Any]) -> ViewRecord:
    """What somebody looked at."""
    number, at, who, kind, *rest = row
    return ViewRecord(number, at, who, ViewKind(kind), *rest)


def request_of(row: Sequence[Any]) -> JobRequest:
    """A job request."""
    return JobRequest(
        id=row[0],
        workspace=row[1],
        backend=row[2],
        requested_actions=tuple(json.loads(row[3])),
        requested_by=row[4],
        created_at=row[5],
        force=bool(row[6]),
        organisation=row[7],
        branch=row[8],
        commit=row[9],
        dirty=bool(row[10]),
        code=row[11],
        project_yaml=row[12],
        cancelled=bool(row[13]),
    )
