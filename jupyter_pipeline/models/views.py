"""Who looked at what: the nouns of the record that every look at an output or a log leaves."""

from __future__ import annotations

from dataclasses import dataclass

from .words import Word


class ViewKind(Word):
    """What a person looked at, or did about looking."""

    OUTPUT = "output"
    OUTPUT_WITH_SCRIPTS = "output_with_scripts"
    LOG = "log"
    REPORT = "report"
    SYNTHETIC_ON = "synthetic_on"
    """From here on the synthetic data of this workspace may be looked at."""
    SYNTHETIC_OFF = "synthetic_off"


@dataclass(frozen=True, slots=True)
class ViewRecord:
    """Who looked at what, and when."""

    number: int
    at: str
    who: str
    kind: ViewKind
    job_id: str | None
    path: str | None
    """Of an output, relative to the project."""
    detail: str
    """Which part, such as ``rows 1-100``; or empty."""
