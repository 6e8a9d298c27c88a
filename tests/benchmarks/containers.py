"""What an action costs in a container: ours beside the Engine's own create-start-wait-remove through its SDK.

Run as ``python -m tests.benchmarks.containers``, with a Docker Engine. Prints a table; asserts nothing.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_pipeline.outputs.staging import copy_workspace
from tests.helpers import images
from tests.helpers.fakes import Bench

RUNS = 15
PARALLEL = 8
COMMAND = ["sh", "-c", "mkdir -p output; echo 1 > output/a.csv"]


def main() -> None:
    """Measure and print."""
    images.require_engine()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench("docker", Path(folder) / "jobs")
        bench.folder.mkdir()
        try:
            _measure(bench)
        finally:
            bench.close()


def _measure(bench: Bench) -> None:
    executor = bench.executor()
    bench.run(bench.task(*COMMAND))  # the launcher loads its libraries, the image is looked at
    rows: list[tuple[str, list[float]]] = [("SDK: create, start, wait, remove", []), ("an action in a container", [])]
    for _ in range(RUNS):  # one after the other, so that both see the same machine
        rows[0][1].append(_timed(_by_sdk))
        task = bench.task(*COMMAND)
        rows[1][1].append(_timed(bench.run, task))
        executor.cleanup(task.folder)
    rows.append((f"SDK: {PARALLEL} in parallel, each", [_timed(_many_by_sdk) / PARALLEL for _ in range(4)]))
    rows.append((f"{PARALLEL} actions in parallel, each", [_timed(_many, bench) / PARALLEL for _ in range(4)]))
    for files in (100, 5000):
        rows += _staging(bench, files)
    width = max(len(name) for name, _ in rows)
    for name, seconds in rows:
        line = f"{name:{width}}  {statistics.median(seconds) * 1000:7.0f} ms  ({min(seconds) * 1000:.0f} at best)"
        sys.stdout.write(f"{line}\n")


def _timed(work: Callable[..., Any], *arguments: Any) -> float:
    began = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - began


def _by_sdk() -> None:
    api = images.api()
    container = api.create_container(images.shell(), COMMAND, host_config=api.create_host_config(network_mode="none"))
    api.start(container)
    api.wait(container)
    api.remove_container(container)


def _many_by_sdk() -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(lambda _: _by_sdk(), range(PARALLEL)))


def _many(bench: Bench) -> None:
    executor = bench.default
    tasks = [bench.task(*COMMAND) for _ in range(PARALLEL)]
    for task in tasks:
        executor.start(task)
    for task in tasks:
        bench.ended(executor, task)
        executor.cleanup(task.folder)


def _staging(bench: Bench, files: int) -> list[tuple[str, list[float]]]:
    """A workspace of so many files of 20 kB: as an overlay, and what a copy of it costs beforehand."""
    code = bench.folder.parent / f"code{files}"
    for number in range(files):
        path = code / f"{number % 50}" / f"{number}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 20_000)
    overlay, copies = [], []
    for number in range(5):
        task = replace(bench.task(*COMMAND), code=code)
        overlay.append(_timed(bench.run, task))
        bench.default.cleanup(task.folder)
        target = bench.folder.parent / f"copy{files}-{number}"
        copies.append(_timed(copy_workspace, code, task.inputs, target))
    return [(f"an action over {files} files, overlay", overlay), (f"copying {files} files first", copies)]


if __name__ == "__main__":
    main()
