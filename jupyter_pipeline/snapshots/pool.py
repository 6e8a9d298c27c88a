"""Snapshots of a project's code: what a request runs on, whatever is edited meanwhile.

`scan` hashes the files of the working tree and remembers them in ``<state>/code/stat.json``, which is only a cache;
`materialize` makes a folder of exactly these files; `scan_commit` does both for a commit.
How the folders are kept is in ``trees``, which code a command depends on in ``scripts.dependencies``.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from ..config import STATE_FOLDER
from ..errors import SnapshotFailed
from . import git
from .trees import (
    Code,
    CodeFile,
    KeptCode,
    blob_of,
    fail,
    held,
    is_sound,
    keep,
    locked,
    materialize,
    opened,
    prune,
    refusal,
    replacing,
    reported,
    tree_of,
)

__all__ = ["Code", "CodeFile", "KeptCode", "held", "listed", "materialize", "nothing", "prune", "scan", "scan_commit"]

_RACY = 2 * 10**9
"""Nanoseconds; the coarsest clock of a file system (FAT): younger files may change again without a newer time."""

_TRIES = 3
_TOP = frozenset({"metadata", STATE_FOLDER})
_NOWHERE = frozenset({".git", "__pycache__", ".ipynb_checkpoints", "node_modules", STATE_FOLDER})
_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta/history")

_Stat = list[int]
_Cache = dict[str, tuple[_Stat, str]]


def nothing(path: str) -> bool:
    """The `excluded` of a pipeline without outputs."""
    return False


def scan(root: Path, state: Path, excluded: Callable[[str], bool] = nothing, extra: Iterable[str] = ()) -> Code:
    """The code of the working tree in `root`, read as far as the cache in `state` does not know it already.

    In a git work tree: what git tracks, or would track. Elsewhere: every file. Never `state`, ``metadata/``, caches
    of Python and Jupyter, virtual environments, sockets and devices, nor what `excluded` says is an output. Files of
    `extra` (dummy data, say) count even if git ignores them or `excluded` names them, as far as they exist.
    Raises SnapshotFailed, naming the file, for what cannot be read or does not stop changing.
    """
    cache = _StatCache(root, state / "code" / "stat.json")
    wanted = dict.fromkeys(path for path in listed(root, state) if not excluded(path))
    folders: dict[str, bool] = {"": True}
    for path in map(os.path.normpath, extra):
        if path.startswith(("../", "/")) or not _is_reached(root, path.rpartition("/")[0], folders):
            raise refusal(
                path, "is not inside the project's own folders", "Name a file of the project, not through a link."
            )
        wanted[path] = None
    files: dict[str, CodeFile] = {}
    for path in sorted(wanted):
        if _is_reached(root, path.rpartition("/")[0], folders) and (file := _look(root, path, cache)) is not None:
            files[path] = file
    cache.save()
    return _code(files)


def scan_commit(root: Path, state: Path, revision: str, excluded: Callable[[str], bool] = nothing) -> Code:
    """The code of the project at a commit, by the rules of `scan`; its tree is made on the way.

    Raises InvalidRequest for an unknown revision, SnapshotFailed when the content cannot be had or kept.
    """
    files: dict[str, CodeFile] = {}
    with locked(state / "code") as folder:
        for path, mode, content in git.export(root, revision):
            if excluded(path):
                continue
            target = os.fsdecode(content) if mode == git.LINK else None
            file = CodeFile(hashlib.sha256(content).hexdigest(), len(content), mode == git.EXECUTABLE, target)
            files[path] = file
            if target is None and not is_sound(blob := blob_of(folder, file), file):
                with reported(path):
                    keep(blob, file, (content,), path)
        code = _code({path: files[path] for path in sorted(_kept(files, root, state))})
        tree_of(code, None, folder)
    return code


# -- which files -----------------------------------------------------------------------------------


def listed(root: Path, state: Path) -> list[str]:
    """The paths of the working tree that can be code, by the rules of `scan`, unread; some may be gone by now."""
    tracked = git.listed_files(root)
    return _kept(_walk(root, state) if tracked is None else tracked, root, state)


def _walk(root: Path, state: Path) -> Iterator[str]:
    """Every file below `root`; folders that `_kept` would drop anyway are not entered."""
    folders = [""]
    while folders:
        folder = folders.pop()
        with reported(folder or "."), os.scandir(root / folder) as entries:
            found = list(entries)
        if folder and not {"pyvenv.cfg", "conda-meta"}.isdisjoint(entry.name for entry in found):
            continue
        for entry in found:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield path
            elif entry.name not in _NOWHERE and path not in _TOP and Path(entry.path) != state:
                folders.append(path)


def _kept(paths: Iterable[str], root: Path, state: Path) -> list[str]:
    """The paths that can be code: in no environment, no cache, and in nothing of ours or of the platform's logs."""
    paths = list(paths)
    unwanted = {path[: -len(end)] for path in paths for end in _ENVIRONMENTS if path.endswith("/" + end)}
    if state.is_relative_to(root) and state != root:
        unwanted.add(f"{state.relative_to(root)}/")
    starts = tuple({*unwanted, *(f"{name}/" for name in _TOP)})
    folders: dict[str, bool] = {}
    kept = []
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in folders:
            folders[folder] = not (f"{folder}/".startswith(starts) or not _NOWHERE.isdisjoint(folder.split("/")))
        if folders[folder]:
            kept.append(path)
    return kept


