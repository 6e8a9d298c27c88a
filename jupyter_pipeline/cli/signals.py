"""Wishes to leave, kept until they can be followed: signals never break into the engine's work.

A signal is noted, and `look`, called between two turns of the engine, raises it. Only where that has not happened for
some seconds is a further signal raised at once.
"""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any

PATIENCE = 3.0
"""Seconds that a signal waits for the end of a turn before a further one breaks into it."""


class SignalReceived(KeyboardInterrupt):
    """A signal that asks us to leave."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Interrupts:
    """Catches SIGINT, SIGTERM and SIGHUP while it is entered, unless they were ignored when we were started."""

    def __init__(self) -> None:
        self.noted: int | None = None
        self._since = 0.0
        self.at_once = False
        """Whether signals are raised as they come, as while a question is asked."""
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        is_stuck = self.noted is not None and time.monotonic() - self._since > PATIENCE
        if self.at_once or is_stuck:
            self.noted = None
            raise SignalReceived(number)
        if self.noted is None:
            self._since = time.monotonic()
        self.noted = number

    def look(self) -> None:
        """Raises Interrupted if a signal has come."""
        if self.noted is not None:
            number, self.noted = self.noted, None
            raise SignalReceived(number)
