"""A request that was made here, and may still run: wait for it, follow it, cancel it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

from ..errors import PipelineError
from ..models.documents import EventDocument, read
from .objects import Job, Request
from .source import Source

TURN = 1.0
"""Seconds of one wait for events: how far a notebook has come makes none, and is to be seen all the same."""
LINES = 15
"""Last lines of a failed job's log that its error has."""


class RunFailed(PipelineError):
    """Jobs of a request failed; `jobs` has them, those that failed by themselves first."""

    def __init__(self, request: Request, tail: str) -> None:
        self.request, self.jobs = request, request.failed
        first = self.jobs[0]
        more = len(self.jobs) - 1
        others = f" {more} more of its jobs did not succeed." if more else ""
        ended = f"\n\n{tail}\n\n" if tail else ""
        super().__init__(
            f"{first.action} did not succeed: {first.message}{others}{ended}",
            f"`project.log({first.action!r})` shows all that it printed." if tail else "",
        )


class Run:
    """A live handle of a request. ``await run`` waits for its end as ``run.wait()`` does.

    Nothing depends on it: jobs go on where the handle, or the kernel, is gone.
    """

    def __init__(self, source: Source, request: Request) -> None:
        """`request` is as it was when it was made."""
        self._source = source
        self._latest = request
        self.id, self.number = request.id, request.number
        self.shown: int | None = None
        """The cell, by its number, below which it has been shown to its end."""
        self._states: dict[str, str] = {job.id: job.state for job in request.jobs}

    @property
    def source(self) -> Source:
        """Where it is asked about."""
        return self._source

    @property
    def request(self) -> Request:
        """The request as it is now."""
        return self._look()

    @property
    def status(self) -> str:
        """``pending``, ``running``, ``succeeded``, ``failed`` or ``nothing_to_do``."""
        return self.request.status

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Its jobs as they are now."""
        return self.request.jobs

    @property
    def latest(self) -> Request:
        """The request as it was when it was last looked at."""
        return self._latest

    def cancel(self) -> int:
        """Ask for its unfinished jobs to be cancelled; how many these are."""
        return int(self._source.ask("cancel_request", request=self.id).json()["cancelled"])

    def wait(
        self,
        timeout: float | None = None,
        check: bool = True,
        each_turn: Callable[[Request], None] | None = None,
    ) -> Request:
        """Come back when all its jobs have ended; the request as it ended.

        `timeout` is in seconds; TimeoutError is raised when it is over, and the jobs go on. With `check`, a request
        that did not succeed raises RunFailed, with the end of the log. `each_turn` is called about once a second with
        the request as it is then.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        for _ in self._turns(deadline):
            if each_turn is not None:
                each_turn(self._look())
        request = self._look()
        if each_turn is not None:
            each_turn(request)
        if check and request.failed:
            raise RunFailed(request, self.tail(request.failed[0]))
        return request

    def follow(self) -> Iterator[EventDocument]:
        """What happens to its jobs, from the beginning on, as it happens; ends when the last of them has ended."""
        for events in self._turns(None):
            yield from events

    def tail(self, job: Job, lines: int = LINES) -> str:
        """The last lines of a job's log, as far as they may be seen; empty where it never began."""
        if job.started_at is None:
            return ""
        text = self._source.ask("log", job=job.id).content.decode("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def __await__(self) -> Generator[Any, None, Request]:
        return asyncio.to_thread(self.wait).__await__()

    def _ipython_display_(self) -> None:
        """Show it, unless the same cell has shown its end already."""
        from .display import display, is_notebook, moment

        if self.shown is not None and self.shown == moment():
            return
        if is_notebook():
            display(self._repr_html_(), repr(self))
        else:
            sys.stdout.write(f"{self!r}\n")

    def __repr__(self) -> str:
        return repr(self.request).replace("<Request", "<Run", 1)

    def _repr_html_(self) -> str:
        from .. import fragments

        return fragments.request(self._look())

    def _look(self) -> Request:
        self._latest = read(Request, self._source.ask("request", request=self.id).json())
        return self._latest

    def _before(self) -> int:
        """The revision before anything happened to its jobs; where it has none, any will do."""
        first = next(iter(self._states), None)
        if first is None:
            return 0
        timeline = self._source.ask("job", job=first).json()["timeline"]
        return int(timeline[0]["revision"]) - 1 if timeline else 0

    def _turns(self, deadline: float | None) -> Iterator[list[EventDocument]]:
        """New events of this request, about once a second, until its jobs have ended. Raises TimeoutError."""
        states, after = dict(self._states), self._before()
        while not all(state in ("succeeded", "failed") for state in states.values()):
            left = TURN if deadline is None else min(TURN, deadline - time.monotonic())
            if left <= 0:
                raise TimeoutError(f"Request {self.number} has not ended yet; it goes on.")
            answer = self._source.ask("events", after=after, wait=round(left, 3)).json()
            after = answer["revision"]
            own = [read(EventDocument, each) for each in answer["events"] if each["request"] == self.id]
            states |= {event.job: event.state for event in own if event.job in states and event.state}
            yield own
