"""What a container uses, read from the kernel's own accounts while it runs and in the moment after its end.

Where these cannot be seen from here, as when the Engine is in a machine of its own, the Engine is asked, which knows
only what was used some time ago.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

ROOT = Path("/sys/fs/cgroup")
CPU = {"cpuacct.usage": ("", 1e-9), "cpu.stat": ("usage_usec", 1e-6)}
KILLS = ("memory.oom_control", "memory.events")


class Account(Protocol):
    """What is known of a container's use so far."""

    cpu: float
    """Seconds of processor time."""
    peak: int
    """The most bytes of memory that it was seen to hold, not counting what the kernel only keeps in case."""
    kills: int
    """How often the kernel ended one of its processes for want of memory."""

    def look(self) -> None:
        """Take note of how it is now."""


class KernelAccount:
    """Reads the files of a container's control group, which stay readable for a moment after its end."""

    def __init__(self, files: dict[str, int]) -> None:
        self._files = files
        self.cpu, self.peak, self.kills = 0.0, 0, 0

    def look(self) -> None:
        """Take note of how it is now; a group that is gone tells nothing new."""
        for name, (key, unit) in CPU.items():
            self.cpu = max(self.cpu, self._number(name, key) * unit)
        stat = self._table("memory.stat")
        names = ("total_rss", "total_shmem") if "total_rss" in stat else ("anon", "shmem")
        self.peak = max(self.peak, sum(stat.get(name, 0) for name in names))
        for name in KILLS:
            self.kills = max(self.kills, self._number(name, "oom_kill"))

    def close(self) -> None:
        """Let go of the files."""
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files = {}

    def _table(self, name: str) -> dict[str, int]:
        found = {}
        for line in self._text(name).splitlines():
            key, _, value = line.rpartition(" ")
            with contextlib.suppress(ValueError):
                found[key] = int(value)
        return found

    def _number(self, name: str, key: str) -> int:
        return self._table(name).get(key, 0)

    def _text(self, name: str) -> str:
        try:
            return os.pread(self._files[name], 1 << 16, 0).decode(errors="replace")
        except (KeyError, OSError):
            return ""


class AskedAccount:
    """Asks the Engine."""

    def __init__(self, ask: Callable[[], dict[str, Any]]) -> None:
        self._ask = ask
        self.cpu, self.peak, self.kills = 0.0, 0, 0

    def look(self) -> None:
        """Take note of what the Engine says now."""
        said = self._ask()
        self.cpu = max(self.cpu, said.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage", 0) * 1e-9)
        memory = said.get("memory_stats", {})
        stat = memory.get("stats", {})
        held = stat.get("anon", stat.get("total_rss", memory.get("usage", 0)))
        self.peak = max(self.peak, held)


def open_account(pid: int, container: str) -> KernelAccount | None:
    """The accounts of the container whose first process is `pid` here; None where they cannot be seen.

    A number from another system could mean any process of this one, so its control group must bear the container's id.
    """
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return None
    files: dict[str, int] = {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if container not in path:
            continue
        for controller in controllers.split(",") if controllers else ("",):
            folder = ROOT / controller / path.lstrip("/")
            for name in (*CPU, "memory.stat", *KILLS):
                if name not in files:
                    with contextlib.suppress(OSError):
                        files[name] = os.open(folder / name, os.O_RDONLY | os.O_CLOEXEC)
    return KernelAccount(files) if files else None
