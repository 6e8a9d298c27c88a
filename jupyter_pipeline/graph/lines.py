"""One connected part of a drawing in pixels: the places of its boxes and the points of its lines, from 0, 0.

Lines move sideways only between layers and are upright inside them, where the boxes are; so no line can cross a box.
``layers`` says who stands where in order, ``layout`` puts the parts together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, sqrt
from typing import NamedTuple

from .layers import Line, Ordered

Point = tuple[float, float]

BESIDE, BESIDE_LINE, BETWEEN_LINES = 24.0, 18.0, 10.0
"""From box to box, from box to line and from line to line in a layer."""
BELOW = 12.0
"""From box to box in a stack."""
LANE, TURN = 16.0, 10.0
"""Room beside a stack for the line along it, and the radius with which that turns to a box."""
GAP, SLOPE, WIDEST_GAP = 40.0, 0.05, 130.0
"""Height between two layers; what it grows by for each pixel that a line goes sideways; what it may become."""


class Box(NamedTuple):
    """The place of an action, and its layer, counted from the top of its part."""

    x: float
    y: float
    width: float
    height: float
    layer: int


@dataclass(frozen=True, slots=True)
class Part:
    """What is connected, drawn from 0, 0: the boxes of actions, the points of lines from need to user, and its size."""

    boxes: dict[int, Box]
    lines: dict[Line, list[Point]]
    width: float
    height: float


@dataclass(slots=True)
class _Item:
    """An action, a stack of them or a bend: its size, and where from its left side lines come in and go out."""

    width: float = 0.0
    height: float = 0.0
    enter: float = 0.0
    leave: float = 0.0
    left: float = 0.0
    """From its left side to the boxes."""
    boxes: float = 0.0
    """The width of its boxes."""
    x: float = 0.0
    pulls: tuple[list[tuple[int, float, float]], list[tuple[int, float, float]]] = field(
        default_factory=lambda: ([], [])
    )
    """The lines up and down: to which item, how strong, and what to add to its x to be straight above each other."""


def draw(drawing: Ordered, sizes: Sequence[Point]) -> Part:
    """Give places to one connected part, from the order in its layers and the sizes of the boxes of its actions.

    In a stack all boxes are as wide as the widest.
    """
    items = [_item(drawing, item, sizes) for item in range(len(drawing.members))]
    _align(drawing, items)
    left = min(each.x for each in items)
    for each in items:
        each.x -= left
    bands = _bands(drawing, items)
    boxes = dict(_boxes(drawing, items, bands, sizes))
    width = max(each.x + each.width for each in items)
    pen = _Pen(drawing, items, bands, boxes, width)
    lines = {
        (upper, lower): pen.line(upper, lower, way)
        for way in drawing.ways.values()
        for upper in drawing.members[way[0]]
        for lower in drawing.members[way[-1]]
    }
    width += max((BETWEEN_LINES * (lane + 2) for lane in drawing.aside.values()), default=0.0)
    return Part(boxes, lines, width, bands[-1][1])


def _boxes(
    drawing: Ordered, items: Sequence[_Item], bands: Sequence[Point], sizes: Sequence[Point]
) -> Iterator[tuple[int, Box]]:
    for layer, row in enumerate(drawing.rows):
        top, bottom = bands[layer]
        for item in row:
            own, names = items[item], drawing.members[item]
            # Beside a tall stack, a box that needs nothing stands near to what needs it.
            y = top if drawing.up[item] or len(names) > 1 else bottom - own.height
            for name in names:
                yield name, Box(own.x + own.left, y, own.boxes, sizes[name][1], layer)
                y += sizes[name][1] + BELOW


def _item(drawing: Ordered, item: int, sizes: Sequence[Point]) -> _Item:
    own = [sizes[name] for name in drawing.members[item]]
    if not own:
        return _Item()
    wide = max(width for width, _ in own)
    high = sum(height for _, height in own) + BELOW * (len(own) - 1)
    if len(own) == 1:
        return _Item(wide, high, wide / 2, wide / 2, 0.0, wide)
    left = LANE if drawing.up[item] else 0.0
    width = left + wide + (LANE if drawing.down[item] else 0.0)
    return _Item(width, high, 0.0, width, left, wide)


def _bands(drawing: Ordered, items: Sequence[_Item]) -> list[Point]:
    """Top and bottom of each layer."""
    bands: list[Point] = []
    top = 0.0
    for row in drawing.rows:
        bottom = top + max(items[item].height for item in row)
        bands.append((top, bottom))
        aside = [
            abs(items[lower].x + shift - items[item].x) for item in row for lower, _, shift in items[item].pulls[1]
        ]
        # Wide fans would be flat in a low gap.
        top = bottom + min(GAP + SLOPE * max(aside, default=0.0), WIDEST_GAP)
    return bands


# -- from left to right ----------------------------------------------------------------------------


def _align(drawing: Ordered, items: Sequence[_Item]) -> None:
    """Set the x of all items: in the order of their rows, and near to what they have lines to.

    Each row in turn takes the places that are nearest to its wishes (least squares with distances to keep). Strong
    lines between bends keep long lines straight.
    """
    for upper, own in enumerate(items):
        for lower in drawing.down[upper]:
            other = items[lower]
            fan = max(len(drawing.down[upper]), len(drawing.up[lower]))
            trunk = not drawing.members[upper] and not drawing.members[lower]
            strength = 16.0 if trunk else 6.0 if fan == 1 else 1.0 / sqrt(fan)
            own.pulls[1].append((lower, strength, other.enter - own.leave))
            other.pulls[0].append((upper, strength, own.leave - other.enter))
    rows = drawing.rows
    starts = [_starts(row, drawing, items) for row in rows]
    for row, start in zip(rows, starts, strict=True):
        for item, x in zip(row, start, strict=True):
            items[item].x = x - (start[-1] + items[row[-1]].width) / 2
    count = 3 if len(items) < 6000 else 1
    for sides in [(0,), (1,)] * count + [(0, 1), (1, 0)] * count:
        numbers = range(len(rows)) if sides[0] == 0 else range(len(rows) - 1, -1, -1)
        for number in numbers:
            _settle(rows[number], starts[number], items, sides)
    for side in (0, 1):
        for number in range(len(rows)) if side == 0 else range(len(rows) - 1, -1, -1):
            # To and fro: what is in the way may itself move on.
            _straighten(rows[number], starts[number], items, side, range(len(rows[number])))
            _straighten(rows[number], starts[number], items, side, range(len(rows[number]) - 1, -1, -1))


def _starts(row: Sequence[int], drawing: Ordered, items: Sequence[_Item]) -> list[float]:
    """The x of each item when all stand as close as they may, the first one at 0."""
    starts = [0.0]
    for left, right in pairwise(row):
        real = bool(drawing.members[left]) + bool(drawing.members[right])
        starts.append(starts[-1] + items[left].width + (BETWEEN_LINES, BESIDE_LINE, BESIDE)[real])
    return starts


def _settle(row: Sequence[int], starts: Sequence[float], items: Sequence[_Item], sides: Sequence[int]) -> None:
    """Move a row to where the lines on the given sides pull it, as far as its order and distances let it.

    It is also drawn to the middle, at first as strongly as by a line: else families below each other become stairs.
    """
    centre = (starts[-1] + items[row[-1]].width) / 2
    home = 1.0 if len(sides) == 1 else 0.03
    sums: list[float] = []
    weights: list[float] = []
    counts: list[int] = []
    for item, start in zip(row, starts, strict=True):
        weight = home
        total = weight * (start - centre)
        for side in sides:
            for other, strength, shift in items[item].pulls[side]:
                total += strength * (items[other].x + shift)
                weight += strength
        total -= weight * start
        count = 1
        # Pool adjacent violators: those that would come too near to each other move as one.
        while sums and sums[-1] * weight > total * weights[-1]:
            total += sums.pop()
            weight += weights.pop()
            count += counts.pop()
        sums.append(total)
        weights.append(weight)
        counts.append(count)
    number = 0
    for total, weight, count in zip(sums, weights, counts, strict=True):
        for _ in range(count):
            items[row[number]].x = total / weight + starts[number]
            number += 1


def _straighten(row: Sequence[int], starts: Sequence[float], items: Sequence[_Item], side: int, numbers: range) -> None:
    """Put what has one strong line on a side exactly above or below its other end, where there is room for that."""
    for number in numbers:
        own = items[row[number]]
        if len(own.pulls[side]) == 1:
            other, strength, shift = own.pulls[side][0]
            x = items[other].x + shift
            low, high = -inf, inf
            if number:
                low = items[row[number - 1]].x + starts[number] - starts[number - 1]
            if number + 1 < len(row):
                high = items[row[number + 1]].x - starts[number + 1] + starts[number]
            if strength > 1 and low <= x <= high:
                own.x = x


# -- lines -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Pen:
    """Draws the lines of one part, always downwards."""

    drawing: Ordered
    items: Sequence[_Item]
    bands: Sequence[Point]
    boxes: Mapping[int, Box]
    width: float
    points: list[Point] = field(default_factory=list)

    def line(self, upper: int, lower: int, way: Sequence[int]) -> list[Point]:
        """Give the points of the line from one action to another."""
        first, last = self.boxes[upper].layer, self.boxes[lower].layer
        self._begin(upper, self.items[way[0]], len(self.drawing.members[way[0]]) > 1)
        lane = self.drawing.aside.get((way[0], way[-1]))
        if lane is None:
            stops = [(layer, self.items[item].x) for layer, item in enumerate(way[1:-1], first + 1)]
        else:
            stops = [(first + 1, self.width + BETWEEN_LINES * (lane + 2))]
        for layer, x in stops:
            self._fall(self.bands[layer - 1][1])
            self._bend(x, self.bands[layer][0])
        self._fall(self.bands[last - 1][1])
        self._end(lower, self.items[way[-1]], len(self.drawing.members[way[-1]]) > 1)
        return self.points

    def _begin(self, name: int, item: _Item, stacked: bool) -> None:
        x, y, width, height, _ = self.boxes[name]
        if not stacked:
            self.points = [(x + width / 2, y + height)]
            return
        middle, lane = y + height / 2, item.x + item.leave
        self.points = [(x + width, middle)]
        self.points += [(lane - TURN / 2, middle), (lane, middle), (lane, middle + TURN)]

    def _end(self, name: int, item: _Item, stacked: bool) -> None:
        x, y, _, height, layer = self.boxes[name]
        self._bend(item.x + item.enter, self.bands[layer][0])
        if not stacked:
            self._fall(y)
            return
        middle, lane = y + height / 2, item.x + item.enter
        self._fall(middle - TURN)
        self.points += [(lane, middle), (lane + TURN / 2, middle), (x, middle)]

    def _fall(self, y: float) -> None:
        """Go straight down; pieces that go on in one line are one piece."""
        x, top = self.points[-1]
        if len(self.points) > 3 and self.points[-4][0] == x == self.points[-3][0]:
            del self.points[-3:]
            top = self.points[-1][1]
        if y > top:
            self.points += [(x, top + (y - top) / 3), (x, y - (y - top) / 3), (x, y)]

    def _bend(self, x: float, y: float) -> None:
        """Go down and sideways, upright at both ends."""
        left, top = self.points[-1]
        if abs(left - x) < 0.05:
            self._fall(y)
            return
        middle = (top + y) / 2
        self.points += [(left, middle), (x, middle), (x, y)]
