"""What we keep on disk, how much it is, and removing what is not needed.

Never touched: published outputs, the history (the store), what unfinished jobs use, outputs that are kept because
another action wrote over them, and a person's own files that a job replaced. Built runtimes may serve other projects'
jobs at this moment, so they are told but only removed by name (`remove_runtime`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from .. import runtimes
from ..config import JOBS, Config
from ..engine.lease import Lease
from ..engine.service import LOG, spawn
from ..errors import (
    ExecutorUnavailable,
    InvalidRequest,
    PipelineError,
    RuntimeUnavailable,
)
from ..models import Job, RequestStatus
from ..outputs.job_folder import (
    EARLIER,
    FOLDER,
    INPUTS,
    KEPT,
    REPLACED,
    TEMPORARY,
    UPPER,
    WORK,
    remove_tree,
)
from ..planning import history
from ..runtimes import docker
from ..snapshots import pool
from ..store.database import FILE, Store

GRACE = 600.0
"""Seconds for which a code snapshot that was just asked for stays, until its request is in the store."""

TITLES = {
    "failed_files": "Files that failed jobs left",
    "leftovers": "Leftovers of interrupted clean-ups",
    "containers": "Containers of jobs that have ended",
    "snapshots": "Code snapshots",
    "unfinished_builds": "Interrupted builds of runtimes",
    "logs": "Logs and records of jobs",
    "kept_files": "Outputs that another action wrote over",
    "earlier_files": "Earlier versions of outputs",
    "replaced_files": "Your own files that a job replaced",
    "runtimes": "Built runtimes",
}
NOTES = {
    "containers": "Their jobs are unfinished.",
    "logs": "--all removes those of jobs that have ended.",
    "kept_files": "They are what other actions declared as their inputs.",
    "earlier_files": "They serve comparison; --all removes them.",
    "replaced_files": "They are yours: look below the jobs' folders, and delete them yourself.",
    "runtimes": "Other projects may use them: `jupyter pipeline runtimes remove NAME`.",
    "snapshots": "Unfinished jobs, code comparison, or a request of the last minutes need the rest.",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """How much is to be removed."""

    everything: bool = False
    """Also logs, and the snapshots and earlier outputs that are only of use for comparison."""
    older_than: float = 0.0
    """Seconds since the job ended, or since the snapshot was last used."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of thing that is kept."""

    kind: str
    count: int = 0
    bytes: int = 0
    removable: int = 0
    removable_bytes: int = 0

    @property
    def title(self) -> str:
        """What it is."""
        return TITLES[self.kind]

    @property
    def note(self) -> str:
        """Why what stays does stay, or empty."""
        return NOTES.get(self.kind, "") if self.removable < self.count else ""

    def plus(self, size: int, removable: bool) -> Holding:
        """With one more thing."""
        more = (
            (self.removable + 1, self.removable_bytes + size) if removable else (self.removable, self.removable_bytes)
        )
        return Holding(self.kind, self.count + 1, self.bytes + size, *more)


@dataclass(frozen=True, slots=True)
class _Thing:
    kind: str
    path: Path
    removable: bool


def holdings(config: Config, scope: Scope) -> tuple[Holding, ...]:
    """What is kept, and how much of it `clean` would remove; kinds of which there is nothing are left out."""
    found = {kind: Holding(kind) for kind in TITLES}
    with _history(config) as store:
        things = list(_things(config, store, scope))
        keep = _needed_code(config, scope)
        for _, removable in _containers(config, store, scope):
            found["containers"] = found["containers"].plus(0, removable)
    for thing in things:
        found[thing.kind] = found[thing.kind].plus(_size(thing.path), thing.removable)
    found["snapshots"] = _snapshots(config, keep, scope)
    for built in runtimes.held(config):
        kind = "runtimes" if built.complete else "unfinished_builds"
        found[kind] = found[kind].plus(built.size, not built.complete)
    return tuple(holding for holding in found.values() if holding.count)


def clean(config: Config, scope: Scope) -> tuple[Holding, ...]:
    """Remove it; gives what was there. Raises PipelineError, and removes nothing, while an engine runs."""
    with _no_engine(config):
        before = holdings(config, scope)
        with _history(config) as store:
            things = list(_things(config, store, scope))
            keep = _needed_code(config, scope)
            _remove_containers(config, [one for one, removable in _containers(config, store, scope) if removable])
        for thing in things:
            if thing.removable:
                remove(thing.path)
        for folder in {thing.path.parent for thing in things if thing.removable}:
            if folder.parent.name == JOBS and not any(folder.iterdir()):
                folder.rmdir()
        if (config.state / "code").is_dir():
            pool.prune(config.state, keep, _grace(scope))
    kept = []
    for built in runtimes.held(config):
        if not built.complete:
            try:
                runtimes.remove(built)
            except RuntimeUnavailable:  # it is being built at this moment
                kept.append(built)
    removed = {"unfinished_builds": len(kept)}
    return tuple(replace(one, removable=one.removable - removed.get(one.kind, 0)) for one in before)


def remove_runtime(config: Config, name: str) -> int:
    """Delete what was built for a runtime; bytes freed. Raises InvalidRequest when nothing was."""
    resolved = runtimes.describe(name, config).resolved
    found = [one for one in runtimes.held(config) if one.name in (name, resolved)]
    if not found:
        raise InvalidRequest(f"Nothing is built for {name}.", "`jupyter pipeline runtimes` lists what is.")
    for one in found:
        runtimes.remove(one)
    return sum(one.size for one in found)


