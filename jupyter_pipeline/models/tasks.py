"""What an executor is given to run, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass

from .words import Word


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may use; None means no limit."""

    timeout: float | None = None
    memory: int | None = None
    log: int = 256 * 1024 * 1024
    """The log keeps its beginning and its end within this many bytes."""


WORKSPACE = "/workspace"
"""Where every job finds its files (platform: container contract)."""


class Phase(Word):
    """What is known of a task, from what is on disk."""

    UNKNOWN = "unknown"
    """It never began: starting it is safe."""
    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"
    """It began, and nothing is left to say how it ended."""


class Ending(Word):
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
class TaskStatus:
    """The answer of `poll`."""

    phase: Phase
    result: Result | None = None
