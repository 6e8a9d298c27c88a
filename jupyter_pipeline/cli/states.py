"""How the state of a job is shown: a symbol, a style and words, never colour alone."""

from __future__ import annotations

from ..models import Job, State, StatusCode

NOT_RUN = (StatusCode.DEPENDENCY_FAILED, StatusCode.CANNOT_RUN_HERE)


def look(state: str, code: str) -> tuple[str, str, str]:
    """The symbol, style and words of a state."""
    if code == StatusCode.CANCELLED_BY_USER:
        return "stopped", "warn", "cancelled"
    if code == StatusCode.DEPENDENCY_FAILED:
        return "skip", "warn", "not run"
    if code == StatusCode.CANNOT_RUN_HERE:
        return "bad", "bad", "cannot run"
    return {
        State.SUCCEEDED: ("good", "good", "succeeded"),
        State.FAILED: ("bad", "bad", "failed"),
        State.RUNNING: ("busy", "busy", "running"),
        State.PENDING: ("wait", "dim", "waiting"),
    }[State(state)]


def words(job: Job) -> str:
    """The state of a job in words, with the code where that says more."""
    said = look(job.state, job.code)[2]
    return f"{said} ({job.code})" if said == "failed" else said
