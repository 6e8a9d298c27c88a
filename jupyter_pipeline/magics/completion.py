"""What could stand at the cursor in a line of ours: sub-commands, flags, actions, outputs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from ..client import Project
from ..errors import PipelineError
from . import words

_ACTIONS = ("plan", "run", "logs", "outputs", "report")
"""Sub-commands that are followed by names of actions."""
_IMAGES = ("python:v2", "python:v1", "r:latest", "stata-mp:latest")


def complete(line: str) -> list[str]:
    """The words that could be the last one of a line, up to the cursor; none where nothing can be said."""
    magic, *said = line.split(" ")
    last = said[-1] if said else ""
    before = [word for word in said[:-1] if word]
    try:
        found = list(_action(before, last) if magic == "%%action" else _pipeline(before, last))
    except (PipelineError, OSError):  # a project that cannot be read has no names
        return []
    return [word for word in found if word.startswith(last)]


def _pipeline(before: list[str], last: str) -> Iterable[str]:
    parser = words.pipeline()
    known = words.commands(parser)
    command = next((word for word in before if word in known), None)
    if command is None:
        return words.flags(parser) if last.startswith("-") else known
    if before[-1] == "--on-interrupt":
        return words.INTERRUPTS
    if before[-1] == "--with":
        return ("previous", "previous_successful")
    if last.startswith("-"):
        return _unsaid(known[command], before)
    project = Project.find(_project(before))
    if command in _ACTIONS:
        return (*project.actions, *(["run_all"] if command in ("plan", "run") else []))
    if command == "read":
        return [one.path for one in project.outputs() if one.viewable]
    if command in ("show", "compare", "cancel"):
        return [str(one.number) for one in project.requests()]
    return ()


def _action(before: list[str], last: str) -> Iterable[str]:
    parser = words.action()
    if last.startswith("-"):
        return _unsaid(parser, before)
    flag = next((word for word in reversed(before) if word.startswith("--")), None)
    if flag == "--on-interrupt":
        return words.INTERRUPTS
    if flag == "--image":
        return _IMAGES
    if flag in (None, "--needs"):
        return Project.find(_project(before)).actions
    return ()


def _project(before: list[str]) -> str:
    """The folder that the line names."""
    place = before.index("--project") + 1 if "--project" in before else len(before)
    return before[place] if place < len(before) else "."


def _unsaid(parser: argparse.ArgumentParser, before: list[str]) -> list[str]:
    return [flag for flag in words.flags(parser) if flag not in before]
