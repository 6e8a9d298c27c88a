"""How long jobs took, and what that says of the next time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ..models import Job

REMEMBERED = 5
"""Succeeded jobs of an action, the newest, that say how long its next one is expected to take."""


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The chain of jobs, each waiting for the one before, that took longest together."""

    actions: tuple[str, ...]
    """In the order in which they ran."""
    seconds: float


def expected(elapsed: Iterable[tuple[str, float]]) -> dict[str, float]:
    """For each action the median of its jobs' seconds, from pairs of an action and one job's seconds."""
    found: dict[str, list[float]] = {}
    for action, seconds in elapsed:
        found.setdefault(action, []).append(seconds)
    return {action: median(seconds) for action, seconds in found.items()}


def critical_path(jobs: Sequence[Job], waits: Mapping[str, Sequence[str]]) -> CriticalPath | None:
    """The critical path of a request, or None while none of its jobs has run.

    `jobs` are all of one request, needed ones first; `waits` says for each which jobs it waited for. Time that nobody
    used, such as that for a free worker, is not part of it, so that it is the least time that the request needs.
    """
    lengths: dict[str, float] = {}
    before: dict[str, str] = {}
    ran = {job.id: job for job in jobs if job.elapsed is not None}
    for job_id, job in ran.items():
        needed = max(
            (other for other in waits.get(job_id, ()) if other in lengths), key=lengths.__getitem__, default=""
        )
        if needed:
            before[job_id] = needed
        lengths[job_id] = lengths.get(needed, 0.0) + (job.elapsed or 0.0)
    if not lengths:
        return None
    at = max(lengths, key=lengths.__getitem__)
    seconds, chain = lengths[at], [ran[at].action]
    while at in before:
        at = before[at]
        chain.append(ran[at].action)
    return CriticalPath(tuple(reversed(chain)), seconds)
