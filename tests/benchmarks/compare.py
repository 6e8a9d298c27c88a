"""We and our peers on the same graphs of trivial actions: planning, running, running again, memory.

``python -m tests.benchmarks.compare --sizes 10 100 1000 --shapes layered fanout chain --tools ours doit snakemake``
prints a table in Markdown. Ours runs every action in the sandbox; the peers run it bare. docs/performance.md says what
is measured and keeps the numbers.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import graphs, timing
from .graphs import Graph
from .timing import OURS, Cost, DidNotWork

PARTS = ("plan", "run", "nothing", "leaf")


@dataclass(frozen=True, slots=True)
class Tool:
    """How a tool is asked to say what it would do, and to do it with so many workers."""

    plan: tuple[str, ...]
    run: tuple[str, ...]


def tools(workers: int) -> dict[str, Tool]:
    """All tools by name."""
    snakemake = ("snakemake", "--cores", str(workers), "--quiet", "all", "--nolock")
    return {
        "ours": Tool((*OURS, "plan"), (*OURS, "run")),
        "doit": Tool(("doit", "list", "--all", "--status"), ("doit", "--verbosity", "0", "-n", str(workers))),
        "snakemake": Tool((*snakemake, "-n"), snakemake),
        "ninja": Tool(("ninja", "-n", "--quiet"), ("ninja", "-j", str(workers), "--quiet")),
    }


def measure(name: str, graph: Graph, folder: Path, workers: int, repeat: int, patience: float) -> dict[str, Cost | str]:
    """The cost of each part for one tool and graph; a text where it failed, which ends the measuring."""
    tool, variables = tools(workers)[name], timing.environment(workers)
    costs: dict[str, Cost | str] = {}

    def once(command: Sequence[str]) -> Cost:
        return timing.run(command, folder, variables, patience)

    def fresh() -> None:
        graphs.write(timing.empty(folder), graph, name)

    def without_leaf() -> None:
        (folder / graphs.target(graphs.leaf(graph))).unlink()

    steps = (
        ("plan", repeat, lambda: None, tool.plan),
        ("run", max(1, repeat // 2), fresh, tool.run),
        ("nothing", repeat, lambda: None, tool.run),
        ("leaf", max(1, repeat // 2), without_leaf, tool.run),
    )
    fresh()
    try:
        once(tool.plan)  # byte code and disk caches
        for part, times, prepare, command in steps:
            costs[part] = timing.best(times, prepare, functools.partial(once, command))
        made = sum(1 for action in graph if (folder / graphs.target(action)).exists())
        if made != len(graph):
            raise DidNotWork(f"only {made} of {len(graph)} files were made")
    except DidNotWork as error:
        costs[next(part for part in PARTS if part not in costs)] = f"failed: {str(error).splitlines()[-1][:60]}"
    return costs


# -- the table -------------------------------------------------------------------------------------


def row(shape: str, size: int, name: str, costs: dict[str, Cost | str]) -> str:
    """One line of the table."""
    cells = [_cell(costs.get(part)) for part in PARTS]
    ran = costs.get("run")
    processor = f"{ran.processor:.1f}" if isinstance(ran, Cost) else "-"
    peaks = [cost.peak for cost in costs.values() if isinstance(cost, Cost)]
    peak = f"{max(peaks) / 1024**2:.0f}" if peaks else "-"
    return "| " + " | ".join([shape, str(size), name, *cells, processor, peak]) + " |"


def _cell(cost: Cost | str | None) -> str:
    if cost is None:
        return "-"
    return cost if isinstance(cost, str) else f"{cost.seconds:.3f}" if cost.seconds < 10 else f"{cost.seconds:.1f}"


def ratios(ours: dict[str, Cost | str], peer: dict[str, Cost | str]) -> str:
    """Ours through the peer's, for each part that both could do."""
    found = []
    for part in PARTS:
        mine, its = ours.get(part), peer.get(part)
        if isinstance(mine, Cost) and isinstance(its, Cost):
            found.append(f"{part} {mine.seconds / its.seconds:.2f}")
    return ", ".join(found)


def main() -> None:
    """Measure what the command line asks for and print it as it comes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--shapes", nargs="+", choices=graphs.SHAPES, default=list(graphs.SHAPES))
    parser.add_argument("--tools", nargs="+", choices=tools(1), default=list(tools(1)))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3, help="the quickest of so many is given")
    parser.add_argument("--patience", type=float, default=300, help="seconds until a command is given up")
    given = parser.parse_args()
    timing.say(f"{timing.machine()}, {given.workers} workers; seconds, the quickest of {given.repeat}\n")
    timing.say(
        "| shape | actions | tool | plan | run | nothing to do | one leaf missing | run: processor s | peak MB |"
    )
    timing.say("|---|---|---|---|---|---|---|---|---|")
    said = []
    with tempfile.TemporaryDirectory(prefix="jp-benchmark-") as place:
        for shape in given.shapes:
            for size in given.sizes:
                graph = graphs.SHAPES[shape](size)
                all_costs = {}
                for name in given.tools:
                    folder = Path(place, name)
                    all_costs[name] = measure(name, graph, folder, given.workers, given.repeat, given.patience)
                    timing.say(row(shape, size, name, all_costs[name]))
                if "ours" in all_costs:
                    others = {name: costs for name, costs in all_costs.items() if name != "ours"}
                    said += [
                        f"- {shape}, {size}: ours / {name}: {ratios(all_costs['ours'], costs)}"
                        for name, costs in others.items()
                    ]
    timing.say("\nRatios (below 1: we are quicker):\n")
    timing.say("\n".join(said))
    timing.say(f"\nAfterwards: {timing.machine()}")


if __name__ == "__main__":
    main()
