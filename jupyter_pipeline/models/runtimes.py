"""What an image name means on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from .words import Word


class RuntimeState(Word):
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
