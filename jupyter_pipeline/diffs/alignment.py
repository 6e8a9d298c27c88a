"""Which items of two sequences belong together, in order; within a bounded number of steps. Pure.

Items that occur once on both sides hold the sequences together (patience diff, Bram Cohen); what lies between them is
matched by the fewest edits (Eugene Myers: An O(ND) Difference Algorithm, 1986). The standard library's difflib takes
cubic time where somebody wants it to, which is seconds for a few hundred lines, and leaves out whatever occurs often.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

STEPS = 4_000_000
"""Steps after which what is not matched yet stays unmatched; some two seconds."""
FAR = 200
"""Edits of one stretch after which the best beginning is taken, which need not belong to the fewest edits of all."""
MOST_LIKENESSES = 4_000
"""Pairs of one stretch that are looked at for likeness; in a longer one the first goes with the first, and so on."""

Block = tuple[int, int, int]
"""Where equal items begin in the left and in the right sequence, and how many there are."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """The equal items of two sequences, in order, followed by an empty block at their ends."""

    blocks: tuple[Block, ...]
    complete: bool
    """False where the steps ran out, so that equal items may be left unmatched."""


def align(left: Sequence[Hashable], right: Sequence[Hashable], steps: int = STEPS) -> Alignment:
    """Match the equal items of two sequences."""
    numbers: dict[Hashable, int] = {}
    matching = _Matching(
        [numbers.setdefault(item, len(numbers)) for item in left],
        [numbers.setdefault(item, len(numbers)) for item in right],
        steps,
    )
    matching.run()
    found = sorted((i, j, size) for i, j, size in matching.blocks if size)
    merged: list[Block] = []
    for i, j, size in found:
        if merged and (merged[-1][0] + merged[-1][2], merged[-1][1] + merged[-1][2]) == (i, j):
            merged[-1] = (*merged[-1][:2], merged[-1][2] + size)
        else:
            merged.append((i, j, size))
    return Alignment((*merged, (len(left), len(right), 0)), not matching.is_over)


def pairs_by_likeness(
    left: Sequence[int], right: Sequence[int], likeness: Callable[[int, int], float], least: float
) -> list[tuple[int, int]]:
    """Which items of two short stretches are versions of one another, in order; items are given by their places.

    The pairs with the greatest sum of likenesses, none below `least`; where the stretches are long, neighbours.
    """
    if len(left) * len(right) > MOST_LIKENESSES:
        return [(i, j) for i, j in zip(left, right, strict=False) if likeness(i, j) >= least]
    scores = [[value if (value := likeness(i, j)) >= least else 0.0 for j in right] for i in left]
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in reversed(range(len(left))):
        for j in reversed(range(len(right))):
            together = scores[i][j] + best[i + 1][j + 1] if scores[i][j] else 0.0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    found, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if scores[i][j] and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            found.append((left[i], right[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


@dataclass(slots=True)
class _Matching:
    """What has been matched so far, and the stretches that are still to be looked at."""

    left: list[int]
    right: list[int]
    steps: int
    blocks: list[Block] = field(default_factory=list)
    is_over: bool = False

    def run(self) -> None:
        waiting = [(0, len(self.left), 0, len(self.right))]
        while waiting:
            i, i_end, j, j_end = self._without_ends(*waiting.pop())
            if i == i_end or j == j_end:
                continue
            self.steps -= i_end - i + j_end - j
            if self.steps < 0:
                self.is_over = True
                return
            anchors = self._anchors(i, i_end, j, j_end)
            if anchors:
                self.blocks += [(x, y, 1) for x, y in anchors]
                edges = [(i - 1, j - 1), *anchors, (i_end, j_end)]
                waiting += [(a + 1, b, c + 1, d) for (a, c), (b, d) in pairwise(edges)]
            elif (rest := self._few_edits(i, i_end, j, j_end)) is not None:
                waiting.append((rest[0], i_end, rest[1], j_end))

    def _without_ends(self, i: int, i_end: int, j: int, j_end: int) -> tuple[int, int, int, int]:
        """The stretch without what is equal at its beginning and at its end, which is noted."""
        begin = 0
        most = min(i_end - i, j_end - j)
        while begin < most and self.left[i + begin] == self.right[j + begin]:
            begin += 1
        end, most = 0, most - begin
        while end < most and self.left[i_end - 1 - end] == self.right[j_end - 1 - end]:
            end += 1
        self.blocks += [(i, j, begin), (i_end - end, j_end - end, end)]
        return i + begin, i_end - end, j + begin, j_end - end

    def _anchors(self, i: int, i_end: int, j: int, j_end: int) -> list[tuple[int, int]]:
        """Items that occur once on each side of a stretch: the longest run of them that is in the same order."""
        places = _only(self.left, i, i_end)
        other = _only(self.right, j, j_end)
        both = [(place, other[item]) for item, place in places.items() if item in other]
        return _longest_increasing(sorted(both))

    def _few_edits(self, i: int, i_end: int, j: int, j_end: int) -> tuple[int, int] | None:
        """Match a stretch by the fewest edits, or its beginning by `FAR` of them: then where the rest begins."""
        common = set(self.left[i:i_end]) & set(self.right[j:j_end])
        places = [x for x in range(i, i_end) if self.left[x] in common]
        others = [y for y in range(j, j_end) if self.right[y] in common]
        left, right = [self.left[x] for x in places], [self.right[y] for y in others]
        trace, x, y = self._searched(left, right)
        self.blocks += [(places[at], others[to], 1) for at, to in _backwards(trace, x, y)]
        if (x, y) == (len(left), len(right)):
            return None
        return (places[x] if x < len(left) else i_end, others[y] if y < len(right) else j_end)

    def _searched(self, left: Sequence[int], right: Sequence[int]) -> tuple[list[dict[int, int]], int, int]:
        """For each number of edits how far they lead on each diagonal (place in the left less place in the right).

        And the place that was reached: the end, or the farthest one.
        """
        reached: dict[int, int] = {1: 0}
        trace: list[dict[int, int]] = []
        for edits in range(FAR + 1):
            trace.append(reached.copy())
            for k in range(-edits, edits + 1, 2):
                down = k == -edits or (k != edits and reached[k - 1] < reached[k + 1])
                begin = x = reached[k + 1] if down else reached[k - 1] + 1
                while x < len(left) and 0 <= x - k < len(right) and left[x] == right[x - k]:
                    x += 1
                reached[k] = x
                self.steps -= 2 + x - begin
                if x >= len(left) and x - k >= len(right):
                    return trace, len(left), len(right)
        inside = [
            (x, x - k) for k, x in reached.items() if x <= len(left) and 0 <= x - k <= len(right) and k % 2 == FAR % 2
        ]
        return trace, *max(inside, key=sum)


def _only(items: Sequence[int], begin: int, end: int) -> dict[int, int]:
    """The items of a stretch that occur once in it, with their places."""
    found: dict[int, int] = {}
    for place in range(begin, end):
        item = items[place]
        found[item] = -1 if item in found else place
    return {item: place for item, place in found.items() if place >= 0}


def _longest_increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of pairs that are sorted by their first half the most that are sorted by the second too."""
    ends: list[int] = []
    last: list[int] = []
    """For each length the pair that ends the best run of that length."""
    before: list[int] = []
    for number, (_, second) in enumerate(pairs):
        length = bisect_left(ends, second)
        before.append(last[length - 1] if length else -1)
        if length == len(ends):
            ends.append(second)
            last.append(number)
        else:
            ends[length], last[length] = second, number
    found, at = [], last[-1] if last else -1
    while at >= 0:
        found.append(pairs[at])
        at = before[at]
    return found[::-1]


def _backwards(trace: Sequence[dict[int, int]], x: int, y: int) -> Iterator[tuple[int, int]]:
    """The equal items on the way that the trace tells of, from its end to its beginning."""
    for edits in range(len(trace) - 1, -1, -1):
        reached, k = trace[edits], x - y
        down = k == -edits or (k != edits and reached[k - 1] < reached[k + 1])
        above = k + 1 if down else k - 1
        x_before = reached[above]
        y_before = x_before - above
        while x > max(x_before, 0) and y > max(y_before, 0):
            x, y = x - 1, y - 1
            yield x, y
        x, y = x_before, y_before
