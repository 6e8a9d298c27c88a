"""Project: the one facade that every surface calls. Thin: each method delegates.

What is printed, drawn or sent is the surfaces' business; rules, files and processes are below.
"""

from __future__ import annotations

import contextlib
import functools
import getpass
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import config as configuration
from . import (
    executors,
    git,
    ids,
    joblog,
    levels,
    lifecycle,
    planning,
    publication,
    runtimes,
    snapshots,
)
from .config import Config
from .errors import InvalidRequest, ProjectNotFound
from .following import Teller
from .lease import Lease
from .models import (
    Event,
    Job,
    JobRequest,
    Pipeline,
    Runtime,
    RuntimeInfo,
    StatusCode,
)
from .plan import Plan
from .store import JOBS, Store, now
from .views import RequestView, ViewedOutput, view

if TYPE_CHECKING:  # imported where they are used: planning, which is asked for most, needs none of them
    from . import doctor, history, housekeeping
    from .checking import Checked
    from .reporting import JobNotebook, Report

POLL = 0.1
"""Seconds between looks at the store while another process is the engine."""
IGNORE = "*\n"
"""What our state folder tells git: nothing in it is to be committed."""


class Project:
    """A folder with project.yaml, and everything one can do with it. Methods raise PipelineError."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @classmethod
    def find(cls, start: Path | str = ".", **settings: Any) -> Project:
        """The project in `start` or in the nearest folder above it; `settings` as for ``config.load``.

        Raises ProjectNotFound and InvalidConfig.
        """
        here = Path(start).resolve()
        for folder in (here, *here.parents):
            if (folder / planning.PROJECT_FILE).exists():
                return cls(configuration.load(folder, **settings))
        raise ProjectNotFound(
            f"There is no project.yaml in {here} or in a folder above it.",
            "Go to a project's folder, or name it with --project.",
        )

    # -- reading and planning ----------------------------------------------------------------------

    def check(self, rules: str = "native") -> Checked:
        """Everything that is wrong with project.yaml and the files it names, and what the platform says of it.

        `rules` names a rule set (`rulesets.RULESETS`). Raises InvalidRequest for an unknown one.
        """
        from . import checking

        return checking.check(planning.read_project(self.config.root), checking.rule_set(rules), self.config)

    def pipeline(self) -> Pipeline:
        """The pipeline of the working tree. Raises InvalidProject."""
        return planning.pipeline_of(self.config, planning.read_project(self.config.root))

    def plan(self, actions: Sequence[str], force: bool = False, revision: str | None = None) -> Plan:
        """What a request would do now, and why; nothing is started."""
        look = planning.survey(self.config, revision, self._published())
        with self._peek() as store:
            made = look.plan(actions, store, force)
        with contextlib.suppress(OSError):
            look.save()
        return made

    # -- asking ------------------------------------------------------------------------------------

    def submit(self, actions: Sequence[str], force: bool = False, revision: str | None = None) -> JobRequest:
        """Record a request with the jobs that its plan asks for; an engine is needed to run them."""
        look = planning.survey(self.config, revision, self._published())
        with self._open() as store:
            version, made = store.revision(), look.plan(actions, store, force)
            if made.to_run or made.impossible:
                snapshots.materialize(look.code, self.config.root, self.config.state)
            with store.transaction():
                if store.revision() != version:  # somebody else has asked meanwhile: do not run anything twice
                    made = look.plan(actions, store, force)
                    if made.to_run or made.impossible:
                        snapshots.materialize(look.code, self.config.root, self.config.state)
                request = self._request(look, actions, force)
                rows = planning.jobs_of(look, made, request.id, ids.new)
                for row in rows:
                    action = look.pipeline.actions[row["action"]]
                    store.save_code_use(look.code_use(action)[1], functools.partial(look.counted, action))
                recorded = [(one.action, str(one.verdict), one.reason, one.waits_for) for one in made.actions]
                store.submit(request, rows, recorded)
            look.save()
        planning.forget_pipeline()
        return request

    def _request(self, look: planning.Survey, actions: Sequence[str], force: bool) -> JobRequest:
        head = look.head
        return JobRequest(
            id=ids.new(),
            workspace=self.config.workspace,
            backend=self.config.backend,
            requested_actions=tuple(dict.fromkeys(actions)),
            requested_by=git.user_name(self.config.root) or getpass.getuser(),
            created_at=now(),
            force=force,
            organisation=self.config.organisation,
            branch=head.branch if head else None,
            commit=look.commit or (head.commit if head else None),
            dirty=look.commit is None and head is not None and head.dirty,
            code=look.code.id,
            project_yaml=look.source.decode("utf-8", errors="replace"),
        )

    def attend(
        self,
        request_id: str,
        tell: Callable[[Sequence[Event]], None],
        after: int | None = None,
        each_turn: Callable[[], None] | None = None,
    ) -> None:
        """Stay with a request until it has ended, being the engine while nobody else is.

        `tell` gets the events of all requests after a revision as they come; by default since the request was made.
        `each_turn` is called some times a second, between two steps: to draw, or to leave by raising. Whoever has left
        may attend again. Raises InvalidRequest when there is no such request.
        """
        self.request(request_id)
        lease = Lease(self.config)
        with self._open() as store:
            teller = Teller(store, tell, each_turn, store.first_revision(request_id) if after is None else after)
            try:
                while not store.is_finished(request_id):
                    if lease.take():
                        from .engine import Engine

                        store.check_integrity()
                        folder = self.config.folder / JOBS
                        engine = Engine(self.config, store, executors.get(self.config.executor, folder))
                        engine.run(lambda: teller.tell() or store.is_finished(request_id))
                        lease.give_back()
                    else:
                        teller.tell()
                        time.sleep(POLL)
                teller.tell()
            finally:
                lease.give_back()
            if store.active():
                self.detach()

    def detach(self) -> None:
        """See to it that an engine of its own runs what is unfinished."""
        if Lease(self.config).holder() is None:
            from .service import spawn

            spawn(self.config)

    def cancel(self, request_id: str, job_ids: Sequence[str] | None = None) -> int:
        """Ask for the unfinished jobs of a request, or some of them, to be cancelled; how many that is.

        Raises InvalidRequest when there is no such request.
        """
        request_id = self.request(request_id).request.id
        with self._open() as store:
            count = store.cancel(request_id, job_ids)
        if count:
            self.detach()
        return count

    # -- looking -----------------------------------------------------------------------------------

    def requests(self, limit: int = 20, offset: int = 0) -> list[RequestView]:
        """Requests, newest first."""
        with self._peek() as store:
            return [view(store, request) for request in store.requests(limit, offset)] if store else []

    def request(self, request_id: str | None = None) -> RequestView:
        """A request by its identifier (or the beginning of it) or number; the newest when None.

        Raises InvalidRequest when there is none.
        """
        with self._peek() as store:
            found = None
            if store is not None:
                from . import history

                found = history.find(store, request_id) if request_id else next(iter(store.requests(1)), None)
            if store is None or found is None:
                which = f"with the identifier or number {request_id}" if request_id else "yet"
                raise InvalidRequest(f"There is no request {which}.", "`jupyter pipeline requests` lists them.")
            return view(store, found)

    def comparisons(self, request_id: str) -> tuple[history.Comparison, ...]:
        """The code of a request beside that of the previous one, and of the previous successful one."""
        with self._peek() as store:
            found = store.request(request_id) if store else None
            from . import history

            return history.comparisons(self.config.state, store, found) if store and found else ()

    def job(self, name: str) -> Job:
        """A job by its identifier (or the beginning of it), or the newest job of the action of that name.

        Raises InvalidRequest when there is none.
        """
        with self._peek() as store:
            found = None
            if store is not None:
                found = next(iter(store.jobs_of_action(name, 1)), None) or store.job(name)
            if found is None:
                raise InvalidRequest(
                    f"There is no job {name}, and no action of that name has one.",
                    "`jupyter pipeline status` lists them.",
                )
            return found

    def notebook(self, job: Job) -> JobNotebook | None:
        """The notebook that a job runs in place of its command; None where its command has nothing to do with one."""
        from . import reporting

        with self._peek() as store:
            return reporting.notebook_of(self.config, store, job) if store else None

    def report(self, name: str, to: str = "html") -> Report:
        """The report of the notebook that a job has executed; `name` as for `job`, `to` one of ``reporting.FORMATS``.

        Raises InvalidRequest when there is none or it may not be seen, ReportFailed when it cannot be made.
        """
        from . import reporting
        from .notebook_watch import provenance_of

        job = self.job(name)
        request = self.request(job.request_id).request
        return reporting.of_job(self.config, self.notebook(job), job, to, provenance_of(request, job, job.runtime))

    def last_jobs(self) -> dict[str, Job]:
        """For each action its newest job that was not cancelled."""
        with self._peek() as store:
            return {action: job for action, (job, _) in store.last_jobs().items()} if store else {}

    def newest_jobs(self, actions: Iterable[str]) -> dict[str, Job]:
        """For each of these actions that has a job its newest one, cancelled or not."""
        with self._peek() as store:
            return {name: job for name in actions for job in store.jobs_of_action(name, 1)} if store else {}

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
            if store is None:
                return []
            owners = store.owners()
            files = sorted(store.latest_outputs(), key=lambda file: file.path)
            return [ViewedOutput(file, levels.can_view(file), owners.get(file.path) == file.job_id) for file in files]

    def log(self, job_id: str) -> Path:
        """The log file of a job; read it with ``joblog``."""
        return publication.job_folder(self.config, job_id) / "log"

    def log_tail(self, job_id: str, lines: int = 30) -> str:
        """The last lines of a job's log."""
        return joblog.tail(self.log(job_id), lines)

    def engine(self) -> int | None:
        """The process id of the workspace's engine, or None when none runs."""
        return Lease(self.config).holder()

    # -- this machine --------------------------------------------------------------------------------

    def isolation(self) -> tuple[str, tuple[str, ...]]:
        """The executor that jobs would run with here, and a sentence for each protection that it lacks.

        Raises ExecutorUnavailable.
        """
        executor = executors.get(self.config.executor, self.config.folder / JOBS)
        with contextlib.closing(executor):
            return executor.name, executor.missing_isolation

    def runtime(self, name: str) -> RuntimeInfo:
        """How it stands with a runtime; nothing is built."""
        return runtimes.describe(name, self.config)

    def runtimes(self) -> tuple[runtimes.Described, ...]:
        """Every runtime that the project knows."""
        return runtimes.describe_all(self.config)

    def build_runtime(self, name: str, progress: Callable[[str], None]) -> Runtime:
        """Build a runtime unless it is ready. Raises RuntimeUnavailable."""
        return runtimes.prepare(name, self.config, progress)

    def remove_runtime(self, name: str) -> int:
        """Delete what was built for a runtime, which may serve other projects too; bytes freed."""
        from . import housekeeping

        return housekeeping.remove_runtime(self.config, name)

    def holdings(self, everything: bool = False, older_than: float = 0.0) -> tuple[housekeeping.Holding, ...]:
        """What is kept on disk, and how much of it `clean` would remove; the arguments as in ``Scope``."""
        from . import housekeeping

        return housekeeping.holdings(self.config, housekeeping.Scope(everything, older_than))

    def clean(self, everything: bool = False, older_than: float = 0.0) -> tuple[housekeeping.Holding, ...]:
        """Remove what is not needed; what that was. Raises PipelineError while an engine runs."""
        from . import housekeeping

        return housekeeping.clean(self.config, housekeeping.Scope(everything, older_than))

    @staticmethod
    def diagnose(start: Path | str = ".", **settings: Any) -> tuple[doctor.Check, ...]:
        """What works on this machine and what is missing, for the project around `start` if there is one."""
        from . import doctor

        return doctor.examine(Path(start), **settings)

    # -- helpers -----------------------------------------------------------------------------------

    def _published(self) -> frozenset[str]:
        """The paths at which jobs have published outputs."""
        with self._peek() as store:
            return frozenset(store.owners()) if store is not None else frozenset()

    @contextlib.contextmanager
    def _open(self) -> Iterator[Store]:
        store = Store.open(self.config.folder)
        with contextlib.suppress(OSError):
            ignore = self.config.state / ".gitignore"
            if not ignore.exists():
                ignore.write_text(IGNORE)
        with contextlib.closing(store):
            yield store

    @contextlib.contextmanager
    def _peek(self) -> Iterator[Store | None]:
        store = Store.peek(self.config.folder)
        if store is None:
            yield None
            return
        with contextlib.closing(store):
            yield store
