"""How jobs ended: for each its state, its outputs with their levels, and of failed ones the end of the log."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..models import Job, State, StatusCode
from ..wording import duration
from . import states
from .text import Cell, Out, safe

if TYPE_CHECKING:
    from ..project.facade import LocalProject
    from ..project.views import RequestView, ViewedOutput

OUTPUTS = 12
"""Outputs of one job that are listed; the rest is counted."""
LINES = 30
"""Last lines of a failed job's log that are shown (platform: the CLI shows 32)."""


def print_jobs(out: Out, project: LocalProject, view: RequestView) -> None:
    """Print every job of a request that has ended, failed ones last."""
    made: dict[str, list[ViewedOutput]] = {}
    for one in project.outputs():
        made.setdefault(one.file.job_id, []).append(one)
    out.line()
    for job in sorted(view.jobs, key=lambda job: job.state is State.FAILED):
        _print_job(out, job)
        _print_outputs(out, job, made.get(job.id, []))
        if job.state is State.FAILED and job.started_at and job.code is not StatusCode.CANCELLED_BY_USER:
            _print_log(out, project, job)
    out.line()


def _print_job(out: Out, job: Job) -> None:
    symbol, style, _ = states.look(job.state, job.code)
    took = f"  {out.paint(duration(job.elapsed), 'dim')}" if job.elapsed is not None else ""
    head = f"{out.symbol(symbol)} {out.paint(safe(job.action), 'bold')}"
    out.line(f"{out.paint(head, style)}  {out.paint(states.words(job), style)}{took}")
    if job.message and job.message != "Succeeded.":
        out.wrapped(safe(job.message), indent=2)


def _print_outputs(out: Out, job: Job, made: list[ViewedOutput]) -> None:
    # Withheld ones first in what is kept of a long list: that is what a person has to know.
    shown = sorted(made, key=lambda one: one.file.message is None)[:OUTPUTS]
    rows: list[tuple[Cell, ...]] = []
    for one in sorted(shown, key=lambda one: one.file.path):
        file = one.file
        withheld = f"withheld: {safe(file.message)}" if file.message else ""
        rows.append((safe(file.path), (str(file.level), "dim"), (withheld, "warn")))
    if rows:
        out.table(("", "", ""), rows, indent=2)
    if len(made) > len(shown):
        rest = len(made) - len(shown)
        out.line(out.paint(f"  and {rest} more: jupyter pipeline outputs {safe(job.action)}", "dim"))


def _print_log(out: Out, project: LocalProject, job: Job) -> None:
    text = project.log_tail(job.id, LINES)
    for line in text.splitlines():
        out.line(f"  {out.paint('|', 'bad')} {safe(line.expandtabs())}")
    where = f"The full log: {safe(str(project.log(job.id)))}" if text else "It wrote no log."
    out.line(out.paint(f"  {where}", "dim"))


def print_verdict(out: Out, view: RequestView) -> None:
    """The last line: how the request ended, in numbers."""
    counts = Counter(states.look(job.state, job.code)[2] for job in view.jobs)
    numbers = ", ".join(
        f"{counts[word]} {word}" for word in dict.fromkeys(["succeeded", "failed", *counts]) if counts[word]
    )
    good = view.status == "succeeded"
    symbol, style = ("good", "good") if good else ("bad", "bad")
    text = f"{out.symbol(symbol)} Job request {view.number} {view.status} in {wall_clock(view)}: {numbers}."
    out.line(out.paint(text, style))


def wall_clock(view: RequestView) -> str:
    """From the first start to the last end."""
    return duration(view.wall_clock or 0.0)
