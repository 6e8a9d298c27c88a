"""Running one task in a container of the Docker Engine.

``contract`` says what a container is given, ``client`` is the small process below the shim that makes, watches and
outlives it, ``supervising`` is the shim's part, ``usage`` and ``streams`` are the client's eyes and ears. This module
is what the engine's process needs: names and records, without the SDK.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...outputs.job_folder import CONTAINER, CONTAINER_ATTEMPTS

MOST_ATTEMPTS = 5


def write_record(folder: Path, name: str, record: object) -> None:
    """Put a file of JSON into a job's folder, whole or not at all. Raises OSError."""
    part = folder / f".{name}.part"
    part.write_text(json.dumps(record))
    part.replace(folder / name)


def read_record(folder: Path, name: str) -> dict[str, Any] | None:
    """A file of JSON from a job's folder; None where there is none, or none that can be read."""
    try:
        data = json.loads((folder / name).read_bytes())
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def mark(order: Mapping[str, Any]) -> None:
    """Note that a task is about to get a container, and what attaching to it again needs; no secret is in it."""
    container = {key: value for key, value in order["container"].items() if key not in ("environment", "word_for_word")}
    rest = {key: value for key, value in order.items() if key != "driver"}
    write_record(Path(order["folder"]), CONTAINER, {**rest, "container": container})


def to_resume(folder: Path) -> dict[str, Any] | None:
    """The order with which a container may be attached to again; None where there is none, or it was tried in vain.

    A kernel is of no use without the driver that died with the shim.
    """
    order = read_record(folder, CONTAINER)
    if order is None or "notebook" in order or _attempts(folder) >= MOST_ATTEMPTS:
        return None
    return {**order, "resumes": True}


def note_attempt(folder: Path) -> None:
    """Count that somebody attaches again."""
    descriptor = os.open(folder / CONTAINER_ATTEMPTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, b".")
    finally:
        os.close(descriptor)


def _attempts(folder: Path) -> int:
    try:
        return (folder / CONTAINER_ATTEMPTS).stat().st_size
    except FileNotFoundError:
        return 0
