"""The kept code: every content once, and folders of hard links to them that jobs see as their read-only lower layer.

Under ``<state>/code`` lie::

    blobs/ab/<sha256>[x]  each content once (with an x: executable, since hard links share their mode)
    trees/<id>/           one snapshot each
    lock                  held shared while a tree is made, and alone while old ones are removed

Files of a tree are never written to. Their modes are still those of a fresh checkout (0644, 0755), because a job sees
the modes through its overlay, where it may change its own copy as it may on the platform. Instead every blob has the
same fixed time of change, so that one which was written to in place is noticed and made anew.
How the code is read is not here (see ``pool``).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, NoReturn

from ..errors import SnapshotFailed

GRACE = 3600.0
"""Seconds for which a tree that was just asked for is kept by `prune`, until its request is in the store."""

BLOB_TIME = 946_771_200 * 10**9
"""The time of change of every blob: the second day of 2000, which every archive format can express."""

_CHUNK = 1 << 20
_TRIES = 100


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One file of a snapshot: the hash of its content or, for a symbolic link, of its target."""

    sha256: str
    size: int
    executable: bool = False
    target: str | None = None
    """Where a symbolic link points, as written; links are never followed."""

    @property
    def mode(self) -> str:
        """``f`` for a plain file, ``x`` for an executable one, ``l`` for a symbolic link."""
        return "x" if self.executable else "f" if self.target is None else "l"


