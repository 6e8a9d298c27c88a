"""Whether we stay linear: planning, running, running again and the engine's memory at growing sizes.

``python -m tests.benchmarks.scale --sizes 1000 3000 10000 --shapes layered chain`` prints a table and, for each part,
the exponent e in "seconds ~ size^e" between the smallest and the largest size; 1.0 is linear.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import graphs, timing
from .timing import OURS, Memory

REAL = 2285
"""Actions of the largest study we know of."""
LINEAR = 1.15
"""An exponent up to this is called linear; noise and caches move it by a tenth."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one graph took."""

    size: int
    plan: float
    run: float
    nothing: float
    memory: Memory
    planning_peak: int


def measure(shape: str, size: int, folder: Path, workers: int) -> Measured:
    """Plan a graph, run it, and run it again."""
    graphs.write(timing.empty(folder), graphs.SHAPES[shape](size), "ours")
    variables = timing.environment(workers)
    plan = timing.best(3, lambda: None, lambda: timing.run((*OURS, "plan"), folder, variables))
    run, memory = timing.watch((*OURS, "run"), folder, variables)
    nothing = timing.best(2, lambda: None, lambda: timing.run((*OURS, "run"), folder, variables))
    return Measured(size, plan.seconds, run, nothing.seconds, memory, max(plan.peak, nothing.peak))


def exponent(small: Measured, large: Measured, part: str) -> float:
    """How the seconds of a part grow with the size."""
    growth: float = getattr(large, part) / getattr(small, part)
    return math.log(growth) / math.log(large.size / small.size)


def main() -> None:
    """Measure what the command line asks for and print it as it comes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, REAL, 10_000])
    parser.add_argument("--shapes", nargs="+", choices=graphs.SHAPES, default=["layered", "chain"])
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    timing.say(f"{timing.machine()}, {given.workers} workers\n")
    timing.say("| shape | actions | plan s | run s | ms an action | nothing s | engine | launcher | shims | planning |")
    timing.say("|---|---|---|---|---|---|---|---|---|---|")
    grown = []
    with tempfile.TemporaryDirectory(prefix="jp-benchmark-") as place:
        for shape in given.shapes:
            found = []
            for size in sorted(given.sizes):
                one = measure(shape, size, Path(place, "project"), given.workers)
                found.append(one)
                sizes = (one.memory.engine, one.memory.launcher, one.memory.shims, one.planning_peak)
                peaks = " | ".join(f"{number / 1024**2:.0f} MB" for number in sizes)
                timing.say(
                    f"| {shape} | {size} | {one.plan:.2f} | {one.run:.1f} | {one.run / size * 1000:.1f}"
                    f" | {one.nothing:.2f} | {peaks} |"
                )
            if len(found) > 1:
                for part in ("plan", "run", "nothing"):
                    e = exponent(found[0], found[-1], part)
                    grown.append(f"- {shape}, {part}: {e:.2f} ({'linear' if e <= LINEAR else 'MORE THAN LINEAR'})")
    timing.say("\nExponents from the smallest to the largest size:\n")
    timing.say("\n".join(grown))
    timing.say(f"\nAfterwards: {timing.machine()}")


if __name__ == "__main__":
    main()
