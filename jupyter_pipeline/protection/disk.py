"""What the disk tells of folders and files: what they are, what they are called, whether something has changed.

Nothing is taken for unchanged because little time has passed: a look is used again only where the disk itself says that
nothing has happened since. Which files are protected is not known here.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

Identity = tuple[int, int]
"""Device and inode: what a file is, whatever it is called."""
Sign = tuple[int, int, int, int]
"""What becomes another when a file or folder does: time of change, size, inode, device. Unlike the time of what is in
it, the time of change cannot be set by anybody: copying a folder with its times does not hide that it is another."""

NOTHING: Identity = (-1, -1)
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)

SETTLED, COARSE = 20_000_000, 2_100_000_000
"""Nanoseconds within which two changes may bear the same time; the second is for disks that count in whole seconds."""


def identity_of(status: os.stat_result) -> Identity:
    """What a file is."""
    return status.st_dev, status.st_ino


def sign(path: str) -> Sign | None:
    """What there is at a path, links followed; None where nothing is, or where it cannot be looked at."""
    try:
        return sign_of(os.stat(path))
    except (OSError, ValueError):
        return None


def sign_of(status: os.stat_result) -> Sign:
    """What is to be compared of a status."""
    return time_of_change(status), status.st_size, status.st_ino, status.st_dev


def time_of_change(status: os.stat_result) -> int:
    """When the disk says that something was last changed, in nanoseconds."""
    return status.st_ctime_ns


def sign_of_database(path: str) -> Sign | None:
    """As `sign`, by the time of what is in the file: SQLite, as root, sets the owner of its log when it only reads."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev


def is_settled(found: Sign | None, clock: int) -> bool:
    """Whether any later change will show; `clock` is ``time.time_ns()`` from before the look, not after it."""
    if found is None:
        return True
    changed = found[0]
    return abs(clock - changed) > (SETTLED if changed % 1_000_000_000 else COARSE)


def is_at(identity: Identity, path: str | None) -> bool:
    """Whether a file or folder is still at a path: the disk gives the inode of what is gone to what is new."""
    return path is not None and identity != NOTHING and identity_at(path) == identity


def identity_at(path: str) -> Identity:
    """What is at a path, links followed; `NOTHING` where nothing is, or where it cannot be looked at."""
    try:
        return identity_of(os.stat(path))
    except (OSError, ValueError):
        return NOTHING


@dataclass(frozen=True, slots=True, eq=False)
class Folder:
    """What is in a folder."""

    identity: Identity
    folders: tuple[str, ...] = ()
    """The names of folders, and of links, which may lead to one."""
    links: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()
    """The names that were looked for."""
    files: Mapping[Identity, tuple[str, ...]] = field(default_factory=dict)
    """The names of its files by what they are; empty where only names were asked for."""
    is_read: bool = True
    """False for a folder that is there, but keeps what is in it to itself."""

    @property
    def own_folders(self) -> set[str]:
        """The names of the folders that are no links."""
        return set(self.folders).difference(self.links)


class Folders:
    """What is in folders, each read again only when it has changed."""

    def __init__(self, marks: frozenset[str] = frozenset(), with_files: bool = False) -> None:
        self._marks, self._with_files = marks, with_files
        self._known: dict[str, tuple[Sign, Folder]] = {}
        self._signs: dict[str, Sign | None] = {}
        self._is_settled = True

    def begin(self) -> None:
        """Begin a new round, for `is_as_read`."""
        self._signs = {}
        self._is_settled = True

    def is_as_read(self) -> bool:
        """Whether all that was read in this round is as it was."""
        return self._is_settled and [*map(sign, self._signs)] == [*self._signs.values()]

    def identity(self, place: str) -> Identity:
        """What a folder is; `NOTHING` where there is none."""
        found = self._signs[place] = sign(place)
        return NOTHING if found is None else (found[3], found[2])

    def read(self, place: str) -> Folder | None:
        """What is in a folder; None where there is none."""
        clock = time.time_ns()
        found = self._signs[place] = None
        try:
            status = os.stat(place)
            found = self._signs[place] = sign_of(status)
            known = self._known.get(place)
            if known is not None and known[0] == found:
                return known[1]
            folder = self._read(place, identity_of(status))
        except ValueError:  # no path at all
            return None
        except OSError as error:
            self._known.pop(place, None)
            return None if error.errno in _NOT_THERE else Folder(identity_at(place), is_read=False)
        if is_settled(found, clock):
            self._known[place] = found, folder
        else:
            self._is_settled = False
            self._known.pop(place, None)
        return folder

    def forget_all_but(self, places: set[str]) -> None:
        """Let go of what nobody asks for any more."""
        if len(self._known) > len(places):
            self._known = {place: known for place, known in self._known.items() if place in places}

    def _read(self, place: str, identity: Identity) -> Folder:
        folders, links, marks = [], [], set()
        files: dict[Identity, tuple[str, ...]] = {}
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name in self._marks:
                    marks.add(entry.name)
                if entry.is_symlink():
                    links.append(entry.name)
                    folders.append(entry.name)
                elif entry.is_dir():
                    folders.append(entry.name)
                elif self._with_files:
                    each = identity_at(entry.path)
                    files[each] = (*files.get(each, ()), entry.name)
        return Folder(identity, tuple(folders), tuple(links), frozenset(marks), files)
