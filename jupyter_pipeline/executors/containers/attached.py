"""What the client hears of a container: what it prints, and its end."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

from docker.errors import DockerException
from requests.exceptions import RequestException

if TYPE_CHECKING:
    from docker import APIClient

TROUBLE = (DockerException, RequestException, OSError)
"""What is raised when the Engine does not do what it is asked for, or is not there."""


class Attached:
    """The stream of what a container prints."""

    def __init__(self, api: APIClient, container: str) -> None:
        self._socket = api.attach_socket(container, params={"stdout": 1, "stderr": 1, "stream": 1})
        os.set_blocking(self.fileno(), False)
        # What came right behind the answer's head is in the reader that has read the head.
        response = getattr(self._socket, "_response", None)
        self._first = (response.raw._fp.fp.read1(1 << 16) or b"") if response is not None else b""

    def fileno(self) -> int:
        """What to wait for."""
        return int(self._socket.fileno())

    def read(self) -> bytes:
        """What is there now; nothing when there is no more, for the moment or for good."""
        if self._first:
            first, self._first = self._first, b""
            return first
        try:
            return os.read(self.fileno(), 1 << 16)
        except OSError:
            return b""

    def close(self) -> None:
        """Let go of it."""
        with contextlib.suppress(OSError):
            self._socket.close()


class Waiter:
    """Waits for a container's end, and rings."""

    def __init__(self, api: APIClient, container: str) -> None:
        self.code: int | None = None
        """The exit code; None when the Engine went away before it could tell."""
        self._bell, ring = os.pipe2(os.O_CLOEXEC)
        threading.Thread(target=self._wait, args=(api, container, ring), daemon=True).start()

    def fileno(self) -> int:
        """What to wait for."""
        return self._bell

    def _wait(self, api: APIClient, container: str, ring: int) -> None:
        with contextlib.suppress(*TROUBLE, ValueError, KeyError):
            answer = api.wait(container, timeout=10**9)
            if not answer.get("Error"):
                self.code = int(answer["StatusCode"])
        os.close(ring)
