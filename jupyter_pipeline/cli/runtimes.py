"""``jupyter pipeline runtimes``: what stands for the image names of a project."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from ..errors import InvalidRequest
from ..wording import size
from . import OK, find_project
from .documents import write
from .text import Cell, Out, safe

if TYPE_CHECKING:
    from ..models.documents import RuntimeDocument
from ..project.facade import LocalProject

LOOKS = {"ready": ("good", "good"), "buildable": ("again", "busy"), "missing": ("bad", "bad")}
"""Runtime state: symbol and style."""


def run(options: argparse.Namespace, out: Out) -> int:
    """List, build, pull or remove runtimes."""
    project = find_project(options)
    if options.verb == "list":
        return _list(project, options, out)
    if not options.names:
        raise InvalidRequest(f"Which runtime is to be {_DONE[options.verb]}?", "Name one or more, such as python:v2.")
    told = Out(sys.stderr, options.color) if options.json else out
    results = [_VERBS[options.verb](project, name, told) for name in options.names]
    if options.json:
        write({"runtimes": results})
    return OK


def _build(project: LocalProject, name: str, out: Out) -> dict[str, Any]:
    def tell(line: str) -> None:
        out.line(f"  {safe(line)}")
        out.stream.flush()

    out.line(f"{out.symbol('busy')} Building {safe(name)}")
    built = project.build_runtime(name, tell)
    out.line(out.paint(f"{out.symbol('good')} {safe(name)} is ready ({safe(built.name)}).", "good"))
    return {"name": name, "resolved": built.name, "state": "ready"}


def _pull(project: LocalProject, name: str, out: Out) -> dict[str, Any]:
    def tell(line: str) -> None:
        out.line(f"  {safe(line)}")
        out.stream.flush()

    out.line(f"{out.symbol('busy')} Fetching the image of {safe(name)}")
    image = project.pull_runtime(name, tell)
    out.line(out.paint(f"{out.symbol('good')} {safe(name)} is there ({safe(image[:19])}).", "good"))
    return {"name": name, "identity": image, "state": "ready"}


def _remove(project: LocalProject, name: str, out: Out) -> dict[str, Any]:
    freed = project.remove_runtime(name)
    out.line(f"{out.symbol('good')} Removed what was built for {safe(name)}: {size(freed)}.")
    return {"name": name, "removed_bytes": freed}


_VERBS = {"build": _build, "pull": _pull, "remove": _remove}
_DONE = {"build": "built", "pull": "pulled", "remove": "removed"}


def _list(project: LocalProject, options: argparse.Namespace, out: Out) -> int:
    from ..project.documents import runtime_document

    listed = [runtime_document(one, used) for one, used in project.known_runtimes()]
    if options.names:
        listed = [one for one in listed if {one.name, *one.aliases} & set(options.names)]
    if options.json:
        write({"runtimes": listed})
        return OK
    out.table(("  RUNTIME", "STATE", "USED", "PYTHON", "SIZE", "ABOUT"), [_row(out, one) for one in listed])
    return OK


def _row(out: Out, one: RuntimeDocument) -> list[Cell]:
    symbol, style = LOOKS[one.state]
    also = f"Also named {', '.join(one.aliases)}. " if one.aliases else ""
    return [
        (f"{out.symbol(symbol)} {safe(one.name)}", style),
        (one.state, style),
        "yes" if one.used else "",
        one.python or "",
        size(one.size) if one.size else "",
        (safe(also + one.message), "dim"),
    ]
