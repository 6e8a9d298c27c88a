"""The ``--fix`` of ``jupyter pipeline check``: shows the edits that bring project.yaml up to date, and writes them."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import sys
import tempfile
from pathlib import Path

from .. import upgrade
from ..errors import InvalidRequest
from . import find_project
from .text import Out, safe


def mend(options: argparse.Namespace, out: Out) -> None:
    """Show what would change; on a terminal ask; write. Raises InvalidRequest where that cannot be done."""
    if options.file == "-":
        raise InvalidRequest("Standard input cannot be mended.", "Name a file.")
    if options.json:
        raise InvalidRequest("--fix shows a diff and gives no JSON.", "Leave out --json, and check again afterwards.")
    file = Path(options.file) if options.file else find_project(options).config.root / "project.yaml"
    before = file.read_bytes()
    try:
        text = before.decode()
    except UnicodeDecodeError:
        return  # the check that follows says so
    made = upgrade.upgrade(text)
    _print(out, text, made, file.name)
    if made.edits and _wanted(out):
        _write(file, before, made.text)
        out.line(out.paint(f"{out.symbol('good')} {file.name} is written.", "good"))
    out.line()


def _print(out: Out, text: str, made: upgrade.Upgrade, name: str) -> None:
    if not made.edits:
        out.line("There is nothing that can be mended mechanically.")
    diff = difflib.unified_diff(text.splitlines(), made.text.splitlines(), name, f"{name} (mended)", lineterm="")
    for line in diff:
        style = {"+": "good", "-": "bad", "@": "busy"}.get(line[:1], "plain")
        out.line(out.paint(safe(line), style))
    for head, edits in (("Edits", made.edits), ("Left for you", made.left)):
        if edits:
            out.line(out.paint(head, "head"))
            for edit in edits:
                out.wrapped(safe(f"line {edit.line}: {edit.what}"), indent=2)


def _wanted(out: Out) -> bool:
    """Whether to write: asked for with ``--fix``, and on a terminal confirmed."""
    if not (out.is_terminal and sys.stdin.isatty()):
        return True
    out.stream.write("Write this? [y/N] ")
    out.stream.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _write(file: Path, before: bytes, text: str) -> None:
    """Replace the content at once, keeping mode and links; whoever edited it meanwhile is not overwritten."""
    file = file.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(file.stat().st_mode & 0o7777)
        if file.read_bytes() != before:
            raise InvalidRequest(f"{file.name} was changed meanwhile.", "Run the command again.")
        part.replace(file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
