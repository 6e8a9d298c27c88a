"""The names in a job's folder, which no other module spells, and removing what a job left there."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from ..config import JOBS, Config

STARTED, RESULT, STOP, LOG = "started", "result.json", "stop", "log"
"""The process id of its shim, how it ended, that somebody wants it stopped, what it printed."""
CUT = "log.cut"
"""What was left out of the middle of a log that is too long."""
INPUTS, UPPER, WORK, FOLDER, TEMPORARY, UNDO = "inputs", "upper", "work", "workspace", "tmp", "undo"
"""Its files while it runs."""
CONTAINER = "container.json"
"""While it may have a container: its order, without the environment, for whoever attaches again."""
CONTAINER_END = "container.end"
"""What the client found out about the container's end."""
BASELINE = "baseline.json"
"""Where its workspace was copied: what the copy held before the job began."""
CONTAINER_ATTEMPTS = "container.attempts"
"""One byte for each time that somebody attached again."""
CONTAINER_FILES = (CONTAINER, CONTAINER_END, BASELINE, CONTAINER_ATTEMPTS)
CELLS, NOTEBOOK, NOTEBOOK_FILE = "cells.jsonl", "notebook", "notebook.ipynb"
"""What the driver of its notebook tells (``notebooks.progress``); the folder in which it keeps the notebook as far as
it has come, and the file there."""
KEPT, REPLACED, EARLIER = "kept", "replaced", "earlier"
"""In a job's folder: its own outputs that another action wrote over, a person's files that it wrote over, and its own
outputs that a newer job of its action wrote over."""


def job_folder(config: Config, job_id: str) -> Path:
    """Where everything of one job is."""
    return Path(f"{config.state}/{config.backend}/{JOBS}/{job_id}")  # asked for many times a job, so not piece by piece


def remove_tree(folder: Path) -> None:
    """Remove a folder and all below it, also where a job took away its own permissions; absent is fine."""
    try:
        os.rmdir(folder)  # most are empty, and this is all that it takes then
    except FileNotFoundError:
        pass
    except OSError:
        _remove_full(folder)


def _remove_full(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except PermissionError:
        folder.chmod(0o700)
        for place, names, _ in os.walk(folder):  # from the top, so that what is unlocked here can be listed next
            for name in names:
                inner = os.path.join(place, name)
                if not os.path.islink(inner):  # its target is somebody else's
                    _unlock(inner)
        shutil.rmtree(folder, ignore_errors=True)


def _unlock(folder: str) -> None:
    """Get at a folder below; one of root's, such as the empty one that a mounted overlay leaves behind, is removed."""
    try:
        os.chmod(folder, 0o700)
    except PermissionError:
        with contextlib.suppress(OSError):
            os.rmdir(folder)
