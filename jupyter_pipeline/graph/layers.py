"""The order behind a drawing of a pipeline: the layer of each action, and who stands beside whom in it.

Knows nothing of pixels; ``layout`` gives the places. Actions are numbers here, in the file's order. What is set beside
each other in a layer are *items*: an action, a stack of actions that need and serve the same ones, or a *bend*, a point
that lines to a further layer go through. Steps are those of Sugiyama, Tagawa and Toda (1981), with median-like sweeps
and swaps of neighbours as in Gansner et al., "A technique for drawing directed graphs" (1993).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

Links = Sequence[Sequence[int]]
Line = tuple[int, int]
"""From the upper to the lower end."""

WIDE, STACKED = 10, 8
"""Most boxes beside each other before equal ones are stacked, and how many stacks stand beside each other at least."""
BROAD = 1.3
"""Most items in a layer, times the root of the number of actions: what is more is split into several layers."""
SWEEPS = 24
"""Most sweeps through the layers of a small drawing."""
SMALL = 2000
"""Items and lines up to which two first orders are tried."""
WORK = 80_000
"""Items and lines that all sweeps together may look at; a larger drawing gets fewer sweeps."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """The layers of one connected drawing, from the top, each with its items from left to right."""

    rows: list[list[int]]
    members: list[list[int]]
    """The actions of each item, from the top; none for a bend."""
    up: list[list[int]]
    """For each item those it has a line to in the layer above."""
    down: list[list[int]]
    ways: dict[Line, list[int]]
    """For each line between items all that it goes through, with both ends."""
    aside: dict[Line, int]
    """The lines that pass beside the whole drawing instead, with their lane, counted from the drawing outwards."""


def acyclic(needs: Links) -> tuple[list[int], list[list[int]]]:
    """Give all actions, needed ones first, and the needs of each, with those that close a circle turned round."""
    done: dict[int, None] = {}
    straight: list[list[int]] = [[] for _ in needs]
    for root in range(len(needs)):
        path: dict[int, Iterator[int]] = {} if root in done else {root: iter(needs[root])}
        while path:
            user = next(reversed(path))
            for need in path[user]:
                if need in path:
                    if need != user:
                        straight[need].append(user)
                    continue
                straight[user].append(need)
                if need not in done:
                    path[need] = iter(needs[need])
                    break
            else:
                path.popitem()
                done[user] = None
    return list(done), [list(dict.fromkeys(each)) for each in straight]


def parts(links: Links) -> list[list[int]]:
    """Give the sets of actions that hang together, each in the file's order."""
    around: list[list[int]] = [list(each) for each in links]
    for user, needs in enumerate(links):
        for need in needs:
            around[need].append(user)
    found, seen = [], [False] * len(links)
    for root in range(len(links)):
        if seen[root]:
            continue
        seen[root] = True
        part = [root]
        for name in part:
            for other in around[name]:
                if not seen[other]:
                    seen[other] = True
                    part.append(other)
        found.append(sorted(part))
    return found


def ranks(order: Sequence[int], up: Links, down: Links) -> list[int]:
    """Give the layer of each action: below all its needs, and where that is free, so that lines are short."""
    rank = [0] * len(order)
    for name in order:
        rank[name] = max((rank[need] + 1 for need in up[name]), default=0)
    for _ in range(3):
        for name in reversed(order):
            if down[name] and len(down[name]) >= len(up[name]):
                rank[name] = min(rank[user] for user in down[name]) - 1
        for name in order:
            if len(up[name]) > len(down[name]):
                rank[name] = max(rank[need] for need in up[name]) + 1
    dense = {each: number for number, each in enumerate(sorted(set(rank)))}
    return [dense[each] for each in rank]


