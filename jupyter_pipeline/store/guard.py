"""What stands between the store and a file that cannot be one: refusals, and SQLite's errors in our words."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ..config import JOBS
from ..errors import StoreUnavailable

FILE = "store.sqlite"
_HEADER = b"SQLite format 3\x00"
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "afs", "lustre", "ceph", "gpfs", "beegfs")
_LONGEST_PATH = 500
"""Bytes of the database's path; SQLite takes 512 with what it adds for the files beside it."""
_ESCAPED = re.compile(r"\\([0-7]{3})")
"""How spaces, tabs, ends of lines and backslashes stand in the kernel's list of mounts."""


def on_network(folder: Path) -> bool:
    """Whether a folder is on a network file system, where SQLite's write-ahead log is not safe."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").split("\n")[:-1]
    except OSError:
        return False
    real = os.path.realpath(folder)
    best, kind = "", ""
    for line in mounts:
        _, point, name, *_ = line.split(" ")
        point = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), point)
        if len(point) >= len(best) and (real == point or real.startswith(point.rstrip("/") + "/")):
            best, kind = point, name
    return kind.startswith(_NETWORK_FILE_SYSTEMS)


def close_if_open(folder: Path) -> None:
    """Take from others what they may do in a folder of ours in which they may write, as under the umask 000.

    What is written in there is what an engine runs. Raises OSError where the folder is not there.
    """
    mode = folder.stat().st_mode
    if mode & 0o002:
        with contextlib.suppress(OSError):  # another user's, or on a file system without modes
            folder.chmod(mode & 0o700)


def has_content(file: Path) -> bool:
    """Whether a file is there and not empty."""
    return file.exists() and file.stat().st_size > 0


def refuse_damaged(file: Path) -> None:
    """Raises StoreUnavailable for a store that is there but cannot be one, or is gone while its jobs are not."""
    try:
        with file.open("rb") as stream:
            header = stream.read(len(_HEADER))
    except FileNotFoundError:
        header = b""
    except OSError as error:
        raise StoreUnavailable(f"{file} cannot be read: {error.strerror}.", "Make it readable.") from error
    if header and header != _HEADER:
        raise damaged(file, "it is not a database")
    if not header and _has_jobs(file.parent / JOBS):
        raise damaged(file, "it is empty or gone, but its jobs are still there")


def _has_jobs(folder: Path) -> bool:
    """Whether there is a job's folder; an executor that tries out whether it works here has a hidden one."""
    return folder.is_dir() and any(not one.name.startswith(".") for one in folder.iterdir())


@contextlib.contextmanager
def translated(file: Path) -> Iterator[None]:
    """Raises SQLite's errors as StoreUnavailable, with the cure."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "readonly" in text or "unable to open" in text:
            raise not_writable(file.parent, error) from error
        if "full" in text:
            raise StoreUnavailable(f"The disk of {file} is full.", "Free some space; nothing is lost.") from error
        if "locked" in text:
            raise StoreUnavailable(f"{file} is in use by another program.", "Wait for it, or end it.") from error
        raise damaged(file, text) from error
    except sqlite3.ProgrammingError:  # ours, not the file's
        raise
    except sqlite3.DatabaseError as error:
        raise damaged(file, str(error)) from error


def damaged(file: Path, why: str) -> StoreUnavailable:
    """The refusal of a file that cannot be the store."""
    return StoreUnavailable(
        f"The history in {file} is damaged: {why}.",
        f"Nothing was changed. Put back a copy of the file, or move the folder {file.parent} elsewhere to begin a new "
        "history; published outputs stay where they are.",
    )


def too_long(folder: Path) -> str:
    """What is wrong with the path of a state folder that is too long for the store in it; empty when it is not."""
    length = len(os.fsencode(folder / FILE))
    return f"its path is too long, {length} bytes of {_LONGEST_PATH}" if length > _LONGEST_PATH else ""


def not_writable(folder: Path, error: Exception) -> StoreUnavailable:
    """The refusal of a folder in which nothing can be kept."""
    reason = too_long(folder) or (error.strerror if isinstance(error, OSError) else None) or error
    return StoreUnavailable(
        f"The state folder {folder} cannot be written to: {reason}.",
        "Make it writable, or set JUPYTER_PIPELINE_STATE (or `state` in jupyter_pipeline.toml) to a folder that is.",
    )
