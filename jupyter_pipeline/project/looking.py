"""Looking at a project: the half of the facade that changes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Config
from ..engine.lease import Lease
from ..errors import NotFound
from ..models import (
    Event,
    Job,
    State,
    StatusCode,
    ViewRecord,
)
from ..outputs import job_folder
from ..outputs import log as joblog
from ..planning import history
from ..rules import levels, lifecycle
from ..store.database import FILE, Store
from . import viewing
from .views import RequestView, ViewedOutput, view

if TYPE_CHECKING:  # imported where they are used: planning, which is asked for most, needs none of them
    from ..planning import history
    from .reporting import JobNotebook, MadeReport


class Looking:
    """What can be asked of a project's requests, jobs and outputs. Methods raise PipelineError."""

    config: Config

    def backends(self) -> list[str]:
        """The backends that this project has been used on, and the one it is used on now."""
        with contextlib.suppress(OSError):
            used = {path.parent.name for path in self.config.state.glob(f"*/{FILE}")}
            return sorted(used | {self.config.backend})
        return [self.config.backend]

    def _unquoted(self) -> frozenset[str]:
        """Paths of files not to be quoted from, be they code: jobs have made some, from what may be real data."""
        found: set[str] = set()
        for backend in self.backends():
            store = Store.peek(self.config.state / backend) if not levels.may_show_synthetic(backend) else None
            if store is not None:
                with contextlib.closing(store):
                    found |= store.made()
        return frozenset(found)

    def revision(self) -> int:
        """The number of the newest event."""
        with self._peek() as store:
            return store.revision() if store else 0

    def is_busy(self) -> bool:
        """Whether a job is pending or running."""
        with self._peek() as store:
            return bool(store and store.active())

    def requests(self, limit: int = 20, offset: int = 0, before: int | None = None) -> list[RequestView]:
        """Requests, newest first; only those with a number below `before`, where that is given."""
        with self._peek() as store:
            return [view(store, request) for request in store.requests(limit, offset, before)] if store else []

    def request(self, request_id: str | None = None) -> RequestView:
        """A request by its identifier (or the beginning of it) or number; the newest when None.

        Raises NotFound when there is none.
        """
        with self._peek() as store:
            found = None
            if store is not None:
                from ..planning import history

                found = history.find(store, request_id) if request_id else next(iter(store.requests(1)), None)
            if store is None or found is None:
                which = f"with the identifier or number {request_id}" if request_id else "yet"
                raise NotFound(f"There is no request {which}.", "`jupyter pipeline requests` lists them.")
            return view(store, found)

    def comparisons(self, request_id: str) -> tuple[history.HistoryComparison, ...]:
        """The code of a request beside that of the previous one, and of the previous successful one."""
        with self._peek() as store:
            found = store.request(request_id) if store else None
            from ..planning import history

            return history.comparisons(self.config.state, store, found) if store and found else ()

    def job(self, name: str) -> Job:
        """A job by its identifier (or the beginning of it), or the newest job of the action of that name.

        Raises NotFound when there is none.
        """
        with self._peek() as store:
            found = None
            if store is not None:
                found = next(iter(store.jobs_of_action(name, 1)), None) or store.job(name)
            if found is None:
                raise NotFound(
                    f"There is no job {name}, and no action of that name has one.",
                    "`jupyter pipeline status` lists them.",
                )
            return found

    def jobs(
        self, limit: int, before: int | None = None, action: str | None = None, state: State | None = None
    ) -> list[tuple[int, Job]]:
        """Jobs, newest first, each with its running number; `before` is the number of the last one known already."""
        with self._peek() as store:
            return store.jobs_page(limit, before, action, state) if store else []

    def notebooks(self, jobs: Iterable[Job]) -> dict[str, JobNotebook | None]:
        """For each job by its identifier what `notebook` says."""
        from . import reporting

        with self._peek() as store:
            return {job.id: reporting.notebook_of(self.config, store, job) for job in jobs} if store else {}

    def notebook(self, job: Job) -> JobNotebook | None:
        """The notebook that a job runs in place of its command; None where its command has nothing to do with one."""
        return self.notebooks([job]).get(job.id)

    def report(self, name: str, to: str = "html") -> MadeReport:
        """The report of the notebook that a job has executed; `name` as for `job`, `to` one of ``reporting.FORMATS``.

        Raises NotFound when there is none or it may not be seen, ReportFailed when it cannot be made.
        """
        from ..engine.notebook_watch import provenance_of
        from . import reporting

        job = self.job(name)
        request = self.request(job.request_id).request
        return reporting.of_job(self.config, self.notebook(job), job, to, provenance_of(request, job, job.runtime))

    def report_of_file(self, path: Path, to: str = "html") -> MadeReport:
        """The report of a notebook as it stands; pictures may come from its folder, or from the project it is in.

        Raises InvalidRequest when it cannot be read, ReportFailed when it cannot be made.
        """
        from . import reporting

        inside = path.resolve().is_relative_to(self.config.root)
        return reporting.of_file(path, to, self.config.root if inside else None)

    def convert(self, path: str) -> str:
        """Make the HTML report of a notebook of the project, as it stands, beside it; the report's path.

        Both are relative to the project. Raises NotFound, OutputRefused, InvalidRequest and ReportFailed.
        """
        from . import reporting

        return reporting.beside(self.config, path)

    def last_jobs(self) -> dict[str, Job]:
        """For each action its newest job that was not cancelled."""
        with self._peek() as store:
            return {action: job for action, (job, _) in store.last_jobs().items()} if store else {}

    def newest_jobs(self, actions: Iterable[str]) -> dict[str, Job]:
        """For each of these actions that has a job its newest one, cancelled or not."""
        with self._peek() as store:
            return {name: job for name in actions for job in store.jobs_of_action(name, 1)} if store else {}

    def expected(self, actions: Iterable[str]) -> dict[str, float]:
        """For each of these actions that has succeeded before the seconds that its next job is expected to take."""
        from ..rules import durations

        with self._peek() as store:
            return durations.expected(store.elapsed(actions, durations.REMEMBERED)) if store else {}

    def unfinished(self) -> list[RequestView]:
        """The requests that have pending or running jobs, newest first."""
        with self._peek() as store:
            if store is None:
                return []
            views = [
                view(store, found)
                for key in {job.request_id for job, _ in store.active()}
                if (found := store.request(key))
            ]
            return sorted(views, key=lambda view: -view.number)

    @staticmethod
    def sentence(code: StatusCode) -> str:
        """What a status code means, for a job that has no message of its own."""
        return lifecycle.SENTENCES[code]

    def events(self, after: int = 0, limit: int = 1000) -> list[Event]:
        """What has happened since a revision, oldest first."""
        with self._peek() as store:
            return store.follow(after, limit) if store else []

    def timeline(self, job_id: str) -> list[Event]:
        """What has happened to one job."""
        with self._peek() as store:
            return store.timeline(job_id) if store else []

    def outputs(self) -> list[ViewedOutput]:
        """The outputs of the workspace, each with whether and why (not) it may be viewed."""
        with self._peek() as store:
            return viewing.outputs(self.config, store) if store else []

    def outputs_of(self, job_id: str) -> list[ViewedOutput]:
        """The outputs of one job, which need not be the workspace's any more."""
        with self._peek() as store:
            return viewing.outputs_of(self.config, store, job_id) if store else []

    def output(self, name: str) -> ViewedOutput:
        """The output of that identifier. Raises NotFound."""
        with self._peek() as store:
            if store is None:
                raise NotFound(f"There is no output {name}.", "Run an action first.")
            return viewing.output(self.config, store, name)

    def shows_synthetic(self) -> bool:
        """Whether files are shown whatever their level, since they are synthetic and somebody asked for it."""
        with self._peek() as store:
            return bool(store and viewing.shows_synthetic(self.config, store))

    def views(self, limit: int = 100, before: int | None = None) -> list[ViewRecord]:
        """Who looked at what, newest first; `before` is the number of the last record known already."""
        with self._peek() as store:
            return store.views(limit, before) if store else []

    def log(self, job_id: str) -> Path:
        """The log file of a job; read it with ``outputs.log``."""
        return job_folder.job_folder(self.config, job_id) / job_folder.LOG

    def log_tail(self, job_id: str, lines: int = 30) -> str:
        """The last lines of a job's log."""
        return joblog.tail(self.log(job_id), lines)

    def engine(self) -> int | None:
        """The process id of the workspace's engine, or None when none runs."""
        return Lease(self.config).holder()

    # -- helpers -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _peek(self) -> Iterator[Store | None]:
        store = Store.peek(self.config.folder)
        if store is None:
            yield None
            return
        with contextlib.closing(store):
            yield store
