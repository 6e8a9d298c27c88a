"""A kernel that runs elsewhere, started by somebody else: all that is known of its process comes through one socket."""

from __future__ import annotations

import contextlib
import signal
import socket

from .kernel import Kernel
from .kernelspecs import KernelCommand
from .order import StartedKernel

PATIENCE = 30.0
"""Seconds that whoever runs it may take to end it."""


class ElsewhereKernel(Kernel):
    """Like a kernel of ours, but for the process."""

    def __init__(self, command: KernelCommand, started: StartedKernel) -> None:
        self.command = command
        self.folder, self.key = started.folder, started.key
        self._control = socket.socket(fileno=started.descriptor)
        self._control.setblocking(False)
        self.ended = started.descriptor

    def has_ended(self) -> bool:
        """Whether its end has been told, or nobody is there any more to tell it."""
        try:
            self._control.recv(16, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs, or when nobody knows."""
        with contextlib.suppress(OSError, ValueError):
            code = int(self._control.recv(16, socket.MSG_PEEK))
            return 128 - code if code - 128 in signal.valid_signals() else code
        return None

    def kill(self) -> None:
        """End it, and wait until that is told."""
        self._signal(signal.SIGKILL)
        self.wait(PATIENCE)

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        self._control.close()
        self.ended = None

    def _signal(self, number: int) -> None:
        if not self.has_ended():
            with contextlib.suppress(OSError):
                self._control.send(bytes([number]))
