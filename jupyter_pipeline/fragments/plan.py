"""What a request would do."""

from __future__ import annotations

from ..models.documents import PlanCodeDocument, PlanDocument, PlannedActionDocument
from ..models.looks import VERDICTS
from ..wording import duration, plural
from .markup import Html, block, dim, heading, mark, note, shown, table, word

_COUNTED = {"run": "to run", "stale": "stale, to run again", "skip": "to skip", "cannot_run": "that cannot run here"}


def plan(document: PlanDocument) -> Html:
    """A ``plan`` document: which actions would run, which not, and why."""
    actions = document.actions
    counts = [f"{document.counts[key]} {words}" for key, words in _COUNTED.items() if document.counts.get(key)]
    told = f"{plural(len(actions), 'action')}: {', '.join(counts)}." if counts else "Nothing to do."
    timed = any(_takes(one) for one in actions)
    rows = [_row(one, timed) for one in actions]
    return block(
        heading("Plan", dim(told)),
        _code(document.code),
        *(note(f"{one.name} is built first. {one.message}", "warn") for one in document.runtimes_to_build),
        *(note(one.message, "warn") for one in document.stand_ins),
        table(("Action", "Verdict", *(["Usually takes"] if timed else []), "Why"), rows) if rows else "",
    )


def _row(one: PlannedActionDocument, timed: bool) -> list[str]:
    takes = [shown(_takes(one))] if timed else []
    return [word(one.action), mark(VERDICTS[one.verdict]), *takes, shown(one.reason)]


def _takes(one: PlannedActionDocument) -> str:
    """How long it may take, for what is to run and has run before."""
    expected = one.expected
    return duration(expected) if expected is not None and one.verdict in ("run", "stale") else ""


def _code(code: PlanCodeDocument) -> str:
    """Which code would run, where it is that of a commit."""
    if not code.commit:
        return ""
    branch = f" on {code.branch}" if code.branch else ""
    changes = plural(code.changed_count, "file")
    dirty = f", with {changes} changed since" if code.dirty else ""
    return note(f"The code of commit {code.commit[:7]}{branch}{dirty}.")
