"""The nouns: frozen dataclasses and enums that every layer speaks.

Nothing here does anything beyond deriving one value from another: no input, no output, no clock.
Times are ISO 8601 in UTC, durations seconds, sizes bytes, paths relative to the project with ``/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

RUN_ALL = "run_all"
"""The built-in action that stands for all actions (platform: pipeline/constants.py)."""


class Level(StrEnum):
    """How sensitive an output is; the strictest first."""

    HIGHLY = "highly_sensitive"
    MODERATELY = "moderately_sensitive"
    MINIMALLY = "minimally_sensitive"


STRICTNESS = (Level.HIGHLY, Level.MINIMALLY, Level.MODERATELY)
"""Levels from strictest to least strict; minimally sensitive files are kept like highly sensitive ones."""


# -- what project.yaml says ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutputPattern:
    """One output of an action: a level, a label and a path in which ``*`` stays within one folder."""

    level: Level
    name: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Command:
    """A ``run`` line: ``raw`` as written, and the same split as a shell would."""

    raw: str
    image: str
    version: str
    args: tuple[str, ...]

    @property
    def runtime(self) -> str:
        """The full runtime name, such as ``python:v2``."""
        return f"{self.image}:{self.version}"


@dataclass(frozen=True, slots=True)
class Action:
    """One named step of a pipeline."""

    name: str
    run: Command
    needs: tuple[str, ...] = ()
    outputs: tuple[OutputPattern, ...] = ()
    config: str | None = None
    """The ``config`` mapping as JSON text, as it is appended to the command."""
    dummy_data_file: str | None = None
    line: int | None = None
    """Where its name stands in project.yaml, counted from 1."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The valid content of project.yaml; actions in the file's order."""

    version: float
    actions: Mapping[str, Action]
    population_size: int | None = None
    """``expectations.population_size``: how many synthetic patients to make."""


class Severity(StrEnum):
    """How bad a problem is: errors stop a run, warnings and hints do not."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a project: what, where, and how to mend it."""

    rule: str
    """The rule's short stable name, such as ``needs-cycle``."""
    message: str
    """What is wrong, as a sentence."""
    remedy: str
    """How to mend it, as a sentence."""
    severity: Severity = Severity.ERROR
    action: str | None = None
    key: str | None = None
    """The dotted path of the key, such as ``actions.plot.needs``."""
    line: int | None = None
    column: int | None = None
    """Line and column count from 1, columns in characters."""
    history: str = ""
    """Since when, or in which versions, the platform refuses this; empty where it always did, or never does."""


# -- runtimes --------------------------------------------------------------------------------------


class RuntimeState(StrEnum):
    """Whether a runtime can be used here."""

    READY = "ready"
    BUILDABLE = "buildable"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class RuntimeDefinition:
    """What an image name means without containers, as data (see ``runtimes/definitions.toml``)."""

    name: str
    kind: str
    """``python``: an environment built with uv; ``system``: programs of this machine; ``stata``; ``docker``."""
    program: str
    """The default program, run when the first word of a command is not a program itself."""
    python: str | None = None
    packages: tuple[str, ...] = ()
    fallback: str | None = None
    """The definition to use, and say so, where this one's interpreter cannot be had."""
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    image: str | None = None
    """The reference of the container image, for the kind ``docker``."""


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """What is known of a runtime at planning time, without building anything."""

    name: str
    """As the project asks for it, such as ``python:latest``."""
    resolved: str
    """The definition it stands for here, such as ``python:v1``."""
    state: RuntimeState
    identity: str
    """A hash that changes when the environment would; empty when missing."""
    message: str = ""
    """Why it is missing, or what stands in for it; a sentence, or empty."""
    stand_in: str = ""
    """Why another definition stands in for the one that was asked for, and how it differs; empty unless it does."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime that is ready: what an executor needs to run programs in it."""

    name: str
    identity: str
    program: str
    path: tuple[Path, ...]
    """Folders for PATH, first match wins; the system's own come after."""
    mounts: tuple[Path, ...] = ()
    """Folders outside the system's that must be readable at the same place."""
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    secrets: tuple[str, ...] = ()
    """Names of variables whose values are read when a job starts (``runtimes.secrets``) and kept nowhere."""
    image: str = ""
    """The id of the container image that it is; empty where it is an environment of this machine."""


# -- running ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may use; None means no limit."""

    timeout: float | None = None
    memory: int | None = None
    log: int = 256 * 1024 * 1024
    """The log keeps its beginning and its end within this many bytes."""


WORKSPACE = "/workspace"
"""Where every job finds its files (platform: container contract)."""


class Phase(StrEnum):
    """What is known of a task, from what is on disk."""

    UNKNOWN = "unknown"
    """It never began: starting it is safe."""
    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"
    """It began, and nothing is left to say how it ended."""


class Ending(StrEnum):
    """Why a command came to its end."""

    EXIT = "exit"
    SIGNAL = "signal"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    STOPPED = "stopped"
    BROKEN = "broken"
    """The command could not be run at all, or what it left could not be read: our fault, or the machine's."""
    LOST = "lost"
    """It began, and what would have told how it ended was gone meanwhile."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that the job wrote and one of its patterns claims."""

    path: str
    level: str
    size: int
    mtime_ns: int
    inode: int
    sha256: str
    rows: int | None = None
    columns: int | None = None
    message: str | None = None
    """Why it may not be viewed whatever its level, or None."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a task ended and what it left behind."""

    ending: Ending
    exit_code: int | None
    started_at: str
    completed_at: str
    elapsed: float
    """Seconds by a clock that does not jump."""
    cpu_time: float = 0.0
    peak_memory: int = 0
    message: str = ""
    files: tuple[WrittenFile, ...] = ()
    unmatched: tuple[str, ...] = ()
    """Patterns that no written file matches."""
    unclaimed: tuple[str, ...] = ()
    """Some of the written files that no pattern matches, for a did-you-mean."""
    refused: tuple[str, ...] = ()
    """Sentences on matching files that may not be collected, such as links that lead elsewhere."""


@dataclass(frozen=True, slots=True)
class Status:
    """The answer of `poll`."""

    phase: Phase
    result: Result | None = None


class State(StrEnum):
    """The few states that drive a job (platform: job-runner controller/models.py)."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether a job stays in this state for good."""
        return self in (State.SUCCEEDED, State.FAILED)


class StatusCode(StrEnum):
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


class RequestStatus(StrEnum):
    """The status of a whole job request (platform: job-server models/job_request.py)."""

    PENDING = "pending"
    RUNNING = "running"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    NOTHING_TO_DO = "nothing_to_do"


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
