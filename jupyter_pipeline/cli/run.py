"""``jupyter pipeline run``: ask for jobs, stay with them, and tell how they ended."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..config import parse_duration
from ..errors import InvalidRequest
from ..models import RUN_ALL, Job, RuntimeState, State, StatusCode
from ..wording import listed
from . import (
    CANCELLED,
    FAILED,
    OK,
    find_project,
    waiting,
)
from .documents import request_document, write
from .progress import Lines, Live, Rows, Watcher
from .results import print_jobs, print_verdict
from .signals import Interrupts
from .text import Out, safe

if TYPE_CHECKING:
    from ..models.documents import Json
    from ..project.facade import LocalProject
    from ..project.views import RequestView

SANDBOX = "sandbox"
MOST_SHOWN = 40
"""Actions that are listed one by one when there is nothing to do."""


def run(options: argparse.Namespace, out: Out) -> int:
    """Submit a request and attend it; the exit code says how it ended."""
    told = Out(sys.stderr, options.color) if options.json else out
    with Interrupts() as interrupts:
        project = _limited(find_project(options, jobs=options.jobs, executor=options.executor), options.timeout)
        executor, missing = project.isolation()
        request = project.submit(options.actions or [RUN_ALL], options.force, options.commit)
        view = project.request(request.id)
        left = waiting.ENDED
        try:
            _announce(told, project, view, executor, missing)
            if view.jobs and options.detach:
                project.detach()
                told.line(f"The jobs run by themselves. `jupyter pipeline show {view.number}` shows how they are.")
            elif view.jobs:
                policy = options.on_interrupt or ("ask" if _has_person(told) else "cancel")
                watcher = _watcher(view, told, sys.stdout.isatty() and not options.json)
                left = waiting.stay(project, request.id, watcher, interrupts, policy)
        except (KeyboardInterrupt, OSError):  # one signal after the other, or nothing can be printed
            if view.jobs:  # they do not suffer for it
                project.detach()
            raise
    view = project.request(request.id)
    code = left or exit_code(view.jobs)
    if options.json:
        write(_document(project, view, executor, missing, options.detach, code))
    elif view.jobs and left == waiting.ENDED and not options.detach:
        _report(out, project, view, executor)
    return code


def exit_code(jobs: Sequence[Job]) -> int:
    """What the jobs of a request that has ended amount to; cancelling explains failures, so it goes first."""
    if any(job.code is StatusCode.CANCELLED_BY_USER for job in jobs):
        return CANCELLED
    return FAILED if any(job.state is State.FAILED for job in jobs) else OK


def _limited(project: LocalProject, timeout: str | None) -> LocalProject:
    """The project with another time limit for all its jobs."""
    if timeout is None:
        return project
    try:
        seconds = parse_duration(timeout)
    except ValueError as error:
        raise InvalidRequest(f"--timeout {timeout} is not a time.", f"Give {error}.") from None
    config = project.config
    limits = {name: replace(each, timeout=seconds) for name, each in config.action_limits.items()}
    new = replace(config, limits=replace(config.limits, timeout=seconds), action_limits=limits)
    return type(project)(new)


def _has_person(told: Out) -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and told.is_terminal


def _watcher(view: RequestView, told: Out, live: bool) -> Watcher:
    rows = Rows(view.request.id, view.jobs)
    if live and told.is_terminal:
        return Live(rows, f"Job request {view.number}")
    return Lines(rows, told)


# -- before ----------------------------------------------------------------------------------------


def _announce(out: Out, project: LocalProject, view: RequestView, executor: str, missing: Sequence[str]) -> None:
    request = view.request
    actions = safe(", ".join(request.requested_actions))
    out.wrapped(f"Job request {view.number} ({request.id}): {actions}, on the {request.backend} backend", style="bold")
    if not view.jobs:
        _nothing(out, view)
        out.stream.flush()
        return
    if missing:
        out.wrapped(
            f"{out.symbol('warn')} The executor is `{executor}`, not the sandbox:", indent=2, first=0, style="warn"
        )
        for sentence in missing:
            out.wrapped(f"- {sentence}", indent=4, first=2, style="warn")
    for name in dict.fromkeys(job.runtime for job in view.jobs):
        info = project.runtime(name)
        if info.state is RuntimeState.BUILDABLE:
            text = f"{out.symbol('warn')} The runtime {safe(name)} is built first. {safe(info.message)}"
            out.wrapped(text, indent=2, first=0, style="warn")
        elif info.stand_in:
            out.wrapped(f"{out.symbol('warn')} {safe(info.stand_in)}", indent=2, first=0, style="warn")
    for one in view.plan:
        if one.verdict == "cannot_run":
            text = f"{out.symbol('bad')} {safe(one.action)} cannot run here. {safe(one.reason)}"
            out.wrapped(text, indent=2, first=0, style="bad")
    skipped = [safe(one.action) for one in view.plan if one.verdict == "skip"]
    if skipped:
        names = listed(skipped if len(skipped) < 7 else [*skipped[:5], f"{len(skipped) - 5} more"])
        out.wrapped(f"{out.symbol('skip')} Not run again: {names}. `plan` says why.", indent=2, first=0, style="dim")
    out.line()
    out.stream.flush()


def _nothing(out: Out, view: RequestView) -> None:
    out.line()
    if len(view.plan) <= MOST_SHOWN:
        out.table(("", ""), [((f"{out.symbol('skip')} {safe(p.action)}", "dim"), safe(p.reason)) for p in view.plan])
    else:
        out.wrapped(f"{out.symbol('skip')} {len(view.plan)} actions are up to date. `plan` says why of each.")
    out.line()
    elsewhere = [one for one in view.plan if one.waits_for]
    if elsewhere:
        names = listed([safe(one.action) for one in elsewhere])
        out.wrapped(f"Nothing to do: {names} being made already. `jupyter pipeline status` shows how far it is.")
        return
    out.wrapped("Nothing to do: everything is up to date. Name an action, or use --force, to run it all the same.")


# -- after -----------------------------------------------------------------------------------------


def _report(out: Out, project: LocalProject, view: RequestView, executor: str) -> None:
    print_jobs(out, project, view)
    others = sorted({job.executor for job in view.jobs} - {"", SANDBOX, *executor.split(" and ")})
    if others:
        text = f"{out.symbol('warn')} Jobs ran with the executor {listed(others)}, since an engine was running already."
        out.wrapped(text, indent=2, first=0, style="warn")
    print_verdict(out, view)


def _document(
    project: LocalProject, view: RequestView, executor: str, missing: Sequence[str], detached: bool, code: int
) -> Json:
    from ..project.documents import output_document

    ids = {job.id for job in view.jobs}
    return {
        "request": request_document(project, view),
        "executor": executor,
        "missing_isolation": list(missing),
        "detached": detached or code >= 128,
        "outputs": [output_document(one) for one in project.outputs() if one.file.job_id in ids],
        "exit_code": code,
    }