def _is_reached(root: Path, folder: str, known: dict[str, bool]) -> bool:
    """Whether every folder on the way is a real one; git still lists what lay in one that became a link."""
    if folder not in known:
        above = _is_reached(root, folder.rpartition("/")[0], known)
        known[folder] = above and not (root / folder).is_symlink()
    return known[folder]


# -- reading ---------------------------------------------------------------------------------------


class _StatCache:
    """Content hashes by path, trusted while size, times and inode of the file are as they were.

    A file may change again within one tick of the file system's clock without looking different, so an entry is
    believed only if the file was older than that when the scan that read it began (git calls these racily clean).
    """

    def __init__(self, root: Path, file: Path) -> None:
        self.file, self.root = file, str(root)
        self.started = time.time_ns()
        self.entries: _Cache = {}
        self.fresh: _Cache = {}
        self.limit = 0
        self.changed = False
        # Whatever is wrong with the file: it is only a cache, and is written anew. The checksum leaves no half-truths.
        with suppress(OSError, ValueError):
            checksum, body = file.read_bytes().split(b"\n", 1)
            if hashlib.sha256(body).hexdigest().encode() == checksum:
                version, where, started, entries = json.loads(body)
                if (version, where) == (1, self.root):
                    self.entries, self.limit = entries, started - _RACY

    def find(self, path: str, key: _Stat) -> str | None:
        entry = self.entries.get(path)
        if entry is None or entry[0] != key or max(key[1], key[2]) >= self.limit:
            return None
        self.fresh[path] = entry
        return entry[1]

    def add(self, path: str, key: _Stat, sha256: str) -> None:
        self.fresh[path] = (key, sha256)
        self.changed = True

    def save(self) -> None:
        if not self.changed and len(self.fresh) == len(self.entries):
            return
        # An entry that is kept was old enough at an earlier scan, so it is at this one.
        body = json.dumps([1, self.root, self.started, self.fresh], separators=(",", ":")).encode()
        # Where it cannot be kept the next scan is slow, and whoever has to write there will say why.
        with suppress(OSError, SnapshotFailed), locked(self.file.parent), replacing(str(self.file)) as file:
            file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def _look(root: Path, path: str, cache: _StatCache) -> CodeFile | None:
    """One file as it is now; None if it is gone, a folder (a submodule), a socket or a device."""
    full = f"{root}/{path}"
    try:
        info = os.lstat(full)
        if stat.S_ISREG(info.st_mode):
            sha256 = cache.find(path, _key(info))
            if sha256 is None:
                sha256, info = _read(full, path)
                cache.add(path, _key(info), sha256)
            return CodeFile(sha256, info.st_size, bool(info.st_mode & stat.S_IXUSR))
        if stat.S_ISLNK(info.st_mode):
            target = os.readlink(full)
            return CodeFile(hashlib.sha256(os.fsencode(target)).hexdigest(), len(os.fsencode(target)), target=target)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        fail(error, path)
    return None


def _key(info: os.stat_result) -> _Stat:
    return [info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino]


def _read(full: str, path: str) -> tuple[str, os.stat_result]:
    """The hash of a file that did not change while it was read, and what it was then."""
    for _ in range(_TRIES):
        with opened(full) as file:
            before = os.fstat(file.fileno())
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            after = os.fstat(file.fileno())
        if _key(before) == _key(after) and stat.S_ISREG(after.st_mode):
            return sha256, after
    raise refusal(path, "keeps changing while it is read", "Wait until whatever writes it is done, and try again.")


def _code(files: Mapping[str, CodeFile]) -> Code:
    text = "".join(f"{path}\0{file.mode}\0{file.sha256}\0" for path, file in files.items())
    return Code(files, hashlib.sha256(os.fsencode(text)).hexdigest())
