"""What a job wrote, and how it becomes the workspace's: inventory, publishing, tidying, manifest.

The job's own writes are taken as found on disk, never guessed. Publishing replaces each file in one step and may be
repeated after a crash at any line: what has arrived already is recognised.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import config as configuration
from .. import tables
from ..errors import OutputRefused
from ..models import (
    WORKSPACE,
    Level,
    OutputFile,
    WrittenFile,
)
from ..rules import patterns
from ..rules.levels import reason_withheld, strictest
from .job_folder import UNDO
from .staging import Baseline, fingerprint, walk

UNCLAIMED_SHOWN = 200
_OWN_FOLDERS = frozenset({"metadata", configuration.STATE_FOLDER})
_OWN_FILES = frozenset({"project.yaml", configuration.FILE})
"""A pattern such as ``*/*.json`` can reach these; a job that replaced them would change what the project is."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a job wrote, sorted by its output patterns; `files` as lists of the fields of WrittenFile."""

    files: list[tuple[object, ...]]
    unmatched: list[str]
    unclaimed: list[str]
    refused: list[str]


def inventory(root: Path, outputs: Sequence[tuple[str, str]], baseline: Baseline | None) -> Inventory:
    """Look through the files that a job wrote below `root`.

    `outputs` are (level, pattern); `baseline` is what a copied workspace held before, or None where `root` holds
    nothing but the job's own writes. A file claimed by several patterns gets the strictest level.
    """
    levels: dict[str, list[Level]] = {}
    for level, pattern in outputs:
        levels.setdefault(pattern, []).append(Level(level))
    index = patterns.PatternIndex(levels)
    found = Inventory([], [], [], [])
    matched: set[str] = set()
    for path, entry in walk(root):
        if not _was_written(path, entry, baseline):
            continue
        claims = index.matching(path)
        if not claims:
            if len(found.unclaimed) < UNCLAIMED_SHOWN:
                found.unclaimed.append(_shown(path))
            continue
        matched.update(claims)
        refusal = _refusal(root, path, entry, baseline)
        if refusal:
            found.refused.append(refusal)
            continue
        strict = strictest(level for pattern in claims for level in levels[pattern])
        try:
            found.files.append(_describe(root / path, path, strict))
        except PermissionError:
            found.refused.append(f"{path} may not be read. Let the job leave it readable.")
    found.files.sort(key=lambda item: str(item[0]))
    found.unclaimed.sort()
    found.unmatched.extend(pattern for pattern in levels if pattern not in matched)
    return found


def _was_written(path: str, entry: os.DirEntry[str], baseline: Baseline | None) -> bool:
    status = entry.stat(follow_symlinks=False)
    if baseline is not None:
        return baseline.get(path) != fingerprint(status)
    return not (stat.S_ISCHR(status.st_mode) and status.st_rdev == 0)  # a mark of the overlay: the job removed a file


def _refusal(root: Path, path: str, entry: os.DirEntry[str], baseline: Baseline | None) -> str | None:
    """Why a file that a pattern claims may not be collected, or None; a link within the workspace is resolved."""
    parts = path.split("/")
    if parts[0] in _OWN_FOLDERS or path in _OWN_FILES or ".git" in parts:
        return f"{path} belongs to the project itself. Write the output under another name."
    try:
        path.encode()
    except UnicodeEncodeError:
        return f"The name of {path!r} is not valid Unicode. Give the file another name."
    if entry.is_file(follow_symlinks=False):
        return None
    if not entry.is_symlink():
        return f"{path} is not a regular file. Write an ordinary file."
    target = os.readlink(root / path)
    inside = target[len(WORKSPACE) + 1 :] if target.startswith(f"{WORKSPACE}/") else None
    base = Path(os.path.realpath(root))
    real = Path(os.path.realpath(root / inside if inside is not None else root / path))
    if not real.is_relative_to(base) or not real.is_file() or _is_given(real, base, baseline):
        return f"{path} is a link to {_shown(target)}, which the job did not write. Write the file itself."
    (root / path).unlink()
    os.link(real, root / path)
    return None


def _is_given(file: Path, root: Path, baseline: Baseline | None) -> bool:
    """Whether a file of a copied workspace is as it was before the job began."""
    return baseline is not None and baseline.get(str(file.relative_to(root))) == fingerprint(file.lstat())


def _shown(path: str) -> str:
    """A name as it can stand in a sentence, also where it is not valid Unicode."""
    return path.encode(errors="backslashreplace").decode()


def _describe(file: Path, path: str, level: Level) -> tuple[object, ...]:
    with file.open("rb") as stream:
        sha = hashlib.file_digest(stream, "sha256").hexdigest()
        if not -(2**63) <= os.fstat(stream.fileno()).st_mtime_ns < 2**63:  # more than the store can hold
            os.utime(stream.fileno())
        status = os.fstat(stream.fileno())
    table = tables.facts(file, path)
    message = None
    if level is Level.MODERATELY:
        message = reason_withheld(path, status.st_size, table or tables.facts_for_viewing(file, path))
    rows = table.rows if table else None
    columns = len(table.columns) if table and table.columns is not None else None
    return (path, str(level), status.st_size, status.st_mtime_ns, status.st_ino, sha, rows, columns, message)


# -- publishing ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """One file to publish: what it is, and where the file that it replaces is to be kept, if anywhere."""

    file: WrittenFile
    keep: Path | None


def check_folder(root: Path, folder: Path) -> None:
    """Raises OutputRefused when writing into `folder` would leave the project's folder through a link."""
    existing = folder
    while not os.path.lexists(existing) and existing != root:
        existing = existing.parent
    if not Path(os.path.realpath(existing)).is_relative_to(os.path.realpath(root)):
        raise OutputRefused(
            f"Outputs would be written outside the project, since {existing.relative_to(root)} is a link.",
            "Make it a real folder.",
        )


def publish(root: Path, source: Path, moves: Iterable[Move]) -> None:
    """Put the files of a succeeded job, found below `source`, into the project at `root`: all of them or none.

    Across file systems all files are first copied beside their places, so that a full disk publishes nothing. After a
    crash it may be called again: a file that is no more below `source` has arrived. Raises OutputRefused, with the
    cure, when a file cannot be put there.
    """
    publication = _Publication(root, source, list(moves))
    try:
        publication.run()
    except OSError as error:
        publication.take_back()
        raise OutputRefused(*_why_not_published(error, root)) from error


class _Publication:
    """One try to publish, which remembers what it has done so that it can be undone."""

    def __init__(self, root: Path, source: Path, moves: list[Move]) -> None:
        self.root, self.source, self.moves = root, source, moves
        self.copies: dict[str, Path] = {}
        """Copies beside their places, where `source` is on another file system."""
        self.begun: list[Move] = []
        self.spares: dict[Path, Path] = {}
        """Earlier versions of replaced files; they go with the job's other working folders."""

    def run(self) -> None:
        for folder in {(self.root / move.file.path).parent for move in self.moves}:
            check_folder(self.root, folder)
            folder.mkdir(parents=True, exist_ok=True)
        if self.moves and os.stat(self.source).st_dev != os.stat(self.root).st_dev:
            for move in self.moves:
                target = self.root / move.file.path
                self.copies[move.file.path] = part = target.with_name(f".{target.name}.part")
                shutil.copy2(self.source / move.file.path, part)
        for move in self.moves:
            self.begun.append(move)
            self._replace(self.root / move.file.path, self.copies.get(move.file.path), move)

    def _replace(self, target: Path, copy: Path | None, move: Move) -> None:
        origin = copy or self.source / move.file.path
        if not os.path.lexists(origin) and is_unchanged(target, move.file):
            return  # a crash came after this step
        if target.is_dir() and not target.is_symlink():
            raise IsADirectoryError(errno.EISDIR, "There is a folder of that name", str(target))
        if os.path.lexists(target) and move.keep is None:
            self._spare(target)
        elif os.path.lexists(target) and move.keep is not None and not os.path.lexists(move.keep):
            move.keep.parent.mkdir(parents=True, exist_ok=True)
            relocate(target, move.keep)
        relocate(origin, target)  # a folder of the project can be a mount of its own

    def _spare(self, target: Path) -> None:
        """Hold on to a file that nobody will want once all has gone well, by a second name in the job's folder."""
        spare = self.source.parent / UNDO / target.relative_to(self.root)
        spare.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # another file system, or one without links; or a try before has done it
            os.link(target, spare, follow_symlinks=False)
            self.spares[target] = spare

    def take_back(self) -> None:
        """Undo what was done, as far as the disk lets us."""
        begun = set(map(id, self.begun))
        for move in reversed(self.moves):
            target, origin = self.root / move.file.path, self.source / move.file.path
            copy = self.copies.pop(move.file.path, None)
            with contextlib.suppress(OSError):
                if copy is not None and not copy.exists() and id(move) in begun:
                    target.unlink()
                elif copy is None and not os.path.lexists(origin) and is_unchanged(target, move.file):
                    relocate(target, origin)
                if copy is not None:
                    copy.unlink(missing_ok=True)
                if move.keep is not None and move.keep.exists() and not os.path.lexists(target):
                    relocate(move.keep, target)
            with contextlib.suppress(OSError):
                if target in self.spares:
                    os.replace(self.spares[target], target)
        for copy in self.copies.values():
            with contextlib.suppress(OSError):
                copy.unlink(missing_ok=True)


def relocate(source: Path, target: Path) -> None:
    """Move a file, also to another file system, keeping its times."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = target.with_name(f".{target.name}.part")
        shutil.copy2(source, part, follow_symlinks=False)
        os.replace(part, target)
        source.unlink()


def _why_not_published(error: OSError, root: Path) -> tuple[str, str]:
    kept = "Nothing is lost: the job's folder keeps what it made until then."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full, so the outputs could not be published. {kept}", "Free some space and run it again."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"The project folder {root} may not be written to. {kept}", "Make it writable and run it again."
    where = f" ({error.filename})" if error.filename else ""
    return f"The outputs could not be published: {error.strerror}{where}. {kept}", "Mend that and run it again."


def remove_obsolete(root: Path, files: Iterable[OutputFile]) -> list[str]:
    """Remove files that an action made earlier and makes no more, and folders that this empties.

    A file that was changed since is somebody's and stays; the paths of those that stayed.
    """
    stayed = []
    for file in files:
        target = root / file.path
        if not is_unchanged(target, file):
            if os.path.lexists(target):
                stayed.append(file.path)
            continue
        try:
            target.unlink(missing_ok=True)
        except OSError:
            stayed.append(file.path)
            continue
        for parent in target.relative_to(root).parents:
            if parent == Path():
                break
            with contextlib.suppress(OSError):
                (root / parent).rmdir()
    return stayed


def is_unchanged(target: Path, file: OutputFile | WrittenFile) -> bool:
    """Whether the file on disk is the one that the job made, by size and time."""
    try:
        status = target.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == file.size and status.st_mtime_ns == file.mtime_ns


def digest(files: Iterable[tuple[str, str]]) -> str:
    """One hash over (path, sha256) of the outputs of a job, whatever their order."""
    hasher = hashlib.sha256()
    for path, sha in sorted(files):
        hasher.update(f"{path}\0{sha}\n".encode())
    return hasher.hexdigest()[:32]


def manifest_entry(file: OutputFile, facts: Mapping[str, object]) -> dict[str, object]:
    """One file as the platform's manifest describes it (job-runner: agent/executors/local.py)."""
    return {
        "level": str(file.level),
        "job_id": file.job_id,
        "job_request": file.request_id,
        "action": file.action,
        **facts,
        "excluded": file.excluded,
        "size": file.size,
        "timestamp": round(file.mtime_ns / 1e9, 6),
        "message": file.message,
        "content_hash": file.sha256,
        "row_count": file.rows,
        "col_count": file.columns,
    }
