"""Ending what a killed shim has left behind."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import psutil

PATIENCE = 2.0
"""Seconds that processes which were killed may take to go."""


def end_orphans(started: Path) -> None:
    """End all processes in the session of a shim that is dead, by the process id in its `started` file.

    The session bears that number, and no other process can have it while one of the session is left. What a job has
    put into a session of its own is not found.
    """
    try:
        session = int(started.read_bytes().split()[0])
    except (OSError, ValueError, IndexError):
        return
    with contextlib.suppress(psutil.Error):
        if psutil.Process(session).status() != psutil.STATUS_ZOMBIE:
            return
    deadline = time.monotonic() + PATIENCE
    while found := [process for process in psutil.process_iter() if _is_alive_in(session, process)]:
        for process in found:  # what forks while we look is found the next time
            with contextlib.suppress(psutil.Error):
                process.kill()
        if time.monotonic() > deadline:
            return
        time.sleep(0.005)


def _is_alive_in(session: int, process: psutil.Process) -> bool:
    try:
        return os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False