def remove(path: Path) -> None:
    """Remove a file or folder of ours, also where a job took away its own permissions."""
    if path.is_dir() and not path.is_symlink():
        remove_tree(path)
    else:
        path.unlink(missing_ok=True)


# -- what there is ---------------------------------------------------------------------------------


def _things(config: Config, store: Store | None, scope: Scope) -> Iterator[_Thing]:
    latest = {job_id for job_id, _ in store.latest().values()} if store else set()
    for folder in _folders(config.folder / JOBS):
        job = store.job(folder.name) if store else None
        ended = job is None or job.state.is_final
        old = ended and _is_older(job, folder, scope.older_than)
        for path in sorted(folder.iterdir()):
            if path.name in (UPPER, FOLDER) and ended:
                yield _Thing("failed_files", path, old)
            elif path.name in (INPUTS, WORK, TEMPORARY) and ended:
                yield _Thing("leftovers", path, old)
            elif path.name == KEPT:
                yield _Thing("kept_files", path, ended and folder.name not in latest)
            elif path.name == EARLIER:
                yield _Thing("earlier_files", path, old and scope.everything)
            elif path.name == REPLACED:
                yield _Thing("replaced_files", path, False)
            elif path.is_file():
                yield _Thing("logs", path, old and scope.everything)
    for log in (config.folder / LOG, *sorted(config.folder.glob("build-*.log"))):
        if log.is_file():
            yield _Thing("logs", log, scope.everything)


def _containers(config: Config, store: Store | None, scope: Scope) -> list[tuple[str, bool]]:
    """Our containers that are left, and whether each may go: their ids; none where the Docker Engine is not there."""
    if not config.has_containers:
        return []
    jobs = config.folder / JOBS
    with suppress(ExecutorUnavailable), closing(docker.connect(config.docker.host)) as api:
        found = []
        for job_id, container in docker.containers_of(api, jobs).items():
            job = store.job(job_id) if store else None
            ended = job is None or job.state.is_final
            created = float(container["Created"])
            is_old = not scope.older_than or created < time.time() - scope.older_than
            found.append((container["Id"], ended and is_old))
        return found
    return []


def _remove_containers(config: Config, ids: Sequence[str]) -> None:
    if not config.has_containers:
        return
    with suppress(ExecutorUnavailable), closing(docker.connect(config.docker.host)) as api:
        for one in ids:
            docker.remove(api, one)
        docker.remove_volumes(api, config.folder / JOBS)


def _is_older(job: Job | None, folder: Path, seconds: float) -> bool:
    if not seconds:
        return True
    ended = datetime.fromisoformat(job.completed_at).timestamp() if job and job.completed_at else folder.stat().st_mtime
    return ended < datetime.now(UTC).timestamp() - seconds


def _needed_code(config: Config, scope: Scope) -> set[str]:
    """The snapshots of unfinished jobs and, for comparison, of the newest requests; of all backends."""
    needed: set[str] = set()
    for folder in _folders(config.state):
        store = Store.peek(folder) if (folder / FILE).exists() else None
        if store is None:
            continue
        with closing(store):
            wanted = {job.request_id for job, _ in store.active()}
            if not scope.everything:
                wanted |= {request.id for request in store.requests(1)}
                wanted |= {request.id for request in history.newest(store, RequestStatus.SUCCEEDED)}
            requests = [store.request(request_id) for request_id in wanted]
            needed |= {request.code for request in requests if request is not None and request.code is not None}
    return needed


def _snapshots(config: Config, keep: Iterable[str], scope: Scope) -> Holding:
    held = pool.held(config.state)
    limit = time.time() - _grace(scope)
    kept: list[Path] = []
    doomed: list[Path] = []
    for tree in _folders(config.state / "code" / "trees"):
        stays = tree.name in keep or tree.stat().st_mtime > limit
        (kept if stays else doomed).append(tree)
    used = {inode for tree in kept for inode in _inodes(tree)}
    freed: dict[int, int] = {}
    for tree in doomed:
        freed |= {inode: size for inode, size in _inodes(tree).items() if inode not in used}
    return Holding("snapshots", held.trees, held.bytes, len(doomed), sum(freed.values()))


def _grace(scope: Scope) -> float:
    return max(GRACE, scope.older_than)


def _inodes(folder: Path) -> dict[int, int]:
    return {info.st_ino: info.st_size for info in _files(folder)}


def _size(path: Path) -> int:
    """Bytes on disk, so that the hole in a log that was cut does not count."""
    if path.is_dir() and not path.is_symlink():
        return sum(info.st_blocks * 512 for info in _files(path) if info.st_nlink == 1)
    return path.lstat().st_blocks * 512


def _files(folder: Path) -> Iterator[os.stat_result]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield os.lstat(os.path.join(parent, name))


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def _history(config: Config) -> Iterator[Store | None]:
    store = Store.peek(config.folder)
    if store is None:
        yield None
        return
    with closing(store):
        yield store


@contextmanager
def _no_engine(config: Config) -> Iterator[None]:
    """Keep engines from starting; where jobs are unfinished, one may have waited for us in vain, so start another."""
    if not config.folder.is_dir():
        yield
        return
    lease = Lease(config)
    if not lease.take():
        raise PipelineError(
            f"An engine is running jobs (process {lease.holder()}), so nothing was removed.",
            "Wait until the jobs have ended, or `jupyter pipeline cancel` them.",
        )
    try:
        yield
    finally:
        lease.give_back()
        with _history(config) as store:
            if store is not None and store.active():
                spawn(config)
