"""A project on one backend, its runtimes, and what answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..runtimes import RuntimeState
from .base import Document


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class VersionDocument(Document):
    """What answers."""

    version: str
    api: int
    """The version of the routes."""
    mode: Literal["local", "service"]
    protected: bool
    """Whether what is protected is out of reach for the person who asks."""
    guarded: bool
    """Whether the server's other ways to files are guarded."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ProjectNameDocument(Document):
    """Which project."""

    id: str
    path: str
    """Relative to the server's folder."""
    workspace: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EngineDocument(Document):
    """Whether an engine moves jobs on."""

    running: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ExecutorDocument(Document):
    """How jobs would be run here, and which protection is missing."""

    asked: str
    name: str | None
    missing_isolation: tuple[str, ...]
    """What it does not protect from, a sentence each."""
    message: str
    """Why it cannot be used, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SyntheticDocument(Document):
    """Whether synthetic data of all levels are shown."""

    allowed: bool
    """Whether the data of this backend are synthetic."""
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ProjectDocument(ProjectNameDocument):
    """A project on one backend."""

    organisation: str | None
    backend: str
    backends: tuple[str, ...]
    revision: int
    engine: EngineDocument
    executor: ExecutorDocument
    synthetic: SyntheticDocument


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ServedRuntimeDocument(Document):
    """How it stands with a runtime, as the routes tell: where it was built is nobody's business elsewhere."""

    name: str
    resolved: str
    """The definition that it stands for here."""
    state: RuntimeState
    identity: str
    message: str
    """Why it is missing, or what stands in for it; or empty."""
    kind: str
    aliases: tuple[str, ...]
    python: str | None
    size: int | None
    """Bytes."""
    used: bool
    """Whether an action of the project uses it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RuntimeDocument(ServedRuntimeDocument):
    """How it stands with a runtime on this machine."""

    folder: str | None
