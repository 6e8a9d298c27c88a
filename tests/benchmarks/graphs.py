"""The same graph of trivial actions for each tool: every action is one ``cp``.

Paths: an action NAME writes ``output/NAME.txt``, a copy of what its first need wrote, or of ``source.txt``. Generated
from a fixed seed, so that two runs of a benchmark, and all tools, get the same graph.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Mapping
from pathlib import Path

Graph = Mapping[str, tuple[str, ...]]
"""Action -> the actions it needs, in an order in which they can run."""

SOURCE = "source.txt"


# -- shapes ----------------------------------------------------------------------------------------


def layered(size: int) -> Graph:
    """Some sqrt(size) layers; each action needs one to three of the layer before."""
    chance = random.Random(size)
    width = max(2, round(size**0.5))
    names = [f"a{number:05}" for number in range(size)]
    needs = {}
    for number, name in enumerate(names):
        start = number // width * width
        above = names[max(0, start - width) : start]
        needs[name] = tuple(sorted(chance.sample(above, min(len(above), chance.randint(1, 3)))))
    return needs


def fanout(size: int) -> Graph:
    """One action, and all others need it."""
    return {"a00000": (), **{f"a{number:05}": ("a00000",) for number in range(1, size)}}


def chain(size: int) -> Graph:
    """Each action needs the one before it."""
    return {f"a{number:05}": (f"a{number - 1:05}",) if number else () for number in range(size)}


SHAPES: dict[str, Callable[[int], Graph]] = {"layered": layered, "fanout": fanout, "chain": chain}


# -- files of each tool ----------------------------------------------------------------------------


def target(name: str) -> str:
    """The file that an action writes."""
    return f"output/{name}.txt"


def origin(graph: Graph, name: str) -> str:
    """The file that an action copies."""
    return target(graph[name][0]) if graph[name] else SOURCE


def leaf(graph: Graph) -> str:
    """An action that no other needs."""
    return next(reversed(list(graph)))


def _ours(graph: Graph) -> dict[str, str]:
    lines = ["version: '4.0'", "actions:"]
    for name, needs in graph.items():
        lines += [f"  {name}:", f"    run: sh:v1 cp {origin(graph, name)} {target(name)}"]
        lines += [f"    needs: [{', '.join(needs)}]"] if needs else []
        lines += ["    outputs:", "      moderately_sensitive:", f"        copy: {target(name)}"]
    settings = '[runtimes."sh:v1"]\nkind = "system"\nprogram = "sh"\n'
    return {"project.yaml": "\n".join(lines) + "\n", "jupyter_pipeline.toml": settings, "output/.gitkeep": ""}


def _doit(graph: Graph) -> dict[str, str]:
    rows = [
        (name, origin(graph, name), target(name), [target(need) for need in needs] or [SOURCE])
        for name, needs in graph.items()
    ]
    tasks = ",\n    ".join(map(repr, rows))
    return {
        "dodo.py": f"ROWS = [\n    {tasks},\n]\n\n\ndef task_copy():\n    for name, origin, target, needs in ROWS:\n"
        '        yield {"name": name, "actions": [["cp", origin, target]], "file_dep": needs, "targets": [target]}\n'
    }


def _snakemake(graph: Graph) -> dict[str, str]:
    ends = [target(name) for name in graph]
    rules = [f"rule all:\n    input: {ends!r}\n"]
    for name, needs in graph.items():
        inputs = [target(need) for need in needs] or [SOURCE]
        command = f"cp {origin(graph, name)} {target(name)}"
        rules.append(f"rule {name}:\n    input: {inputs!r}\n    output: {target(name)!r}\n    shell: {command!r}\n")
    return {"Snakefile": "\n".join(rules)}


def _ninja(graph: Graph) -> dict[str, str]:
    lines = ["rule copy", "  command = cp $from $out", ""]
    for name, needs in graph.items():
        inputs = " ".join(target(need) for need in needs) or SOURCE
        lines += [f"build {target(name)}: copy {inputs}", f"  from = {origin(graph, name)}"]
    return {"build.ninja": "\n".join(lines) + "\n"}


WRITERS: dict[str, Callable[[Graph], dict[str, str]]] = {
    "ours": _ours,
    "doit": _doit,
    "snakemake": _snakemake,
    "ninja": _ninja,
}


def write(folder: Path, graph: Graph, tool: str) -> Path:
    """Make `folder` a project of `tool` with that graph."""
    (folder / "output").mkdir(parents=True, exist_ok=True)
    for name, text in {SOURCE: "a,b\n1,2\n", **WRITERS[tool](graph)}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def main() -> None:
    """``python -m tests.benchmarks.graphs FOLDER --shape layered --size 1000 --tool ours``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shape", choices=SHAPES, default="layered")
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--tool", choices=WRITERS, default="ours")
    given = parser.parse_args()
    write(given.folder, SHAPES[given.shape](given.size), given.tool)


if __name__ == "__main__":
    main()
