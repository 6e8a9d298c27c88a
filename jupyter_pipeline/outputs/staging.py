"""Laying out what a job may see: the outputs it needs, and where no overlay can be had, a copy of everything.

Nothing is copied where a hard link will do: with an overlay the job's own changes go elsewhere, so the linked file
cannot be harmed. What the job wrote is found by ``outputs``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..errors import PipelineError

Baseline = dict[str, tuple[int, int, int, int]]
"""Path -> (inode, size, mtime, ctime) of every file of a copied workspace before the job began."""


def link_inputs(target: Path, files: Mapping[str, Path]) -> None:
    """Make the folder `target` hold the given files, by their paths in the workspace.

    Raises PipelineError when one of them is not there.
    """
    target.mkdir(parents=True, exist_ok=True)
    made: set[str] = set()
    for path, source in files.items():
        folder, _, _ = path.rpartition("/")
        if folder and folder not in made:
            (target / folder).mkdir(parents=True, exist_ok=True)
            made.add(folder)
        try:
            _link(source, target / path)
        except FileNotFoundError:
            raise PipelineError(
                f"The input {path} has vanished since it was made.", "Run the action that makes it again."
            ) from None


def make_folders(target: Path, outputs: Iterable[str]) -> None:
    """Make below `target` the folders that output patterns name, as far as they hold no ``*``.

    Studies count on ``output/`` being there, as it is wherever the project has run before.
    """
    for folder in {output.partition("*")[0].rpartition("/")[0] for output in outputs} - {""}:
        (target / folder).mkdir(parents=True, exist_ok=True)


def copy_workspace(code: Path, inputs: Path, target: Path) -> Baseline:
    """Copy the code and then the inputs into `target`; what it holds afterwards."""
    for source in (code, inputs):
        _copy_over(source, target)
    return {path: fingerprint(entry.stat(follow_symlinks=False)) for path, entry in walk(target)}


def walk(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every entry below `root` that is not a folder, with its path relative to `root`; links are not followed."""
    folders = [""]
    while folders:
        folder = folders.pop()
        with _listed(root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                else:
                    yield path, entry


def _listed(folder: Path) -> contextlib.AbstractContextManager[Iterator[os.DirEntry[str]]]:
    """The entries of a folder, also of one whose permissions a job took away: root does not mind, its owner would."""
    try:
        return os.scandir(folder)
    except PermissionError:
        folder.chmod(0o700)
        return os.scandir(folder)


def fingerprint(status: os.stat_result) -> tuple[int, int, int, int]:
    """What changes when a file is written to: the kernel keeps ctime, so no program can hide a write."""
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        if not os.path.samefile(source, target):  # laid out before the engine that did it died, perhaps in use by now
            target.unlink()
            _link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target, follow_symlinks=False)


def _copy_over(source: Path, target: Path) -> None:
    """Copy a tree over what is there; as in an overlay, what comes later hides what stands in its way.

    Above all a link: through it a file would be written somewhere else.
    """
    for place, folders, files in os.walk(source):
        here = target / os.path.relpath(place, source)
        if here.is_symlink() or here.is_file():
            here.unlink()
        here.mkdir(parents=True, exist_ok=True)
        links = [name for name in folders if os.path.islink(f"{place}/{name}")]
        for name in (*files, *links):
            copy = here / name
            if copy.is_dir() and not copy.is_symlink():
                shutil.rmtree(copy)
            copy.unlink(missing_ok=True)
            shutil.copy2(f"{place}/{name}", copy, follow_symlinks=False)
            if not copy.is_symlink():
                copy.chmod(copy.stat().st_mode | 0o200)  # the job may change its own copy
