"""A plan with what a person wants to know before jobs start: the code, what each action runs, how long it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ..models import Action
from ..notebooks.commands import NotebookRun, masked, recognise
from ..notebooks.declarations import Declared, declared
from ..rules.plan import Plan
from .survey import Survey

MOST_READ = 2 * 1024**2
"""Bytes of the largest notebook that is looked into for its parameters."""


@dataclass(frozen=True, slots=True)
class CodeState:
    """The code that the jobs would run."""

    branch: str | None
    commit: str | None
    changed: tuple[str, ...] = ()
    """Files of the working tree that differ from the commit, sorted; a new folder ends with a slash."""

    @property
    def dirty(self) -> bool:
        """Whether it differs from the commit."""
        return bool(self.changed)


@dataclass(frozen=True, slots=True)
class PlannedNotebook:
    """The notebook that a job would run."""

    path: str
    tool: str
    parameters: Mapping[str, Any]
    """What the command sets, secrets masked."""
    declared: tuple[Declared, ...]
    """What the notebook itself declares, secrets masked."""


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """What a job of the action would do."""

    runtime: str
    run_command: str
    line: int | None
    expected: float | None
    """Seconds, from its last jobs; None where it has never succeeded."""
    notebook: PlannedNotebook | None


@dataclass(frozen=True, slots=True)
class Foresight:
    """A plan, and what would run."""

    plan: Plan
    code: CodeState
    actions: Mapping[str, PlannedAction]


def foresee(look: Survey, plan: Plan, expected: Mapping[str, float], unquoted: Collection[str] = ()) -> Foresight:
    """What the jobs of a plan would do; `expected` has seconds for actions that have succeeded before.

    Of files that are `unquoted` nothing is told that stands in them.
    """
    found = {}
    for one in plan.actions:
        action = look.pipeline.actions[one.action]
        seconds = expected.get(action.name)
        run = action.run
        found[action.name] = PlannedAction(
            run.runtime, run.raw, action.line, seconds, _notebook(look, action, unquoted)
        )
    return Foresight(plan, _code(look), found)


def _code(look: Survey) -> CodeState:
    """Where the code stands. A commit is what it is, whichever branch it was found by."""
    if look.commit is not None:
        return CodeState(None, look.commit)
    head = look.head
    return CodeState(head.branch, head.commit, head.changed) if head else CodeState(None, None)


def _notebook(look: Survey, action: Action, unquoted: Collection[str]) -> PlannedNotebook | None:
    run = recognise(look.words(action), action.run.image)
    if not isinstance(run, NotebookRun):
        return None
    found = declared(_text(look, run.notebook) if run.notebook not in unquoted else "")
    shown = masked({one.name: one.value for one in found})
    safe = tuple(Declared(one.name, shown[one.name], one.type, one.help) for one in found)
    return PlannedNotebook(run.notebook, run.tool, masked(run.parameters), safe)


def _text(look: Survey, path: str) -> str:
    """A notebook of the code; empty where it is none of its files, too large, or gone a moment ago."""
    file = look.code.files.get(path)
    if file is None or file.target is not None or file.size > MOST_READ:
        return ""
    try:
        return (look.base / path).read_bytes().decode("utf-8", errors="replace")
    except OSError:
        return ""
