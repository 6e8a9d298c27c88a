"""Which files on disk may not be read or written past the panel, and why: for servers that hand out files by path.

What is protected: the state folder of a project; published outputs that ``rules.levels.can_view`` refuses; files that a
strict pattern of project.yaml claims; full logs; and all of these under any other name that the disk gives them. A file
that cannot be checked is withheld. What may be viewed, and in which form, is ``project.viewing``'s business. This
guards against accidents: a process of the same person can read every file without asking here.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ..config import JOBS, STATE_FOLDER
from ..planning import survey
from ..store.database import FILE
from .disk import NOTHING, Folders, Identity, Sign, identity_of, is_at, is_settled, sign_of
from .mounts import MOUNTS
from .project import STATE, ProtectedProject

ODD = "Its path cannot be looked at: it is not valid, too long, or leads in circles."
TOO_MANY = "It holds too many files to look through."
CHANGED = "Another file has just taken its place. Ask for it again."

MOST_FOLDERS, DEEPEST = 4000, 6
"""How many folders below the server's root are looked at for projects, and how deep."""
MOST_ENTRIES = 50_000
"""How many files are looked at before a whole folder is refused."""
WALK_AGAIN = 30.0
"""Seconds after which projects are looked for again that nobody has asked for a file of."""
_PASSED_OVER = frozenset({"node_modules", "site-packages", "__pycache__", "env", "venv", "envs"})
_ENVIRONMENT = "pyvenv.cfg"
_PROJECT = frozenset({survey.PROJECT_FILE, STATE_FOLDER})

_moment: ContextVar[dict[tuple[int, str], str | None] | None] = ContextVar("jupyter_pipeline_moment", default=None)
"""What has been looked at, and answered, in the moment that is now, if there is one."""


@contextlib.contextmanager
def moment(anew: bool = False) -> Iterator[None]:
    """Answer all that is asked within by what the disk says from now on: it is looked at once, not for each question.

    For what is one answer to somebody, such as the entries of a listing. A moment within a moment is the same one,
    unless it is to begin `anew`.
    """
    if _moment.get() is not None and not anew:
        yield
        return
    token = _moment.set({})
    try:
        yield
    finally:
        _moment.reset(token)


