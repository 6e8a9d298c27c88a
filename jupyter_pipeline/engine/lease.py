"""The right to be the engine of a workspace: a lock that the operating system frees when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time

from ..config import Config
from ..store.guard import not_writable

LOCK = "engine.lock"


TRIES, PAUSE = 10, 0.005
"""Who only looks at the lease holds it for some microseconds: that is no reason to be sent away."""


def _locked(descriptor: int) -> bool:
    for _ in range(TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(PAUSE)
        else:
            return True
    return False


class Lease:
    """The right to be the engine of a workspace; the operating system frees it when the process dies."""

    def __init__(self, config: Config) -> None:
        self._file = config.folder / LOCK
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Try to take the lease; whether it is ours now. Raises StoreUnavailable where nothing can be written."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise not_writable(self._file.parent, error) from None
        self._descriptor = descriptor  # before it is locked: an interrupt must not leave a lock that nobody knows of
        if not _locked(descriptor):
            self.give_back()
            return False
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return True

    def give_back(self) -> None:
        """Let another process be the engine."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> int | None:
        """The process id of the engine that runs now, or None."""
        try:
            with self._file.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(file.read().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return None
