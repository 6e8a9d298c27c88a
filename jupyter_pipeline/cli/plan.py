"""``jupyter pipeline plan``: what `run` would do, and why."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

from ..models import RUN_ALL
from ..models.looks import VERDICTS
from ..wording import plural
from . import OK, find_project
from .documents import write
from .text import Cell, Out, safe

if TYPE_CHECKING:
    from ..rules.plan import Planned


def run(options: argparse.Namespace, out: Out) -> int:
    """Print the plan."""
    project = find_project(options)
    actions = options.actions or [RUN_ALL]
    if options.json:
        foreseen = project.foresee(actions, options.force, options.commit)
        builds, stand_ins = project.builds(foreseen.plan), project.stand_ins(foreseen.plan)
        from ..models.documents import plain
        from ..project.documents import plan_document

        write({"commit": options.commit, **plain(plan_document(foreseen, builds, stand_ins, project.config.backend))})
        return OK
    plan = project.plan(actions, options.force, options.commit)
    builds = project.builds(plan)
    counts = Counter(str(one.verdict) for one in plan.actions)
    out.table(("  ACTION", "VERDICT", "WHY"), [_row(out, one) for one in plan.actions])
    out.line()
    for info in builds:
        out.wrapped(f"{out.symbol('warn')} {safe(info.name)} is built first. {safe(info.message)}", indent=2, first=0)
    for info in project.stand_ins(plan):
        out.wrapped(f"{out.symbol('warn')} {safe(info.stand_in)}", indent=2, first=0)
    out.line(_summary(counts, len(plan.actions)))
    return OK


def _row(out: Out, one: Planned) -> list[Cell]:
    symbol, style, words = VERDICTS[one.verdict]
    action = f"{out.symbol(symbol)} {safe(one.action)}"
    return [(action, style), (words, style), (safe(one.reason), "dim" if style == "dim" else "plain")]


def _summary(counts: Counter[str], total: int) -> str:
    words = {"run": "to run", "stale": "stale, to run again", "skip": "to skip", "cannot_run": "that cannot run here"}
    parts = [f"{counts[name]} {words[name]}" for name in words if counts[name]]
    if counts["skip"] == total:
        return f"Nothing to do: {plural(total, 'action')}, all up to date or being made already."
    return f"{plural(total, 'action')}: {', '.join(parts)}."
