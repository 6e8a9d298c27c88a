"""Job logs: bounded on disk, readable by offset while they grow.

A job appends to its log directly, so nothing can be lost between the job and the file. A log that outgrows its bound
keeps its beginning and its end: the middle is freed in place (the file's length and all offsets stay), and what was
freed is written beside it.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .job_folder import CUT

PUNCH_HOLE_KEEP_SIZE = 0x03
BLOCK = 4096


def keep_ends(log: Path, bound: int) -> None:
    """Free the middle of a log that holds more than `bound` bytes on disk; a quarter of them is the beginning's."""
    try:
        status = log.stat()
    except FileNotFoundError:
        return
    if status.st_blocks * 512 <= bound:
        return
    start = bound // 4 // BLOCK * BLOCK
    end = (status.st_size - bound // 2) // BLOCK * BLOCK
    if end <= start:
        return
    descriptor = os.open(log, os.O_RDWR | os.O_CLOEXEC)
    try:
        if not _punch(descriptor, start, end - start):
            return  # this file system cannot: the log stays whole
    finally:
        os.close(descriptor)
    note = log.with_name(f"{CUT}.part")  # the room that has just been freed is enough for it
    with contextlib.suppress(OSError):
        note.write_text(json.dumps([start, end]))
        note.rename(log.with_name(CUT))


def _punch(descriptor: int, start: int, length: int) -> bool:
    """Free a part of a file without moving the rest; whether that could be done."""
    libc = _libc()
    if libc is None:
        return False
    import ctypes

    freed = libc.fallocate(descriptor, PUNCH_HOLE_KEEP_SIZE, ctypes.c_int64(start), ctypes.c_int64(length))
    return bool(freed == 0)


@functools.cache
def _libc() -> Any:
    if sys.platform != "linux":
        return None
    import ctypes

    return ctypes.CDLL(None, use_errno=True)


def size(log: Path) -> int:
    """The length of a log in bytes, cut or not; 0 while there is none."""
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0


def read(log: Path, start: int = 0, most: int = 1 << 20) -> tuple[bytes, int]:
    """At most `most` bytes from offset `start`, and the offset to go on from.

    What was cut out is answered by one line that says how much is missing.
    """
    cut_start, cut_end = _cut(log)
    if cut_start <= start < cut_end:
        return _missing(cut_end - cut_start), cut_end
    if start < cut_start:
        most = min(most, cut_start - start)
    try:
        with log.open("rb") as file:
            file.seek(start)
            data = file.read(most)
    except FileNotFoundError:
        return b"", start
    if _cut(log) != (cut_start, cut_end):  # it was cut while it was read
        return read(log, start, most)
    return data, start + len(data)


def chunks(log: Path, start: int = 0) -> Iterator[bytes]:
    """All of a log from an offset on, piece by piece, as it is now."""
    while True:
        data, after = read(log, start)
        if not data:
            return
        yield data
        start = after


def tail(log: Path, lines: int, most: int = 1 << 18) -> str:
    """The last lines of a log, of at most `most` bytes."""
    start = max(0, size(log) - most, _cut(log)[1] if size(log) - most < _cut(log)[1] else 0)
    data, _ = read(log, start, most)
    text = data.decode("utf-8", errors="replace")
    kept = text.splitlines()[-lines:] if lines > 0 else []
    return "\n".join(kept)


def _cut(log: Path) -> tuple[int, int]:
    try:
        found = json.loads(log.with_name(CUT).read_bytes())
        if [type(one) for one in found] == [int, int]:
            return found[0], found[1]
    except (OSError, ValueError, TypeError):
        pass
    return 0, 0


def _missing(count: int) -> bytes:
    return f"\n[... {count / 1024**2:,.1f} MB of log left out here ...]\n".encode()
