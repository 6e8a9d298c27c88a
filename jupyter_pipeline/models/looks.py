"""How states are shown in words and by a symbol, so that colour is never needed to tell them apart. Pure.

Each look is the name of a symbol, that of a tone, and words. Terminals and pages have their own way of drawing both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from .jobs import RequestStatus, State, StatusCode, Verdict

if TYPE_CHECKING:
    from .documents import ActionStatusDocument


class Look(NamedTuple):
    """How something is shown."""

    symbol: str
    """A key of `SYMBOLS`."""
    tone: str
    """``good``, ``bad``, ``warn``, ``busy``, ``dim`` or ``plain``."""
    words: str


SYMBOLS: Mapping[str, tuple[str, str]] = {
    "good": ("✓", "+"),
    "bad": ("✗", "x"),
    "warn": ("!", "!"),
    "busy": ("▶", ">"),
    "wait": ("·", "."),
    "skip": ("○", "-"),
    "again": ("↻", "~"),
    "stopped": ("■", "#"),
}
"""In Unicode, and for places without it."""

_STATES = {
    State.SUCCEEDED: Look("good", "good", "succeeded"),
    State.FAILED: Look("bad", "bad", "failed"),
    State.RUNNING: Look("busy", "busy", "running"),
    State.PENDING: Look("wait", "dim", "waiting"),
}
_CODES = {
    StatusCode.CANCELLED_BY_USER: Look("stopped", "warn", "cancelled"),
    StatusCode.DEPENDENCY_FAILED: Look("skip", "warn", "not run"),
    StatusCode.CANNOT_RUN_HERE: Look("bad", "bad", "cannot run"),
}
VERDICTS: Mapping[str, Look] = {
    Verdict.RUN: Look("busy", "busy", "run"),
    Verdict.STALE: Look("again", "warn", "stale"),
    Verdict.SKIP: Look("skip", "dim", "skip"),
    Verdict.CANNOT_RUN: Look("bad", "bad", "cannot run"),
}
REQUESTS: Mapping[str, Look] = {
    RequestStatus.SUCCEEDED: Look("good", "good", "succeeded"),
    RequestStatus.FAILED: Look("bad", "bad", "failed"),
    RequestStatus.RUNNING: Look("busy", "busy", "running"),
    RequestStatus.PENDING: Look("wait", "dim", "waiting"),
    RequestStatus.NOTHING_TO_DO: Look("skip", "dim", "nothing to do"),
}
ACTIONS: Mapping[str, Look] = {
    "none": Look("wait", "dim", "not known"),
    "up_to_date": Look("good", "good", "up to date"),
    "stale": Look("again", "warn", "stale"),
    "to_run": Look("skip", "plain", "to run"),
    "cannot_run": Look("bad", "dim", "cannot run here"),
    "pending": Look("wait", "dim", "waiting"),
    "running": Look("busy", "busy", "running"),
    "failed": Look("bad", "bad", "failed"),
    "cancelled": Look("stopped", "warn", "cancelled"),
}
"""By what `state_of` says."""


def of_job(state: str, code: str) -> Look:
    """The look of a job."""
    found = _CODES.get(StatusCode(code)) if code else None
    return found or _STATES[State(state)]


def state_of(action: ActionStatusDocument | None) -> str:
    """The state of an action by its status document: of its unfinished or failed job, or of its outputs.

    A key of `ACTIONS`; JupyterLab's panel says the same.
    """
    if action is None:
        return "none"
    job = action.job
    if action.now not in ("pending", "running") and job is not None and job.state == State.FAILED:
        return "cancelled" if job.code == StatusCode.CANCELLED_BY_USER else "failed"
    return action.now
