"""Whether notebooks are driven here, found out by running one: `doctor` asks.

A sandbox that runs a command may still be closed to the driver of a notebook, and a job then runs its line word for
word. The notebook of the trial is ours, and so is its kernel's Python; nothing of a project or its runtimes is used.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ..models import Limits, Phase, Runtime
from ..notebooks.commands import NotebookRun
from ..outputs.job_folder import CELLS, INPUTS, LOG, remove_tree
from . import Notebook, Task
from .local import LocalExecutor

PATIENCE = 120.0
"""Seconds after which a trial has failed."""
NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "id": "trial", "metadata": {}, "outputs": [], "execution_count": None, "source": "1 + 1"}
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def reason_not_driven(make: Callable[[Path], LocalExecutor], folder: Path) -> str | None:
    """Why a notebook is not driven by the executor that `make` gives for a folder; None when one was, to its end.

    The folder is where jobs are kept or, before there are any, one above it; nothing is left in it. Takes a few
    seconds. Raises ExecutorUnavailable where the executor does not work, and OSError where nothing can be written.
    """
    base = folder / f".trial-{os.getpid()}"
    try:
        base.mkdir()
        with closing(make(base / "jobs")) as executor:
            return _run(executor, _task(base / "jobs" / "trial"))
    finally:
        remove_tree(base)


def _task(folder: Path) -> Task:
    code, inputs = folder / "code", folder / INPUTS
    for place in (code, inputs):
        place.mkdir(parents=True)
    (code / "trial.ipynb").write_text(json.dumps(NOTEBOOK))
    ours = tuple(dict.fromkeys((Path(sys.base_prefix), Path(sys.prefix))))
    # Also libraries that lie in the user's folder are to be found, wherever the sandbox has its home.
    places = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return Task(
        id="trial",
        folder=folder,
        args=("jupyter", "execute", "trial.ipynb"),
        code=code,
        inputs=inputs,
        runtime=Runtime("python", "", "python", (Path(sys.executable).parent,), ours, places),
        limits=Limits(timeout=PATIENCE),
        outputs=(),
        notebook=Notebook(NotebookRun("execute", "trial.ipynb", "", "trial.ipynb"), {}),
    )


def _run(executor: LocalExecutor, task: Task) -> str | None:
    until = time.monotonic() + PATIENCE
    executor.start(task)
    while executor.poll(task.folder).phase is not Phase.ENDED and time.monotonic() < until:
        executor.wait(1.0)
    result = executor.poll(task.folder).result
    log = task.folder / LOG
    said = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    driven = task.folder / CELLS
    if result is not None and result.exit_code == 0 and driven.exists() and driven.stat().st_size:
        return None
    told = result.message if result is not None else ""
    return (told or (said[0] if said else "") or "It did not end in time").rstrip(".")
