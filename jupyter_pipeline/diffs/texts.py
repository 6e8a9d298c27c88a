"""Two versions of a text side by side, line by line, within a bounded amount of work. Pure.

Line ends of Windows count as plain ones, and are told of. Where the files come from is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from .alignment import STEPS, align, pairs_by_likeness

if TYPE_CHECKING:
    from ..models.documents import RowKind

CONTEXT = 3
"""Equal lines that are shown before and after what differs."""
MOST_ROWS = 20_000
"""Rows after which the rest is left out."""
ALIKE = 0.4
"""How much of their words two lines must share to be called versions of one another."""
LONGEST_MARKED = 2_000
"""Characters of the longest line within which every word is compared; of longer ones only the ends."""
MOST_MARKED = 400_000
"""Characters of changed lines that are compared word by word; of the lines after them only the ends are."""

_WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)
_TELLING = re.compile(r"\w+|[^\w\s]")
_STEPS_OF_A_LINE = 20_000


@dataclass(frozen=True, slots=True)
class Side:
    """A line in one of the versions."""

    line: int
    """Its number, from 1."""
    text: str
    """Without its end."""
    marks: tuple[tuple[int, int], ...] = ()
    """The stretches that differ, each from a character to the one after its last."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the earlier version beside that of the later one."""

    kind: RowKind
    """``same``, ``changed``, ``added``, ``removed``; or ``gap``, which stands for equal lines that are left out."""
    left: Side | None = None
    right: Side | None = None
    count: int = 0
    """How many lines a gap stands for."""


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between two versions of a text."""

    rows: tuple[Row, ...]
    added: int
    """Lines that only the later version has, changed ones included."""
    removed: int
    """Lines that only the earlier version has, changed ones included."""
    notes: tuple[str, ...] = ()
    """Sentences on what the rows do not show."""


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends; what follows the last end is a line if it is not empty."""
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if not lines[-1] else lines


def count(left: str, right: str, steps: int = STEPS) -> tuple[int, int]:
    """How many lines were added and removed, as `compare_texts` says."""
    older, newer = lines_of(left), lines_of(right)
    equal = sum(size for _, _, size in align(older, newer, steps).blocks)
    return len(newer) - equal, len(older) - equal


def compare_texts(
    left: str, right: str, context: int | None = CONTEXT, most_rows: int = MOST_ROWS, steps: int = STEPS
) -> Differences:
    """The later version, `right`, beside the earlier one; with so many equal lines around, or all with None.

    Equal texts have no rows, but for a `context` of None.
    """
    older, newer = lines_of(left), lines_of(right)
    aligned = align(older, newer, steps)
    rows = tuple(islice(_Rows(older, newer, context).all(aligned.blocks), most_rows + 1))
    notes = list(_notes(left, right))
    if not aligned.complete:
        notes.append("The two differ in so many places that some equal lines may be shown as changed.")
    if len(rows) > most_rows:
        rows = rows[:most_rows]
        notes.append(f"Only the first {most_rows:,} rows are shown.")
    equal = sum(size for _, _, size in aligned.blocks)
    return Differences(rows, len(newer) - equal, len(older) - equal, tuple(notes))


def rows_of(text: str, kind: RowKind, most_rows: int = MOST_ROWS) -> tuple[Row, ...]:
    """All of a text as rows that are ``added`` or ``removed``."""
    sides = (Side(number, line) for number, line in enumerate(lines_of(text), 1))
    made = (Row(kind, None, side) if kind == "added" else Row(kind, side) for side in sides)
    return tuple(islice(made, most_rows))


def _notes(left: str, right: str) -> Iterator[str]:
    windows = [text.count("\r\n") for text in (left, right)]
    if windows[0] != windows[1] and 0 in windows:
        which = "earlier" if windows[0] else "later"
        yield f"The line ends of the {which} version are those of Windows."
    without = [bool(text) and not text.endswith("\n") for text in (left, right)]
    if left and right and without[0] != without[1]:
        yield f"The last line of the {'earlier' if without[0] else 'later'} version has no end."


