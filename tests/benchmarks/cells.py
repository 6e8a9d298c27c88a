"""What the first words of a notebook cost: importing, loading the magics, the first question and the next.

``python -m tests.benchmarks.cells [--repeat 7]``. Each number is the median of processes of their own.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

BARE = "pass"
SHELL = "from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell.instance()"
TIMED = "import time; {before}; began = time.perf_counter(); {timed}; print(time.perf_counter() - began)"
ACTIONS = 1000


def seconds(before: str, timed: str, repeat: int, cwd: Path) -> float:
    """The median of the seconds that something takes in processes of its own."""
    code = TIMED.format(before=before, timed=timed)
    words = [sys.executable, "-c", code]
    took = [float(subprocess.run(words, cwd=cwd, capture_output=True, check=True).stdout) for _ in range(repeat)]
    return statistics.median(took)


def needs(number: int) -> str:
    """The line that says which action one needs."""
    return f"    needs: [a{number - 1}]\n" if number else ""


def study(folder: Path, count: int) -> Path:
    """A project of many actions, each of which needs the one before."""
    folder.mkdir()
    lines = [
        f"  a{n}:\n    run: sh:v1 true\n{needs(n)}    outputs: {{highly_sensitive: {{o: output/{n}.csv}}}}\n"
        for n in range(count)
    ]
    (folder / "project.yaml").write_text('version: "4.0"\nactions:\n' + "".join(lines))
    (folder / "jupyter_pipeline.toml").write_text('[runtimes."sh:v1"]\nkind = "system"\nprogram = "sh"\n')
    return folder


def main(arguments: Sequence[str] | None = None) -> None:
    """Print milliseconds."""
    parser = argparse.ArgumentParser(description="What the first words of a notebook cost.")
    parser.add_argument("--repeat", type=int, default=7)
    repeat = parser.parse_args(arguments).repeat
    found = "from jupyter_pipeline import Project; project = Project.find()"
    again = f"{found}; project.status()"
    parts = f"{found}; pipeline = project.graph().pipeline; status = project.status().document"
    measured = [
        ("import jupyter_pipeline", BARE, "import jupyter_pipeline", 4),
        ("%load_ext jupyter_pipeline", SHELL, "shell.extension_manager.load_extension('jupyter_pipeline')", 4),
        ("from jupyter_pipeline import Project", BARE, "from jupyter_pipeline import Project", 4),
        ("first status, 4 actions", found, "project.status()", 4),
        ("next status, 4 actions", again, "project.status()", 4),
        ("next status, 1000 actions", again, "project.status()", ACTIONS),
        ("drawing of 1000 actions", f"{parts}; from jupyter_pipeline import fragments", DRAW, ACTIONS),
    ]
    with tempfile.TemporaryDirectory() as folder:
        places = {count: study(Path(folder) / str(count), count) for count in (4, ACTIONS)}
        for name, before, timed, count in measured:
            sys.stdout.write(f"{name:40} {seconds(before, timed, repeat, places[count]) * 1000:8.1f} ms\n")


DRAW = "fragments.graph(pipeline, status)"

if __name__ == "__main__":
    main()
