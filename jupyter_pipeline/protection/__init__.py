"""Which files on disk may not be read or written past the panel, and why: for servers that hand out files by path.

What is protected: the state folder of a project; published outputs that ``levels.can_view`` refuses; files that a
strict pattern of project.yaml claims; full logs; and all of these under any other name that the disk gives them. A file
that cannot be checked is withheld. What may be viewed, and in which form, is ``viewing``'s business. This guards
against accidents: a process of the same person can read every file without asking here.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import planning
from ..config import STATE_FOLDER
from .project import OTHERS_AGAIN, SETTLED, Identity, Project, is_at

STATE = "It belongs to the records of a project, which hold what jobs have made, seen or not."
ODD = "Its path cannot be looked at: it is not valid, too long, or leads in circles."
TOO_MANY = "It holds too many files to look through."

MOST_FOLDERS, DEEPEST = 4000, 6
"""How many folders below the server's root are looked at for projects, and how deep."""
MOST_ENTRIES = 50_000
"""How many files are looked at before a whole folder is refused."""
WALK_AGAIN = 30.0
"""Seconds after which projects are looked for again."""
NOTHING: Identity = (-1, -1)
_PASSED_OVER = frozenset({"node_modules", "site-packages", "__pycache__", "env", "venv", "envs"})


