"""The process from which tasks are forked: a line of JSON in starts one, a line out tells that one has ended.

It holds no state. When the engine dies its input ends and it goes away; the shims it forked go on.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
from pathlib import Path
from typing import Any

from .shim import supervise

FAULT = "shim.error"
"""In a job's folder: what went wrong in the shim itself, if anything ever does."""


def main() -> None:
    """Start tasks until standard input ends."""
    bell, ring = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.disable()  # nothing here makes cycles, and a collection would copy shared pages
    gc.freeze()
    running: dict[int, str] = {}
    unread = b""
    while True:
        ready = select.select([0, bell], [], [])[0]
        if bell in ready:
            _drain(bell)
            _report_ended(running)
        if 0 in ready:
            data = os.read(0, 1 << 20)
            if not data:
                return
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                order = json.loads(line)
                running[_fork(order)] = order["id"]


def _fork(order: dict[str, Any]) -> int:
    """Start a shim for one task; returns its process id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):  # the engine's terminal or pipe is not to wait for this task
            os.dup2(null, descriptor)
        supervise(order)
        status = 0
    except BaseException as error:  # the last line of a process: say it, do not unwind into the launcher
        with contextlib.suppress(OSError):
            Path(order["folder"], FAULT).write_text(f"{error!r}\n")
    finally:
        os._exit(status)


def _report_ended(running: dict[int, str]) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with contextlib.suppress(BrokenPipeError):
                os.write(1, running.pop(pid, "").encode() + b"\n")


def _drain(descriptor: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(descriptor, 4096):
            pass
