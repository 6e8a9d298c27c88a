"""``jupyter pipeline outputs``: what there is, at which level, and whether it may be viewed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..errors import InvalidRequest
from ..wording import plural, size
from . import OK, find_project
from .documents import write
from .text import Cell, Out, safe

if TYPE_CHECKING:
    from ..project.facade import LocalProject
    from ..project.views import ViewedOutput


def run(options: argparse.Namespace, out: Out) -> int:
    """Print the outputs of the newest successful job of every action, or of one."""
    project = find_project(options)
    found = project.outputs()
    if options.action is not None:
        found = [one for one in found if one.file.action == options.action]
        if not found:
            _check_action(project, options.action)
    if options.json:
        from ..project.documents import output_document

        write({"backend": project.config.backend, "outputs": [output_document(one) for one in found]})
        return OK
    if not found:
        out.line("There are no outputs yet.")
        return OK
    reasons: dict[str, str] = {}
    groups: dict[tuple[str, str], list[list[Cell]]] = {}
    for one in sorted(found, key=lambda one: (one.file.action, one.file.path)):
        groups.setdefault((one.file.action, str(one.file.level)), []).append(_row(out, one, reasons))
    for (action, level), rows in groups.items():
        out.line(f"{out.paint(safe(action), 'bold')}  {out.paint(level, 'dim')}")
        out.table(("  OUTPUT", "SIZE", "ROWS x COLS", "VIEWABLE"), rows, indent=2)
        out.line()
    for reason, mark in reasons.items():
        out.wrapped(f"{mark}: {reason}", indent=len(mark) + 2, first=0, style="dim")
    viewable = sum(1 for one in found if one.answer.allowed)
    out.line(f"{plural(len(found), 'output')}; {viewable} may be viewed.")
    return OK


def _row(out: Out, one: ViewedOutput, reasons: dict[str, str]) -> list[Cell]:
    """A line; long reasons are given once each below, by number."""
    file, answer = one.file, one.answer
    symbol, style = ("good", "good") if answer.allowed else ("bad", "plain")
    number = reasons.setdefault(safe(answer.reason), f"{len(reasons) + 1}")
    viewable = f"{'yes' if answer.allowed else 'no'} ({number})"
    if not one.present:
        viewable += ", overwritten by another action since"
    shape = f"{file.rows} x {file.columns}" if file.rows is not None and file.columns is not None else ""
    path = f"{out.symbol(symbol)} {safe(file.path)}"
    return [(path, style), size(file.size), shape, (viewable, "plain")]


def _check_action(project: LocalProject, action: str) -> None:
    actions = project.pipeline().actions
    if action not in actions:
        raise InvalidRequest(f"project.yaml has no action {action}.", f"The actions are {', '.join(actions)}.")
