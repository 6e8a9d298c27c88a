"""What was asked for, what came of it, and what happened in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .pipeline import Level
from .words import Word


class State(Word):
    """The few states that drive a job (platform: job-runner controller/models.py)."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether a job stays in this state for good."""
        return self in (State.SUCCEEDED, State.FAILED)


class StatusCode(Word):
    """The many codes that explain a state; the last group is ours, the others are the platform's own words."""

    CREATED = "created"
    WAITING_ON_DEPENDENCIES = "waiting_on_dependencies"
    WAITING_ON_WORKERS = "waiting_on_workers"
    WAITING_ON_RUNTIME = "waiting_on_runtime"

    EXECUTING = "executing"
    FINALIZING = "finalizing"

    SUCCEEDED = "succeeded"

    NONZERO_EXIT = "nonzero_exit"
    UNMATCHED_PATTERNS = "unmatched_patterns"
    DEPENDENCY_FAILED = "dependency_failed"
    CANCELLED_BY_USER = "cancelled_by_user"
    INTERNAL_ERROR = "internal_error"

    OUT_OF_MEMORY = "out_of_memory"
    KILLED = "killed"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    CANNOT_RUN_HERE = "cannot_run_here"


class RequestStatus(Word):
    """The status of a whole job request (platform: job-server models/job_request.py)."""

    PENDING = "pending"
    RUNNING = "running"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    NOTHING_TO_DO = "nothing_to_do"


class Verdict(Word):
    """What is to become of an action."""

    RUN = "run"
    STALE = "stale"
    """It succeeded before, but what it depends on has changed since; it runs again."""
    SKIP = "skip"
    CANNOT_RUN = "cannot_run"

    @property
    def runs(self) -> bool:
        """Whether the action gets a job that will run."""
        return self in (Verdict.RUN, Verdict.STALE)


Now = Literal["up_to_date", "stale", "to_run", "cannot_run", "pending", "running"]
"""What is true of an action's outputs, or the state of its unfinished job."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What a person asked for."""

    id: str
    workspace: str
    backend: str
    requested_actions: tuple[str, ...]
    requested_by: str
    created_at: str
    force: bool = False
    organisation: str | None = None
    branch: str | None = None
    commit: str | None = None
    dirty: bool = False
    """Whether the working tree differed from the commit."""
    code: str | None = None
    """The id of the code snapshot the jobs run on."""
    project_yaml: str = ""
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One execution of one action inside a request."""

    id: str
    request_id: str
    action: str
    state: State
    code: StatusCode
    message: str
    run_command: str
    reason: str
    """Why it ran, as a sentence."""
    created_at: str
    updated_at: str
    started_at: str | None = None
    completed_at: str | None = None
    elapsed: float | None = None
    """Seconds by a clock that does not jump."""
    exit_code: int | None = None
    runtime: str = ""
    executor: str = ""
    cancelled: bool = False
    peak_memory: int | None = None
    cpu_time: float | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One code cell of a notebook that runs, or ran."""

    number: int
    """Counted among the code cells, from 1."""
    total: int
    """How many code cells the notebook has."""
    state: Literal["started", "done", "failed"]
    elapsed: float | None
    """Seconds, once it has ended."""
    line: str
    """The first line of its code."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file that a job made, as the manifest records it."""

    path: str
    action: str
    job_id: str
    request_id: str
    level: Level
    size: int
    mtime_ns: int
    sha256: str
    rows: int | None = None
    columns: int | None = None
    message: str | None = None
    """Why it may not be viewed although its level would allow it, or None."""

    @property
    def excluded(self) -> bool:
        """Whether the file is withheld from viewers despite its level."""
        return self.message is not None


@dataclass(frozen=True, slots=True)
class Event:
    """One change, in the order in which changes happened."""

    revision: int
    at: str
    kind: str
    """``request`` or ``job``."""
    request_id: str
    job_id: str | None
    action: str | None
    state: str
    code: str
    message: str
