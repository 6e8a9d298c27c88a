"""The ``--fix`` of ``jupyter pipeline check``: shows the edits that bring project.yaml up to date, and writes them."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from ..errors import InvalidRequest, ProjectNotFound
from ..project import rewriting
from ..spec import upgrade
from ..spec.yaml.syntax import MAX_SIZE
from . import find_project
from .text import Out, safe

_HUNK = re.compile(r"@@ -(\d+).*")


def mend(options: argparse.Namespace, out: Out) -> None:
    """Show what would change; on a terminal ask; write. Raises InvalidRequest where that cannot be done."""
    if options.file == "-":
        raise InvalidRequest("Standard input cannot be mended.", "Name a file.")
    if options.json:
        raise InvalidRequest("--fix shows a diff and gives no JSON.", "Leave out --json, and check again afterwards.")
    file = Path(options.file) if options.file else find_project(options).config.root / "project.yaml"
    before = read_file(str(file))
    if not os.access(file, os.W_OK):
        raise InvalidRequest(f"{file.name} may not be written to.", "Make it writable, or mend a copy of it.")
    try:
        text = before.decode()
    except UnicodeDecodeError:
        return  # the check that follows says so
    made = upgrade.upgrade(text)
    _print(out, text, made)
    if made.edits and _wanted(out):
        rewriting.replace(file, before, made.text)
        out.line(out.paint(f"{out.symbol('good')} {safe(file.name)} is written.", "good"))
    out.line()


def _print(out: Out, text: str, made: upgrade.Upgrade) -> None:
    if not made.edits:
        out.line("There is nothing that can be mended mechanically.")
    for line in _difference(text.splitlines(), made.text.splitlines()):
        style = {"+": "good", "-": "bad", "@": "busy"}.get(line[:1], "plain")
        out.line(out.paint(safe(line), style))
    for head, edits in (("Edits", made.edits), ("Left for you", made.left)):
        if edits:
            out.line(out.paint(head, "head"))
            for edit in edits:
                out.wrapped(safe(f"line {edit.line}: {edit.what}"), indent=2)


def _difference(old: list[str], new: list[str]) -> Iterator[str]:
    """What differs, with a line around each change.

    The texts are compared from one line that stands in both just once to the next, such as an action's name: as a
    whole, a thousand actions that all look alike would take difflib minutes.
    """
    once = {line for line, count in Counter(old).items() if count == 1}
    once &= {line for line, count in Counter(new).items() if count == 1}
    places = {line: number for number, line in enumerate(new) if line in once}
    marks = [(number, places[line]) for number, line in enumerate(old) if line in once]
    marks = [(0, 0), *marks, (len(old), len(new))]
    for (begin, other), (end, until) in pairwise(marks):
        if old[begin:end] != new[other:until]:
            around = difflib.unified_diff(old[begin:end], new[other:until], n=1, lineterm="")
            for line in list(around)[2:]:
                found = _HUNK.match(line)
                yield f"@@ line {int(found[1]) + begin} @@" if found else line


def _wanted(out: Out) -> bool:
    """Whether to write: asked for with ``--fix``, and on a terminal confirmed."""
    if not (out.is_terminal and sys.stdin.isatty()):
        return True
    out.stream.write("Write this? [y/N] ")
    out.stream.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def read_file(name: str) -> bytes:
    """The content of a file, or of standard input for ``-``, as far as anything reads it; raises ProjectNotFound."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_SIZE + 1)
    try:
        path = Path(name)
        if path.exists() and not path.is_file():
            raise ProjectNotFound(f"{name} is no file.", "Name a project.yaml.")
        with path.open("rb") as stream:
            return stream.read(MAX_SIZE + 1)
    except OSError as error:
        raise ProjectNotFound(f"{name} cannot be read: {error.strerror}.", "Name a project.yaml.") from error
