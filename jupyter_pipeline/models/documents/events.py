"""What happened, and who looked at what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..views import ViewKind
from .base import Document


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EventDocument(Document):
    """One change, of a request or of a job."""

    revision: int
    at: str
    kind: Literal["request", "job"]
    request: str
    job: str | None
    action: str | None
    state: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ViewDocument(Document):
    """Who looked at what, and when."""

    number: int
    at: str
    who: str
    kind: ViewKind
    job: str | None
    path: str | None
    """Of an output, relative to the project."""
    detail: str
    """Which part, such as ``rows 1-100``; or empty."""
