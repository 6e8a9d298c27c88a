"""What a trivial notebook costs as an action, beside a bare kernel and papermill's own command.

``python -m tests.benchmarks.notebooks [--count 16] [--repeat 3]``, in an environment with ipykernel; run it once in a
plain one and once in one with jupyter_server, whose libraries papermill and nbconvert then import. Both sides run two
at a time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_pipeline.project.facade import LocalProject

from .timing import OURS, environment

BARE = """\
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python3")
client.execute_interactive("print(1)")
client.stop_channels()
manager.shutdown_kernel()
"""


def notebook() -> str:
    """A notebook of one cell."""
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": "print(1)",
        "outputs": [],
        "execution_count": None,
    }
    kernel = {"name": "python3", "display_name": "Python", "language": "python"}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": [cell]})


def study(folder: Path, count: int, command: str) -> None:
    """A project of independent notebook actions in this very environment."""
    folder.mkdir()
    (folder / "a.ipynb").write_text(notebook())
    actions = [
        f"  n{number}:\n    run: python:own {command.format(number)}\n"
        f"    outputs: {{highly_sensitive: {{n: 'output/{number}.*'}}}}\n"
        for number in range(count)
    ]
    (folder / "project.yaml").write_text('version: "5.0"\nactions:\n' + "".join(actions))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    runtime = f'[runtimes."python:own"]\nkind = "python"\npython = "{version}"\npackages = ["ipykernel"]\n'
    (folder / "jupyter_pipeline.toml").write_text(runtime)


def timed(run: Callable[[], object]) -> float:
    """Seconds that something takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def ours(folder: Path, actions: Sequence[str]) -> float:
    """Seconds of a command that runs these actions, whatever ran before."""
    command = [*OURS, "run", "--force", *actions]
    return timed(lambda: subprocess.run(command, cwd=folder, env=environment(2), check=True, capture_output=True))


def papermill(folder: Path, count: int) -> float:
    """Seconds of that many papermill commands, two at a time."""

    def one(number: int) -> None:
        words = [sys.executable, "-m", "papermill", "a.ipynb", f"output/p{number}.ipynb", "--no-progress-bar"]
        subprocess.run(words, cwd=folder, check=True, capture_output=True)

    (folder / "output").mkdir(exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        return timed(lambda: list(pool.map(one, range(count))))


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    lines = [f"seconds, the quickest of {options.repeat}"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study(folder / "papermill", options.count, "papermill a.ipynb output/{}.ipynb")
        study(folder / "html", 1, "jupyter nbconvert --execute --to html --output-dir output --output {} a.ipynb")
        several = range(options.repeat)
        bare = [sys.executable, "-c", BARE]
        alone = min(timed(lambda: subprocess.run(bare, check=True, capture_output=True)) for _ in several)
        lines.append(f"bare kernel, one cell, whole process   {alone:6.2f}")
        for kind in ("papermill", "html"):
            ours(folder / kind, ["n0"])  # builds the runtime
            costs = [(ours(folder / kind, ["n0"]), LocalProject.find(folder / kind).job("n0").elapsed) for _ in several]
            whole, job = min(costs)
            lines.append(f"one action ({kind}): its job, the command {job:6.2f} {whole:6.2f}")
        one = min(papermill(folder / "papermill", 1) for _ in several)
        lines.append(f"one papermill command                  {one:6.2f}")
        theirs = papermill(folder / "papermill", options.count)
        mine = ours(folder / "papermill", [f"n{number}" for number in range(options.count)])
        lines.append(f"{options.count} papermill commands, two at a time      {theirs:6.2f}")
        lines.append(
            f"{options.count} actions, two workers, whole command {mine:6.2f}, {theirs / mine:.2f} times quicker"
        )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
