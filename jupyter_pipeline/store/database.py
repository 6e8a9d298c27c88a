"""The store: one SQLite file per workspace, the queue between whoever asks and the one engine that acts.

Every change writes its event row in the same transaction. Columns have one writing owner each: whoever submits writes
``requests`` and ``submissions`` and inserts ``jobs`` rows; anybody sets ``cancelled`` and adds ``views``; all other
columns are the engine's alone, and so are ``outputs``, ``workspace`` and ``latest``. No other module says sqlite3. What
the rows mean is not decided here, and what can be asked of them is in ``reading``.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import StoreUnavailable
from ..models import (
    Cell,
    Job,
    JobRequest,
    OutputFile,
    State,
    StatusCode,
    ViewKind,
)
from .guard import (
    FILE,
    close_if_open,
    damaged,
    has_content,
    not_writable,
    on_network,
    refuse_damaged,
    too_long,
    translated,
)
from .reading import StoreReading
from .rows import REQUEST
from .schema import APPLICATION_ID, SCHEMA, VERSION


def now() -> str:
    """This moment in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key: whoever asks again under the same name, for the same, gets what the first asking made."""

    name: str
    asked: str
    """What is asked for, as JSON text."""


class Store(StoreReading):
    """The state of one workspace. Every method may raise StoreUnavailable, with the cure."""

    def __init__(self, connection: sqlite3.Connection, folder: Path, clock: Callable[[], str] = now) -> None:
        self._db = connection
        self.folder = folder
        self._file = folder / FILE
        self._inode = 0
        self.now = clock
        """The clock that times are taken from."""

    # -- opening -----------------------------------------------------------------------------------

    @classmethod
    def open(cls, folder: Path, clock: Callable[[], str] = now) -> Store:
        """The store in `folder`, made when there is none. A damaged or vanished one is refused, never made anew."""
        file = folder / FILE
        refuse_damaged(file)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            close_if_open(folder)
            connection = sqlite3.connect(file, timeout=30, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise not_writable(folder, error) from error
        store = cls(connection, folder, clock)
        with translated(file), store._closed_on_error():
            store._prepare()
            store._inode = file.stat().st_ino
        return store

    @classmethod
    def peek(cls, folder: Path) -> Store | None:
        """The store in `folder` for reading only, or None when there is none yet. Writes nothing."""
        file = folder / FILE
        refuse_damaged(file)
        if not file.exists() or not file.stat().st_size:
            return None
        # Without a log to read, SQLite must be told that nobody writes where nobody can.
        has_log = has_content(folder / f"{FILE}-wal") and (folder / f"{FILE}-shm").exists()
        options = "mode=ro" if has_log or os.access(folder, os.W_OK) else "immutable=1"
        with translated(file):
            uri = f"{file.absolute().as_uri()}?{options}"
            store = cls(sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None), folder)
            with store._closed_on_error():
                if not store._value("SELECT count(*) FROM sqlite_master"):  # somebody is just making it
                    store.close()
                    return None
                store._check_version()
            return store

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        wal = not on_network(self.folder)
        self._db.execute("PRAGMA foreign_keys = ON")
        found = self._value("PRAGMA user_version")
        if not found:
            self._db.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'TRUNCATE'}")
        if found < VERSION and (not found or self._value("PRAGMA application_id") == APPLICATION_ID):
            self._db.executescript(SCHEMA)  # one transaction that begins by taking the write lock
        self._db.execute(f"PRAGMA synchronous = {'NORMAL' if wal else 'FULL'}")
        self._check_version()

    def _check_version(self) -> None:
        if self._value("PRAGMA application_id") != APPLICATION_ID:
            raise StoreUnavailable(
                f"{self.folder / FILE} is a database, but not one of this program.", "Move it elsewhere."
            )
        version = self._value("PRAGMA user_version")
        if not 1 <= version <= VERSION:
            raise StoreUnavailable(
                f"{self.folder / FILE} is of format {version}; this version of the program knows {VERSION}.",
                "Use that version, or move the file elsewhere to begin a new history.",
            )

    def check_integrity(self) -> None:
        """Raises StoreUnavailable when the file is damaged inside."""
        with translated(self._file):
            answer = self._value("PRAGMA quick_check(1)")
        if answer != "ok":
            raise damaged(self.folder / FILE, str(answer))

    def check_present(self) -> None:
        """Raises StoreUnavailable when the file was removed or replaced since it was opened."""
        try:
            present = self._file.stat().st_ino == self._inode
        except OSError:
            present = False
        if not present:
            raise StoreUnavailable(f"The state folder {self.folder} was removed or replaced.", "Run it again.")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; joins the transaction that is open already."""
        if self._db.in_transaction:
            yield
            return
        with translated(self._file):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # -- what whoever asks writes --------------------------------------------------------------------

    def submit(self, request: JobRequest, jobs: Sequence[dict[str, Any]], plan: Any, key: Key | None = None) -> None:
        """Record a request, its plan (JSON), its jobs (rows without times) and its key, if it has one, in one step."""
        moment = request.created_at
        with self.transaction():
            values = (
                *(request.id, request.workspace, request.backend, json.dumps(request.requested_actions)),
                *(request.requested_by, moment, request.force, request.organisation, request.branch, request.commit),
                *(request.dirty, request.code, request.project_yaml, False),
            )
            self._db.execute(
                f"INSERT INTO requests ({REQUEST}, plan) VALUES ({_marks(15)})", (*values, json.dumps(plan))
            )
            self._event(moment, "request", request.id, None, None, State.PENDING, StatusCode.CREATED, "")
            self._db.executemany(
                "INSERT INTO jobs (id, request_id, action, state, code, message, run_command, reason, task,"
                " fingerprint, wait_for, runtime, created_at, updated_at, executor, cancelled, revision)"
                " VALUES (:id, :request_id, :action, :state, :code, :message, :run_command, :reason, :task,"
                f" :fingerprint, :wait_for, :runtime, '{moment}', '{moment}', '', 0, 0)",
                jobs,
            )
            if key is not None:
                self._db.execute("INSERT INTO submissions VALUES (?, ?, ?)", (key.name, request.id, key.asked))

    def cancel(self, request_id: str, job_ids: Sequence[str] | None = None) -> int:
        """Ask for all unfinished jobs of a request, or for some of them, to be cancelled; how many that is."""
        with self.transaction():
            some = "" if job_ids is None else f" AND id IN ({_marks(len(job_ids))})"
            found: int = self._db.execute(
                "UPDATE jobs SET cancelled = 1"
                f" WHERE request_id = ? AND NOT cancelled AND state IN ('pending', 'running'){some}",
                (request_id, *(job_ids or ())),
            ).rowcount
            if job_ids is None:
                self._db.execute("UPDATE requests SET cancelled = 1 WHERE id = ?", (request_id,))
            if found:
                self._event(self.now(), "request", request_id, None, None, "", "cancel_requested", "")
            return found

    def save_code_use(self, digest: str, files: Callable[[], Any]) -> None:
        """Remember which files (JSON) stand behind a code digest, to be able to say later what changed."""
        if self.code_use(digest) is None:
            with self.transaction():
                self._db.execute("INSERT OR IGNORE INTO code_uses VALUES (?, ?)", (digest, json.dumps(files())))

    def record_view(
        self, who: str, kind: ViewKind, job_id: str | None = None, path: str | None = None, detail: str = ""
    ) -> None:
        """Note that somebody looks at something, or turned the switch for synthetic data."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO views (at, who, kind, job_id, path, detail) VALUES (?, ?, ?, ?, ?, ?)",
                (self.now(), who, kind, job_id, path, detail),
            )

    # -- what the engine writes ----------------------------------------------------------------------

    def update(self, job: Job, **changes: Any) -> Job:
        """Change a job and say so; the job as it is then. An unchanged state and code make no event."""
        new = replace(job, updated_at=self.now(), **changes)
        with self.transaction():
            if (new.state, new.code, new.message) != (job.state, job.code, job.message):
                revision = self._event(
                    new.updated_at, "job", job.request_id, job.id, job.action, new.state, new.code, new.message
                )
                new = replace(new, revision=revision)
            names = [*changes, "updated_at", "revision"]
            self._db.execute(
                f"UPDATE jobs SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?",
                (*(getattr(new, name) for name in names), job.id),
            )
        return new

    def record_fingerprint(self, job_id: str, fingerprint: Any) -> None:
        """The completed fingerprint (JSON) of a job that is about to start."""
        with self.transaction():
            self._db.execute("UPDATE jobs SET fingerprint = ? WHERE id = ?", (json.dumps(fingerprint), job_id))

    def record_outputs(self, job: Job, files: Iterable[OutputFile], digest: str, removed: Iterable[str]) -> None:
        """The outputs of a succeeded job: they are the workspace's now, in the place of the action's earlier ones."""
        with self.transaction():
            rows = [
                (f.job_id, f.path, f.level, f.size, f.mtime_ns, f.sha256, f.rows, f.columns, f.message) for f in files
            ]
            self._db.executemany(f"INSERT OR REPLACE INTO outputs VALUES ({_marks(9)})", rows)
            self._db.executemany("DELETE FROM workspace WHERE path = ?", [(path,) for path in removed])
            self._db.executemany("INSERT OR REPLACE INTO workspace VALUES (?, ?)", [(row[1], job.id) for row in rows])
            self._db.execute("INSERT OR REPLACE INTO latest VALUES (?, ?, ?)", (job.action, job.id, digest))

    def record_cells(self, job_id: str, cells: Iterable[Cell]) -> None:
        """Note how cells of a job's notebook are doing; what is known already keeps its time."""
        moment = self.now()
        rows = [(job_id, cell.number, cell.total, cell.state, moment, cell.elapsed, cell.line) for cell in cells]
        with self.transaction():
            self._db.executemany(
                f"INSERT INTO cells VALUES ({_marks(7)}) ON CONFLICT DO UPDATE SET"
                " state = excluded.state, at = excluded.at, elapsed = excluded.elapsed WHERE state != excluded.state",
                rows,
            )

    # -- helpers -------------------------------------------------------------------------------------

    def _event(self, at: str, kind: str, request_id: str, job_id: str | None, *rest: str | None) -> int:
        cursor = self._db.execute(
            "INSERT INTO events (at, kind, request_id, job_id, action, state, code, message) VALUES (?,?,?,?,?,?,?,?)",
            (at, kind, request_id, job_id, *rest),
        )
        return int(cursor.lastrowid or 0)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


__all__ = ["FILE", "Store", "now", "on_network", "too_long"]
