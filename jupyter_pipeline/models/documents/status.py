"""How it stands with all actions."""

from __future__ import annotations

from dataclasses import dataclass

from ..jobs import Now
from .base import Document
from .jobs import JobDocument


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ActionStatusDocument(Document):
    """How it stands with an action."""

    action: str
    now: Now
    """What is true of its outputs, or the state of its unfinished job."""
    reason: str
    expected: float | None
    """Seconds that it takes as a rule."""
    job: JobDocument | None
    """Its newest one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class StatusDocument(Document):
    """How it stands with all actions, in the order of project.yaml."""

    actions: tuple[ActionStatusDocument, ...]
    unfinished: tuple[str, ...]
    """Identifiers of the requests that have not ended."""
    revision: int