@dataclass(frozen=True)
class Code:
    """The code of a project at one moment."""

    files: Mapping[str, CodeFile]
    """By path, sorted."""
    id: str
    """A hash over the paths, modes and contents: the same code has the same id, from a folder or from a commit."""

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Path to content hash, as ``dependencies`` wants it; links and executables are told by a prefix."""
        prefix = {"f": "", "x": "x:", "l": "link:"}
        return {
            path: prefix[file.mode] + (file.sha256 if file.target is None else file.target)
            for path, file in self.files.items()
        }


@dataclass(frozen=True, slots=True)
class KeptCode:
    """What `prune` could free at most."""

    trees: int
    blobs: int
    bytes: int


def materialize(code: Code, root: Path, state: Path) -> Path:
    """The folder that holds exactly the files of `code`, made now or found; never write into it.

    `root` gives content that is not kept yet; it is checked against the hash, and when it was changed since `scan`
    SnapshotFailed asks to try again. Several processes may call this at once, and be killed at any moment.
    """
    with locked(state / "code") as folder:
        return tree_of(code, root, folder)


def prune(state: Path, keep_ids: Collection[str], grace: float = GRACE) -> int:
    """Remove trees that are neither in `keep_ids` nor younger than `grace` seconds, and contents no tree needs.

    Gives the bytes freed. Waits until no tree is being made.
    """
    freed = 0
    with locked(state / "code", alone=True) as folder, reported(str(state / "code")):
        limit = time.time() - grace
        for tree in _entries(folder / "trees"):
            # Whoever makes a tree holds the lock: a temporary one was left by a process that died.
            is_temporary = tree.name.startswith(".")
            if is_temporary or (tree.name not in keep_ids and tree.stat(follow_symlinks=False).st_mtime <= limit):
                freed += sum(info.st_size for _, info in _files(Path(tree.path)) if info.st_nlink == 1)
                shutil.rmtree(tree.path)
        unfinished = [entry.name for entry in _entries(folder) if entry.name.startswith(".")]
        idle = [f"blobs/{path}" for path, info in _files(folder / "blobs") if info.st_nlink == 1]
        for path in (*unfinished, *idle):
            freed += (folder / path).lstat().st_size
            (folder / path).unlink()
    return freed


def held(state: Path) -> KeptCode:
    """How many snapshots and contents are kept, and how many bytes they take together."""
    folder = state / "code"
    blobs = {info.st_ino: info.st_size for _, info in _files(folder / "blobs")}
    copies = {info.st_ino: info.st_size for _, info in _files(folder / "trees")}
    return KeptCode(len(_entries(folder / "trees")), len(blobs), sum((copies | blobs).values()))


def is_kept(state: Path, tree_id: str) -> bool:
    """Whether the snapshot of that id is on disk."""
    return (state / "code" / "trees" / tree_id).is_dir()


def contents(state: Path, tree_id: str) -> dict[str, str]:
    """For each path of a kept snapshot its kind and the hash of its content, to compare it with another."""
    tree = state / "code" / "trees" / tree_id
    found = {}
    for path, info in _files(tree):
        if stat.S_ISLNK(info.st_mode):
            found[path] = f"l:{os.readlink(tree / path)}"
        else:
            with opened(f"{tree}/{path}") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[path] = f"{'x' if info.st_mode & stat.S_IXUSR else 'f'}:{digest}"
    return found


def content(state: Path, tree_id: str, path: str, most: int) -> bytes:
    """At most `most` bytes of a file of a kept snapshot, one that `contents` tells of; of a link where it points.

    Raises SnapshotFailed when it is not there any more.
    """
    full = f"{state}/code/trees/{tree_id}/{path}"
    with reported(path):
        if os.path.islink(full):
            return os.fsencode(os.readlink(full))[:most]
        with opened(full) as file:
            return file.read(most)


def tree_of(code: Code, root: Path | None, folder: Path) -> Path:
    """The tree of `code`, found or made; `root` is None where all the content is kept already."""
    tree = folder / "trees" / code.id
    if _holds(tree, code):
        os.utime(tree)
        return tree
    with reported("the copy of the code"):
        building = Path(tempfile.mkdtemp(prefix=".", dir=tree.parent))
    try:
        _fill(building, code, root, folder)
        with reported("the copy of the code"):
            building.chmod(0o755)
            if not _moved(building, tree) and not _holds(tree, code):
                # Not another process's work of this moment, but one that somebody wrote into.
                tree.rename(f"{building}.old")
                building.rename(tree)
    finally:
        shutil.rmtree(building, ignore_errors=True)
        shutil.rmtree(f"{building}.old", ignore_errors=True)
    return tree


def _moved(building: Path, tree: Path) -> bool:
    try:
        building.rename(tree)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        return False
    return True


def _holds(tree: Path, code: Code) -> bool:
    """Whether a tree is there and is as it was made."""
    found = dict(_files(tree))
    if found.keys() != code.files.keys():
        return False
    for path, file in code.files.items():
        if file.target is None:
            as_made = _is_as_made(found[path], file)
        else:
            as_made = stat.S_ISLNK(found[path].st_mode) and os.readlink(tree / path) == file.target
        if not as_made:
            return False
    return True


def _fill(building: Path, code: Code, root: Path | None, folder: Path) -> None:
    made = {""}
    for path, file in code.files.items():
        with reported(path):
            above = path.rpartition("/")[0]
            if above not in made:
                (building / above).mkdir(parents=True, exist_ok=True)
                made.add(above)
            if file.target is not None:
                os.symlink(file.target, f"{building}/{path}")
                continue
            blob = blob_of(folder, file)
            if root is not None and not is_sound(blob, file):
                keep(blob, file, _chunks(root, path), path)
            _link(blob, f"{building}/{path}")


def _link(blob: str, copy: str) -> None:
    for tries in range(_TRIES, 0, -1):
        try:
            os.link(blob, copy)
            return
        except FileNotFoundError:
            # Another process put the same content in its place between the look-up and the link: it is there again.
            if tries == 1:
                raise
        except OSError as error:
            # Not every file system links, and none does without end: an empty __init__.py reaches ext4's 65000.
            if error.errno not in (errno.EMLINK, errno.EPERM, errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
            shutil.copy2(blob, copy)
            return


def blob_of(folder: Path, file: CodeFile) -> str:
    """Where the content of a file is, or would be, kept."""
    return f"{folder}/blobs/{file.sha256[:2]}/{file.sha256}{'x' if file.executable else ''}"


def is_sound(blob: str, file: CodeFile) -> bool:
    """Whether a content is kept and nobody wrote to it since."""
    try:
        return _is_as_made(os.lstat(blob), file)
    except FileNotFoundError:
        return False


def _is_as_made(info: os.stat_result, file: CodeFile) -> bool:
    mode = stat.S_IFREG | (0o755 if file.executable else 0o644)
    return (info.st_size, info.st_mtime_ns, info.st_mode) == (file.size, BLOB_TIME, mode)


def keep(blob: str, file: CodeFile, chunks: Iterable[bytes], path: str) -> None:
    """Put a content into the pool; raises SnapshotFailed if it is not the one that `file` says."""
    os.makedirs(os.path.dirname(blob), exist_ok=True)
    digest = hashlib.sha256()
    # All are written in one folder: ext4 spreads what is made in 256 new ones over the whole disk, which is slow.
    with replacing(blob, os.path.dirname(os.path.dirname(blob))) as new:
        for chunk in chunks:
            digest.update(chunk)
            new.write(chunk)
        if digest.hexdigest() != file.sha256:
            raise refusal(path, "was changed just now", "Save your work, and make the request again.")
        new.flush()
        os.fchmod(new.fileno(), 0o755 if file.executable else 0o644)
        os.utime(new.fileno(), ns=(BLOB_TIME, BLOB_TIME))


def _chunks(root: Path, path: str) -> Iterator[bytes]:
    with opened(f"{root}/{path}") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def opened(full: str) -> io.BufferedReader:
    """A file open for reading; not led elsewhere by a link, nor held up by a pipe, that took its place a moment ago."""
    return open(os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


@contextmanager
def replacing(path: str, beside: str | None = None) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` when the block ends well, and is gone when it does not.

    It is written in the folder `beside`, or in that of `path`.
    """
    handle, name = tempfile.mkstemp(prefix=".", dir=beside or os.path.dirname(path))
    try:
        with open(handle, "wb") as file:
            yield file
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


