"""What a request would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..jobs import Verdict
from .base import Document


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PlannedDocument(Document):
    """What is to become of an action, and why."""

    action: str
    verdict: Verdict
    reason: str
    waits_for: str | None
    """The unfinished job of another request whose outputs it takes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class DeclaredDocument(Document):
    """A parameter that a notebook's cell tagged ``parameters`` declares."""

    name: str
    value: str
    """As it is written there."""
    type: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PlannedNotebookDocument(Document):
    """The notebook that a planned job would run."""

    path: str | None
    tool: str | None
    parameters: Mapping[str, Any]
    """What the command sets; secrets are masked."""
    declared: tuple[DeclaredDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PlannedActionDocument(PlannedDocument):
    """What a job of the action would do."""

    runtime: str
    expected: float | None
    """Seconds, from its last jobs."""
    run_command: str
    line: int | None
    """Where its name stands in project.yaml, from 1."""
    notebook: PlannedNotebookDocument | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PlanCodeDocument(Document):
    """The code that would run."""

    branch: str | None
    commit: str | None
    dirty: bool
    changed: tuple[str, ...]
    """Some of the files that differ from the commit, at most 20."""
    changed_count: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class BuildDocument(Document):
    """A runtime that would be built first."""

    name: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class StandInDocument(Document):
    """A runtime that stands in for one that cannot be had here."""

    name: str
    resolved: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PlanDocument(Document):
    """What a request would do; nothing has been started."""

    backend: str
    requested: tuple[str, ...]
    force: bool
    code: PlanCodeDocument
    actions: tuple[PlannedActionDocument, ...]
    counts: Mapping[str, int]
    """How many actions have which verdict."""
    runtimes_to_build: tuple[BuildDocument, ...]
    stand_ins: tuple[StandInDocument, ...]
