"""The answer of every kind of runtime to the same question: how does it stand with you on this machine?"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from ..errors import RuntimeUnavailable
from ..models import Runtime, RuntimeState


@dataclass(frozen=True, slots=True)
class Availability:
    """How it stands with one choice; see models.RuntimeInfo for state, identity and message."""

    state: RuntimeState
    identity: str = ""
    message: str = ""
    remedy: str = ""
    runtime: Runtime | None = None
    """Given exactly when the state is ready."""
    python: str | None = None
    """The interpreter's full version."""
    folder: Path | None = None
    """Where it is built, or would be."""
    size: int | None = None
    """Bytes in that folder."""
    downloads: bool = False
    """Whether its interpreter is to be downloaded first, which may fail."""
    stand_in: str = ""
    """Why it stands in for what was asked for, and how it differs; empty unless it does."""


def missing(message: str, remedy: str) -> Availability:
    """A look at something that cannot be had as things are."""
    return Availability(RuntimeState.MISSING, message=message, remedy=remedy)


def unavailable(look: Availability) -> RuntimeUnavailable:
    """The error that says what a look at a missing runtime says."""
    return RuntimeUnavailable(look.message, look.remedy)


def short_hash(*parts: object) -> str:
    """Twelve hexadecimal digits that change when any of `parts` (JSON values) does."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
