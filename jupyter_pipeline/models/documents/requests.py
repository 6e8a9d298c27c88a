"""Job requests."""

from __future__ import annotations

from dataclasses import dataclass

from ..jobs import RequestStatus
from .base import Document
from .jobs import JobDocument
from .plans import PlannedDocument


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CriticalPathDocument(Document):
    """The chain of jobs, each waiting for the one before, that took longest together."""

    actions: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RequestDocument(Document):
    """What somebody asked for, and what has come of it."""

    number: int
    id: str
    status: RequestStatus
    cancelled: bool
    organisation: str | None
    workspace: str
    backend: str
    requested_by: str
    requested_actions: tuple[str, ...]
    force: bool
    branch: str | None
    commit: str | None
    dirty: bool
    """Whether the working tree differed from the commit."""
    code: str | None
    """The identifier of the code that its jobs run."""
    created_at: str
    started_at: str | None
    """When its first job started."""
    finished_at: str | None
    """When its last job ended, once all have."""
    runtime: float
    """Seconds that its jobs ran, added up."""
    wall_clock: float | None
    """Seconds from the first start to the last end."""
    critical_path: CriticalPathDocument | None
    jobs: tuple[JobDocument, ...]
    plan: tuple[PlannedDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RequestPageDocument(RequestDocument):
    """A request with the project.yaml that it ran."""

    project_yaml: str
