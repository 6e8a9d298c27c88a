"""What surfaces are given to show: requests and outputs with everything that is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..models import (
    Job,
    JobRequest,
    OutputFile,
    RequestStatus,
    Verdict,
)
from ..rules import durations, levels, lifecycle
from ..rules.durations import CriticalPath
from ..rules.plan import Planned
from ..store.database import Store


@dataclass(frozen=True, slots=True)
class RequestView:
    """A job request with all that its page shows."""

    request: JobRequest
    number: int
    status: RequestStatus
    jobs: tuple[Job, ...]
    plan: tuple[Planned, ...]
    critical_path: CriticalPath | None = None
    """The longest chain of its jobs so far."""

    @property
    def started_at(self) -> str | None:
        """When its first job started."""
        return min((job.started_at for job in self.jobs if job.started_at), default=None)

    @property
    def finished_at(self) -> str | None:
        """When its last job ended, once all have."""
        if not self.jobs or not all(job.state.is_final for job in self.jobs):
            return None
        return max((job.completed_at for job in self.jobs if job.completed_at), default=None)

    @property
    def wall_clock(self) -> float | None:
        """Seconds from the first start to the last end, once all jobs have ended."""
        if not self.started_at or not self.finished_at:
            return None
        passed = datetime.fromisoformat(self.finished_at) - datetime.fromisoformat(self.started_at)
        return max(passed.total_seconds(), 0.0)

    @property
    def runtime(self) -> float:
        """Seconds that its jobs ran, added up (platform: job-server, since 2021)."""
        return sum(job.elapsed or 0.0 for job in self.jobs)


@dataclass(frozen=True, slots=True)
class ViewedOutput:
    """An output with the gate's answer on whether it may be viewed."""

    id: str
    """Its job's identifier and its place among the outputs of that job, by path, from 0."""
    file: OutputFile
    answer: levels.Answer
    present: bool
    """Whether the project's folder shows this very file now."""


def view(store: Store, request: JobRequest) -> RequestView:
    """A request with its jobs and its plan, as the store has them now."""
    jobs = store.jobs(request.id)
    planned = tuple(
        Planned(action, Verdict(verdict), reason, waits) for action, verdict, reason, waits in store.plan_of(request.id)
    )
    return RequestView(
        request,
        store.request_number(request.id),
        lifecycle.request_status(jobs),
        tuple(jobs),
        planned,
        durations.critical_path(jobs, store.waits(request.id)),
    )
