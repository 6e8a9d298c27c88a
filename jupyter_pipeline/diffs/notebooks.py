"""Two versions of a notebook, cell by cell. Pure.

The source of cells is compared, and of outputs only whether they changed: what they hold is for the gate to show. A
cell is known again by its source, else by its identifier, else by how much of its words it shares with another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .alignment import align, pairs_by_likeness
from .texts import (
    MOST_ROWS,
    Row,
    compare_texts,
    rows_of,
)

if TYPE_CHECKING:
    from ..models.documents import CellKind, CellType

ALIKE = 0.4
"""How much of their words two cells must share to be called versions of one another."""
MOST_CELLS = 20_000
STEPS_OF_A_CELL = 400_000

_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class CellDifference:
    """A cell of the earlier version beside that of the later one."""

    kind: CellKind
    """``same``, ``changed``, ``added`` or ``removed``."""
    cell_type: CellType
    """``code``, ``markdown`` or ``raw``."""
    left: int | None
    """Its number in the earlier version, from 1."""
    right: int | None
    rows: tuple[Row, ...] = ()
    """Its source; none for a cell that is the same."""
    outputs_changed: bool = False


@dataclass(frozen=True, slots=True)
class NotebookDifferences:
    """What differs between two versions of a notebook."""

    cells: tuple[CellDifference, ...]
    notes: tuple[str, ...] = ()
    """Sentences on what the cells do not show."""


@dataclass(frozen=True, slots=True)
class _Cell:
    type: CellType
    id: str
    source: str
    outputs: str
    """All that tells whether they changed."""


def compare_notebooks(left: str, right: str) -> NotebookDifferences:
    """The later version, `right`, beside the earlier one. Raises ValueError, with a sentence, for what is none."""
    older, newer = _cells(left), _cells(right)
    aligned = align([(one.type, one.source) for one in older], [(one.type, one.source) for one in newer])
    making = _Making(older, newer)
    i = j = 0
    for begin, other, size in aligned.blocks:
        making.unequal(range(i, begin), range(j, other))
        for at in range(size):
            making.pair(begin + at, other + at)
        i, j = begin + size, other + size
    return NotebookDifferences(tuple(making.found), tuple(_notes(making, left != right)))


def sources_of(text: str) -> str:
    """The source of all cells one below the other, to be counted. Raises ValueError as `compare_notebooks`."""
    return "".join(f"{one.source.removesuffix(chr(10))}\n" for one in _cells(text) if one.source)


def _notes(making: _Making, differs: bool) -> list[str]:
    notes = []
    if all(one.kind == "same" for one in making.found) and differs:
        outputs = any(one.outputs_changed for one in making.found)
        notes.append(
            "Only outputs have changed, which are not shown here."
            if outputs
            else "The cells are the same; something else in the file has changed, such as its metadata."
        )
    if making.is_cut:
        notes.append(f"Only the first {MOST_ROWS:,} rows are shown.")
    return notes


class _Making:
    """Puts the cells of two versions beside one another."""

    def __init__(self, left: Sequence[_Cell], right: Sequence[_Cell]) -> None:
        self.left, self.right = left, right
        self.found: list[CellDifference] = []
        self.rows_left = MOST_ROWS
        self.is_cut = False

    def unequal(self, left: range, right: range) -> None:
        """Cells that were changed beside one another, between them those that were removed, then the added ones."""
        words = [{at: set(_WORDS.findall(cells[at].source)) for at in places}
                 for cells, places in ((self.left, left), (self.right, right))]  # fmt: skip

        def likeness(i: int, j: int) -> float:
            one, other = self.left[i], self.right[j]
            if one.type != other.type:
                return 0.0
            total = len(words[0][i]) + len(words[1][j])
            shared = 2 * len(words[0][i] & words[1][j]) / total if total else 0.0
            return shared + (1.0 if one.id and one.id == other.id else 0.0)

        i, j = left.start, right.start
        for one, other in (*pairs_by_likeness(left, right, likeness, ALIKE), (left.stop, right.stop)):
            for at in range(i, one):
                self._add(CellDifference("removed", self.left[at].type, at + 1, None, self._rows(at, None)))
            for at in range(j, other):
                self._add(CellDifference("added", self.right[at].type, None, at + 1, self._rows(None, at)))
            if one < left.stop and other < right.stop:
                self.pair(one, other)
            i, j = one + 1, other + 1

    def pair(self, i: int, j: int) -> None:
        """One cell beside its later version."""
        one, other = self.left[i], self.right[j]
        same = one.source == other.source
        rows = () if same else self._rows(i, j)
        outputs = one.outputs != other.outputs
        self._add(CellDifference("same" if same else "changed", other.type, i + 1, j + 1, rows, outputs))

    def _rows(self, i: int | None, j: int | None) -> tuple[Row, ...]:
        if i is not None and j is not None:
            rows = compare_texts(
                self.left[i].source, self.right[j].source, most_rows=MOST_ROWS, steps=STEPS_OF_A_CELL
            ).rows
        elif i is not None:
            rows = rows_of(self.left[i].source, "removed")
        else:
            assert j is not None
            rows = rows_of(self.right[j].source, "added")
        kept = rows[: self.rows_left]
        self.rows_left -= len(kept)
        self.is_cut |= len(kept) < len(rows)
        return kept

    def _add(self, cell: CellDifference) -> None:
        self.found.append(cell)


def _cells(text: str) -> list[_Cell]:
    """The cells of a notebook of format 3 or 4. Raises ValueError."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("It cannot be read as a notebook.") from error
    sheets = content.get("worksheets", [content]) if isinstance(content, dict) else None
    if not isinstance(sheets, list):
        raise ValueError("It cannot be read as a notebook.")
    found: list[_Cell] = []
    for sheet in sheets:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
            raise ValueError("It cannot be read as a notebook.")
        found += map(_cell, cells)
    if len(found) > MOST_CELLS:
        raise ValueError(f"It has {len(found):,} cells, which are too many to compare.")
    return found


def _cell(cell: dict[str, Any]) -> _Cell:
    kind = cell.get("cell_type")
    source = cell.get("source", cell.get("input", ""))
    outputs = cell.get("outputs")
    return _Cell(
        kind if kind in ("code", "markdown") else "raw" if kind != "heading" else "markdown",
        str(cell.get("id", "")),
        "".join(map(str, source)) if isinstance(source, list) else str(source),
        _told(outputs) if isinstance(outputs, list) else "",
    )


def _told(outputs: list[Any]) -> str:
    """Outputs as one text, without how often the kernel had run something by then."""
    counts = ("execution_count", "prompt_number")
    plain = [
        {name: one[name] for name in one if name not in counts} if isinstance(one, dict) else one for one in outputs
    ]
    try:
        return json.dumps(plain, sort_keys=True) if plain else ""
    except RecursionError:
        return repr(len(plain))
