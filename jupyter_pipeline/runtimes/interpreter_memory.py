"""What is remembered of interpreters, in one file of the cache, so that planning starts no process.

What is looked for, and how, is not here (interpreters.py).
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

MEMORY = "interpreters.json"
PARTS = ("found", "passed_over", "listed", "failed")
"""Interpreters that fit, programs that do not, what uv has to download, and downloads that failed."""


def recall(cache: Path, part: str) -> dict[str, Any]:
    """One part of the memory; empty where it cannot be read, which only makes the next search slower."""
    return _read(cache)[part]


def remember(cache: Path, part: str, key: str, value: object) -> None:
    """Note something; a cache that cannot be written only makes the next search slower."""
    memory = _read(cache)
    if memory[part].get(key) != value:
        memory[part][key] = value
        _write(cache, memory)


def forget(cache: Path, part: str, *keys: str) -> None:
    """Drop what is noted under `keys`, if anything is."""
    memory = _read(cache)
    if any(memory[part].pop(key, None) is not None for key in keys):
        _write(cache, memory)


def stamp(program: str | None) -> list[int] | None:
    """What changes when the file does; None where there is none."""
    try:
        status = Path(program or "").stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def failed_since(cache: Path, version: str) -> float | None:
    """How many seconds ago the download of `version` last failed; None if it has not."""
    noted = recall(cache, "failed").get(version)
    if noted is None:
        return None
    at = noted.get("at") if isinstance(noted, dict) else None
    return time.time() - at if isinstance(at, int | float) else float("inf")


def note_failure(cache: Path, version: str, why: str) -> None:
    """Remember that the download of `version` has failed now."""
    remember(cache, "failed", version, {"why": why, "at": time.time()})


def _read(cache: Path) -> dict[str, dict[str, Any]]:
    try:
        data = json.loads((cache / MEMORY).read_text("utf-8"))
    except (OSError, ValueError):
        data = None
    parts = data if isinstance(data, dict) else {}
    return {part: parts[part] if isinstance(parts.get(part), dict) else {} for part in PARTS}


def _write(cache: Path, memory: dict[str, Any]) -> None:
    """Replace the memory in one step."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=cache, prefix=f".{MEMORY}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(memory, file, indent=1)
        Path(name).replace(cache / MEMORY)
    except OSError:
        return
