"""The documents that programs are given: the facade's answers as plain JSON, for ``--json`` and for the server alike.

docs/cli.md lists their keys; they only ever gain some. Whoever sends them adds what is its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..errors import ExecutorUnavailable, PipelineError
from ..models import (
    Event,
    Job,
    Problem,
    RuntimeInfo,
    Severity,
    Verdict,
    ViewRecord,
)
from ..rules import lifecycle

if TYPE_CHECKING:
    from ..planning.history import Comparison
    from ..planning.preview import Foresight, PlannedAction
    from ..rules.plan import Planned
    from ..runtimes import Described
    from .checking import Checked, Compatibility
    from .facade import Project
    from .reporting import JobNotebook
    from .rewriting import Added
    from .views import RequestView, ViewedOutput

Document = Mapping[str, Any]
MOST_CHANGED = 20
"""Changed files that a plan names."""
NOW = {
    Verdict.RUN: "to_run",
    Verdict.STALE: "stale",
    Verdict.SKIP: "up_to_date",
    Verdict.CANNOT_RUN: "cannot_run",
}
"""What a verdict of the plan says of an action's outputs."""


def error_document(error: PipelineError) -> Document:
    """What went wrong."""
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "remedy": error.remedy,
        "problems": problem_list(error.problems, "project.yaml"),
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
    from ..spec.rulesets import MECHANICAL

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
    from .checking import by_rule

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


def job_document(job: Job, notebook: JobNotebook | None = None) -> Document:
    """One job, with how its notebook does if it runs one."""
    return {
        "id": job.id,
        "request": job.request_id,
        "action": job.action,
        "state": str(job.state),
        "code": str(job.code),
        "message": job.message or lifecycle.SENTENCES[job.code],
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
        "cancelled": job.cancelled,
        "updated_at": job.updated_at,
        "revision": job.revision,
        "notebook": notebook_document(notebook),
    }


def notebook_document(found: JobNotebook | None) -> Document | None:
    """The notebook that a job runs, and how its cells do."""
    if found is None:
        return None
    from ..notebooks.commands import masked

    run = found.run
    return {
        "path": run.notebook if run else None,
        "tool": run.tool if run else None,
        "note": found.note,
        "parameters": masked(run.parameters) if run else {},
        "level": str(found.level),
        "total": found.cells[0].total if found.cells else None,
        "cells": [
            {"number": cell.number, "state": cell.state, "elapsed": cell.elapsed, "line": cell.line}
            for cell in found.cells
        ],
    }


def request_document(view: RequestView, notebooks: Mapping[str, JobNotebook | None]) -> Document:
    """One request with its jobs, without its pipeline; `notebooks` by the job's identifier."""
    request, chain = view.request, view.critical_path
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
        "wall_clock": view.wall_clock,
        "critical_path": {"actions": list(chain.actions), "seconds": chain.seconds} if chain else None,
        "jobs": [job_document(job, notebooks.get(job.id)) for job in view.jobs],
        "plan": planned_list(view.plan),
    }


