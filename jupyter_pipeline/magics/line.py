"""What the words of ``%pipeline`` do."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from ..client import Project
from . import words


def perform(line: str) -> Any:
    """Do what a line says; what comes out is shown by the cell."""
    options = words.parsed(words.pipeline(), words.split(line))
    if options is None:
        return None
    project = Project.find(options.project)
    return _COMMANDS[options.command](project, options)


def _run(project: Project, options: argparse.Namespace) -> Any:
    """A run that is watched has been shown already."""
    run = project.run(
        *options.actions,
        force=options.force,
        revision=options.revision,
        wait=not options.no_wait,
        on_interrupt=options.on_interrupt,
    )
    return run if options.no_wait else None


def _cancel(project: Project, options: argparse.Namespace) -> Any:
    project.cancel(options.request)
    return project.request(options.request)


_COMMANDS: Mapping[str | None, Callable[[Project, argparse.Namespace], Any]] = {
    None: lambda project, _: project.graph(),
    "plan": lambda project, asked: project.plan(*asked.actions, force=asked.force, revision=asked.revision),
    "run": _run,
    "status": lambda project, _: project.status(),
    "logs": lambda project, asked: project.log(asked.job),
    "outputs": lambda project, asked: project.outputs(asked.action),
    "read": lambda project, asked: project.read(asked.path),
    "show": lambda project, asked: project.request(asked.request),
    "requests": lambda project, _: project.requests(),
    "check": lambda project, asked: project.check(asked.rules),
    "compare": lambda project, asked: project.compare(asked.request, asked.other),
    "report": lambda project, asked: project.report(asked.name),
    "cancel": _cancel,
}
