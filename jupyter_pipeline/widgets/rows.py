"""From documents to the rows that widgets are sent, and what has to be sent of them. Pure.

A row is a list, to be short; labextension/src/widget/model.ts says what stands where. Python sends a base of all rows
once, and then only what has changed since: so each change costs little, and the state of a widget is whole at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from ..client.objects import Job
from ..models import Now, State, StatusCode
from ..models.documents import (
    ActionStatusDocument,
    EventDocument,
    JobDocument,
    Json,
    OutputDocument,
    PatternDocument,
    PipelineDocument,
    StatusDocument,
    plain,
    read,
)
from ..models.looks import state_of

Row = list[Any]
StatusT = TypeVar("StatusT", bound=StatusDocument)
FEW = 24
"""Changes up to which no new base is worth it, however few rows there are."""
SHARE = 8
"""A new base is sent when more than one in so many rows has changed."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a widget has been sent: rows by key, and what has changed since; None for a row that is gone."""

    base: Mapping[str, Row] = field(default_factory=dict)
    changes: Mapping[str, Row | None] = field(default_factory=dict)

    def after(self, rows: Mapping[str, Row]) -> Sent:
        """What is to be sent so that these rows are shown; the same object where nothing has changed."""
        changes: dict[str, Row | None] = {key: row for key, row in rows.items() if self.base.get(key) != row}
        changes.update((key, None) for key in self.base if key not in rows)
        if changes == self.changes:
            return self
        if not self.base or len(changes) > max(FEW, len(rows) // SHARE):
            return Sent(dict(rows))
        return Sent(self.base, changes)


# -- the pipeline ----------------------------------------------------------------------------------


def drawing(pipeline: PipelineDocument) -> Json:
    """What the graph draws of a ``pipeline`` document: boxes, lines by the numbers of their boxes, facts of actions."""
    graph = pipeline.graph
    actions = {one.name: one for one in pipeline.actions}
    places = {node.name: place for place, node in enumerate(graph.nodes)}
    return {
        "width": graph.width,
        "height": graph.height,
        "nodes": [[n.name, n.x, n.y, n.width, n.height, n.layer] for n in graph.nodes],
        "edges": [
            [places[edge.source], places[edge.target], [each for point in edge.points for each in point]]
            for edge in graph.edges
        ],
        "actions": [[actions[name].runtime, actions[name].notebook, _levels(actions[name].outputs)] for name in places],
    }


def _levels(outputs: Iterable[PatternDocument]) -> int:
    """1 for highly and 2 for moderately sensitive; what is minimally sensitive is kept like the highest."""
    found = {2 if one.level == "moderately_sensitive" else 1 for one in outputs}
    return sum(found)


def action_rows(status: StatusDocument) -> dict[str, Row]:
    """A row for each action of a ``status`` document."""
    return {one.action: _action_row(one) for one in status.actions}


def _action_row(one: ActionStatusDocument) -> Row:
    state, job = state_of(one), one.job
    if job is None:
        return [state, one.reason, None, None, None, one.expected]
    told = job.message if state in ("failed", "cancelled") else one.reason
    done, total, _ = cells_of(job)
    part = round(done / total, 3) if total and state == State.RUNNING else None
    return [state, told, part, seconds(job.started_at), job.elapsed, one.expected]


def patched(status: StatusT, events: Iterable[EventDocument]) -> StatusT:
    """A status after some events, without asking for what would take long to find out.

    What is up to date after them is said as it most likely is; the next document that is asked for has it right.
    """
    newest = {event.action: event for event in events if event.kind == "job" and event.state}
    if not newest:
        return status
    actions = tuple(_patched(one, newest[one.action]) if one.action in newest else one for one in status.actions)
    return replace(status, actions=actions)


def _patched(one: ActionStatusDocument, event: EventDocument) -> ActionStatusDocument:
    known = one.job if one.job is not None and one.job.id == event.job else _begun(one, event)
    told = {"state": event.state, "code": event.code, "message": event.message or known.message}
    job = read(Job, {**plain(known), **told})
    if job.state is State.RUNNING and job.started_at is None:
        job = replace(job, started_at=event.at)
    if job.ended and job.started_at and job.elapsed is None:
        job = replace(job, elapsed=(seconds(event.at) or 0) - (seconds(job.started_at) or 0))
    now = _AFTER.get(job.state, one.now)
    return replace(one, now=now, reason=one.reason if now == one.now else event.message, job=job)


_AFTER: Mapping[State, Now] = {
    State.PENDING: "pending",
    State.RUNNING: "running",
    State.SUCCEEDED: "up_to_date",
    State.FAILED: "to_run",
}
"""What is true of an action's outputs after an event of a job."""


def _begun(one: ActionStatusDocument, event: EventDocument) -> Job:
    """A job of which nothing is known but an event."""
    return Job(
        id=event.job or "",
        request=event.request,
        action=one.action,
        state=State.PENDING,
        code=StatusCode.CREATED,
        message="",
        reason=one.reason,
        run_command="",
        runtime="",
        executor="",
        exit_code=None,
        created_at=event.at,
        started_at=None,
        completed_at=None,
        elapsed=None,
        cpu_time=None,
        peak_memory=None,
        cancelled=False,
        updated_at=event.at,
        revision=event.revision,
        notebook=None,
    )


# -- jobs and outputs ------------------------------------------------------------------------------


def job_rows(jobs: Iterable[JobDocument], expected: Mapping[str, float | None]) -> dict[str, Row]:
    """A row for each job document; `expected` says by action how long it mostly takes, in seconds."""
    return {job.id: _job_row(job, expected.get(job.action)) for job in jobs}


def _job_row(job: JobDocument, expected: float | None) -> Row:
    done, total, line = cells_of(job)
    return [
        job.action,
        job_state(job),
        job.code,
        job.message,
        seconds(job.created_at),
        seconds(job.started_at),
        job.elapsed,
        expected,
        done,
        total,
        line,
    ]


def job_state(job: JobDocument) -> str:
    """The state of a job; one that somebody stopped is not shown as one that failed."""
    return "cancelled" if job.code == StatusCode.CANCELLED_BY_USER else str(job.state)


def cells_of(job: JobDocument) -> tuple[int, int | None, str]:
    """How many cells of a job's notebook are done, of how many, and the first line of the one that runs."""
    notebook = job.notebook
    if notebook is None:
        return 0, None, ""
    running = [cell.line for cell in notebook.cells if cell.state == "started"]
    return notebook.done, notebook.total, running[-1] if running else ""


def output_rows(outputs: Iterable[OutputDocument]) -> dict[str, Row]:
    """A row for each output document, by its path."""
    return {
        one.path: [
            one.path,
            one.action,
            "m" if one.level == "moderately_sensitive" else "h",
            one.size,
            one.rows,
            one.columns,
            one.viewable,
            one.reason,
        ]
        for one in outputs
    }


def facts_of(job: JobDocument) -> Sequence[tuple[str, str]]:
    """What the view of a pipeline says of a job."""
    done, total, line = cells_of(job)
    cells = f"{done} of {total} cells done. {line}".strip() if total else ""
    code = job.exit_code
    told = [
        ("State", f"{job_state(job)} ({job.code})"),
        ("Message", job.message),
        ("Why it ran", job.reason),
        ("Command", job.run_command),
        ("Notebook", cells),
        ("Exit code", "" if code is None else str(code)),
        ("Job", job.id),
    ]
    return [(name, text) for name, text in told if text]


def seconds(moment: str | None) -> float | None:
    """A moment as seconds since 1970."""
    return datetime.fromisoformat(moment).timestamp() if moment else None