def output_document(viewed: ViewedOutput) -> Document:
    """One output, with the gate's answer."""
    file = viewed.file
    return {
        "id": viewed.id,
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


def plan_document(
    foreseen: Foresight, builds: Sequence[RuntimeInfo], stand_ins: Sequence[RuntimeInfo], backend: str
) -> Document:
    """A plan, what its jobs would do, the runtimes that would be built first, and those that stand in for others."""
    plan, code = foreseen.plan, foreseen.code
    counts = Counter(one.verdict for one in plan.actions)
    return {
        "backend": backend,
        "requested": list(plan.requested),
        "force": plan.force,
        "code": {
            "branch": code.branch,
            "commit": code.commit,
            "dirty": code.dirty,
            "changed": list(code.changed[:MOST_CHANGED]),
            "changed_count": len(code.changed),
        },
        "actions": [
            {**one, **_foreseen(foreseen.actions[name])}
            for name, one in zip(foreseen.actions, planned_list(plan.actions), strict=True)
        ],
        "counts": {str(verdict): counts[verdict] for verdict in NOW},
        "runtimes_to_build": [{"name": info.name, "message": info.message} for info in builds],
        "stand_ins": [{"name": info.name, "resolved": info.resolved, "message": info.stand_in} for info in stand_ins],
    }


def _foreseen(action: PlannedAction) -> Document:
    """What a job of the action would do."""
    notebook = action.notebook
    return {
        "runtime": action.runtime,
        "expected": action.expected,
        "run_command": action.run_command,
        "line": action.line,
        "notebook": {
            "path": notebook.path,
            "tool": notebook.tool,
            "parameters": dict(notebook.parameters),
            "declared": [asdict(one) for one in notebook.declared],
        }
        if notebook
        else None,
    }


def now_of(planned: Planned, job: Job | None) -> str:
    """What is true of an action's outputs now: a word of `NOW`, or the state of its unfinished job."""
    if job is not None and not job.state.is_final:
        return str(job.state)
    return NOW[planned.verdict]


def action_document(planned: Planned, job: Job | None, expected: float | None) -> Document:
    """How it stands with an action; its newest job is to be added by whoever wants it there."""
    return {
        "action": planned.action,
        "now": now_of(planned, job),
        "reason": planned.reason,
        "expected": expected,
    }


def comparison_document(one: Comparison) -> Document:
    """The code of a request beside that of an earlier one."""
    other, difference = one.request, one.difference
    return {
        "kind": one.kind,
        "request": other.id if other else None,
        "number": one.number,
        "commit": other.commit if other else None,
        "dirty": other.dirty if other else None,
        "code": other.code if other else None,
        "added": list(difference.added) if difference else None,
        "changed": list(difference.changed) if difference else None,
        "removed": list(difference.removed) if difference else None,
        "reason": one.reason,
    }


def runtime_document(one: Described, used: bool) -> Document:
    """How it stands with a runtime, and whether the project uses it."""
    return {
        "name": one.info.name,
        "resolved": one.info.resolved,
        "state": str(one.info.state),
        "identity": one.info.identity,
        "message": one.info.message,
        "kind": one.kind,
        "aliases": list(one.aliases),
        "python": one.python,
        "folder": str(one.folder) if one.folder else None,
        "size": one.size,
        "used": used,
    }


def checked_document(checked: Checked, file: str = "project.yaml") -> Document:
    """All that `check` says."""
    return {
        "file": file,
        "rules": checked.rules.name,
        "valid": checked.valid,
        **{f"{one}s": sum(problem.severity is one for problem in checked.problems) for one in Severity},
        "problems": problem_list(checked.problems, file),
        "platform": compatibility_list(checked.platform),
    }


def added_document(added: Added) -> Document:
    """An action that is, or could be, in project.yaml."""
    made = added.addition
    start = made.first - len(added.above)
    return {
        "text_before_lines": _numbered(added.above, start),
        "added": _numbered(made.lines, made.first),
        "problems": problem_list(made.problems, "project.yaml"),
        "written": added.written,
        "seen": added.seen,
    }


def _numbered(lines: Sequence[str], first: int) -> list[Document]:
    return [{"line": number, "text": line} for number, line in enumerate(lines, first)]


def executor_document(project: Project) -> Document:
    """How jobs would be run here, and which protection is missing."""
    asked = project.config.executor
    try:
        name, missing = project.isolation()
    except (ExecutorUnavailable, OSError) as error:
        return {"asked": asked, "name": None, "missing_isolation": [], "message": str(error)}
    return {"asked": asked, "name": name, "missing_isolation": list(missing), "message": ""}


def event_document(event: Event) -> Document:
    """One change."""
    return {
        "revision": event.revision,
        "at": event.at,
        "kind": event.kind,
        "request": event.request_id,
        "job": event.job_id,
        "action": event.action,
        "state": event.state,
        "code": event.code,
        "message": event.message,
    }


def view_document(record: ViewRecord) -> Document:
    """Who looked at what, and when."""
    return {
        "number": record.number,
        "at": record.at,
        "who": record.who,
        "kind": str(record.kind),
        "job": record.job_id,
        "path": record.path,
        "detail": record.detail,
    }
