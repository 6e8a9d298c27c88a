"""``jupyter pipeline compare``: what differs between the code of two requests, or in one of its files."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..wording import plural
from . import OK, find_project
from .documents import write
from .text import Cell, Out, safe, width_of

if TYPE_CHECKING:
    from ..diffs.notebooks import CellDifference
    from ..diffs.texts import Row, Side
    from ..project.code_comparison import CodeComparison, FileChange, FileDifferences

SIGNS = {"same": (" ", "plain"), "changed": ("~", "warn"), "added": ("+", "good"), "removed": ("-", "bad")}
WIDE = 120
"""Columns from which on two versions stand side by side."""
WORDS = {"binary": "not a text", "large": "large", "protected": "may not be seen", "notebook": "notebook", "text": ""}


def run(options: argparse.Namespace, out: Out) -> int:
    """Print the files that differ, or one of them."""
    project = find_project(options)
    older, newer = (options.older, options.newer) if options.older else ("previous", None)
    found = project.differences(newer, older)
    if options.path is not None:
        differences = found.file(options.path)
        if options.json:
            from ..project.documents import file_document

            write(file_document(differences))
        else:
            _file(out, differences, options.unified or out.width < WIDE)
        return OK
    if options.json:
        from ..project.documents import code_document

        write(code_document(found))
        return OK
    _files(out, found)
    return OK


# -- the list --------------------------------------------------------------------------------------


def _files(out: Out, found: CodeComparison) -> None:
    other = found.comparison
    if other.request is None or other.reason:
        out.wrapped(other.reason)
        return
    files = found.files()
    out.wrapped(f"From request {other.number} ({other.request.id}) to {found.request.id}: {_told(files)}.")
    if files:
        out.table(("", "", "", ""), [_row(file) for file in files], indent=2)
        out.wrapped("--path FILE shows one of them.", style="dim")


def _told(files: Sequence[FileChange]) -> str:
    if not files:
        return "the code is the same"
    return f"{plural(len(files), 'file')} that differ{'s' if len(files) == 1 else ''}"


def _row(file: FileChange) -> list[Cell]:
    sign, style = SIGNS[file.change]
    counts = f"+{file.added} -{file.removed}" if file.added is not None else ""
    return [(f"{sign} {file.change}", style), counts, safe(file.path), (file.reason or WORDS[file.kind], "dim")]


# -- one file --------------------------------------------------------------------------------------


def _file(out: Out, found: FileDifferences, unified: bool) -> None:
    file = found.file
    counts = f" (+{file.added} -{file.removed})" if file.added is not None else ""
    out.line(out.paint(f"{safe(file.path)}: {file.change}{counts}", "bold"))
    if file.reason:
        out.wrapped(file.reason)
    for cell in found.cells or ():
        _cell(out, cell, unified)
    _rows(out, found.rows or (), unified)


def _cell(out: Out, cell: CellDifference, unified: bool) -> None:
    outputs = ", its outputs changed" if cell.outputs_changed else ""
    if cell.kind == "same" and not outputs:
        return
    number = " -> ".join(str(each) for each in dict.fromkeys((cell.left, cell.right)) if each is not None)
    sign, style = SIGNS[cell.kind]
    out.line()
    out.line(out.paint(f"{sign} cell {number}, {cell.cell_type}: {cell.kind}{outputs}", style))
    _rows(out, cell.rows, unified)


def _rows(out: Out, rows: Sequence[Row], unified: bool) -> None:
    if unified:
        for line in _unified(out, rows):
            out.line(line)
        return
    digits = max((len(str(side.line)) for row in rows for side in (row.left, row.right) if side), default=1)
    half = (out.width - 3) // 2
    for row in rows:
        if row.kind == "gap":
            out.line(out.paint(f"{'...':>{digits}} {plural(row.count, 'equal line')}", "dim"))
            continue
        sign, style = SIGNS[row.kind]
        left = _half(out, row.left, digits, half, "bad" if row.kind != "same" else "plain")
        right = _half(out, row.right, digits, half, "good" if row.kind != "same" else "plain")
        out.line(f"{left} {out.paint(sign, style)} {right}".rstrip())


def _half(out: Out, side: Side | None, digits: int, half: int, style: str) -> str:
    """A line in so many columns; what does not fit is cut off, which the last column says."""
    if side is None:
        return " " * half
    text, room = _plain(side.text), half - digits - 1
    if width_of(text) > room:
        text = text[: room - 1]
        while width_of(text) > room - 1:
            text = text[:-1]
        text += ">"
    blanks = " " * (room - width_of(text))
    return f"{out.paint(f'{side.line:>{digits}}', 'dim')} {out.paint(text, style)}{blanks}"


def _unified(out: Out, rows: Iterable[Row]) -> Iterable[str]:
    """One version below the other; changed lines that follow one another are removed together, then added."""
    waiting: list[str] = []
    for row in rows:
        if row.kind != "changed":
            yield from waiting
            waiting.clear()
        if row.kind == "gap":
            yield out.paint(f"@@ {plural(row.count, 'equal line')} @@", "dim")
        elif row.kind == "same" and row.left:
            yield f" {_plain(row.left.text)}"
        else:
            if row.left:
                yield out.paint(f"-{_plain(row.left.text)}", "bad")
            if row.right:
                waiting.append(out.paint(f"+{_plain(row.right.text)}", "good"))
    yield from waiting


def _plain(text: str) -> str:
    """A line of code that can steer no terminal."""
    return "    ".join(safe(part) for part in text.split("\t"))
