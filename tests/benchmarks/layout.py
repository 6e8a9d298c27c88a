"""How long the places of a drawn pipeline take, and how many of its lines cross.

``python -m tests.benchmarks.layout [--sizes 100 300 1000 2000 10000] [--repeat 5]`` prints a table in Markdown.
Crossings are counted between neighbouring layers, a stack and a trunk of lines as one, for our order and for that of
the file.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Mapping

from jupyter_pipeline.graph import layers, layout

from . import graphs, timing


def studies(size: int) -> Mapping[str, tuple[str, ...]]:
    """Actions that need up to three earlier ones, rather near than far ones: one and a half lines for each."""
    chance = random.Random(size)
    needs: dict[str, tuple[str, ...]] = {}
    for number in range(size):
        count = chance.choices((0, 1, 2, 3), (10, 45, 30, 15))[0] if number else 0
        far = (int(chance.expovariate(6 / size)) for _ in range(count))
        needs[f"action_{number}"] = tuple(sorted({f"action_{max(0, number - 1 - each)}" for each in far}))
    return needs


def worst(size: int) -> Mapping[str, tuple[str, ...]]:
    """A chain in which every action also needs one from anywhere before: more long lines than can be ordered."""
    chance = random.Random(size)
    return {str(number): (str(number - 1), str(chance.randrange(number))) if number else () for number in range(size)}


SHAPES: dict[str, Callable[[int], Mapping[str, tuple[str, ...]]]] = {
    **graphs.SHAPES,
    "studies": studies,
    "worst": worst,
}


def crossings(needs: Mapping[str, tuple[str, ...]]) -> tuple[int, int]:
    """Crossings in our order, and in that of the file where bends stand last; over all parts."""
    number = {name: each for each, name in enumerate(needs)}
    order, straight = layers.acyclic([[number[need] for need in needs[name]] for name in needs])
    down: list[list[int]] = [[] for _ in straight]
    for user, own in enumerate(straight):
        for need in own:
            down[need].append(user)
    drawing = layers.ordered(order, straight, down)
    naive = [sorted(row) for row in drawing.rows]
    return layers.crossings(drawing.rows, drawing.down), layers.crossings(naive, drawing.down)


def row(shape: str, size: int, repeat: int) -> str:
    """One line of the table."""
    needs = SHAPES[shape](size)
    took = []
    for _ in range(repeat if size < 5000 else 1):
        began = time.perf_counter()
        drawn = layout.arrange(needs)
        took.append(time.perf_counter() - began)
    ours, naive = crossings(needs)
    extent = f"{drawn.width:.0f} x {drawn.height:.0f}"
    return f"| {shape} | {size} | {len(drawn.edges)} | {min(took):.3f} | {ours} | {naive} | {extent} |"


def main() -> None:
    """Measure what the command line asks for and print it as it comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 300, 1000, 2000, 10000])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--repeat", type=int, default=5, help="the quickest of so many is given")
    given = parser.parse_args()
    timing.say(f"{timing.machine()}; seconds of one process\n")
    timing.say("| shape | actions | lines | seconds | crossings | in the file's order | pixels |")
    timing.say("|---|---|---|---|---|---|---|")
    for shape in given.shapes:
        for size in given.sizes:
            timing.say(row(shape, size, given.repeat))


if __name__ == "__main__":
    main()
