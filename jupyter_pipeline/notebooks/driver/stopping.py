"""SIGTERM, as the driver takes it: noticed where it waits, and where it works for long."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any, Self

from .faults import Stopped


class StopSignal:
    """Whether somebody wants the driver to stop. It never breaks into the middle of a step, unless that is allowed."""

    def __init__(self) -> None:
        self.asked = False
        self._at_once = False

    def __enter__(self) -> Self:
        self.bell, self._ring = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK) if hasattr(os, "pipe2") else _pipe()
        self._before: dict[int, Any] = {}
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._note)
        self._wakeup = signal.set_wakeup_fd(-1)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self.bell)
        os.close(self._ring)

    def check(self) -> None:
        """Raise Stopped if somebody wants that."""
        if self.asked:
            raise Stopped

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """For work that nothing depends on: it may be broken off anywhere."""
        self.check()
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._ring, b"s")
        if self._at_once:
            self._at_once = False
            raise Stopped


def _pipe() -> tuple[int, int]:
    ends = os.pipe()
    for end in ends:
        os.set_blocking(end, False)
    return ends
