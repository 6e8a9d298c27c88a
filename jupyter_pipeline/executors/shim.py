"""The shim: one small process per task that outlives the engine.

It claims the task (once, ever), starts its command, holds it to its limits, and leaves a record of how it ended and
what it wrote. It decides nothing: what the record means is for ``rules.lifecycle``. It must survive a full disk, so the
room for its record is set aside before the command starts.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..models import Ending
from ..outputs.inventory import inventory
from ..outputs.job_folder import FOLDER, RESULT, STARTED, STOP
from ..outputs.staging import Baseline, copy_workspace
from .watch import JobWatch, says

RECORD_ROOM = 4096
NOTHING_WRITTEN: dict[str, list[Any]] = {"files": [], "unmatched": [], "unclaimed": [], "refused": []}


def supervise(order: dict[str, Any]) -> None:
    """Run one task to its end, or remove what is left of one. Does nothing when the task was claimed before."""
    folder = Path(order["folder"])
    if "remove" in order:
        from .containers import supervising

        address, name = order["remove"]
        supervising.remove(address, name, folder)
        return
    claim = _claim(folder, bool(order.get("resumes")))
    if claim is None:
        return
    try:
        _supervise(order, folder)
    finally:
        os.close(claim)


def _supervise(order: dict[str, Any], folder: Path) -> None:
    record = _reserve(folder)
    started, clock = _beginning(order)
    facts: dict[str, Any] = {"ending": Ending.BROKEN, "exit_code": None, "message": "", **NOTHING_WRITTEN}
    try:
        if (folder / STOP).exists() and not order.get("resumes"):
            facts["ending"] = Ending.STOPPED
        else:
            baseline = _prepare(order, folder)
            watch = _watch(order, folder)
            facts |= watch.run()
            baseline = watch.baseline or baseline
        if facts["ending"] == Ending.EXIT and facts["exit_code"] == 0:
            facts |= _collect(order, baseline)
    except OSError as error:
        facts |= {"ending": Ending.BROKEN, "message": f"{says(error)}."}
    except Exception as error:  # a task must never be left without a record
        facts |= {"ending": Ending.BROKEN, "message": f"The job's files could not be looked through: {error!r}."}
    facts["elapsed"] = time.monotonic() - clock
    facts["started_at"] = _iso(started)
    facts["completed_at"] = _iso(started + timedelta(seconds=facts["elapsed"]))
    _leave(record, folder, facts)


def _beginning(order: dict[str, Any]) -> tuple[datetime, float]:
    """When the task began, by the calendar and by the clock that does not jump."""
    if "began" in order:
        return datetime.fromisoformat(order["began"][0]), order["began"][1]
    return datetime.now(UTC), time.monotonic()


def _claim(folder: Path, resumes: bool) -> int | None:
    """The descriptor that holds the task's lock, or None when somebody else has, or had, the task.

    Who `resumes` a task takes it over from one that is dead, unless that one brought it to its end.
    """
    descriptor = os.open(folder / STARTED, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if os.fstat(descriptor).st_size and (not resumes or (folder / RESULT).exists()):
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, os.write(descriptor, f"{os.getpid()}\n".encode()))  # it is never seen empty again
    return descriptor


def was_claimed(folder: str) -> bool:
    """Whether some shim has ever had the task of this folder."""
    try:
        return os.stat(f"{folder}/{STARTED}").st_size > 0
    except FileNotFoundError:
        return False


def _reserve(folder: Path) -> int:
    """An open file with room for the record, so that a full disk cannot hide how the task ended."""
    descriptor = os.open(folder / f"{RESULT}.part", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with contextlib.suppress(OSError):
        os.posix_fallocate(descriptor, 0, RECORD_ROOM)
    return descriptor


def _leave(record: int, folder: Path, facts: dict[str, Any]) -> None:
    """Write the record and let it appear at once and whole."""
    try:
        _write(record, facts)
    except OSError as error:
        message = f"What the job wrote could not be recorded: {error.strerror}."
        _write(record, facts | NOTHING_WRITTEN | {"ending": Ending.BROKEN, "message": message})
    os.close(record)
    os.rename(folder / f"{RESULT}.part", folder / RESULT)


def _write(descriptor: int, facts: dict[str, Any]) -> None:
    data = json.dumps(facts).encode()
    os.lseek(descriptor, 0, os.SEEK_SET)
    while data:
        data = data[os.write(descriptor, data) :]
    os.ftruncate(descriptor, os.lseek(descriptor, 0, os.SEEK_CUR))


def _prepare(order: dict[str, Any], folder: Path) -> Baseline | None:
    """Fill a copied workspace where the executor has no overlay; what it held is what the job did not write."""
    if order["layout"] == "overlay":
        return None
    if order["layout"] == "container":
        from .containers import supervising

        return supervising.prepare(order, folder)
    return copy_workspace(Path(order["code"]), Path(order["inputs"]), folder / FOLDER)


def _watch(order: dict[str, Any], folder: Path) -> JobWatch:
    if order["layout"] != "container":
        return JobWatch(order, folder)
    from .containers.watch import ContainerWatch

    return ContainerWatch(order, folder)


def _collect(order: dict[str, Any], baseline: Baseline | None) -> dict[str, Any]:
    found = inventory(Path(order["written"]), order["outputs"], baseline)
    return {
        "files": [list(entry) for entry in found.files],
        "unmatched": found.unmatched,
        "unclaimed": found.unclaimed,
        "refused": found.refused,
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
