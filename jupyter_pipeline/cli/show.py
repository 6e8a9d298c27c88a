"""``jupyter pipeline show``: the page of a job request, with every field of the platform's."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..config import EXPECTATIONS
from ..models.looks import REQUESTS, VERDICTS
from ..notebooks.commands import masked
from ..wording import clock, duration, moment, plural
from . import OK, find_project, states
from .documents import request_document, write
from .results import wall_clock
from .text import Cell, Out, safe

if TYPE_CHECKING:
    from ..models import Job
    from ..models.documents import ComparisonDocument
    from ..project.facade import LocalProject
    from ..project.views import RequestView

LEVELS = (
    ("highly_sensitive", "Nobody views these outputs. People can only ask for code to be run on them."),
    (
        "moderately_sensitive",
        "An approved person may view these, on a secure machine. Only these can be proposed for release to the public, "
        "which is decided after a review.",
    ),
    ("minimally_sensitive", "Accepted, and kept like highly_sensitive."),
)
LISTED = 40
"""Paths of a code comparison that are listed for each kind of change."""


def run(options: argparse.Namespace, out: Out) -> int:
    """Print a request."""
    project = find_project(options)
    view = project.request(options.request)
    from ..project.documents import comparison_document

    compared = [comparison_document(one) for one in project.comparisons(view.request.id)]
    if options.json:
        more = {"project_yaml": view.request.project_yaml, "comparisons": compared}
        write({"request": {**request_document(project, view), **more}})
        return OK
    _title(out, view)
    _jobs(out, project, view)
    _notebooks(out, project, view)
    _pipeline(out, view.request.project_yaml)
    _timeline(out, view)
    _details(out, view)
    _comparisons(out, compared)
    _plan(out, view)
    return OK


def _heading(out: Out, text: str) -> None:
    out.line()
    out.line(out.paint(text, "head") if out.color else f"{text}\n{'-' * len(text)}")


def _facts(out: Out, facts: list[tuple[str, Cell]]) -> None:
    out.table(("", ""), [((name, "dim"), value) for name, value in facts], indent=2)


def _title(out: Out, view: RequestView) -> None:
    request = view.request
    title = f"Job request: {view.number}"
    out.line(out.paint(title, "bold") if out.color else f"{title}\n{'=' * len(title)}")
    _facts(
        out,
        [
            ("Organisation", safe(request.organisation or "not set")),
            ("Workspace", safe(request.workspace)),
            ("ID", request.id),
        ],
    )
    where = "synthetic data" if request.backend == EXPECTATIONS else f"the data of the {request.backend} backend"
    out.line()
    out.wrapped(
        f"This is the technical record of what happened when {safe(request.requested_by)} asked for one or more "
        f"actions to be run on {safe(where)}. The jobs, read together with the pipeline below, tell at which level "
        "each output was written:"
    )
    out.table(("", ""), [((name, "bold"), text) for name, text in LEVELS], indent=2)


def _jobs(out: Out, project: LocalProject, view: RequestView) -> None:
    _heading(out, "Jobs")
    if not view.jobs:
        out.line("  None: there was nothing to do.")
        return
    out.table(("  ACTION", "STATUS", "JOB IDENTIFIER", "TOOK", ""), [_job(out, project, job) for job in view.jobs])
    done = sum(1 for job in view.jobs if job.state.is_final)
    counts: dict[str, int] = {}
    for job in view.jobs:
        counts[str(job.state)] = counts.get(str(job.state), 0) + 1
    shares = ", ".join(f"{count} {state} ({count / len(view.jobs):.0%})" for state, count in counts.items())
    out.line(out.paint(f"  {done} of {len(view.jobs)} complete: {shares}", "dim"))


def _job(out: Out, project: LocalProject, job: Job) -> list[Cell]:
    symbol, style, words = states.look(job.state, job.code)
    said = ""
    if job.state != "succeeded":
        said = f"{job.code}: {safe(job.message or project.sentence(job.code))}"
    elif job.message != "Succeeded.":
        said = safe(job.message)
    name = f"{out.symbol(symbol)} {safe(job.action)}"
    return [(name, style), (words, style), job.id, duration(job.elapsed), said]


def _notebooks(out: Out, project: LocalProject, view: RequestView) -> None:
    """The notebooks that jobs run in place of their commands."""
    found = [(job.action, notebook) for job in view.jobs if (notebook := project.notebook(job))]
    if not found:
        return
    _heading(out, "Notebooks")
    for action, notebook in found:
        if notebook.run is None:
            out.wrapped(f"{safe(action)}: {safe(notebook.note)}", indent=4, first=2)
            continue
        done = sum(cell.state == "done" for cell in notebook.cells)
        cells = f"{done} of {notebook.cells[0].total} cells done" if notebook.cells else "no cell has run"
        out.wrapped(f"{safe(action)}: {safe(notebook.run.notebook)}, {cells}", indent=4, first=2)
        told = ", ".join(f"{name} = {value!r}" for name, value in masked(notebook.run.parameters).items())
        if told:
            out.wrapped(f"Parameters: {safe(told)}", indent=6, first=4)
        if notebook.kept.exists():
            out.wrapped(f"As executed, {notebook.level}: {safe(str(notebook.kept))}", indent=6, first=4, style="dim")


def _pipeline(out: Out, source: str) -> None:
    _heading(out, "Pipeline (project.yaml as it was run)")
    lines = ["\t".join(safe(part) for part in line.split("\t")) for line in source.splitlines()]
    if not out.color:
        for line in lines:
            out.line(f"  {line}".rstrip())
        return
    from rich.console import Console
    from rich.padding import Padding
    from rich.syntax import Syntax

    code = Syntax("\n".join(lines), "yaml", background_color="default", word_wrap=True, theme="ansi_dark")
    Console(file=out.stream, force_terminal=True, width=out.width).print(Padding(code, (0, 0, 0, 2)))


def _timeline(out: Out, view: RequestView) -> None:
    _heading(out, "Timeline")
    _facts(
        out,
        [
            ("Created", moment(view.request.created_at)),
            ("Started", moment(view.started_at) or "not yet" if view.jobs else "-"),
            ("Finished", moment(view.finished_at) or "not yet" if view.jobs else "-"),
            ("Runtime", f"{clock(view.runtime)} (the jobs' times added up)"),
            ("Wall clock", f"{wall_clock(view)} (from the first start to the last end)" if view.finished_at else "-"),
            ("Critical path", _critical_path(view)),
        ],
    )
    out.wrapped(f"Times are in UTC, as the {safe(view.request.backend)} backend records them.", indent=2, style="dim")


def _critical_path(view: RequestView) -> str:
    """The longest chain of jobs, its middle left out where it is long."""
    chain = view.critical_path
    if chain is None:
        return "-"
    names = list(chain.actions)
    if len(names) > 6:
        names[3:-2] = [f"{len(names) - 5} more"]
    return f"{duration(chain.seconds)} ({safe(', '.join(names))}, one after the other)"


def _details(out: Out, view: RequestView) -> None:
    request = view.request
    symbol, style, _ = REQUESTS[view.status]
    status = str(view.status).replace("_", " ").capitalize()
    commit = request.commit[:7] if request.commit else "none: the project is not in a git repository"
    if request.dirty:
        commit += " and changes that were not committed; the snapshot of the code has them"
    _heading(out, "Job request details")
    _facts(
        out,
        [
            ("Status", (f"{out.symbol(symbol)} {status}{', cancelled' if request.cancelled else ''}", style)),
            ("Backend", safe(request.backend)),
            ("Workspace", safe(request.workspace)),
            ("Requested by", safe(request.requested_by)),
            ("Branch", safe(request.branch or "none")),
            ("Force run dependencies", "Yes" if request.force else "No"),
            ("Git commit hash", commit),
            ("Requested actions", safe(", ".join(request.requested_actions))),
        ],
    )


# -- the code --------------------------------------------------------------------------------------


def _comparisons(out: Out, compared: Sequence[ComparisonDocument]) -> None:
    _heading(out, "Code comparison")
    names = {"previous": "the previous request", "previous_successful": "the previous successful request"}
    for one in compared:
        name = names[one.kind]
        if one.request is None:
            out.wrapped(f"With {name}: {one.reason}", indent=4, first=2)
            continue
        at = f"commit {one.commit[:7]}{' with changes' if one.dirty else ''}" if one.commit else "no commit"
        snapshot = f", snapshot {one.code[:7]}" if one.code else ""
        head = f"With {name}, {one.number} ({one.request}; {at}{snapshot}): "
        if one.added is None:
            out.wrapped(head + one.reason, indent=4, first=2)
            continue
        changes = [(kind, getattr(one, kind)) for kind in ("added", "changed", "removed") if getattr(one, kind)]
        told = ", ".join(f"{plural(len(paths), 'file')} {kind}" for kind, paths in changes)
        out.wrapped(head + (f"{told}." if told else "the code is the same."), indent=4, first=2)
        for kind, paths in changes:
            _paths(out, kind, paths)


def _paths(out: Out, kind: str, paths: Sequence[str]) -> None:
    mark, style = {"added": ("+", "good"), "changed": ("~", "warn"), "removed": ("-", "bad")}[kind]
    for path in paths[:LISTED]:
        out.line(out.paint(f"    {mark} {kind:<8} {safe(path)}", style))
    if len(paths) > LISTED:
        out.line(out.paint(f"    {mark} and {len(paths) - LISTED} more {kind}; --json lists them all", "dim"))


def _plan(out: Out, view: RequestView) -> None:
    _heading(out, "Why each action ran or did not")
    rows: list[list[Cell]] = []
    for one in view.plan:
        symbol, style, words = VERDICTS[one.verdict]
        rows.append([(f"{out.symbol(symbol)} {safe(one.action)}", style), (words, style), safe(one.reason)])
    out.table(("", "", ""), rows)
