"""Watching a container: its client is the command, and what the client found out is the end."""

from __future__ import annotations

import os
import signal
import socket
import time
from typing import Any

from ...models import Ending
from ...outputs.job_folder import LOG
from ...outputs.log import keep_ends
from .. import driving
from ..watch import GRACE, Child, JobWatch
from . import kernels, mark, supervising

CLIENTS = 5
"""Clients that are started one after the other for a container, if they are killed."""
SLOW = 20.0
"""Seconds that the Engine may take to end a container, beyond those that the container itself has."""


class ContainerWatch(JobWatch):
    """A container under its limits. That of memory is held by the kernel, and seen by the client."""

    def _run(self, bell: int, kills: int) -> dict[str, Any]:
        if "notebook" in self.order:
            try:
                return self._drive(bell, kills)
            except driving.NotDriven as error:
                kernels.give_up(self.order, str(error))
                mark(self.order)
        found: dict[str, Any] = {}
        left = CLIENTS
        while left and not found:
            child = self._start()
            self._see_end(child, bell)
            if supervising.cannot_mount(self.order, self.folder):
                self.baseline = supervising.copy(self.order, self.folder)
                continue
            found = supervising.result(self.folder)
            self.order["resumes"] = True
            left = 0 if self.ending else left - 1
        return self._judged(found)

    def _drive(self, bell: int, kills: int) -> dict[str, Any]:
        """Run a notebook: its kernel in the container, its driver in a sandbox; the driver's end is the command's."""
        mine, theirs = socket.socketpair()
        kernel = self.order["notebook"]["kernel"] | {"descriptor": theirs.fileno()}
        order = {**self.order, **self.order["driver"], "layout": "overlay"}
        order["notebook"] = self.order["notebook"] | {"kernel": kernel}
        log = self._open_log()
        try:
            # First the driver: where it cannot be in its place, no container has been made for it.
            driver = driving.start(order, self.folder, log)
            theirs.close()  # so that the client hears of the driver's end
            client = _Forked(supervising.start(self.order, self.folder, log, mine))
        finally:
            os.close(log)
            mine.close()
            theirs.close()
        self._wait(driver, bell)
        status = driver.returncode
        assert status is not None
        self._wait(client, bell)
        self._end_descendants(bell)
        keep_ends(self.folder / LOG, self.order["log"])
        found = supervising.result(self.folder)
        use = {key: found.get(key, 0) for key in ("cpu_time", "peak_memory")}
        if found.get("ending") in (Ending.MEMORY, Ending.BROKEN, Ending.LOST) and self.ending is None:
            return self._judged(found)
        return self._judge(status, kills) | use

    def _judged(self, found: dict[str, Any]) -> dict[str, Any]:
        """The end that the client tells of, if it was not one of ours."""
        ending = found.get("ending", Ending.BROKEN)
        code = found.get("exit_code")
        message = found.get("message", "The process that watches the container was killed again and again.")
        if ending is Ending.EXIT and code is not None and code > 128 and code - 128 in signal.valid_signals():
            ending = Ending.SIGNAL
        if ending is Ending.EXIT and code and self.order["note"] and not message:
            message = f"Its command ended with exit code {code}. {self.order['note']}"
        return {
            "ending": self.ending or ending,
            "exit_code": code,
            "message": self.message if self.ending else message,
            "cpu_time": found.get("cpu_time", 0.0),
            "peak_memory": found.get("peak_memory", 0),
        }

    def _start(self) -> Child:
        log = self._open_log()
        try:
            return _Forked(supervising.start(self.order, self.folder, log))
        finally:
            os.close(log)

    def _memory_used(self) -> int:
        return 0

    def _end(self, ending: Ending, message: str) -> None:
        super()._end(ending, message)
        self.kill_at = time.monotonic() + GRACE + SLOW  # the client itself ends the container after GRACE


class _Forked:
    """A forked client, as far as the shim asks of a process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
