"""Where the actions of a pipeline and the lines between them stand when it is drawn.

Computed once here, so that a panel, a widget and a picture show the same. Lengths are pixels at scale 1, y grows
downwards. Needed actions stand above those that need them. Lines move sideways only between layers and are upright
inside them, where the boxes are; so no line can cross a box. Nothing is drawn here, and there are no colours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from .layers import (
    Line,
    Links,
    acyclic,
    ordered,
    parts,
)
from .lines import (
    BELOW,
    BESIDE,
    Box,
    Part,
    Point,
    draw,
)

Size = Callable[[str], Point]

HEIGHT = 34.0
NARROWEST, WIDEST = 120.0, 240.0
"""The narrowest has room for the words of a state beside the marks of a notebook and of a level."""
LETTER, PADDING = 7.2, 36.0
"""Of a name: a letter that is rather wide than narrow, and what stands before and after it."""
MARGIN = 16.0
"""Around the whole drawing; a line of an action to itself stands out of its box by less."""
APART = 48.0
"""Between parts that are not connected."""
SHELF = 1200.0
"""Up to this width parts stand side by side before any stands below another."""


@dataclass(frozen=True, slots=True)
class Node:
    """The box of an action: its top left corner, its size, and its layer, counted from the top of its part."""

    name: str
    x: float
    y: float
    width: float
    height: float
    layer: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from the box of the needed action (source) to the box of the one that needs it (target).

    The points are those of a cubic path: where it begins, and then three for each piece.
    """

    source: str
    target: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawing: the boxes in the order of the file, the lines in the order of the needs, and the size of it all."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: float
    height: float


def box_of(name: str) -> Point:
    """Give width and height of a name's box; long names do not fit and are shortened by whoever draws."""
    letters = sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in name)
    return min(max(letters * LETTER + PADDING, NARROWEST), WIDEST), HEIGHT


def path_of(edge: Edge) -> str:
    """Give the text of an SVG path along an edge."""
    first, *others = (f"{_text(x)} {_text(y)}" for x, y in edge.points)
    return f"M {first} C {' '.join(others)}"


def _text(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def arrange(needs: Mapping[str, Sequence[str]], size: Size = box_of) -> Layout:
    """Give places for all actions and lines for all needs; the same for the same mapping in the same order.

    Needed names that are not in the mapping are passed over. Where needs go in a circle, one line of it goes upwards.
    ``size`` gives width and height of a name's box; a box in a stack may become wider.
    """
    names = list(needs)
    number = {name: each for each, name in enumerate(names)}
    links = [list(dict.fromkeys(number[need] for need in needs[name] if need in number)) for name in names]
    sizes = [size(name) for name in names]
    order, straight = acyclic(links)
    place = {name: each for each, name in enumerate(order)}
    groups = parts(straight)
    drawn = [
        _connected(sorted(group, key=place.__getitem__), group, straight, sizes) for group in groups if len(group) > 1
    ]
    drawn.sort(key=lambda part: -part.height)
    single = [group[0] for group in groups if len(group) == 1]
    if single:
        drawn.append(_block(single, sizes))
    return _together(drawn, names, links)


def _connected(order: Sequence[int], group: Sequence[int], needs: Links, sizes: Sequence[Point]) -> Part:
    """Actions that hang together; ``order`` has the needed ones first, ``group`` is in the file's order."""
    own = {name: each for each, name in enumerate(group)}
    up = [[own[need] for need in needs[name]] for name in group]
    down: list[list[int]] = [[] for _ in up]
    for user, above in enumerate(up):
        for need in above:
            down[need].append(user)
    part = draw(ordered([own[name] for name in order], up, down), [sizes[name] for name in group])
    boxes = {group[name]: box for name, box in part.boxes.items()}
    lines = {(group[upper], group[lower]): points for (upper, lower), points in part.lines.items()}
    return Part(boxes, lines, part.width, part.height)


def _block(single: Sequence[int], sizes: Sequence[Point]) -> Part:
    """Actions without any line, in a block that is read row by row."""
    columns = max(1, round(sqrt(len(single) / 2)))
    widths = [max(sizes[name][0] for name in single[column::columns]) for column in range(columns)]
    boxes = {}
    y = 0.0
    for start in range(0, len(single), columns):
        row = single[start : start + columns]
        x = 0.0
        for name, width in zip(row, widths, strict=False):
            boxes[name] = Box(x, y, width, sizes[name][1], 0)
            x += width + BESIDE
        y += max(sizes[name][1] for name in row) + BELOW
    return Part(boxes, {}, sum(widths) + BESIDE * (columns - 1), y - BELOW)


# -- all parts -------------------------------------------------------------------------------------


def _offsets(drawn: Sequence[Part]) -> list[Point]:
    """The corner of each part: from left to right in shelves, small ones below each other where a tall one stands."""
    area = sum((part.width + APART) * (part.height + APART) for part in drawn)
    limit = max([SHELF, sqrt(area * 2), *(part.width for part in drawn)])
    offsets: list[Point] = []
    x = y = top = bottom = width = 0.0  # of the column that is being filled; bottom is that of the shelf
    for part in drawn:
        fits = offsets and y + part.height <= bottom and x + max(width, part.width) <= limit
        if not fits:
            x, y, width = (x + width + APART if offsets else 0.0), top, 0.0
            if x + part.width > limit:
                x, y, top = 0.0, bottom + APART, bottom + APART
            bottom = max(bottom, y + part.height)
        offsets.append((x, y))
        y += part.height + APART
        width = max(width, part.width)
    return offsets


def _together(drawn: Sequence[Part], names: Sequence[str], links: Links) -> Layout:
    nodes: dict[int, Node] = {}
    lines: dict[Line, tuple[Point, ...]] = {}
    width = height = 0.0
    for part, (x, y) in zip(drawn, _offsets(drawn), strict=True):
        left, top = x + MARGIN, y + MARGIN
        for name, box in part.boxes.items():
            corner, size = (_tenth(box.x + left), _tenth(box.y + top)), (_tenth(box.width), _tenth(box.height))
            nodes[name] = Node(names[name], *corner, *size, box.layer)
        for line, points in part.lines.items():
            lines[line] = tuple([(_tenth(x + left), _tenth(y + top)) for x, y in points])
        width, height = max(width, left + part.width + MARGIN), max(height, top + part.height + MARGIN)
    edges = []
    for user, own in enumerate(links):
        for need in own:
            way = _loop(nodes[user]) if need == user else lines.get((need, user)) or lines[user, need][::-1]
            edges.append(Edge(names[need], names[user], way))
    return Layout(tuple(nodes[name] for name in range(len(names))), tuple(edges), _tenth(width), _tenth(height))


def _loop(node: Node) -> tuple[Point, ...]:
    """The line of an action that needs itself, at its right side."""
    x, y = node.x + node.width, node.y + node.height / 2
    out, half = MARGIN, node.height / 4
    ends = ((x, y - half), (x + out, y - half), (x + out, y + half), (x, y + half))
    return tuple((_tenth(x), _tenth(y)) for x, y in ends)


def _tenth(value: float) -> float:
    return round(value, 1) + 0.0  # and never -0.0