class Protection:
    """Answers for every path below a server's root folder, and any that leads out of it. Safe to ask from threads."""

    def __init__(self, root: Path, *, settings: Mapping[str, Any] = {}) -> None:
        self._root = os.path.realpath(root)
        self._settings = dict(settings)
        self._lock = threading.RLock()
        self._known: dict[str, Project] = {}
        self._bare: dict[str, tuple[int, int]] = {}
        self._outside: dict[str, Identity] = {}
        """The folders outside of the server's, which are looked at less often."""
        self._walked: float | None = None
        self._looked_around = float("-inf")

    def projects(self) -> tuple[Path, ...]:
        """The folders of the projects that are known by now."""
        with self._lock:
            self._look_for_projects()
            return tuple(Path(root) for root in self._known)

    def reason(self, path: Path) -> str | None:
        """Why the file at this absolute path may not be read or written through a server's own routes, or None.

        The path may be a link, oddly spelled, or of a file that is not there. Never raises.
        """
        with self._lock:
            self._look_for_projects()
            try:
                named = os.path.abspath(path)
                # What follows a link's "..": the disk and servers do not agree on that, so both readings count.
                found = [_resolve(path), *([_resolve(Path(named))] if ".." in Path(path).parts else [])]
            except (OSError, ValueError):
                return ODD
            # An output may lie elsewhere, behind a link that stands in its place.
            found += [(named, found[-1][1])] if named != found[-1][0] else []
            return next((why for each in found if (why := self._reason(*each)) is not None), None)

    def reason_within(self, folder: Path) -> str | None:
        """Why a folder as a whole may not be copied, moved or deleted: it is, or holds, something protected; or None.

        Links in it count as what they lead to, since copying follows them. Never raises.
        """
        why = self.reason(folder)
        if why is not None:
            return why
        with self._lock:
            try:
                return self._reason_below(os.path.realpath(folder)) if os.path.isdir(folder) else None
            except (OSError, ValueError):
                return ODD

    # -- one path ------------------------------------------------------------------------------------

    def _reason(self, real: str, status: os.stat_result | None) -> str | None:
        """Why a real path may not be read or written; `status` is None where nothing is there."""
        is_folder = status is not None and stat.S_ISDIR(status.st_mode)
        for project, inner in self._homes(real, is_folder):
            if inner is None:
                return STATE
            why = None if is_folder else project.reason(inner)
            if why is not None:
                return why
        return None if status is None or is_folder else self._reason_by_identity(status)

    def _reason_by_identity(self, status: os.stat_result) -> str | None:
        """Why a file may not be read that is a protected one under another name: a hard link, or a mount of it."""
        identity = (status.st_dev, status.st_ino)
        for project in self._known.values():
            inner = project.files(now=status.st_nlink > 1).get(identity)
            if inner is not None and is_at(identity, f"{project.root}/{inner}"):
                why = project.reason(inner)
                if why is not None:
                    return why
            if status.st_nlink > 1 and is_at(identity, project.records().get(identity)):
                return STATE
        return None

    def _homes(self, real: str, is_folder: bool) -> Iterator[tuple[Project, str | None]]:
        """The projects that a path lies in, each with the path as seen from there; None for a state folder.

        Folders are known by name and by identity: a mount of a project's folder, a link's target, or its name in other
        letters where those do not count, is that folder.
        """
        if time.monotonic() - self._looked_around > OTHERS_AGAIN:
            self._looked_around = time.monotonic()
            self._outside.clear()
            for project in list(self._known.values()):
                project.refresh()
        above = [(folder, self._at(folder)) for folder in _upwards(real) if is_folder or folder is not real]
        for folder, identity in above:
            for project in self._known.values():
                if folder in project.states:
                    yield project, None
                elif folder == project.root:
                    yield project, _below(real, folder)
                elif identity in project.folders:
                    place, inner = project.folders[identity]
                    if place != folder and is_at(identity, place):
                        yield project, None if inner is None else f"{inner}/{_below(real, folder)}".strip("/")

    def _at(self, folder: str) -> Identity:
        """What a folder is, having read the project in it, if there is one, as it is now."""
        is_outside = len(folder) < len(self._root) and folder not in self._known
        if is_outside and folder in self._outside:
            return self._outside[folder]
        try:
            status = os.stat(folder)
        except OSError:
            return NOTHING
        seen = (status.st_ino, status.st_mtime_ns)
        if folder in self._known:
            self._known[folder].refresh()
        elif self._bare.get(folder) != seen and stat.S_ISDIR(status.st_mode):
            if self._is_project(folder):
                self._add(folder)
            elif time.time_ns() - status.st_mtime_ns > SETTLED:
                self._bare[folder] = seen
        if is_outside:
            self._outside[folder] = status.st_dev, status.st_ino
        return status.st_dev, status.st_ino

    # -- a folder ------------------------------------------------------------------------------------

    def _reason_below(self, top: str) -> str | None:
        seen: set[Identity] = set()
        left, count = deque([top]), 0
        while left:
            folder = left.popleft()
            status = os.stat(folder)
            if not stat.S_ISDIR(status.st_mode) or (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            homes = list(self._homes(folder, True))
            if any(inner is None for _, inner in homes):
                return _holds(top, folder, STATE)
            with os.scandir(folder) as entries:
                for entry in entries:
                    count += 1
                    if count > MOST_ENTRIES:
                        return TOO_MANY
                    if entry.is_dir(follow_symlinks=True):
                        left.append(os.path.realpath(entry.path))
                    elif (why := self._reason_of_entry(entry, homes)) is not None:
                        return _holds(top, entry.path, why)
        return None

    def _reason_of_entry(self, entry: os.DirEntry[str], homes: list[tuple[Project, str | None]]) -> str | None:
        if entry.is_symlink():
            return self.reason(Path(entry.path))
        for project, inner in homes:
            if inner is not None and (why := project.reason(f"{inner}/{entry.name}".lstrip("/"))) is not None:
                return why
        status = entry.stat()
        return self._reason_by_identity(status) if stat.S_ISREG(status.st_mode) else None

    # -- the projects --------------------------------------------------------------------------------

    def _look_for_projects(self) -> None:
        """Look for projects below the root, the first time at once, later beside what is being asked."""
        now = time.monotonic()
        if self._walked is None:
            self._walked = now
            for folder in _upwards(self._root):
                self._at(folder)
            self._walk()
        elif now - self._walked > WALK_AGAIN:
            self._walked = now
            threading.Thread(target=self._walk, name="jupyter_pipeline projects", daemon=True).start()

    def _walk(self) -> None:
        """Find projects breadth first. Of a link that leads to a folder only that folder is looked at."""
        found: list[str] = []
        left, count = deque([(self._root, 0)]), 0
        while left and count < MOST_FOLDERS:
            folder, depth = left.popleft()
            count += 1
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name in (planning.PROJECT_FILE, STATE_FOLDER):
                        found.append(folder)
                    elif os.path.isdir(entry.path) and not _is_passed_over(entry):
                        if entry.is_symlink():
                            found += filter(self._is_project, _upwards(os.path.realpath(entry.path)))
                        elif depth < DEEPEST:
                            left.append((entry.path, depth + 1))
        with self._lock:
            for folder in found:
                self._add(os.path.realpath(folder))

    def _is_project(self, folder: str) -> bool:
        """Whether a folder is a project, or was: its state folder alone says so too."""
        return os.path.exists(f"{folder}/{planning.PROJECT_FILE}") or os.path.isdir(f"{folder}/{STATE_FOLDER}")

    def _add(self, folder: str) -> None:
        if folder not in self._known:
            self._known[folder] = project = Project(folder, self._settings)
            project.refresh()


def _resolve(path: Path) -> tuple[str, os.stat_result | None]:
    """The real path and what is there. Raises OSError or ValueError for a path that cannot be looked at."""
    text = os.fspath(path)
    text.encode()  # a name that is not Unicode names nothing that a pattern could claim or a store could hold
    real = os.path.realpath(text)
    try:
        return real, os.stat(real)
    except (FileNotFoundError, NotADirectoryError):
        return real, None


def _upwards(folder: str) -> Iterator[str]:
    """A path and all folders above it."""
    yield folder
    while folder != "/":
        folder = folder[: folder.rfind("/")] or "/"
        yield folder


def _below(path: str, folder: str) -> str:
    """A path as seen from a folder above it, or from itself: then it is empty."""
    return path[len(folder) :].lstrip("/")


def _is_passed_over(entry: os.DirEntry[str]) -> bool:
    """Whether a folder is no place for projects, but may hold very many folders."""
    return entry.name.startswith(".") or entry.name in _PASSED_OVER or os.path.exists(f"{entry.path}/pyvenv.cfg")


def _holds(top: str, path: str, why: str) -> str:
    return f"It holds {os.path.relpath(path, top)}. {why}" if path != top else why
