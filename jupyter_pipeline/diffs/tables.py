"""Two versions of a table: which rows and columns belong together, and which cells changed. Pure.

Rows are matched by the first columns if these name each row once, as the groups of a summary do; else by their order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..tables.summary import Table
from .alignment import align, pairs_by_likeness

MOST_CELLS = 4_000_000
"""Cells of the largest table that is compared."""
MOST_KEYS = 6
"""Columns, the first ones, that are tried as a name for each row."""
ALIKE = 0.34
"""How many of their cells two rows must share to be called versions of one another."""

Pair = tuple[int | None, int | None]
"""A place in the earlier table, and one in the later; None where there is none."""


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """A column in both versions."""

    name: str
    left: int | None
    right: int | None


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A row that differs."""

    kind: str
    """``changed``, ``added`` or ``removed``."""
    left: int | None
    """Its place in the earlier table, from 0."""
    right: int | None
    changed: tuple[int, ...] = ()
    """Which columns, by their place in `TableDifferences.columns`."""


@dataclass(frozen=True, slots=True)
class TableDifferences:
    """What differs between two versions of a table."""

    columns: tuple[ColumnPair, ...]
    """In the order of the later table; those that were removed come last."""
    key: tuple[str, ...]
    """The names of the columns by which rows were matched; none where their order was."""
    rows: tuple[RowDifference, ...]
    """In the order of the later table, the removed ones among them where they were."""
    same: int
    """Rows that are the same in all columns that both have."""
    notes: tuple[str, ...] = ()

    def counted(self, kind: str) -> int:
        """How many rows are of this kind."""
        return sum(row.kind == kind for row in self.rows)


def compare_tables(left: Table, right: Table) -> TableDifferences:
    """The later table beside the earlier one. Raises ValueError, with a sentence, for what is too large."""
    for table in (left, right):
        if len(table.columns) * len(table.rows) > MOST_CELLS:
            raise ValueError(f"A table of more than {MOST_CELLS:,} cells is not compared.")
    columns = _columns(left.columns, right.columns)
    shared = [place for place, one in enumerate(columns) if one.left is not None and one.right is not None]
    older = _picked(left, [columns[place].left for place in shared])
    newer = _picked(right, [columns[place].right for place in shared])
    keys = _keys(older, newer, len(shared))
    pairs = _by_key(older, newer, keys) if keys else _by_order(older, newer)
    rows, same = [], 0
    for i, j in _in_order(pairs, len(older), len(newer)):
        if i is None or j is None:
            rows.append(RowDifference("added" if i is None else "removed", i, j))
        elif older[i] == newer[j]:
            same += 1
        else:
            cells = zip(shared, older[i], newer[j], strict=True)
            rows.append(RowDifference("changed", i, j, tuple(at for at, one, other in cells if one != other)))
    key = tuple(columns[place].name for place in shared[:keys])
    return TableDifferences(tuple(columns), key, tuple(rows), same, tuple(_notes(columns, pairs)))


def _columns(left: Sequence[str], right: Sequence[str]) -> list[ColumnPair]:
    """Columns by their names; of several with one name the first goes with the first."""
    places = dict(zip(_numbered(left), range(len(left)), strict=True))
    found = [ColumnPair(name[0], places.pop(name, None), at) for at, name in enumerate(_numbered(right))]
    return found + [ColumnPair(name, at, None) for (name, _), at in places.items()]


def _numbered(names: Sequence[str]) -> Iterator[tuple[str, int]]:
    seen: Counter[str] = Counter()
    for name in names:
        yield name, seen[name]
        seen[name] += 1


def _picked(table: Table, places: Sequence[int | None]) -> list[tuple[str, ...]]:
    """The rows with these columns only."""
    if list(places) == list(range(len(table.columns))):
        return [tuple(row) for row in table.rows]
    return [tuple(row[place] for place in places if place is not None) for row in table.rows]


def _keys(older: Sequence[tuple[str, ...]], newer: Sequence[tuple[str, ...]], width: int) -> int:
    """How many of the first columns name each row once on both sides, most of them the same; 0 if none do."""
    for keys in range(1, min(width - 1, MOST_KEYS) + 1):
        names, others = ({row[:keys] for row in rows} for rows in (older, newer))
        if len(names) == len(older) and len(others) == len(newer):
            return keys if 2 * len(names & others) >= min(len(names), len(others)) > 0 else 0
    return 0


def _by_key(older: Sequence[tuple[str, ...]], newer: Sequence[tuple[str, ...]], keys: int) -> list[tuple[int, int]]:
    places = {row[:keys]: place for place, row in enumerate(older)}
    return [(places[row[:keys]], place) for place, row in enumerate(newer) if row[:keys] in places]


def _by_order(older: Sequence[tuple[str, ...]], newer: Sequence[tuple[str, ...]]) -> list[tuple[int, int]]:
    def likeness(i: int, j: int) -> float:
        return sum(one == other for one, other in zip(older[i], newer[j], strict=True)) / max(len(older[i]), 1)

    pairs: list[tuple[int, int]] = []
    i = j = 0
    for begin, other, size in align(older, newer).blocks:
        left, right = range(i, begin), range(j, other)
        as_they_stand = len(left) == len(right)
        pairs += zip(left, right, strict=True) if as_they_stand else pairs_by_likeness(left, right, likeness, ALIKE)
        pairs += [(begin + at, other + at) for at in range(size)]
        i, j = begin + size, other + size
    return pairs


def _in_order(pairs: Sequence[tuple[int, int]], older: int, newer: int) -> Iterator[Pair]:
    """All rows in the order of the later table; a removed one behind the one that it stood behind."""
    right_of, left_of = dict(pairs), {j: i for i, j in pairs}
    removed: dict[int, list[int]] = {}
    behind = -1
    for i in range(older):
        behind = right_of.get(i, behind)
        if i not in right_of:
            removed.setdefault(behind, []).append(i)
    for j in range(-1, newer):
        if j >= 0:
            yield left_of.get(j), j
        for i in removed.get(j, ()):
            yield i, None


def _notes(columns: Sequence[ColumnPair], pairs: Sequence[tuple[int, int]]) -> Iterator[str]:
    lefts = [one.left for one in columns if one.left is not None and one.right is not None]
    if lefts != sorted(lefts):
        yield "The columns stand in another order."
    order = [i for i, _ in sorted(pairs, key=lambda pair: pair[1])]
    if order != sorted(order):
        yield "The rows stand in another order."
