"""What a driver is told to do, and how it tells what happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..commands import NotebookRun

DONE, FAILED, NOT_RUN, STOPPED = 0, 1, 2, 143
"""What ``drive`` gives: all cells ran, the notebook failed, it could not be run at all, SIGTERM came."""
BROKEN = 125
"""The exit code of a driver that could not do its work, whatever its notebook is."""


@dataclass(frozen=True, slots=True)
class StartedKernel:
    """A kernel that somebody else has started, in a container for instance."""

    folder: str
    """Where its sockets are, as the driver sees it."""
    key: str
    descriptor: int
    """A socket: bytes written to it are signals for the kernel; what comes is its exit code, once it has ended."""


@dataclass(frozen=True, slots=True)
class DriverOrder:
    """What a driver is to do; plain data."""

    run: NotebookRun
    workspace: str
    """The folder that the paths of ``run`` are relative to."""
    python: str | None
    """The runtime's Python, which has ipykernel."""
    kernel_folders: tuple[str, ...]
    """Folders in which the runtime keeps kernelspecs."""
    environment: dict[str, str]
    """All of the kernel's environment."""
    provenance: dict[str, str]
    """What the report's footer says of where it came from."""
    runtime: str
    """The runtime's name, for messages."""
    kernel: StartedKernel | None = None
    """The kernel to use, where the driver is not to start one."""


@dataclass(frozen=True, slots=True)
class DriverLimits:
    """How much of a notebook's output is kept (in characters), and how long is waited (in seconds)."""

    stream: int = 10_000_000
    """Printed text of one cell; its middle is left out."""
    rich: int = 50_000_000
    """One displayed output, such as a picture."""
    outputs: int = 10_000
    """Outputs of one cell."""
    notebook: int = 100_000_000
    """All outputs together."""
    keep_every: float = 2.0
    """Between two copies of the unfinished notebook."""
    interrupt: float = 5.0
    """For the traceback of a cell that was interrupted since it ran too long."""
    silence: float = 20.0
    """For the rest of a kernel's answer, when a part of it has come and nothing comes any more."""
    stop: float = 2.0
    """For the kernel to go by itself when the driver is told to stop."""
    shutdown: float = 5.0
    """For the kernel to go by itself when all is done (jupyter_client: KernelManager.shutdown_wait_time)."""


class Channel(Protocol):
    """How the driver tells the outside what happens. The kernel cannot reach it."""

    def tell(self, event: Mapping[str, Any]) -> None:
        """Pass on an event at once."""

    def keep(self, name: str, content: bytes) -> None:
        """Put a file into the job's folder, in the place of one of that name."""
