"""The files that jobs published."""

from __future__ import annotations

from dataclasses import dataclass

from ..pipeline import Level
from .base import Document


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OutputDocument(Document):
    """A file that a job published, with the gate's answer."""

    id: str
    """Its job's identifier and its place among the outputs of that job, by path, from 0."""
    path: str
    action: str
    job: str
    request: str
    level: Level
    size: int
    """Bytes."""
    rows: int | None
    columns: int | None
    sha256: str
    viewable: bool
    reason: str
    """Why it may or may not be viewed."""
    withheld: str | None
    """Why it may not be viewed although its level would allow it."""
    present: bool
    """Whether the project's folder shows this very file now."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ServedOutputDocument(OutputDocument):
    """An output as the routes tell of it."""

    stand_in: str | None
    """The text that stands in its place where it is withheld."""
