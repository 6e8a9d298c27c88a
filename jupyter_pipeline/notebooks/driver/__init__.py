"""The driver: one process that runs one notebook in a kernel of the action's runtime, and writes what comes of it.

This module is cheap to import. The libraries come with ``preload``, once, in the process from which drivers are forked.
What is not here: recognising a command (``notebooks.commands``), making a report (``reports``), and the sandbox.
"""

from __future__ import annotations

from .order import Channel, DriverLimits, DriverOrder, StartedKernel

__all__ = ["Channel", "DriverOrder", "Limits", "StartedKernel", "drive", "preload", "preload_reports"]


def preload() -> None:
    """Import all that a driver needs but for reports. It starts no thread and opens nothing, so forking stays safe."""
    from .preloading import preload as load

    load()


def preload_reports() -> None:
    """Import what makes reports; a first driver need not wait for it, since it has time while its kernel starts."""
    from .preloading import preload_reports as load

    load()


def drive(order: DriverOrder, channel: Channel, limits: DriverLimits | None = None) -> int:
    """Run a notebook and write its results; gives the exit code.

    To be called in a process of its own: it takes SIGTERM for itself, and its standard output and error are the log.
    """
    from .driving import drive as run

    return run(order, channel, limits or DriverLimits())
