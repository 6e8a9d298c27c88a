"""What ``--json`` says. The shapes are listed in docs/cli.md and only ever gain keys while `VERSION` stays."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InvalidProject, PipelineError
from ..models import Job, Problem

if TYPE_CHECKING:
    from ..checking import Compatibility
    from ..plan import Planned
    from ..project import Project
    from ..reporting import JobNotebook
    from ..views import RequestView, ViewedOutput

VERSION = 1
Document = Mapping[str, Any]


def write(body: Document) -> None:
    """Print one document."""
    text = json.dumps({"version": VERSION, **body}, indent=2, ensure_ascii=True)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def error_document(error: PipelineError, code: int) -> Document:
    """What went wrong."""
    problems = error.problems if isinstance(error, InvalidProject) else ()
    return {
        "error": {
            "kind": type(error).__name__,
            "message": error.message,
            "remedy": error.remedy,
            "problems": problem_list(problems, "project.yaml"),
        },
        "exit_code": code,
    }


def problem_list(problems: Sequence[Problem], file: str) -> list[Document]:
    """The problems of a project.yaml."""
    return [
        {
            "file": file,
            "line": problem.line,
            "column": problem.column,
            "severity": str(problem.severity),
            "what": problem.message,
            "remedy": problem.remedy,
            "rule": problem.rule,
            "history": problem.history,
            "action": problem.action,
            "key": problem.key,
        }
        for problem in problems
    ]


def reason_list(groups: Mapping[str, Sequence[Problem]]) -> list[Document]:
    """Problems by rule, each told by the first of them."""
    from ..rulesets import MECHANICAL

    return [
        {
            "rule": rule,
            "lines": [problem.line for problem in found],
            "what": found[0].message,
            "remedy": found[0].remedy,
            "history": found[0].history,
            "mechanical": rule in MECHANICAL,
        }
        for rule, found in groups.items()
    ]


def compatibility_list(platform: Sequence[Compatibility]) -> list[Document]:
    """What the platform's rule sets say, with their reasons by rule."""
    from ..checking import by_rule

    return [
        {
            "rules": each.rules.name,
            "title": each.rules.title,
            "valid": not each.reasons,
            "reasons": len(each.reasons),
            "groups": reason_list(each.groups()),
            "warnings": reason_list(by_rule(each.warnings)),
        }
        for each in platform
    ]


def planned_list(planned: Sequence[Planned]) -> list[Document]:
    """The verdicts of a plan."""
    return [
        {"action": one.action, "verdict": str(one.verdict), "reason": one.reason, "waits_for": one.waits_for}
        for one in planned
    ]


def job_document(project: Project, job: Job) -> Document:
    """One job."""
    return {
        "id": job.id,
        "request": job.request_id,
        "action": job.action,
        "state": str(job.state),
        "code": str(job.code),
        "message": job.message or project.sentence(job.code),
        "reason": job.reason,
        "run_command": job.run_command,
        "runtime": job.runtime,
        "executor": job.executor,
        "exit_code": job.exit_code,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "elapsed": job.elapsed,
        "cpu_time": job.cpu_time,
        "peak_memory": job.peak_memory,
        "log": str(project.log(job.id)),
        "notebook": notebook_document(project.notebook(job)),
    }


def notebook_document(found: JobNotebook | None) -> Document | None:
    """The notebook that a job runs, and how its cells do."""
    if found is None:
        return None
    from ..notebook_commands import masked

    run = found.run
    return {
        "path": run.notebook if run else None,
        "tool": run.tool if run else None,
        "note": found.note,
        "parameters": masked(run.parameters) if run else {},
        "level": str(found.level),
        "kept": str(found.kept) if found.kept.exists() else None,
        "total": found.cells[0].total if found.cells else None,
        "cells": [
            {"number": cell.number, "state": cell.state, "elapsed": cell.elapsed, "line": cell.line}
            for cell in found.cells
        ],
    }


def request_document(project: Project, view: RequestView) -> Document:
    """One request with its jobs, without its pipeline."""
    request = view.request
    return {
        "number": view.number,
        "id": request.id,
        "status": str(view.status),
        "cancelled": request.cancelled,
        "organisation": request.organisation,
        "workspace": request.workspace,
        "backend": request.backend,
        "requested_by": request.requested_by,
        "requested_actions": list(request.requested_actions),
        "force": request.force,
        "branch": request.branch,
        "commit": request.commit,
        "dirty": request.dirty,
        "code": request.code,
        "created_at": request.created_at,
        "started_at": view.started_at,
        "finished_at": view.finished_at,
        "runtime": view.runtime,
        "jobs": [job_document(project, job) for job in view.jobs],
        "plan": planned_list(view.plan),
    }


def output_document(viewed: ViewedOutput) -> Document:
    """One output, with the gate's answer."""
    file = viewed.file
    return {
        "path": file.path,
        "action": file.action,
        "job": file.job_id,
        "request": file.request_id,
        "level": str(file.level),
        "size": file.size,
        "rows": file.rows,
        "columns": file.columns,
        "sha256": file.sha256,
        "viewable": viewed.answer.allowed,
        "reason": viewed.answer.reason,
        "withheld": file.message,
        "present": viewed.present,
    }
