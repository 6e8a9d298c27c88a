"""Under which other paths this machine shows a file: a mount of a folder or a file at a second place (Linux).

Such a file has one name on its disk, and the time of change of its folders says nothing of it. The kernel says when its
table of mounts has changed, so that the table is read then and only then.
"""

from __future__ import annotations

import os
import re
import select
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

TABLE = "/proc/self/mountinfo"
"""See proc(5): it can be polled, and says by an error that it has changed."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of the table."""

    device: str
    root: str
    """The folder of the device that is shown."""
    point: str
    """Where it is shown."""


class Mounts:
    """The table of mounts of this process, as it is at the moment of asking. Safe to ask from threads."""

    def __init__(self, table: str = TABLE) -> None:
        self._table = table
        self._lock = threading.Lock()
        self._process = 0
        self._descriptor = -1
        self._poll: select.poll | None = None
        self._points: dict[str, list[Mount]] = {}
        self._devices: dict[str, list[Mount]] = {}

    def others(self, path: str) -> list[str]:
        """The other paths, real ones, at which the file at this real path may be seen."""
        with self._lock:
            if self._has_changed():
                self._learn(self._read())
            return list(dict.fromkeys(self._others(path)))

    def _others(self, path: str) -> Iterator[str]:
        folder = path
        while True:
            for mount in self._points.get(folder, ()):
                inside = _joined(mount.root, path[len(mount.point) :])
                for other in self._devices[mount.device]:
                    if other is not mount and _is_within(inside, other.root):
                        yield _joined(other.point, inside[len(other.root) :])
            if folder == "/":
                return
            folder = folder[: folder.rfind("/")] or "/"

    def _has_changed(self) -> bool:
        """Whether the table must be read: for the first time here, or since it says that it has changed."""
        if self._process != os.getpid():  # a forked process must not hear what its parent waits for
            self._process = os.getpid()
            try:
                self._descriptor = os.open(self._table, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                self._poll = None
                return False
            self._poll = select.poll()
            self._poll.register(self._descriptor, select.POLLERR | select.POLLPRI)
            return True
        return self._poll is not None and bool(self._poll.poll(0))

    def _read(self) -> str:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return b"".join(iter(lambda: os.read(self._descriptor, 1 << 16), b"")).decode(errors="surrogateescape")

    def _learn(self, table: str) -> None:
        self._points, self._devices = {}, {}
        for mount in parse(table.splitlines()):
            self._points.setdefault(mount.point, []).append(mount)
            self._devices.setdefault(mount.device, []).append(mount)


def parse(lines: Iterable[str]) -> Iterator[Mount]:
    """The mounts that the lines of a table tell of."""
    for line in lines:
        words = line.split(" ")
        if len(words) > 4:
            yield Mount(words[2], _plain(words[3]), _plain(words[4]))


def _plain(word: str) -> str:
    """A path with its blanks, which the table writes as numbers."""
    if "\\" not in word:
        return word
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), word)


def _is_within(path: str, folder: str) -> bool:
    return folder in ("/", path) or path.startswith(f"{folder}/")


def _joined(folder: str, rest: str) -> str:
    """A path below a folder; the rest may be empty, or begin with a stroke."""
    rest = rest.strip("/")
    return f"{folder.rstrip('/')}/{rest}".rstrip("/") or "/"


MOUNTS = Mounts()
"""That of this process: it holds one descriptor open."""