class Protection:
    """Answers for every path below a server's root folder, and any that leads out of it. Safe to ask from threads."""

    def __init__(self, root: Path, *, settings: Mapping[str, Any] = {}) -> None:
        self._root = os.path.realpath(root)
        self._settings = dict(settings)
        self._lock = threading.RLock()
        self._known: dict[str, ProtectedProject] = {}
        self._bare: dict[str, Sign] = {}
        """The folders that are neither a project's nor records, each as it was when that was seen."""
        self._orphans: set[str] = set()
        """Folders of records of which no project is known."""
        self._folders = Folders(_PROJECT | {_ENVIRONMENT})
        self._walked: float | None = None

    def projects(self) -> tuple[Path, ...]:
        """The folders of the projects that are known by now."""
        with self._lock:
            self._look()
            return tuple(Path(root) for root in self._known)

    def reason(self, path: Path, opened: os.stat_result | None = None) -> str | None:
        """Why the file at this absolute path may not be read or written through a server's own routes, or None.

        The path may be a link, oddly spelled, or of a file that is not there. `opened` is the status of what was opened
        under it: then the answer is about that very file; ask in a moment that began after the opening. Never raises.
        """
        known = _moment.get()
        if known is None or opened is not None:
            return self._reason_now(path, opened)
        key = (id(self), os.fspath(path))
        if key not in known:
            known[key] = self._reason_now(path)
        return known[key]

    def _reason_now(self, path: Path, opened: os.stat_result | None = None) -> str | None:
        try:
            named = os.path.abspath(path)
            # What follows a link's "..": the disk and servers do not agree on that, so both readings count.
            found = [_resolve(path), *([_resolve(Path(named))] if ".." in Path(path).parts else [])]
        except (OSError, ValueError):
            return ODD
        if opened is not None and not _is_same(found[0][1], opened):
            return CHANGED
        # An output may lie elsewhere, behind a link that stands in its place.
        found += [(named, found[-1][1])] if named != found[-1][0] else []
        with self._lock:
            self._look()  # after the file: a job's outputs are told of in the history before they are in their places
            for real, status in found + [each for one in found for each in _mounted(*one)]:
                if (why := self._reason(real, status)) is not None:
                    return why
        return None

    def reason_within(self, folder: Path) -> str | None:
        """Why a folder as a whole may not be copied, moved or deleted: it is, or holds, something protected; or None.

        Links in it count as what they lead to, since copying follows them. Never raises.
        """
        why = self.reason(folder)
        if why is not None:
            return why
        with self._lock, moment():
            try:
                return self._reason_below(os.path.realpath(folder)) if os.path.isdir(folder) else None
            except (OSError, ValueError):
                return ODD

    # -- one path ------------------------------------------------------------------------------------

    def _reason(self, real: str, status: os.stat_result | None) -> str | None:
        """Why a real path may not be read or written; `status` is None where nothing is there."""
        is_folder = status is not None and stat.S_ISDIR(status.st_mode)
        for project, inner in self._homes(real, is_folder):
            if project is None or inner is None:
                return STATE
            why = None if is_folder else project.reason(inner)
            if why is not None:
                return why
        return None if status is None or is_folder else self._reason_by_identity(status)

    def _reason_by_identity(self, status: os.stat_result) -> str | None:
        """Why a file may not be read that is a protected one under another name, such as a hard link."""
        has_others = status.st_nlink > 1
        if has_others and self._is_due("links"):
            self._walk()
            for project in list(self._known.values()):
                project.refresh_records()
        for project in list(self._known.values()):
            why = project.reason_by_identity(status)
            if why is None and has_others:
                why = project.reason_by_record(status)
            if why is not None:
                return why
        return None

    def _homes(self, real: str, is_folder: bool) -> Iterator[tuple[ProtectedProject | None, str | None]]:
        """The projects that a path lies in, each with the path as seen from there; None for a folder of records.

        Folders are known by name and by identity: a mount of a project's folder, a link's target, or its name in other
        letters where those do not count, is that folder.
        """
        above = [(folder, self._at(folder)) for folder in _upwards(real) if is_folder or folder is not real]
        for folder, identity in above:
            if folder in self._orphans:
                yield None, None
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
        """What a folder is, having noted whether a project or records are in it."""
        clock = time.time_ns()
        try:
            status = os.stat(folder)
        except OSError:
            return NOTHING
        seen = sign_of(status)
        if folder not in self._known and self._bare.get(folder) != seen and stat.S_ISDIR(status.st_mode):
            self._orphans.discard(folder)
            if self._is_project(folder):
                self._add(folder)
            elif _is_history(folder):
                self._orphans.add(folder)
            elif is_settled(seen, clock):
                self._bare[folder] = seen
        return identity_of(status)

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
            if any(project is None or inner is None for project, inner in homes):
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

    def _reason_of_entry(
        self, entry: os.DirEntry[str], homes: list[tuple[ProtectedProject | None, str | None]]
    ) -> str | None:
        if entry.is_symlink():
            return self.reason(Path(entry.path))
        for project, inner in homes:
            if (
                project
                and inner is not None
                and (why := project.reason(f"{inner}/{entry.name}".lstrip("/"))) is not None
            ):
                return why
        status = entry.stat()
        return self._reason_by_identity(status) if stat.S_ISREG(status.st_mode) else None

    # -- the projects --------------------------------------------------------------------------------

    def _look(self) -> None:
        """Learn what has changed in the projects that are known, and now and then which others there are."""
        if not self._is_due("projects"):
            return
        now = time.monotonic()
        if self._walked is None:
            self._walked = now
            for folder in _upwards(self._root):
                self._at(folder)
            self._walk()
        elif now - self._walked > WALK_AGAIN:
            self._walked = now
            threading.Thread(target=self._walk, name="jupyter_pipeline projects", daemon=True).start()
        for project in list(self._known.values()):
            project.refresh()

    def _is_due(self, what: str) -> bool:
        """Whether something must be looked at: always, but for the first time in a moment only."""
        known = _moment.get()
        if known is None:
            return True
        key = (id(self), f"\0{what}")  # as no path can be
        is_first = key not in known
        known[key] = None
        return is_first

    def _walk(self) -> None:
        """Find projects breadth first. Of a link that leads to a folder only that folder is looked at."""
        found: list[str] = []
        left, count = deque([(self._root, 0)]), 0
        while left and count < MOST_FOLDERS:
            place, depth = left.popleft()
            folder = self._folders.read(place)
            if folder is None or (_ENVIRONMENT in folder.marks and depth):
                continue
            count += 1
            if _PROJECT & folder.marks:
                found.append(place)
            for name in folder.links:
                if os.path.isdir(f"{place}/{name}") and not _is_passed_over(name):
                    found += filter(self._is_project, _upwards(os.path.realpath(f"{place}/{name}")))
            if depth < DEEPEST:
                left += [(f"{place}/{name}", depth + 1) for name in folder.own_folders if not _is_passed_over(name)]
        with self._lock:
            for place in found:
                self._add(os.path.realpath(place))

    def _is_project(self, folder: str) -> bool:
        """Whether a folder is a project, or was: its state folder alone says so too."""
        return any(os.path.lexists(f"{folder}/{name}") for name in _PROJECT)

    def _add(self, folder: str) -> None:
        if folder not in self._known:
            self._known[folder] = project = ProtectedProject(folder, self._settings)
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


def _is_passed_over(name: str) -> bool:
    """Whether a folder of this name is no place for projects, but may hold very many folders."""
    return name.startswith(".") or name in _PASSED_OVER


def _is_history(folder: str) -> bool:
    """Whether the history of a backend is in a folder, whatever project it is of."""
    return os.path.lexists(f"{folder}/{FILE}") and os.path.isdir(f"{folder}/{JOBS}")


def _is_same(status: os.stat_result | None, opened: os.stat_result) -> bool:
    return status is not None and identity_of(status) == identity_of(opened)


def _mounted(real: str, status: os.stat_result | None) -> list[tuple[str, os.stat_result | None]]:
    """The other paths that mounts give to a file, or would give to one that is not there."""
    identity = None if status is None else identity_of(status)
    return [(path, status) for path in MOUNTS.others(real) if identity is None or is_at(identity, path)]


def _holds(top: str, path: str, why: str) -> str:
    return f"It holds {os.path.relpath(path, top)}. {why}" if path != top else why
