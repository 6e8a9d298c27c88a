"""A program on a terminal of its own, as a person sits before it."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9])")


class Terminal:
    """``jupyter-pipeline`` on a pseudo-terminal; a context manager that leaves nothing behind."""

    def __init__(self, *arguments: str, cwd: Path, columns: int = 100, **environment: str) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        surroundings = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_pipeline.cli", *arguments],
            cwd=cwd,
            env=surroundings | {"TERM": "xterm-256color", **environment},
            preexec_fn=lambda: os.login_tty(slave),
            close_fds=True,
        )
        os.close(slave)
        self.raw = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    @property
    def text(self) -> str:
        """What was written, without colours and movements of the cursor."""
        return _ESCAPES.sub("", self.raw).replace("\r\n", "\n")

    def wait_for(self, pattern: str, timeout: float = 60) -> str:
        """Read until the text matches a pattern."""
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            assert self._read(deadline - time.monotonic()), f"no {pattern!r} in:\n{self.text}"
        return self.text

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def end(self, timeout: float = 60) -> int:
        """Read until the program has ended; its exit code."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(0.2)
        while self._read(0.2):
            pass
        return self.process.wait(max(deadline - time.monotonic(), 1))

    def _read(self, timeout: float) -> bool:
        if timeout <= 0 or not select.select([self._master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # how Linux says that nobody has the other end any more
            return False
        self.raw += data.decode("utf-8", errors="replace")
        return bool(data)
