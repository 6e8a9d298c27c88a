"""How long a project.yaml takes to be checked and planned, beside the platform's own validator.

``python -m tests.benchmarks.reading [--actions 1000] [--repeat 5]``. The validator is the program that opensafely 2.1.5
carries, run as it is with ``python -m`` in a folder that uv fills; the package it wants for printing is replaced by one
that prints nothing. It only reads and validates; ours checks in one process and plans in another.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .graphs import layered
from .timing import OURS, environment

REFERENCE = "opensafely==2.1.5"


def project(actions: int) -> str:
    """A file of version 5 that both take, with comments, levels and needs as in real studies."""
    lines = ['version: "5.0"', "", "actions:"]
    for name, needs in layered(actions).items():
        lines += [
            "",
            f"  # what {name} is for",
            f"  {name}:",
            f"    run: python:v2 python analysis/{name}.py --input output/data --flag value",
            f"    needs: [{', '.join(needs)}]",
            "    outputs:",
            "      highly_sensitive:",
            f"        cohort: output/data/{name}_*.csv.gz",
            "      moderately_sensitive:",
            f"        table: output/tables/{name}.csv",
            f"        figure: output/figures/{name}.png",
        ]
    return "\n".join(lines) + "\n"


def fastest(command: Sequence[str], folder: Path, repeat: int, **variables: str) -> float:
    """Seconds of the quickest of some runs; raises CalledProcessError."""
    took = []
    for _ in range(repeat):
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, env=environment(2) | variables, check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - began)
    return min(took)


def main() -> None:
    """Print the times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--actions", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library, study = folder / "library", folder / "study"
        study.mkdir()
        (study / "project.yaml").write_text(project(options.actions))
        uv = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*uv, "--target", str(library), REFERENCE], check=True)
        (library / "devtools.py").write_text("def debug(*_): pass\n")
        reference = [sys.executable, "-m", "opensafely._vendor.pipeline", "project.yaml"]
        theirs = fastest(reference, study, options.repeat, PYTHONPATH=str(library), PYTHONWARNINGS="ignore")
        check = fastest([*OURS, "check", "project.yaml"], study, options.repeat)
        whole = fastest([*OURS, "check"], study, options.repeat)
        plan = fastest([*OURS, "plan"], study, options.repeat)
    lines = (
        f"{options.actions} actions, seconds of the quickest of {options.repeat}",
        f"{REFERENCE} reads and validates     {theirs:6.2f}",
        f"check of the text                       {check:6.2f}",
        f"check with the study's files            {whole:6.2f}",
        f"plan                                    {plan:6.2f}",
        f"check and plan, to the reference's time {(whole + plan) / theirs:6.2f}",
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
