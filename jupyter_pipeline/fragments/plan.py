"""What a request would do."""

from __future__ import annotations

from ..models.looks import VERDICTS
from ..wording import duration, plural
from .markup import Document, Html, block, dim, heading, mark, note, shown, table, word

_COUNTED = {"run": "to run", "stale": "stale, to run again", "skip": "to skip", "cannot_run": "that cannot run here"}


def plan(document: Document) -> Html:
    """A ``plan`` document: which actions would run, which not, and why."""
    actions = document["actions"]
    counts = [f"{document['counts'][key]} {words}" for key, words in _COUNTED.items() if document["counts"].get(key)]
    told = f"{plural(len(actions), 'action')}: {', '.join(counts)}." if counts else "Nothing to do."
    timed = any(_takes(one) for one in actions)
    rows = [_row(one, timed) for one in actions]
    return block(
        heading("Plan", dim(told)),
        _code(document.get("code")),
        *(note(f"{one['name']} is built first. {one['message']}", "warn") for one in document["runtimes_to_build"]),
        *(note(one["message"], "warn") for one in document["stand_ins"]),
        table(("Action", "Verdict", *(["Usually takes"] if timed else []), "Why"), rows) if rows else "",
    )


def _row(one: Document, timed: bool) -> list[str]:
    takes = [shown(_takes(one))] if timed else []
    return [word(one["action"]), mark(VERDICTS[one["verdict"]]), *takes, shown(one["reason"])]


def _takes(one: Document) -> str:
    """How long it may take, for what is to run and has run before."""
    expected = one.get("expected")
    return duration(expected) if expected is not None and one["verdict"] in ("run", "stale") else ""


def _code(code: Document | None) -> str:
    """Which code would run, where the document says it."""
    if not code or not code.get("commit"):
        return ""
    branch = f" on {code['branch']}" if code.get("branch") else ""
    changes = plural(code.get("changed_count", 0), "file")
    dirty = f", with {changes} changed since" if code.get("dirty") else ""
    return note(f"The code of commit {code['commit'][:7]}{branch}{dirty}.")
