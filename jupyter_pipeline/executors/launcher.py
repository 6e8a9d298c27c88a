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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import person
from .shim import supervise, was_claimed

FAULT = "shim.error"
"""In a job's folder: what went wrong in the shim itself, if anything ever does."""

TASKS = 200
"""Tasks that one shim supervises, one after the other, before a new one takes its place: nothing can pile up."""


@dataclass(frozen=True, slots=True)
class _Given:
    """A task that a shim was given."""

    line: bytes
    id: str
    folder: str
    is_first: bool
    """Whether the shim was forked for it."""


class _Shims:
    """The shims that were forked here: those that supervise a task, and those that wait for their next one."""

    def __init__(self) -> None:
        self.done, self._tell_done = os.pipe2(os.O_CLOEXEC)
        self._orders: dict[int, int] = {}
        self._tasks: dict[int, _Given] = {}
        self._idle: list[int] = []

    def start(self, line: bytes) -> None:
        """Give a task to an idle shim or, where there is none, to a new one."""
        order = json.loads(line)
        while self._idle:
            pid = self._idle.pop()
            if _write(self._orders[pid], line + b"\n"):
                self._tasks[pid] = _Given(line, order["id"], order["folder"], is_first=False)
                return
        pid = self._fork(line)
        self._tasks[pid] = _Given(line, order["id"], order["folder"], is_first=True)

    def note_done(self) -> None:
        """Report the tasks whose shims say that they have ended."""
        for word in os.read(self.done, 4096).split():
            pid = int(word)
            if pid in self._tasks:
                self._idle.append(pid)
                _report(self._tasks.pop(pid).id)

    def note_ended(self) -> None:
        """Report the tasks whose shims are gone; one that was killed before it saw its next task is replaced."""
        with contextlib.suppress(ChildProcessError):
            while pid := os.waitpid(-1, os.WNOHANG)[0]:
                os.close(self._orders.pop(pid))
                if pid in self._idle:
                    self._idle.remove(pid)
                given = self._tasks.pop(pid, None)
                if given is not None and not given.is_first and not was_claimed(given.folder):
                    self.start(given.line)
                elif given is not None:
                    _report(given.id)

    def _fork(self, line: bytes) -> int:
        orders, tell = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid:
            os.close(orders)
            self._orders[pid] = tell
            return pid
        status = 1
        try:  # whatever happens, do not unwind into the launcher
            for descriptor in (tell, self.done, *self._orders.values()):  # or another would never see its end
                os.close(descriptor)
            self._be_shim(line, orders)
            status = 0
        finally:
            os._exit(status)

    def _be_shim(self, line: bytes, orders: int) -> None:
        os.setsid()
        signal.set_wakeup_fd(-1)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):  # the engine's terminal or pipe is not to wait for this task
            os.dup2(null, descriptor)
        me = f"{os.getpid()}\n".encode()
        with os.fdopen(orders, "rb") as more:
            for left in reversed(range(TASKS)):
                _supervise(json.loads(line))
                if not left:
                    return  # the launcher hears of this end as of any other
                os.write(self._tell_done, me)
                line = more.readline()
                if not line:
                    return


def _supervise(order: dict[str, Any]) -> None:
    try:
        supervise(order)
    except BaseException as error:
        with contextlib.suppress(OSError):
            Path(order["folder"], FAULT).write_text(f"{error!r}\n")
        raise


def main(kind: str) -> None:
    """Start tasks until standard input ends.

    `kind` is ``commands``, or what has its libraries loaded: ``notebooks``, ``containers``, or both as
    ``containers and notebooks``.
    """
    person.ensure_home()
    later = []
    if "containers" in kind:
        from .containers import supervising  # noqa: F401
    if "notebooks" in kind:
        from ..notebooks.driver import preload, preload_reports

        preload()
        later.append(preload_reports)
    bell, ring = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.disable()  # nothing here makes cycles, and a collection would copy shared pages
    gc.freeze()
    shims = _Shims()
    unread = b""
    while True:
        ready = select.select([0, bell, shims.done], [], [], 0 if later else None)[0]
        if not ready:
            later.pop()()
            gc.freeze()
        if shims.done in ready:
            shims.note_done()
        if bell in ready:
            _drain(bell)
            shims.note_ended()
        if 0 in ready:
            data = os.read(0, 1 << 20)
            if not data:
                return
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                shims.start(line)


def _write(descriptor: int, data: bytes) -> bool:
    """Whether all could be written: it cannot when the reader is gone."""
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except BrokenPipeError:
        return False
    return True


def _report(task: str) -> None:
    if not task:  # it was only to remove something
        return
    with contextlib.suppress(BrokenPipeError):
        os.write(1, f"{task}\n".encode())


def _drain(descriptor: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(descriptor, 4096):
            pass
