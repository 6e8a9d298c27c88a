"""How much memory the processes below this one hold, and whether the kernel had to end some for want of it."""

from __future__ import annotations

import contextlib

import psutil


def memory_used(limit: int | None) -> int:
    """Bytes of memory that the processes below this one hold.

    Shared pages are counted for each process that has them, which is quick; where that would break the limit, they
    are shared out exactly.
    """
    resident = proportional = 0
    processes = psutil.Process().children(recursive=True)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            resident += process.memory_info().rss
    if limit is None or resident <= limit:
        return resident
    for process in processes:
        with contextlib.suppress(psutil.Error):
            info = process.memory_full_info()
            proportional += getattr(info, "pss", info.rss)
    return proportional


def kernel_memory_kills() -> int:
    """How often the kernel has ended a process for want of memory since the machine started."""
    with contextlib.suppress(OSError), open("/proc/vmstat", "rb") as file:
        for line in file:
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
    return 0
