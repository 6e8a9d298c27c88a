"""How long comparing takes: long texts, notebooks, tables, the list of a large project; and hostile ones of each.

``python -m tests.benchmarks.comparisons [--repeat 3]`` prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from jupyter_pipeline.diffs.notebooks import compare_notebooks
from jupyter_pipeline.diffs.texts import compare_texts
from jupyter_pipeline.models import JobRequest
from jupyter_pipeline.pages import PageHead, read_csv, table_comparison_page, text_comparison_page
from jupyter_pipeline.rules import durations
from jupyter_pipeline.store import ids
from jupyter_pipeline.store.database import Store, now

from . import timing

LINES = 20_000


def texts() -> Iterator[tuple[str, str, str]]:
    """Pairs of texts of 20,000 lines, each with a name."""
    chance = random.Random(1)
    lines = [f"value_{number} = {chance.random()} + offset({number % 17})" for number in range(LINES)]
    edited = [f"{line} # new" if chance.random() < 0.02 else line for line in lines if chance.random() > 0.02]
    few = [chance.choice(["a", "b", "c"]) for _ in lines]
    for name, left, right in (
        ("2% of the lines edited, 2% removed", lines, edited),
        ("every line edited", lines, [line.replace(" = ", " := ") for line in lines]),
        ("shuffled", lines, chance.sample(lines, LINES)),
        ("nothing in common", lines, [str(chance.random()) for _ in lines]),
        ("three words at random", few, chance.sample(few, LINES)),
        ("2 million empty lines", [""] * 2_000_000, ["a"]),
    ):
        yield name, "\n".join(left) + "\n", "\n".join(right) + "\n"


def table(rows: int, columns: int, seed: int) -> str:
    """A CSV of groups with figures, of which 1% depend on the seed."""
    chance, other = random.Random(1), random.Random(seed)
    lines = [",".join(["group", *(f"figure{number}" for number in range(columns - 1))])]
    for row in range(rows):
        values = [str(chance.randrange(10**6)) for _ in range(columns - 1)]
        if row % 100 == 0:
            values[row % (columns - 1)] = str(other.random())
        lines.append(",".join([f"group {row}", *values]))
    return "\n".join(lines) + "\n"


def notebook(cells: int, seed: int) -> str:
    """A notebook with cells of 20 lines, half of which depend on the seed."""
    chance = random.Random(seed)
    sources = (
        "\n".join(
            f"x{line} = {cell * 37 % 101} {chance.choice('+-') if cell % 2 else '+'} {line}" for line in range(20)
        )
        for cell in range(cells)
    )
    return json.dumps({"cells": [{"cell_type": "code", "source": source, "outputs": []} for source in sources]})


@contextlib.contextmanager
def history(jobs: int, actions: int) -> Iterator[Store]:
    """A store with so many succeeded jobs."""
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Store.open(Path(folder) / "store")) as store:
        for _ in range(jobs // actions):
            asked = JobRequest(ids.new(), "study", "expectations", ("run_all",), "Ada", now())
            rows = [
                dict.fromkeys(("message", "run_command", "reason", "runtime"), "")
                | dict.fromkeys(("task", "fingerprint"), json.dumps({"words": ["a"] * 100}))
                | {"id": ids.new(), "request_id": asked.id, "action": f"action_{number}", "wait_for": "[]"}
                | {"state": "pending", "code": "created"}
                for number in range(actions)
            ]
            store.submit(asked, rows, [])
        store._db.execute("UPDATE jobs SET state = 'succeeded', elapsed = seq")
        yield store


def quickest(repeat: int, work: Callable[[], object]) -> float:
    """Seconds of the quickest of several runs."""
    took = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def main() -> None:
    """Measure, and print as it comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3, help="the quickest of so many is given")
    repeat = parser.parse_args().repeat
    timing.say(f"{timing.machine()}; seconds of one process\n")
    timing.say("| what | rows that differ | seconds |")
    timing.say("|---|---|---|")
    for name, left, right in texts():
        found = compare_texts(left, right)
        seconds = quickest(repeat, lambda left=left, right=right: compare_texts(left, right))  # type: ignore[misc]
        timing.say(f"| text, {name} | {found.added + found.removed:,} | {seconds:.2f} |")
    left, right = table(5000, 200, 1), table(5000, 200, 2)
    page = quickest(repeat, lambda: table_comparison_page(PageHead("a"), read_csv(left), read_csv(right)))
    timing.say(f"| page of two tables of 5,000 x 200 cells | 50 | {page:.2f} |")
    left, right = table(100_000, 10, 1), table(100_000, 10, 2)
    page = quickest(repeat, lambda: table_comparison_page(PageHead("a"), read_csv(left), read_csv(right)))
    timing.say(f"| page of two tables of 100,000 x 10 cells | 1,000 | {page:.2f} |")
    _, left, right = next(texts())
    page = quickest(repeat, lambda: text_comparison_page(PageHead("a"), left, right))
    timing.say(f"| page of the first pair of texts | | {page:.2f} |")
    for cells in (50, 200, 1000):
        left, right = notebook(cells, 1), notebook(cells, 2)
        seconds = quickest(repeat, lambda left=left, right=right: compare_notebooks(left, right))  # type: ignore[misc]
        timing.say(f"| notebook of {cells:,} cells, half of them edited | | {seconds:.2f} |")
    names = [f"action_{number}" for number in range(100)]
    for jobs in (10_000, 100_000):
        with history(jobs, 100) as store:
            seconds = quickest(repeat, lambda store=store: durations.expected(store.elapsed(names, 5)))  # type: ignore[misc]
            timing.say(f"| what 100 actions should take, of {jobs:,} jobs | | {seconds:.4f} |")


if __name__ == "__main__":
    main()
