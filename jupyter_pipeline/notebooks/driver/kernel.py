"""The kernel's process: starting it, knowing when it has ended, and ending it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from ... import person
from .faults import CannotRun
from .kernelspecs import KernelCommand

ROOM = 35
"""Bytes that are kept free for what is in the kernel's folder."""
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
QUIET = {
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # or a debugger that nobody uses warns in the log
    "JPY_PARENT_PID": "1",  # watch no parent, and say nothing: the kernel dies with the driver anyway
}
PR_SET_PDEATHSIG = 1
LOOK = 0.05
"""Seconds between two looks at a process, where the system cannot tell that it has ended."""
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Kernel:
    """A running kernel, in a session of its own, with a private folder for its sockets.

    The kernel is not to be trusted: it gets no descriptor of ours but the log, and exactly the environment given.
    """

    def __init__(self, command: KernelCommand, environment: Mapping[str, str], cwd: str) -> None:
        self.command = command
        self.folder = person.short_folder("jp-", ROOM, environment.get("TMPDIR", "/tmp"))
        self.key = os.urandom(16).hex()
        connection = Path(self.folder, "connection.json")
        connection.write_text(json.dumps(connection_of(self.folder, self.key, command.name)))
        connection.chmod(0o600)
        private = QUIET | {"IPYTHONDIR": f"{self.folder}/ipython"}
        if _libc is None:
            private["JPY_PARENT_PID"] = str(os.getpid())
        argv = [word.replace("{connection_file}", str(connection)) for word in command.argv]
        try:
            self._process = self._start(argv, {**environment, **command.environment, **private}, cwd)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self.ended = os.pidfd_open(self._process.pid) if hasattr(os, "pidfd_open") else None
        """A descriptor that can be read when the kernel has ended, where there is such a thing."""

    def address(self, channel: str) -> str:
        """Where a channel's socket is."""
        return f"ipc://{self.folder}/k-{CHANNELS.index(channel) + 1}"

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        if self._process.returncode is not None:
            return True
        if self.ended is None:
            return self._process.poll() is not None
        return bool(select.select([self.ended], [], [], 0)[0])

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def interrupt(self) -> None:
        """Send SIGINT to the kernel and what it started in its own group."""
        self._signal(signal.SIGINT)

    def wait(self, seconds: float) -> bool:
        """Wait for it to go by itself; whether it has."""
        until = time.monotonic() + seconds
        while not self.has_ended():
            left = until - time.monotonic()
            if left <= 0:
                return False
            if self.ended is None:
                time.sleep(min(left, LOOK))
            else:
                select.select([self.ended], [], [], left)
        return True

    def terminate(self, patience: float) -> None:
        """Ask it to go, and end it when it does not."""
        self._signal(signal.SIGTERM)
        self.wait(patience)
        self.kill()

    def kill(self) -> None:
        """End it and all of its group that is left, and take note of its end."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        if self.ended is not None:
            os.close(self.ended)
            self.ended = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, argv: list[str], environment: dict[str, str], cwd: str) -> subprocess.Popen[bytes]:
        if not os.path.isdir(cwd):
            raise CannotRun(f"The folder in which the notebook is to run does not exist: `{os.path.basename(cwd)}`.")
        try:
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=None if _libc is None else _DieWith(os.getpid()),
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise CannotRun(f"The kernel `{self.command.name}` cannot be started: {argv[0]}: {why}.") from None

    def _signal(self, number: int) -> None:
        if self._process.returncode is None:  # its number is its own until it was waited for
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


def connection_of(folder: str, key: str, name: str) -> dict[str, object]:
    """The content of the connection file of a kernel whose sockets are in a folder."""
    ports = {f"{channel}_port": port for port, channel in enumerate(CHANNELS, 1)}
    return {
        **ports,
        "transport": "ipc",
        "ip": f"{folder}/k",
        "key": key,
        "signature_scheme": "hmac-sha256",
        "kernel_name": name,
    }


class _DieWith:
    """In the child: the kernel must not outlive its driver, however that ends."""

    def __init__(self, driver: int) -> None:
        self._driver = driver

    def __call__(self) -> None:
        assert _libc is not None
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != self._driver:
            os._exit(1)
