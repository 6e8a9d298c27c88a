"""``jupyter pipeline plan``: what `run` would do, and why."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

from ..errors import InvalidProject
from ..models import RUN_ALL, RuntimeInfo, RuntimeState
from . import OK, find_project
from .documents import planned_list, write
from .text import Cell, Out, plural, safe

if TYPE_CHECKING:
    from ..plan import Plan, Planned
    from ..project import Project

LOOKS = {
    "run": ("busy", "busy", "run"),
    "stale": ("again", "warn", "stale"),
    "skip": ("skip", "dim", "skip"),
    "cannot_run": ("bad", "bad", "cannot run"),
}
"""Verdict: symbol, style, words."""


def run(options: argparse.Namespace, out: Out) -> int:
    """Print the plan."""
    project = find_project(options)
    actions = options.actions or [RUN_ALL]
    plan = project.plan(actions, options.force, options.commit)
    builds = _builds(project, plan)
    counts = Counter(str(one.verdict) for one in plan.actions)
    if options.json:
        write(
            {
                "backend": project.config.backend,
                "requested": list(plan.requested),
                "force": plan.force,
                "commit": options.commit,
                "actions": planned_list(plan.actions),
                "counts": {verdict: counts[verdict] for verdict in LOOKS},
                "runtimes_to_build": [{"name": info.name, "message": info.message} for info in builds],
            }
        )
        return OK
    out.table(("  ACTION", "VERDICT", "WHY"), [_row(out, one) for one in plan.actions])
    out.line()
    for info in builds:
        out.wrapped(f"{out.symbol('warn')} {safe(info.name)} is built first. {safe(info.message)}", indent=2, first=0)
    out.line(_summary(counts, len(plan.actions)))
    return OK


def _row(out: Out, one: Planned) -> list[Cell]:
    symbol, style, words = LOOKS[one.verdict]
    action = f"{out.symbol(symbol)} {safe(one.action)}"
    return [(action, style), (words, style), (safe(one.reason), "dim" if style == "dim" else "plain")]


def _summary(counts: Counter[str], total: int) -> str:
    words = {"run": "to run", "stale": "stale, to run again", "skip": "to skip", "cannot_run": "that cannot run here"}
    parts = [f"{counts[name]} {words[name]}" for name in words if counts[name]]
    if counts["skip"] == total:
        return f"Nothing to do: {plural(total, 'action')}, all up to date or being made already."
    return f"{plural(total, 'action')}: {', '.join(parts)}."


def _builds(project: Project, plan: Plan) -> list[RuntimeInfo]:
    """The runtimes that must be built before the plan's jobs can run."""
    try:
        actions = project.pipeline().actions
    except InvalidProject:  # of the working tree, while the plan is of a commit
        return []
    names = {actions[one.action].run.runtime for one in plan.to_run if one.action in actions}
    infos = [project.runtime(name) for name in sorted(names)]
    return [info for info in infos if info.state is RuntimeState.BUILDABLE]
