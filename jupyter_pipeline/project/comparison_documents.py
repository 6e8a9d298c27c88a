"""The documents of comparisons: the code of two requests, as ``--json`` prints and the server sends them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from ..diffs.notebooks import CellDifference
from ..diffs.texts import Row, Side
from .code_comparison import CodeComparison, FileChange, FileDifferences
from .documents import Document


def code_document(comparison: CodeComparison) -> Document:
    """The files that differ between two requests."""
    found = comparison.comparison
    return {
        "request": comparison.request.id,
        "with": found.request.id if found.request else None,
        "number": found.number,
        "reason": found.reason,
        "files": [_file(file) for file in comparison.files()],
    }


def file_document(found: FileDifferences) -> Document:
    """What differs in one file."""
    return {
        **_file(found.file),
        "rows": None if found.rows is None else row_list(found.rows),
        "cells": None if found.cells is None else [_cell(cell) for cell in found.cells],
    }


def row_list(rows: Sequence[Row]) -> list[Document]:
    """Lines side by side; marks count characters (code points)."""
    return [
        {"kind": row.kind, "left": _side(row.left), "right": _side(row.right)}
        | ({"count": row.count} if row.kind == "gap" else {})
        for row in rows
    ]


def _file(file: FileChange) -> Document:
    return asdict(file)


def _side(side: Side | None) -> Document | None:
    return (
        None if side is None else {"line": side.line, "text": side.text, "marks": [list(each) for each in side.marks]}
    )


def _cell(cell: CellDifference) -> Document:
    return {
        "kind": cell.kind,
        "cell_type": cell.cell_type,
        "left": cell.left,
        "right": cell.right,
        "rows": row_list(cell.rows),
        "outputs_changed": cell.outputs_changed,
    }
