"""What a person tries who wants to read what is not theirs to read; run as a program, under their own user.

``python thief.py FOLDER MARKER PIDS`` prints, as JSON, for each way that was tried whether the marker was found by it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

MOST = 64 * 1024**2


class Thief:
    """Someone who knows where everything is, and what to look for."""

    def __init__(self, folder: Path, marker: bytes, pids: list[int]) -> None:
        self.folder, self.marker, self.pids = folder, marker, pids
        self.loot = Path(tempfile.mkdtemp())

    def reads_files(self) -> bool:
        """By walking through the folder."""
        return self._in_any(self._walk(self.folder))

    def reads_by_full_path(self) -> bool:
        """By names that were told by somebody."""
        return self._in_any(self.folder / f"studies/small/output/{name}" for name in ("raw.csv", "one.csv"))

    def follows_own_link(self) -> bool:
        """By a symbolic link in a folder of their own."""
        link = self.loot / "link"
        link.symlink_to(self.folder / "studies/small/output/raw.csv")
        return self._in_any([link])

    def links_hard(self) -> bool:
        """By a second name for the same file."""
        with contextlib.suppress(OSError):
            os.link(self.folder / "studies/small/output/raw.csv", self.loot / "hard")
        return self._in_any([self.loot / "hard"])

    def moves_it_away(self) -> bool:
        """By taking the folder itself."""
        with contextlib.suppress(OSError, shutil.Error):
            shutil.move(str(self.folder / "studies"), self.loot / "studies")
        return self._in_any(self._walk(self.loot))

    def opens_the_store(self) -> bool:
        """By the database."""
        store = self.folder / "studies/small/.jupyter_pipeline/expectations/store.sqlite"
        with contextlib.suppress(sqlite3.Error):
            return bool(sqlite3.connect(f"file:{store}?mode=ro", uri=True).execute("SELECT * FROM outputs").fetchall())
        return False

    def looks_into_processes(self) -> bool:
        """By what the kernel shows of each process: its open files, folders and surroundings."""
        names = [f"/proc/{pid}/{name}" for pid in self.pids for name in ("environ", "maps", "stack", "syscall")]
        return self._in_any(map(Path, names), b"/") or self._in_any(self._behind_processes())

    def reads_memory(self) -> bool:
        """By reading a process's memory, by file and by system call."""
        for pid in self.pids:
            with contextlib.suppress(OSError, ValueError, OverflowError):
                maps = Path(f"/proc/{pid}/maps").read_text()
                with open(f"/proc/{pid}/mem", "rb") as memory:
                    for first in re.findall(r"^([0-9a-f]+)-", maps, re.M):
                        memory.seek(int(first, 16))
                        if memory.read(16):
                            return True
            if ctypes.CDLL(None, use_errno=True).ptrace(16, pid, 0, 0) == 0:  # PTRACE_ATTACH
                ctypes.CDLL(None).ptrace(17, pid, 0, 0)
                return True
        return False

    def stops_processes(self) -> bool:
        """By a signal."""
        for pid in self.pids:
            with contextlib.suppress(OSError):
                os.kill(pid, 0)
                return True
        return False

    def finds_leftovers(self) -> bool:
        """By what lies in the folders that all share."""
        return self._in_any(path for top in ("/tmp", "/var/tmp", "/dev/shm") for path in self._walk(Path(top), 3))

    def writes_into_it(self) -> bool:
        """By changing what will be run there."""
        try:
            (self.folder / "studies/small/project.yaml").open("ab").close()
        except OSError:
            return False
        return True

    def _behind_processes(self) -> Iterator[Path]:
        for pid in self.pids:
            yield from self._walk(Path(f"/proc/{pid}/cwd/"), 4)
            yield from self._walk(Path(f"/proc/{pid}/root{self.folder}"), 9)
            with contextlib.suppress(OSError):
                yield from [Path(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]

    def _walk(self, top: Path, deepest: int = 20) -> Iterator[Path]:
        for place, folders, files in os.walk(top):
            if place.count("/") - str(top).rstrip("/").count("/") >= deepest:
                folders.clear()
            yield from (Path(place) / name for name in files)

    def _in_any(self, paths: Iterable[Path], marker: bytes | None = None) -> bool:
        for path in paths:
            with contextlib.suppress(OSError):
                if path.exists() and not (path.is_file() or str(path).startswith("/proc")):
                    continue
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                with open(descriptor, "rb") as file:
                    if (marker or self.marker) in file.read(MOST):
                        return True
        return False


def main() -> None:
    """Try everything."""
    folder, marker, pids = sys.argv[1:]
    thief = Thief(Path(folder), marker.encode(), [int(pid) for pid in pids.split(",")])
    ways = [name for name in vars(Thief) if not name.startswith("_") and name != "moves_it_away"]
    found = {way: getattr(thief, way)() for way in [*ways, "moves_it_away"]}
    shutil.rmtree(thief.loot, ignore_errors=True)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
