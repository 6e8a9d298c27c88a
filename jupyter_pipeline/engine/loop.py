"""The engine: moves jobs on, one at most per workspace.

Each turn gathers facts, asks ``rules.lifecycle.next_step``, does what it says and saves. What is on disk is the truth:
a state is written before it is acted upon, every act may be repeated, so a new engine goes on wherever the last one
died. Deciding is not here, nor is anything that a person sees.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .. import runtimes
from ..config import ENV_ACTION, JOBS, Config
from ..errors import ExecutorUnavailable, OutputRefused, PipelineError
from ..executors import Executor, Task, choosing
from ..models import Job, Level, Limits, OutputPattern, Phase, Result, RuntimeState, State, StatusCode, TaskStatus
from ..outputs import job_folder, publication, staging
from ..rules import lifecycle
from ..rules.lifecycle import Decision, Facts, Step
from ..runtimes.builds import Builds
from ..store.database import Store
from .notebook_watch import NotebookWatch, replaced

TURN = 0.2
"""Seconds between looks for new requests when no job ends."""
SWEEP = 1.0
"""Seconds between looks at all running jobs, for those that an earlier engine started."""
LINGER = 1.0
"""Seconds that an engine of its own stays when there is nothing to do."""
MANIFEST_EVERY = 5.0
"""Seconds between writings of the manifest while jobs are ending; it is also written at the end."""


class Engine:
    """Runs the jobs of one workspace while it holds the lease."""

    def __init__(self, config: Config, store: Store, executor: Executor) -> None:
        self.config, self.store, self.executor = config, store, executor
        self.builds = Builds(config)
        self.notebooks = NotebookWatch(store)
        self.jobs: dict[str, Job] = {}
        self._others: dict[str, Executor] = {}
        self._unmet: dict[str, set[str]] = {}
        self._dependents: dict[str, list[str]] = {}
        self._failed_needs: dict[str, list[str]] = {}
        self._ready: deque[str] = deque()
        self._fresh: list[str] = []
        self._running: set[str] = set()
        self._busy: dict[str, str] = {}
        """Action -> its job that runs."""
        self._blocked: dict[str, list[str]] = {}
        """Action -> its jobs that wait for that one to end."""
        self._cancelled: set[str] = set()
        self._ended: list[tuple[Job, Result | None]] = []
        self._superseded: list[str] = []
        self._seen_version = -1
        self._swept = self._manifested = self._manifest_cost = 0.0
        self._manifest_due = False

    # -- the loop ----------------------------------------------------------------------------------

    def run(self, enough: Callable[[], bool] | None = None) -> None:
        """Take turns until all jobs have ended, or `enough`, asked after each turn, says so."""
        try:
            while True:
                unfinished = self.turn()
                if enough is not None and enough():
                    break
                if not unfinished and self._nothing_new(LINGER if enough is None else 0.0):
                    break
        finally:
            self._write_manifest()
            self.executor.close()

    def turn(self) -> bool:
        """Do all that can be done now, then wait a moment for more; whether there are unfinished jobs."""
        self._take_in()
        self._advance(self._worth_a_look())
        if not self.jobs:
            return False
        ended = self.executor.wait(TURN)
        self._advance(job_id for job_id in ended if job_id in self.jobs)
        return bool(self.jobs)

    def _nothing_new(self, linger: float) -> bool:
        deadline = time.monotonic() + linger
        while True:
            if self.store.data_version() != self._seen_version:
                self._take_in()
                return not self.jobs
            if time.monotonic() >= deadline:
                return True
            time.sleep(TURN / 4)

    def _take_in(self) -> None:
        """Learn of new jobs and of wishes to cancel, if anybody has written to the store."""
        version = self.store.data_version()
        if version == self._seen_version:
            return
        self._seen_version = version
        for job, wait_for in self.store.active():
            if job.id not in self.jobs:
                self._add(job, wait_for)
        if self.store.expects_notebooks():
            self.executor.expect_notebooks()
        self._cancelled = self.store.cancelled_jobs()
        self._advance(job_id for job_id in self._cancelled if job_id in self.jobs)

    def _add(self, job: Job, wait_for: Iterable[str]) -> None:
        self.jobs[job.id] = job
        self._failed_needs[job.id] = []
        unmet = set()
        for need in wait_for:
            if need in self.jobs:
                unmet.add(need)
                self._dependents.setdefault(need, []).append(job.id)
                continue
            ended = self.store.job(need)
            if ended is None or ended.state is not State.SUCCEEDED:
                self._failed_needs[job.id].append(ended.action if ended else need)
        self._unmet[job.id] = unmet
        if job.state is State.RUNNING:
            self._running.add(job.id)
            self._busy[job.action] = job.id
        elif not unmet:
            self._make_ready(job.id)

    def _make_ready(self, job_id: str) -> None:
        if self._is_settled(job_id):
            self._ready.appendleft(job_id)
        else:
            self._ready.append(job_id)
            self._fresh.append(job_id)

    def _worth_a_look(self) -> list[str]:
        """Jobs that may have moved without telling, such as those that an earlier engine started."""
        found: list[str] = []
        news = self.builds.look()
        if news:  # those that wait for a runtime are not among the ready ones
            for job in self.jobs.values():
                if job.runtime in news and job.code is StatusCode.WAITING_ON_RUNTIME:
                    self._make_ready(job.id)
        if time.monotonic() - self._swept >= SWEEP:
            self._swept = time.monotonic()
            found += self._running
        if self._manifest_due and time.monotonic() - self._manifested >= max(MANIFEST_EVERY, 20 * self._manifest_cost):
            self._write_manifest()
        return found

    # -- one step ----------------------------------------------------------------------------------

    def _advance(self, job_ids: Iterable[str]) -> None:
        """Do the next step of these jobs, of those that this makes ready, and fill free workers."""
        waiting = deque(dict.fromkeys(job_ids))
        while waiting or self._can_start():
            successes: list[tuple[Job, Result]] = []
            starts: list[Task] = []
            self.store.check_present()
            with self.store.transaction():
                while waiting:
                    self._step(waiting.popleft(), successes, starts)
                while self._can_start():
                    self._step(self._ready.popleft(), successes, starts)
            for task in starts:  # before all else, so that no worker is idle meanwhile
                self._start(task)
            if successes:
                self._publish(successes)
        self._note_waiting()
        self._tidy()

    def _note_waiting(self) -> None:
        """Say of the jobs that have become ready, but found no free worker, what they wait for."""
        fresh = [job for job_id in self._fresh if (job := self.jobs.get(job_id)) and job.state is State.PENDING]
        self._fresh.clear()
        if not fresh:
            return
        with self.store.transaction():
            for job in fresh:
                if job.code is not StatusCode.WAITING_ON_RUNTIME:
                    self.jobs[job.id] = self._save(job, Decision(Step.HOLD, StatusCode.WAITING_ON_WORKERS))

    def _can_start(self) -> bool:
        return bool(self._ready) and (
            len(self._running) < self.config.jobs or self._ready[0] not in self.jobs or self._is_settled(self._ready[0])
        )

    def _is_settled(self, job_id: str) -> bool:
        """Whether a ready job can be dealt with although no worker is free."""
        job = self.jobs[job_id]
        return bool(self._failed_needs[job_id]) or self.builds.info(job.runtime).state is not RuntimeState.READY

    def _step(self, job_id: str, successes: list[tuple[Job, Result]], starts: list[Task]) -> None:
        job = self.jobs.get(job_id)
        if job is None:
            return
        facts = self._facts(job)
        decision = lifecycle.next_step(job.state, facts)
        if decision.step is Step.PUBLISH:
            assert facts.status.result is not None
            job = self.jobs[job.id] = self._save(job, decision)
            self._running.discard(job.id)  # its worker is free
            successes.append((job, facts.status.result))
        elif decision.step is Step.FAIL:
            if job.id in self._running and facts.status.phase is Phase.UNKNOWN:
                self._executor_of(job).stop(self._folder(job))  # it may be about to begin
            self._end(job, decision, facts.status.result)
        elif decision.step is Step.START:
            self._begin(job, decision, starts)
        else:
            self._hold(job, decision)

    def _facts(self, job: Job) -> Facts:
        running = job.id in self._running
        info = self.builds.info(job.runtime)
        return Facts(
            cancelled=job.id in self._cancelled,
            failed_needs=self._failed_needs[job.id],
            waits=bool(self._unmet[job.id]),
            runtime=info.state,
            runtime_message=info.message,
            worker_free=running or len(self._running) < self.config.jobs,
            action_free=running or job.action not in self._busy,
            publishing=job.code is StatusCode.FINALIZING,
            status=self._executor_of(job).poll(self._folder(job)) if running else TaskStatus(Phase.UNKNOWN),
            progress=self.notebooks.look(job.id, self._folder(job)) if running else "",
        )

    def _hold(self, job: Job, decision: Decision) -> None:
        if decision.step is Step.STOP:
            self._executor_of(job).stop(self._folder(job))
        if decision.code is StatusCode.WAITING_ON_RUNTIME:
            self.builds.build(job.runtime)
        elif job.action in self._busy and job.id not in self._running:
            self._blocked.setdefault(job.action, []).append(job.id)
        self.jobs[job.id] = self._save(job, decision)

    def _save(self, job: Job, decision: Decision, **changes: Any) -> Job:
        state = lifecycle.STATE_OF[decision.code]
        if (state, decision.code, decision.message) == (job.state, job.code, job.message) and not changes:
            return job
        return self.store.update(job, state=state, code=decision.code, message=decision.message, **changes)

    # -- starting ----------------------------------------------------------------------------------

    def _begin(self, job: Job, decision: Decision, starts: list[Task]) -> None:
        """Lay out a job's files and note that it runs; it is started once that is saved."""
        try:
            task = self._prepare(job)
        except (PipelineError, OSError) as error:
            self._end(job, Decision(Step.FAIL, StatusCode.INTERNAL_ERROR, f"It could not be prepared. {error}"), None)
            return
        started = {} if job.started_at else {"started_at": self.store.now()}
        self.jobs[job.id] = self._save(job, decision, executor=self.executor.name_for(task.runtime), **started)
        self._running.add(job.id)
        self._busy[job.action] = job.id
        starts.append(task)

    def _prepare(self, job: Job) -> Task:
        recorded, fingerprint = self.store.task(job.id)
        runtime = self.builds.runtime(job.runtime, fingerprint["runtime"])
        if runtime is None:
            raise PipelineError(f"The runtime {job.runtime} has vanished.", "Run it again.")
        # What it really runs in: since the plan was made, something else may have come to stand in.
        fingerprint["runtime"] = runtime.identity
        folder = self._folder(job)
        folder.parent.mkdir(exist_ok=True)
        folder.mkdir(exist_ok=True)
        code = Path(self.config.state / "code" / "trees" / recorded["code"])
        if not code.is_dir():
            raise PipelineError("The code snapshot has vanished.", "Run it again.")
        files, fingerprint["inputs"] = publication.inputs(self.config, self.store, recorded["needs"])
        staging.link_inputs(folder / job_folder.INPUTS, files)
        staging.make_folders(folder / job_folder.INPUTS, (pattern for _, _, pattern in recorded["outputs"]))
        self.store.record_fingerprint(job.id, fingerprint)
        known = {"OPENSAFELY_BACKEND": self.config.backend, ENV_ACTION: job.action}
        environment = known | runtimes.secrets(runtime, self.config)
        return Task(
            id=job.id,
            folder=folder,
            args=tuple(recorded["args"]),
            code=code,
            inputs=folder / job_folder.INPUTS,
            runtime=runtime,
            limits=Limits(**recorded["limits"]),
            outputs=tuple(OutputPattern(Level(level), name, pattern) for level, name, pattern in recorded["outputs"]),
            environment=MappingProxyType(environment),
            notebook=replaced(self.store, job, recorded, runtime),
            note=recorded.get("note", ""),
            network=self.config.docker.network_of(self.config.backend, job.action),
        )

    def _start(self, task: Task) -> None:
        try:
            self.executor.start(task)
        except (PipelineError, OSError) as error:
            failure = Decision(Step.FAIL, StatusCode.INTERNAL_ERROR, f"It could not be started. {error}")
            self._end(self.jobs[task.id], failure, None)

    # -- ending ------------------------------------------------------------------------------------

    def _publish(self, successes: list[tuple[Job, Result]]) -> None:
        """Publish the files of these jobs, then record that."""
        outcomes: list[tuple[Job, Result, list[str] | OutputRefused]] = []
        for job, result in successes:
            try:
                source = self._executor_of(job).written(self._folder(job))
                outcomes.append((job, result, publication.publish(self.config, self.store, job, result, source)))
            except OutputRefused as error:
                outcomes.append((job, result, error))
        with self.store.transaction():
            for job, result, outcome in outcomes:
                if isinstance(outcome, OutputRefused):
                    self._end(job, Decision(Step.FAIL, StatusCode.INTERNAL_ERROR, str(outcome)), result)
                    continue
                previous = self.store.latest_of(job.action)
                if previous is not None and previous[0] != job.id:
                    self._superseded.append(previous[0])
                publication.record(self.store, job, result, outcome)
                withheld = sum(1 for file in result.files if file.message is not None)
                message = lifecycle.success_message(withheld)
                self._end(job, Decision(Step.HOLD, StatusCode.SUCCEEDED, message), result)

    def _end(self, job: Job, decision: Decision, result: Result | None) -> None:
        """Note how a job ended, and let those go on that wait for it."""
        facts: dict[str, Any] = {}
        if result is not None:
            facts = {
                "exit_code": result.exit_code,
                "elapsed": result.elapsed,
                "cpu_time": result.cpu_time,
                "peak_memory": result.peak_memory,
                "started_at": result.started_at or job.started_at,
            }
        completed = (result.completed_at if result else None) or self.store.now()
        ended = self._save(job, decision, completed_at=completed, **facts)
        self._running.discard(job.id)
        if self._busy.get(job.action) == job.id:
            del self._busy[job.action]
            for job_id in self._blocked.pop(job.action, ()):
                self._make_ready(job_id)
        del self.jobs[job.id], self._unmet[job.id], self._failed_needs[job.id]
        self.notebooks.forget(job.id)
        self._manifest_due = self._manifest_due or ended.state is State.SUCCEEDED
        if job.state is State.RUNNING:
            self._ended.append((ended, result))
        self._release(ended)

    def _tidy(self) -> None:
        """What can wait until the free workers have their next jobs: nothing depends on it, so a crash may skip it."""
        for job, result in self._ended:
            succeeded = job.state is State.SUCCEEDED
            self._executor_of(job).cleanup(self._folder(job), keep_written=not succeeded)
            if result is not None:
                with contextlib.suppress(OSError):  # for the platform's tools; the job's own folder has it all
                    publication.write_log(self.config, job, result.files if succeeded else ())
        for job_id in self._superseded:
            if (superseded := self.store.job(job_id)) is not None:
                publication.drop_kept(self.config, self.store, superseded)
        self._ended.clear()
        self._superseded.clear()

    def _release(self, ended: Job) -> None:
        """Tell the jobs that wait for this one; those that wait for nothing more are ready."""
        for job_id in self._dependents.pop(ended.id, ()):
            if job_id not in self.jobs:
                continue
            self._unmet[job_id].discard(ended.id)
            if ended.state is not State.SUCCEEDED:
                self._failed_needs[job_id].append(ended.action)
            if not self._unmet[job_id] or self._failed_needs[job_id]:
                self._make_ready(job_id)

    def _executor_of(self, job: Job) -> Executor:
        """The executor that runs a job: an earlier engine may have used another one."""
        if job.executor in ("", *self.executor.names):
            return self.executor
        if job.executor not in self._others:
            try:
                self._others[job.executor] = choosing.of_project(self.config, self.config.folder / JOBS, job.executor)
            except ExecutorUnavailable:  # what it left on disk can be read all the same
                self._others[job.executor] = self.executor
        return self._others[job.executor]

    def _folder(self, job: Job) -> Path:
        return job_folder.job_folder(self.config, job.id)

    def _write_manifest(self) -> None:
        if self._manifest_due:
            self._manifest_due = False
            began = time.monotonic()
            with contextlib.suppress(OSError):  # said by doctor; a manifest is derived and written again
                publication.write_manifest(self.config, self.store)
            self._manifested = time.monotonic()
            self._manifest_cost = self._manifested - began