class _Rows:
    """Makes rows of equal and unequal stretches."""

    def __init__(self, left: Sequence[str], right: Sequence[str], context: int | None) -> None:
        self.left, self.right, self.context = left, right, context
        self.to_mark = MOST_MARKED

    def all(self, blocks: Sequence[tuple[int, int, int]]) -> Iterator[Row]:
        i = j = 0
        for begin, other, size in blocks:
            yield from self._unequal(i, begin, j, other)
            i, j = begin + size, other + size
            yield from self._equal(begin, other, size)

    def _equal(self, i: int, j: int, size: int) -> Iterator[Row]:
        """Equal lines; but for those beside what differs they are left out."""
        if self.context is None or not size:
            yield from self._same(i, j, size)
            return
        before = self.context if i or j else 0
        at_end = i + size == len(self.left) and j + size == len(self.right)
        after = 0 if at_end else self.context
        left_out = size - before - after
        if not before and not after:  # nothing differs
            return
        if left_out <= 1:  # a gap takes a row too
            yield from self._same(i, j, size)
            return
        yield from self._same(i, j, before)
        yield Row("gap", count=left_out)
        yield from self._same(i + size - after, j + size - after, after)

    def _same(self, i: int, j: int, size: int) -> Iterator[Row]:
        for at in range(size):
            yield self._row("same", i + at, j + at)

    def _unequal(self, i: int, i_end: int, j: int, j_end: int) -> Iterator[Row]:
        """Lines that were changed beside one another, between them those that were removed, then the added ones."""
        words: dict[str, frozenset[str]] = {}

        def likeness(one: int, other: int) -> float:
            return _likeness(words, self.left[one], self.right[other])

        pairs = pairs_by_likeness(range(i, i_end), range(j, j_end), likeness, ALIKE) if i < i_end and j < j_end else []
        for one, other in (*pairs, (i_end, j_end)):
            yield from (self._row("removed", at, None) for at in range(i, one))
            yield from (self._row("added", None, at) for at in range(j, other))
            if one < i_end and other < j_end:
                yield self._changed(one, other)
            i, j = one + 1, other + 1

    def _changed(self, i: int, j: int) -> Row:
        left, right = self.left[i], self.right[j]
        if left == right:
            return self._row("same", i, j)
        marks = marks_of(left, right, by_words=self.to_mark > 0)
        self.to_mark -= len(left) + len(right)
        return Row("changed", Side(i + 1, left, marks[0]), Side(j + 1, right, marks[1]))

    def _row(self, kind: RowKind, i: int | None, j: int | None) -> Row:
        return Row(
            kind,
            Side(i + 1, self.left[i]) if i is not None else None,
            Side(j + 1, self.right[j]) if j is not None else None,
        )


Marks = tuple[tuple[int, int], ...]


def marks_of(left: str, right: str, by_words: bool = True) -> tuple[Marks, Marks]:
    """The stretches of two lines that differ: word by word, or all that is between equal beginnings and ends."""
    if not by_words or max(len(left), len(right)) > LONGEST_MARKED:
        return _between_ends(left, right)
    words, others = _WORDS.findall(left), _WORDS.findall(right)
    blocks = align(words, others, _STEPS_OF_A_LINE).blocks
    return (
        _stretches(words, [(begin, size) for begin, _, size in blocks]),
        _stretches(others, [(begin, size) for _, begin, size in blocks]),
    )


def _between_ends(left: str, right: str) -> tuple[Marks, Marks]:
    begin, most = 0, min(len(left), len(right))
    while begin < most and left[begin] == right[begin]:
        begin += 1
    end = 0
    while end < most - begin and left[-1 - end] == right[-1 - end]:
        end += 1
    spans = ((begin, len(left) - end), (begin, len(right) - end))
    one, other = (((span,) if span[0] < span[1] else ()) for span in spans)
    return one, other


def _stretches(words: Sequence[str], equal: Sequence[tuple[int, int]]) -> Marks:
    """The characters outside of the equal words; two stretches with nothing but a blank between them are one."""
    offsets = [0]
    for word in words:
        offsets.append(offsets[-1] + len(word))
    found: list[tuple[int, int]] = []
    at = 0
    for begin, size in equal:
        if begin > at:
            span = (offsets[at], offsets[begin])
            is_near = found and at and found[-1][1] == offsets[at - 1] and words[at - 1].isspace()
            found[-1:] = [(found[-1][0], span[1])] if is_near else [*found[-1:], span]
        at = begin + size
    return tuple(found)


def _likeness(words: dict[str, frozenset[str]], left: str, right: str) -> float:
    """How much of their words two lines share, from 0 to 1; `words` remembers those of each line."""
    sets = []
    for line in (left, right):
        if line not in words:
            words[line] = frozenset(_TELLING.findall(line[:LONGEST_MARKED]))
        sets.append(words[line])
    total = len(sets[0]) + len(sets[1])
    return 2 * len(sets[0] & sets[1]) / total if total else 0.0