def stacks(rank: Sequence[int], up: Links, down: Links) -> list[list[int]]:
    """Give the actions, put together where a layer is wide and some of it need and serve the very same ones."""
    layers: defaultdict[int, defaultdict[tuple[tuple[int, ...], tuple[int, ...]], list[int]]]
    layers = defaultdict(lambda: defaultdict(list))
    for name, number in enumerate(rank):
        layers[number][tuple(sorted(up[name])), tuple(sorted(down[name]))].append(name)
    found: list[list[int]] = []
    for number in sorted(layers):
        groups = list(layers[number].values())
        high = _height(sorted(map(len, groups)))
        for group in groups:
            found += chunks(group, -(-len(group) // high))
    return found


def _height(sizes: Sequence[int]) -> int:
    """How many actions a stack may hold, so that the layer is neither too wide nor too high."""
    total = sum(sizes)
    alone = bisect_right(sizes, 1)
    # What cannot be stacked takes its room anyway; the rest must not become towers for it.
    room = max(WIDE if total < 2.5 * WIDE else STACKED, sqrt(total / 2), alone + sqrt(total - alone))
    high = 1
    while high < sizes[-1] and sum(-(-size // high) for size in sizes) > room:
        high += 1
    return high


def chunks(names: Sequence[int], count: int) -> list[list[int]]:
    """Cut into ``count`` runs of nearly equal length, the longer ones first."""
    least, longer = divmod(len(names), count)
    ends = [least * number + min(number, longer) for number in range(count + 1)]
    return [list(names[start:end]) for start, end in pairwise(ends)]


# -- layers that are too wide ----------------------------------------------------------------------


def _narrow(level: list[int], lines: Sequence[Line], most: int) -> None:
    """Move items to further layers until none holds more than ``most``; lines still go downwards.

    What continues the layer above comes first, so that families stay together instead of all first steps.
    """
    if max(Counter(level).values()) <= most + 2:
        return
    above: list[list[int]] = [[] for _ in level]
    below: list[list[int]] = [[] for _ in level]
    for upper, lower in lines:
        above[lower].append(upper)
        below[upper].append(lower)
    order = sorted(range(len(level)), key=level.__getitem__)
    missing = [len(each) for each in above]
    latest = [-1] * len(level)
    ready = [item for item in order if not missing[item]]
    number = 0
    while ready:
        ready.sort(key=latest.__getitem__, reverse=True)
        now = [item for item in ready if level[item] <= number][:most]
        taken = set(now)
        ready = [item for item in ready if item not in taken]
        for item in now:
            level[item] = number
            for lower in below[item]:
                latest[lower] = number
                missing[lower] -= 1
                if not missing[lower]:
                    ready.append(lower)
        number += 1
    _pull(level, above, below, most)


def _pull(level: list[int], above: Links, below: Links, most: int) -> None:
    """Bring items down to what they have most lines to, where there is room, and take out layers without any."""
    count = Counter(level)
    for item in sorted(range(len(level)), key=level.__getitem__, reverse=True):
        if len(below[item]) > len(above[item]):
            number = min(level[lower] for lower in below[item]) - 1
            if count[number] < most:
                count[level[item]] -= 1
                count[number] += 1
                level[item] = number
    dense = {each: number for number, each in enumerate(sorted(set(level)))}
    level[:] = [dense[each] for each in level]


# -- lines to further layers -----------------------------------------------------------------------


def ordered(order: Sequence[int], up: Links, down: Links) -> Ordered:
    """Give the layers of one connected part and the order in each, with few crossings of lines."""
    rank = ranks(order, up, down)
    members = stacks(rank, up, down)
    item_of = {name: item for item, names in enumerate(members) for name in names}
    level = [rank[names[0]] for names in members]
    lines = list(dict.fromkeys((item_of[need], item_of[user]) for user in range(len(up)) for need in up[user]))
    _narrow(level, lines, max(WIDE, int(BROAD * sqrt(len(up)))))
    ways, aside = _ways(lines, level)
    members += [[] for _ in range(len(level) - len(members))]
    above: list[dict[int, None]] = [{} for _ in level]
    below: list[dict[int, None]] = [{} for _ in level]
    for line, way in ways.items():
        if line not in aside:
            for upper, lower in pairwise(way):
                below[upper][lower] = above[lower][upper] = None
    result = Ordered([], members, [list(each) for each in above], [list(each) for each in below], ways, aside)
    size = len(level) + sum(map(len, above))
    tries = []
    for deep in (True, False) if size < SMALL else (True,):
        result.rows[:] = _first_rows(level, result, deep)
        _reduce(result)
        tries.append([list(row) for row in result.rows])
    result.rows[:] = min(tries, key=lambda rows: crossings(list(rows), result.down))
    return result


def _ways(lines: Sequence[Line], level: list[int]) -> tuple[dict[Line, list[int]], dict[Line, int]]:
    """What each line goes through; adds the level of each bend to ``level``.

    Long lines from one item go together until they part, or those to one item from where they meet, whichever holds
    more of them. That a trunk has one owner keeps it clear what is connected.
    """
    long = [line for line in lines if level[line[1]] - level[line[0]] > 1]
    leaving: defaultdict[int, int] = defaultdict(int)
    coming: defaultdict[int, int] = defaultdict(int)
    for upper, lower in long:
        leaving[upper] += 1
        coming[lower] += 1
    trunks: defaultdict[Line, list[Line]] = defaultdict(list)
    for line in long:
        owner = line[0] if leaving[line[0]] >= coming[line[1]] else line[1]
        trunks[owner, int(owner == line[1])].append(line)
    aside = _aside(trunks, level)
    ways = {line: list(line) for line in lines}
    for trunk in trunks.values():
        bends: dict[int, int] = {}
        for upper, lower in trunk:
            if (upper, lower) not in aside:
                for number in range(level[upper] + 1, level[lower]):
                    if number not in bends:
                        bends[number] = len(level)
                        level.append(number)
                    ways[upper, lower].insert(-1, bends[number])
    return ways, aside


def _aside(trunks: dict[Line, list[Line]], level: Sequence[int]) -> dict[Line, int]:
    """The lines of the longest trunks, when there are more bends than can be ordered in time, with their lanes."""
    spans = []
    for owner, lines in trunks.items():
        ends = [level[end] for line in lines for end in line]
        spans.append((min(ends), max(ends), owner))
    spans.sort(key=lambda span: span[0] - span[1])
    bends = sum(last - first - 1 for first, last, _ in spans)
    room = 1000 + 2 * len(level)
    taken = 0
    while taken < len(spans) and bends > room:
        bends -= spans[taken][1] - spans[taken][0] - 1
        taken += 1
    free: list[int] = []
    lanes: dict[Line, int] = {}
    for first, last, owner in sorted(spans[:taken]):
        lane = next((number for number, until in enumerate(free) if until <= first), len(free))
        if lane < 60:  # beyond that nobody can follow a line, and the drawing would only grow
            free[lane : lane + 1] = [last]
        lanes |= dict.fromkeys(trunks[owner], min(lane, 59))
    return lanes


# -- crossings -------------------------------------------------------------------------------------


def _first_rows(level: Sequence[int], drawing: Ordered, deep: bool) -> list[list[int]]:
    """The rows as a walk along all lines meets the items, so that families begin side by side.

    ``deep`` goes depth first from the loose ends; otherwise it goes in breadth from the top.
    """
    rows: list[list[int]] = [[] for _ in range(max(level) + 1)]
    seen = [False] * len(level)
    links = [len(up) + len(down) for up, down in zip(drawing.up, drawing.down, strict=True)]
    for root in sorted(range(len(level)), key=links.__getitem__ if deep else level.__getitem__):
        waiting = deque([root])
        while waiting:
            item = waiting.pop() if deep else waiting.popleft()
            if not seen[item]:
                seen[item] = True
                rows[level[item]].append(item)
                around = drawing.down[item] + drawing.up[item]
                waiting.extend(reversed(around) if deep else around)
    return rows


def _reduce(drawing: Ordered) -> None:
    """Sweep down and up until the crossings get no fewer, and keep the best rows."""
    rows, up, down = drawing.rows, drawing.up, drawing.down
    best, fewest, idle = [list(row) for row in rows], crossings(rows, down), 0
    size = len(up) + sum(map(len, up))
    for number in range(min(SWEEPS, max(4, WORK // size))):
        if not fewest or idle > 6:
            break
        place = [0] * len(up)
        for row in rows:
            _number(row, place)
        if number % 2:
            _sweep(rows[-2::-1], down, place, number % 4 == 3)
        else:
            _sweep(rows[1:], up, place, number % 4 == 2)
        if number % 3 == 2:
            _swaps(rows, up, down, place)
        count = crossings(rows, down)
        idle += 1
        if count < fewest:
            best, fewest, idle = [list(row) for row in rows], count, 0
    rows[:] = best
    place = [0] * len(up)
    for row in rows:
        _number(row, place)
    for _ in range(4 if fewest else 0):
        if not _swaps(rows, up, down, place):
            break


def crossings(rows: Links, down: Links) -> int:
    """Give how many lines between neighbouring rows cross."""
    total = 0
    for row, below in pairwise(rows):
        place = {item: number for number, item in enumerate(below)}
        ends: list[int] = []
        for item in row:
            own = sorted([place[lower] for lower in down[item]])
            if ends and own and own[0] < ends[-1]:
                total += sum([len(ends) - bisect_right(ends, end) for end in own])
            for end in own:
                insort(ends, end)
    return total


def _number(row: Sequence[int], place: list[int]) -> None:
    for number, item in enumerate(row):
        place[item] = number


def _sweep(rows: Sequence[list[int]], links: Links, place: list[int], turned: bool) -> None:
    """Sort each row by the mean place of what its items have lines to; those without lines stay where they are.

    ``turned`` puts equal ones the other way round, which leads out of orders that are best only nearby.
    """
    for row in rows:
        keys = {item: sum([place[each] for each in links[item]]) / len(links[item]) for item in row if links[item]}
        moving = [item for item in row if item in keys]
        if turned:
            moving.reverse()
        moving.sort(key=keys.__getitem__)
        after = iter(moving)
        row[:] = [next(after) if item in keys else item for item in row]
        _number(row, place)


def _swaps(rows: Sequence[list[int]], up: Links, down: Links, place: list[int]) -> bool:
    """Exchange neighbours where that saves crossings; say whether any were."""
    changed = False
    for row in rows:
        if len(row) < 2:
            continue
        ends = {item: [sorted([place[each] for each in links[item]]) for links in (up, down)] for item in row}
        for number in range(len(row) - 1):
            left, right = row[number], row[number + 1]
            gain = 0
            for own, other in zip(ends[left], ends[right], strict=True):
                if own and other and own[-1] > other[0]:
                    gain += _between(own, other) - _between(other, own)
            if gain > 0:
                row[number], row[number + 1] = right, left
                changed = True
        _number(row, place)
    return changed


def _between(left: Sequence[int], right: Sequence[int]) -> int:
    """How many lines of two neighbours cross, given the sorted places of their other ends."""
    if len(left) > len(right):
        return sum([len(left) - bisect_right(left, end) for end in right])
    return sum([bisect_left(right, end) for end in left])
