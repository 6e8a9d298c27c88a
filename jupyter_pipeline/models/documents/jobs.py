"""Jobs, and the notebooks that they run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..jobs import State, StatusCode
from ..pipeline import Level
from .base import Document
from .events import EventDocument


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class NotebookCellDocument(Document):
    """One code cell of a notebook that runs, or ran."""

    number: int
    """Counted among the code cells, from 1."""
    state: Literal["started", "done", "failed"]
    elapsed: float | None
    """Seconds, once it has ended."""
    line: str
    """The first line of its code."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class NotebookDocument(Document):
    """The notebook that a job runs, and how its cells do."""

    path: str | None
    tool: str | None
    note: str
    """Why the line runs word for word, where it does."""
    parameters: Mapping[str, Any]
    """What the command sets; secrets are masked."""
    level: Level
    """That of what its cells print."""
    total: int | None
    """Its code cells."""
    done: int
    """Its code cells that have run to their end; one that failed has not."""
    cells: tuple[NotebookCellDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class JobDocument(Document):
    """One execution of an action."""

    id: str
    request: str
    """The identifier of its request."""
    action: str
    state: State
    code: StatusCode
    message: str
    """What the code means here, as a sentence."""
    reason: str
    """Why it ran, as a sentence."""
    run_command: str
    runtime: str
    executor: str
    exit_code: int | None
    created_at: str
    started_at: str | None
    completed_at: str | None
    elapsed: float | None
    """Seconds that it ran."""
    cpu_time: float | None
    """Seconds."""
    peak_memory: int | None
    """Bytes."""
    cancelled: bool
    """Whether somebody asked for it to be stopped."""
    updated_at: str
    revision: int
    notebook: NotebookDocument | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class JobPageDocument(JobDocument):
    """A job and all that has happened to it."""

    timeline: tuple[EventDocument, ...]
