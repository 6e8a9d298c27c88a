"""Reading the store: the half of ``database.Store`` that changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..models import (
    Cell,
    Event,
    Job,
    JobRequest,
    OutputFile,
    State,
    ViewKind,
    ViewRecord,
)
from .guard import translated
from .rows import (
    EVENT,
    JOB,
    OUTPUT,
    REQUEST,
    VIEW,
    job_of,
    output_of,
    request_of,
    view_of,
)

SHORTEST = 4
"""Characters of an identifier that may stand for the whole: fewer could be a request's number or a slip."""


class StoreReading:
    """What can be asked of the state of one workspace. Every method may raise StoreUnavailable, with the cure."""

    _db: Any
    _file: Path

    def data_version(self) -> int:
        """A number that changes when another connection has written."""
        return int(self._value("PRAGMA data_version"))

    def revision(self) -> int:
        """The number of the newest event."""
        return int(self._value("SELECT coalesce(max(revision), 0) FROM events"))

    def follow(self, after: int, limit: int = 1000) -> list[Event]:
        """The events after a revision, oldest first."""
        rows = self._rows(
            f"SELECT {EVENT} FROM events WHERE revision > ? ORDER BY revision LIMIT ?",
            (after, limit),
        )
        return [Event(*row) for row in rows]

    def timeline(self, job_id: str) -> list[Event]:
        """All events of one job, oldest first."""
        rows = self._rows(
            f"SELECT {EVENT} FROM events WHERE job_id = ? ORDER BY revision",
            (job_id,),
        )
        return [Event(*row) for row in rows]

    def requests(self, limit: int = 50, offset: int = 0, before: int | None = None) -> list[JobRequest]:
        """Requests, newest first; only those with a number below `before`, where that is given."""
        where, values = ("WHERE seq < ?", (before,)) if before is not None else ("", ())
        rows = self._rows(
            f"SELECT {REQUEST} FROM requests {where} ORDER BY seq DESC LIMIT ? OFFSET ?", (*values, limit, offset)
        )
        return [request_of(row) for row in rows]

    def request(self, request_id: str) -> JobRequest | None:
        """One request by its identifier or an unambiguous beginning of it."""
        if len(request_id) < SHORTEST:
            return None
        rows = self._rows(f"SELECT {REQUEST} FROM requests WHERE substr(id, 1, ?) = ?", (len(request_id), request_id))
        return request_of(rows[0]) if len(rows) == 1 else None

    def first_revision(self, request_id: str) -> int:
        """The number of the event that tells of the request itself."""
        return int(
            self._value(
                "SELECT coalesce(min(revision), 0) FROM events WHERE kind = 'request' AND request_id = ?", (request_id,)
            )
        )

    def is_finished(self, request_id: str) -> bool:
        """Whether no job of a request is pending or running."""
        return not self._rows(
            "SELECT 1 FROM jobs WHERE +request_id = ? AND state IN ('pending', 'running') LIMIT 1", (request_id,)
        )

    def request_number(self, request_id: str) -> int:
        """The running number of a request in this workspace, from 1."""
        return int(self._value("SELECT seq FROM requests WHERE id = ?", (request_id,)))

    def plan_of(self, request_id: str) -> Any:
        """The plan that was recorded with a request."""
        return json.loads(self._value("SELECT plan FROM requests WHERE id = ?", (request_id,)))

    def jobs(self, request_id: str) -> list[Job]:
        """The jobs of a request in the order of its plan."""
        return self._jobs("request_id = ?", (request_id,))

    def waits(self, request_id: str) -> dict[str, tuple[str, ...]]:
        """For each job of a request the jobs that it waits for, also those of other requests."""
        rows = self._rows("SELECT id, wait_for FROM jobs WHERE request_id = ? ORDER BY seq", (request_id,))
        return {row[0]: tuple(json.loads(row[1])) for row in rows}

    def job(self, job_id: str) -> Job | None:
        """One job by its identifier or an unambiguous beginning of it."""
        found = self._jobs("id = ?", (job_id,))
        if not found and len(job_id) >= SHORTEST:  # by looking at all of them
            found = self._jobs("substr(id, 1, ?) = ?", (len(job_id), job_id))
        return found[0] if len(found) == 1 else None

    def jobs_of_action(self, action: str, limit: int = 20) -> list[Job]:
        """The jobs of an action, newest first."""
        rows = self._rows(f"SELECT {JOB} FROM jobs WHERE action = ? ORDER BY seq DESC LIMIT ?", (action, limit))
        return [job_of(row) for row in rows]

    def jobs_page(
        self, limit: int, before: int | None = None, action: str | None = None, state: State | None = None
    ) -> list[tuple[int, Job]]:
        """Jobs, newest first, each with its running number; `before` is the number of the last one known already."""
        conditions = {"seq < ?": before, "action = ?": action, "state = ?": state}
        given = {condition: value for condition, value in conditions.items() if value is not None}
        where = f"WHERE {' AND '.join(given)}" if given else ""
        rows = self._rows(f"SELECT seq, {JOB} FROM jobs {where} ORDER BY seq DESC LIMIT ?", (*given.values(), limit))
        return [(row[0], job_of(row[1:])) for row in rows]

    def active(self) -> list[tuple[Job, tuple[str, ...]]]:
        """All unfinished jobs, oldest first, each with the ids of the jobs it waits for."""
        rows = self._rows(f"SELECT {JOB}, wait_for FROM jobs WHERE state IN ('pending', 'running') ORDER BY seq")
        return [(job_of(row[:-1]), tuple(json.loads(row[-1]))) for row in rows]

    def expects_notebooks(self) -> bool:
        """Whether an unfinished job is to run a notebook."""
        return bool(
            self._rows(
                "SELECT 1 FROM jobs WHERE state IN ('pending', 'running') AND instr(task, '\"notebook\": {') LIMIT 1"
            )
        )

    def cancelled_jobs(self) -> set[str]:
        """The ids of unfinished jobs that somebody wants cancelled."""
        return {row[0] for row in self._rows("SELECT id FROM jobs WHERE cancelled AND state IN ('pending', 'running')")}

    def task(self, job_id: str) -> tuple[Any, Any]:
        """The task and the fingerprint (both JSON) that were recorded for a job."""
        task, fingerprint = self._rows("SELECT task, fingerprint FROM jobs WHERE id = ?", (job_id,))[0]
        return json.loads(task), json.loads(fingerprint)

    def last_jobs(self) -> dict[str, tuple[Job, str]]:
        """For each action its newest job that was not cancelled, with its fingerprint as JSON text."""
        rows = self._rows(
            f"SELECT {JOB}, fingerprint FROM jobs WHERE seq IN"
            " (SELECT max(seq) FROM jobs WHERE code != 'cancelled_by_user' GROUP BY action)"
        )
        return {row[2]: (job_of(row[:-1]), row[-1]) for row in rows}

    def elapsed(self, actions: Iterable[str], count: int) -> list[tuple[str, float]]:
        """Of each action's newest succeeded jobs, at most `count` of them: the action and the seconds."""
        newest = "SELECT seq FROM jobs WHERE action = a.value AND state = 'succeeded' ORDER BY seq DESC LIMIT ?"
        rows = self._rows(
            f"SELECT j.action, j.elapsed FROM json_each(?) a JOIN jobs j ON j.seq IN ({newest})"
            " WHERE j.elapsed IS NOT NULL",
            (json.dumps(list(actions)), count),
        )
        return [(row[0], row[1]) for row in rows]

    def succeeded_before(self, actions: Iterable[str], moment: str) -> list[str]:
        """For each of these actions the last job that had succeeded by a moment, if there is one."""
        last = "SELECT seq FROM jobs WHERE action = a.value AND state = 'succeeded' AND completed_at <= ?"
        rows = self._rows(
            f"SELECT j.id FROM json_each(?) a JOIN jobs j ON j.seq = ({last} ORDER BY seq DESC LIMIT 1)",
            (json.dumps(list(actions)), moment),
        )
        return [row[0] for row in rows]

    def latest(self) -> dict[str, tuple[str, str]]:
        """For each action the job whose outputs are the workspace's, and the digest of those outputs."""
        return {row[0]: (row[1], row[2]) for row in self._rows("SELECT action, job_id, digest FROM latest")}

    def latest_of(self, action: str) -> tuple[str, str] | None:
        """The same for one action, or None when it never succeeded."""
        rows = self._rows("SELECT job_id, digest FROM latest WHERE action = ?", (action,))
        return (rows[0][0], rows[0][1]) if rows else None

    def outputs_of(self, job_id: str) -> list[OutputFile]:
        """The outputs that a job published."""
        return self._outputs("o.job_id = ?", (job_id,))

    def latest_outputs(self) -> list[OutputFile]:
        """The outputs of the latest succeeded job of every action."""
        return self._outputs("o.job_id IN (SELECT job_id FROM latest)")

    def cells_of(self, job_id: str) -> list[Cell]:
        """The cells of a job's notebook that have begun, in their order; none for any other job."""
        if not self._is_of_format(2):
            return []
        rows = self._rows("SELECT number, total, state, elapsed, line FROM cells WHERE job_id = ?", (job_id,))
        return [Cell(*row) for row in rows]

    def owners(self, paths: Iterable[str] | None = None) -> dict[str, str]:
        """For each published path the job whose file stands there now."""
        if paths is None:
            return dict(self._rows("SELECT path, job_id FROM workspace"))
        found = {}
        for path in paths:
            for row in self._rows("SELECT job_id FROM workspace WHERE path = ?", (path,)):
                found[path] = row[0]
        return found

    def made(self) -> frozenset[str]:
        """The paths at which jobs have ever published outputs."""
        return frozenset(path for (path,) in self._rows("SELECT DISTINCT path FROM outputs"))

    def actions_of(self, job_ids: Iterable[str]) -> dict[str, str]:
        """The action of each job."""
        return {job_id: self._rows("SELECT action FROM jobs WHERE id = ?", (job_id,))[0][0] for job_id in job_ids}

    def code_use(self, digest: str) -> str | None:
        """The files behind a code digest as they were saved."""
        rows = self._rows("SELECT files FROM code_uses WHERE digest = ?", (digest,))
        return rows[0][0] if rows else None

    def submission(self, key: str) -> tuple[str, str] | None:
        """The request that was made under this idempotency key, and what was asked for then (JSON); None if none."""
        if not self._is_of_format(3):
            return None
        rows = self._rows("SELECT request_id, asked FROM submissions WHERE key = ?", (key,))
        return (rows[0][0], rows[0][1]) if rows else None

    def views(self, limit: int = 100, before: int | None = None) -> list[ViewRecord]:
        """Who looked at what, newest first; `before` is the number of the last one that is known already."""
        if not self._is_of_format(3):
            return []
        where, values = ("WHERE seq < ?", (before,)) if before is not None else ("", ())
        rows = self._rows(f"SELECT {VIEW} FROM views {where} ORDER BY seq DESC LIMIT ?", (*values, limit))
        return [view_of(row) for row in rows]

    def viewed_since(self, who: str, kind: ViewKind, job_id: str, moment: str) -> bool:
        """Whether somebody has looked at something of a job since a moment."""
        where = "job_id = ? AND kind = ? AND who = ? AND at >= ?"
        return bool(self._rows(f"SELECT 1 FROM views WHERE {where} LIMIT 1", (job_id, kind, who, moment)))

    def shows_synthetic(self) -> bool:
        """Whether somebody has asked to be shown the synthetic data of this workspace, and nobody taken it back."""
        if not self._is_of_format(3):
            return False
        switch = f"kind IN ('{ViewKind.SYNTHETIC_ON}', '{ViewKind.SYNTHETIC_OFF}')"
        rows = self._rows(f"SELECT kind FROM views WHERE {switch} ORDER BY seq DESC LIMIT 1")
        return bool(rows) and rows[0][0] == ViewKind.SYNTHETIC_ON

    # -- helpers -------------------------------------------------------------------------------------

    def _jobs(self, where: str, values: Sequence[Any] = ()) -> list[Job]:
        return [job_of(row) for row in self._rows(f"SELECT {JOB} FROM jobs WHERE {where} ORDER BY seq", values)]

    def _outputs(self, where: str, values: Sequence[Any] = ()) -> list[OutputFile]:
        rows = self._rows(
            f"SELECT {OUTPUT} FROM outputs o JOIN jobs j ON j.id = o.job_id WHERE {where} ORDER BY o.job_id, o.path",
            values,
        )
        return [output_of(row) for row in rows]

    def _is_of_format(self, version: int) -> bool:
        """False for an older store that nobody has written to since this program knows of newer tables."""
        return bool(self._value("PRAGMA user_version") >= version)

    def _value(self, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._rows(statement, values)[0][0]

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with translated(self._file):
            try:
                rows: list[Any] = self._db.execute(statement, values).fetchall()
            except UnicodeEncodeError:  # no name in a row is such a text
                rows = self._db.execute(statement, [_valid(value) for value in values]).fetchall()
            return rows


def _valid(value: Any) -> Any:
    """A text without what is not valid Unicode, as names have that the system gives."""
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