@contextmanager
def locked(folder: Path, alone: bool = False) -> Iterator[Path]:
    """Hold the lock of the kept code; the operating system frees it when we die."""
    with _kept_in(folder):
        # Private, since a copy does not have the mode of a file that only its owner may read.
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_mode & 0o077:  # made by whoever has kept something else in it first
            with suppress(OSError):  # not every file system has modes
                folder.chmod(0o700)
        for name in ("trees", "blobs"):
            (folder / name).mkdir(exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with _kept_in(folder):
            fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield folder
    finally:
        os.close(lock)


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Everything below a folder of ours that is no folder; nothing where there is none."""
    folders = [""]
    while folders:
        above = folders.pop()
        for entry in _entries(folder / above):
            path = f"{above}/{entry.name}" if above else entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(path)
            else:
                yield path, entry.stat(follow_symlinks=False)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Tell an error about our own folder as SnapshotFailed; the remedies for files of the project do not fit there."""
    try:
        yield
    except PermissionError:
        raise SnapshotFailed(
            f"{folder} may not be written to, so the project's code cannot be kept for the jobs.",
            "Where it is another user's, have a state folder of your own: --state, or JUPYTER_PIPELINE_STATE.",
        ) from None
    except OSError as error:
        fail(error, str(folder))


@contextmanager
def reported(path: str) -> Iterator[None]:
    """Tell an error of the operating system as SnapshotFailed, naming `path`."""
    try:
        yield
    except OSError as error:
        fail(error, path)


def fail(error: OSError, path: str) -> NoReturn:
    """Raise SnapshotFailed for what went wrong with `path`, with the remedy that fits."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise SnapshotFailed(
            "The disk is full: the project's code could not be copied for the jobs.",
            "Free some space, or set a state folder on another disk, and try again.",
        ) from None
    if error.errno in (errno.EACCES, errno.EPERM):
        raise refusal(
            path, "may not be read", "Make it readable, or list it in .gitignore if it is not code."
        ) from None
    if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
        raise refusal(path, "was changed just now", "Save your work, and make the request again.") from None
    raise refusal(
        path, f"cannot be copied: {error.strerror}", "See whether the disk is in order, and try again."
    ) from None


def refusal(path: str, what: str, remedy: str) -> SnapshotFailed:
    """The error about a path, which is shown quoted if it is an odd one."""
    shown = path if path.isprintable() else ascii(path)
    return SnapshotFailed(f"{shown} {what}.", remedy)
