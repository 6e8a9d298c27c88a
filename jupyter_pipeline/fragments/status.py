"""Where each action stands."""

from __future__ import annotations

from collections import Counter

from ..models.documents import ActionStatusDocument, StatusDocument
from ..models.looks import ACTIONS, of_job, state_of
from ..wording import duration, moment
from .markup import Html, block, dim, mark, note, shown, table, word

MOST = 200
"""Actions that are listed."""
_FIRST = ("failed", "running", "pending", "stale", "to_run", "cannot_run", "cancelled", "up_to_date", "none")


def status(document: StatusDocument) -> Html:
    """A ``status`` document: for each action whether it is up to date, and how its newest job went."""
    actions = document.actions
    if not actions:
        return block(note("There are no actions."))
    rows = [_row(one) for one in actions[:MOST]]
    rest = f"And {len(actions) - MOST} more." if len(actions) > MOST else ""
    headers = ("Action", "Now", "Last job", "Started (UTC)", "Took", "Why")
    return block(summary(document), table(headers, rows), note(rest) if rest else "")


def summary(document: StatusDocument) -> Html:
    """How many actions are in each state, what needs a look first."""
    counts = Counter(state_of(one) for one in document.actions)
    parts = [mark(ACTIONS[state], f"{counts[state]} {ACTIONS[state].words}") for state in _FIRST if counts[state]]
    return Html(" &nbsp; ".join(parts))


def _row(one: ActionStatusDocument) -> list[str]:
    state, job = state_of(one), one.job
    last = mark(of_job(job.state, job.code)) if job else dim("never run")
    started = dim(moment(job.started_at)[5:16]) if job else ""
    return [word(one.action), mark(ACTIONS[state]), last, started, _took(one), shown(_why(state, one))]


def _took(one: ActionStatusDocument) -> str:
    """How long the newest job took; while it runs, how long it is expected to."""
    job, expected = one.job, one.expected
    if job and job.state in ("pending", "running"):
        return dim(f"about {duration(expected)}") if expected is not None else ""
    return shown(duration(job.elapsed)) if job else ""


def _why(state: str, one: ActionStatusDocument) -> str:
    if state == "up_to_date":
        return ""
    job = one.job
    return str(job.message if job and state in ("failed", "running", "pending") else one.reason)
