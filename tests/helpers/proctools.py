"""Looking at processes that may end at any moment: between being listed and being looked at, or before a signal comes.

A process that is gone is an answer here, never an error.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import psutil


def is_alive(process: psutil.Process | int | None) -> bool:
    """Whether a process runs, by itself or its number: zombies do not."""
    try:
        found = psutil.Process(process) if isinstance(process, int) else process
        return found is not None and found.is_running() and found.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def children(process: psutil.Process | int | None = None, recursive: bool = False) -> list[psutil.Process]:
    """The processes below one, by default below this one; none where it is gone."""
    try:
        found = psutil.Process(process) if isinstance(process, int | None) else process
        return found.children(recursive=recursive)
    except psutil.Error:
        return []


def command(process: psutil.Process) -> str:
    """The command line of a process, in one text; empty where it is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def name(process: psutil.Process) -> str:
    """The name of a process; empty where it is gone."""
    try:
        return process.name()
    except psutil.Error:
        return ""


def with_word(word: str) -> list[psutil.Process]:
    """The processes of this machine whose command line has a text in it that only one test uses."""
    return [process for process in psutil.process_iter() if word in command(process)]


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill processes, as far as they are still there."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()


def suspend(processes: Iterable[psutil.Process]) -> None:
    """Have processes stand still, as far as they are still there."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.suspend()


def resume(processes: Iterable[psutil.Process]) -> None:
    """Let processes go on, as far as they are still there."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.resume()


def terminate(processes: Iterable[psutil.Process]) -> None:
    """Ask processes to end, as far as they are still there."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()
