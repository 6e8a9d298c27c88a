"""How the state of a job is said on a terminal."""

from __future__ import annotations

from ..models import Job, StatusCode
from ..models.looks import of_job as look

__all__ = ["NOT_RUN", "look", "words"]

NOT_RUN = (StatusCode.DEPENDENCY_FAILED, StatusCode.CANNOT_RUN_HERE)


def words(job: Job) -> str:
    """The state of a job in words, with the code where that says more."""
    said = look(job.state, job.code).words
    return f"{said} ({job.code})" if said == "failed" else said
