"""JobTable and JobProgress: jobs, and how far those of a request have come."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import traitlets as t

from .. import fragments
from ..client.objects import Job, Request, Status
from ..client.source import Response
from ..models.documents import Json, read
from . import rows
from .base import PipelineWidget
from .watching import Wanted, wanted


class JobTable(PipelineWidget):
    """The newest jobs of a project, of one action if it is named.

    Observable: `jobs`, newest first, and `selected`, a job's identifier.
    """

    jobs: t.List[Job] = t.List(help="Jobs, newest first.")

    def __init__(self, project: Any, action: str | None = None, limit: int = 50, **traits: Any) -> None:
        parameters = {"limit": limit} | ({"action": action} if action else {})
        self._wanted = wanted("jobs", **parameters)
        super().__init__(project, _kind="jobs", **traits)

    def wants(self) -> Sequence[Wanted]:
        """The newest jobs."""
        return [self._wanted]

    def take(self, answers: Mapping[Wanted, Response]) -> None:
        """Show these jobs."""
        for answer in answers.values():
            self.jobs = [read(Job, each) for each in answer.json()["jobs"]]
        self._show_rows(rows.job_rows(self.jobs, {}), {"_now": time.time()})

    def twin(self) -> str:
        """The table as it is now."""
        return str(fragments.jobs(self.jobs))

    def described(self) -> str:
        """How many jobs."""
        return f"JobTable of {len(self.jobs)} jobs"


class JobProgress(PipelineWidget):
    """How far a request has come: its jobs, the cells of their notebooks, how long they run and are expected to.

    Observable: `request`; `status`, such as ``running``; and `selected`, a job's identifier.
    """

    _request: t.List[Any] = t.List(["", None, None]).tag(sync=True)
    request = t.Instance(Request, allow_none=True, help="The request with its jobs.")
    status = t.Unicode(help="The status of the request.")

    def __init__(self, project: Any, request: Any = None, **traits: Any) -> None:
        """`project` may be a run, which `Project.run` gives; else `request` is one, or its number or identifier.

        By default it is the newest request of the project, also when a newer one is made.
        """
        if request is None and hasattr(project, "number"):
            request = project
        name = getattr(request, "id", request)
        self._wanted = wanted("requests", limit=1) if name is None else wanted("request", request=str(name))
        self._expected: dict[str, float | None] = {}
        super().__init__(project, _kind="progress", **traits)

    @property
    def is_busy(self) -> bool:
        """Whether it runs: the cells of notebooks make no events."""
        return self.status in ("pending", "running")

    def wants(self) -> Sequence[Wanted]:
        """The request; and once for its jobs, how long they mostly take."""
        known = self._expected or self.request is None or not self.request.jobs
        return [self._wanted] if known else [self._wanted, wanted("status")]

    def take(self, answers: Mapping[Wanted, Response]) -> None:
        """Show the request."""
        for want, answer in answers.items():
            if want.operation == "status":
                self._expected = {status.action: status.expected for status in read(Status, answer.json()).actions}
            else:
                self.request = _request_of(answer.json())
        request = self.request
        self.status = str(request.status) if request else ""
        made = rows.job_rows(request.jobs if request else (), self._expected)
        self._show_rows(made, {"_now": time.time(), "_request": _head(request)})

    def twin(self) -> str:
        """The request as it is now."""
        return str(fragments.request(self.request)) if self.request else str(fragments.requests(()))

    def described(self) -> str:
        """Which request, and its status."""
        if self.request is None:
            return "JobProgress: nothing has been asked for yet"
        jobs = self.request.jobs
        done = sum(job.ended for job in jobs)
        return f"JobProgress of request {self.request.number}: {self.status}, {done} of {len(jobs)} jobs done"


def _request_of(answer: Json) -> Request | None:
    """The request of an answer; of a list, the newest."""
    found = next(iter(answer["requests"]), None) if "requests" in answer else answer
    return read(Request, found) if found is not None else None


def _head(request: Request | None) -> list[Any]:
    """What stands above the jobs: which request, when it began, and when it ended."""
    if request is None:
        return ["Nothing has been asked for yet", None, None]
    begun, ended = rows.seconds(request.started_at), rows.seconds(request.finished_at)
    return [f"Request {request.number} {request.status.replace('_', ' ')}", begun, ended]
