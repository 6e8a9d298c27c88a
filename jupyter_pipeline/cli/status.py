"""``jupyter pipeline status``: every action, how its last job went, and whether it is up to date."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..models import RUN_ALL, Job
from ..rules.plan import now_of
from ..wording import duration, moment, plural
from . import OK, find_project, states
from .documents import job_document, write
from .text import Cell, Out, safe

if TYPE_CHECKING:
    from ..models.documents import Json
    from ..project.facade import LocalProject
    from ..project.machine import ChosenExecutor
    from ..project.views import RequestView
    from ..rules.plan import Planned


def run(options: argparse.Namespace, out: Out) -> int:
    """Print where the workspace stands."""
    project = find_project(options)
    planned = project.plan([RUN_ALL]).actions
    jobs = project.newest_jobs(one.action for one in planned)
    places = {name: place for place, name in enumerate(project.pipeline().actions)}
    planned = tuple(sorted(planned, key=lambda one: places[one.action]))
    unfinished = project.unfinished()
    engine, executor = project.engine(), project.chosen_executor()
    if options.json:
        from ..project.documents import executor_document

        expected = project.expected(places)
        actions = [_document(project, one, jobs.get(one.action), expected.get(one.action)) for one in planned]
        requests = [_request(view) for view in unfinished]
        write(
            {
                "workspace": project.config.workspace,
                "backend": project.config.backend,
                "project": str(project.config.root),
                "state": str(project.config.state),
                "engine": {"running": engine is not None, "pid": engine},
                "executor": executor_document(executor),
                "requests": requests,
                "actions": actions,
            }
        )
        return OK
    _head(out, project, engine, executor)
    _active(out, unfinished)
    out.line()
    out.table(
        ("  ACTION", "LAST JOB", "STARTED, UTC", "TOOK", "NOW"), [_row(out, p, jobs.get(p.action)) for p in planned]
    )
    return OK


def _head(out: Out, project: LocalProject, engine: int | None, executor: ChosenExecutor) -> None:
    config = project.config
    name = out.paint(safe(config.workspace), "bold")
    out.line(f"{name} on the {safe(config.backend)} backend")
    out.line(f"Project   {safe(str(config.root))}")
    running = f"running, process {engine}" if engine else "not running (it starts with the next request)"
    out.line(f"Engine    {running}")
    print_executor(out, executor.name, executor.missing_isolation, executor.message)


def print_executor(out: Out, name: str | None, missing: Sequence[str], message: str = "") -> None:
    """Say how jobs are run, and which protection is missing."""
    if name is None:
        out.wrapped(f"Executor  {out.symbol('bad')} none works here. {safe(message)}", indent=10, first=0, style="bad")
        return
    out.line(f"Executor  {name}{'' if missing else ', with full isolation'}")
    for sentence in missing:
        out.wrapped(f"{out.symbol('warn')} {safe(sentence)}", indent=12, first=10, style="warn")


def _active(out: Out, unfinished: list[RequestView]) -> None:
    for view in unfinished:
        done = sum(1 for job in view.jobs if job.state.is_final)
        total = plural(len(view.jobs), "job")
        text = f"Request   {view.number} ({view.request.id}) is {view.status}: {done} of {total} done"
        out.line(out.paint(text, "busy"))


def _row(out: Out, planned: Planned, job: Job | None) -> list[Cell]:
    if job is None:
        symbol, style, last = "wait", "dim", "never run"
    else:
        symbol, style, last = states.look(job.state, job.code)
    now = now_of(planned, job)
    started, took = (moment(job.started_at)[5:16], duration(job.elapsed)) if job else ("", "")
    tone = {"up_to_date": "dim", "stale": "warn", "cannot_run": "bad"}.get(now, "plain")
    action = f"{out.symbol(symbol)} {safe(planned.action)}"
    return [(action, style), (last, style), (started, "dim"), took, (_words(now, planned, job), tone)]


def _words(now: str, planned: Planned, job: Job | None) -> str:
    """What is true of an action's outputs now, with the reason where the last job does not tell it."""
    if job is not None and not job.state.is_final:
        return safe(job.message)
    if now == "up_to_date":
        return "up to date"
    reason = safe(planned.reason)
    if now != "to_run":
        return f"{'stale' if now == 'stale' else 'cannot run here'}: {reason}"
    failure = reason.removeprefix("Its last job failed: ")
    return f"to run again: {failure}" if failure != reason else "to run"


def _document(project: LocalProject, planned: Planned, job: Job | None, expected: float | None) -> Json:
    from ..models.documents import plain
    from ..project.documents import action_document

    told = plain(action_document(planned, job, expected, None))
    return {**told, "job": job_document(project, job) if job else None}


def _request(view: RequestView) -> Json:
    done = sum(1 for job in view.jobs if job.state.is_final)
    return {
        "number": view.number,
        "id": view.request.id,
        "status": str(view.status),
        "done": done,
        "jobs": len(view.jobs),
    }
