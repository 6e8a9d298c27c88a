"""Following the stores of the projects that somebody looks at: wakes who waits, rings Jupyter's bell, shows activity.

A look is two calls of stat; the store is read, in a thread, only when it has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import PipelineError
from ..models import Event
from ..project.facade import LocalProject
from ..store.database import FILE

LOOK = 0.05
"""Seconds between two looks at a store."""
LOOK_ANYWAY = 2.0
"""Seconds after which the store is read again while jobs run: a clock may be too coarse to show every write."""
MOST = 1000
"""Events that are read at once."""
REST = 600.0
"""Seconds after which a project that nobody asks about, and that has nothing to do, is followed no more."""
OPEN_AGAIN = 30.0
"""Seconds after which a project's settings are read again."""
STORM = 500
"""Of more events at once, only the newest of each job is told: whoever needs the others asks for them."""
SCHEMA = "urn:jupyter_pipeline:job:v1"

_log = logging.getLogger(__name__)


@dataclass
class StoreWatch:
    """One project on one backend."""

    key: str
    project: LocalProject
    revision: int | None = None
    """The newest that was seen; None before the first look."""
    seen: tuple[Any, ...] = ()
    asked: float = 0.0
    looked: float = 0.0
    active: bool = False
    opened: float = 0.0
    error: PipelineError | OSError | None = None
    """Why it could not be followed at the last look."""
    waiting: int = 0
    """How many wait for something to happen."""
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, and replaced by a new one, whenever something has happened."""

    def ring(self) -> None:
        """Wake everybody who waits."""
        rung, self.rung = self.rung, asyncio.Event()
        rung.set()


class Tail:
    """All that is followed. For the event loop's thread alone."""

    def __init__(
        self,
        run: Callable[..., Awaitable[Any]],
        open_project: Callable[[str, str], LocalProject],
        emit: Callable[[dict[str, Any]], None],
        show_activity: Callable[[], None],
        rest: float = REST,
    ) -> None:
        self._run, self._open, self._emit = run, open_project, emit
        self._show_activity, self._rest = show_activity, rest
        self._watches: dict[tuple[str, str], StoreWatch] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow; to be called when the event loop runs."""
        self._task = asyncio.get_running_loop().create_task(self._follow())

    async def stop(self) -> None:
        """Follow nothing more. The jobs go on."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def watch(self, key: str, backend: str) -> StoreWatch:
        """Follow a project on a backend from now on; `key` is its identifier. Raises NotFound and InvalidConfig."""
        place, moment = (key, backend), time.monotonic()
        known = self._watches.get(place)
        if known is None or moment - known.opened > OPEN_AGAIN:
            project = await self._run(self._open, key, backend)
            revision = None
            with contextlib.suppress(PipelineError):  # told when it is looked at
                revision = await self._run(project.revision)
            known = self._watches.setdefault(place, StoreWatch(key, project, revision))
            known.project, known.opened = project, moment
        known.asked = moment
        return known

    async def wait(self, key: str, backend: str, after: int, seconds: float) -> None:
        """Come back as soon as there is an event after a revision, or when the time is over.

        Raises PipelineError or OSError where the project cannot be followed.
        """
        watch = await self.watch(key, backend)
        watch.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                while watch.revision is None or watch.revision <= after:
                    if watch.error is not None:
                        raise watch.error
                    await watch.rung.wait()
        except TimeoutError:
            pass
        finally:
            watch.waiting -= 1
            watch.asked = time.monotonic()

    async def _follow(self) -> None:
        while True:
            for place, watch in list(self._watches.items()):
                try:
                    await self._look(watch)
                except (PipelineError, OSError) as error:  # it is told to whoever asks for that project
                    watch.error = error
                    watch.ring()
                except Exception:  # a mistake of ours: the others are to be followed all the same
                    _log.exception("A project cannot be followed")
                if not watch.active and not watch.waiting and time.monotonic() - watch.asked > self._rest:
                    del self._watches[place]
            await asyncio.sleep(LOOK)

    async def _look(self, watch: StoreWatch) -> None:
        stamp, moment = _stamp(watch.project), time.monotonic()
        if stamp == watch.seen and (not watch.active or moment - watch.looked < LOOK_ANYWAY):
            return
        if watch.revision is None:
            watch.revision = await self._run(watch.project.revision)
            watch.ring()
        events = await self._run(watch.project.events, watch.revision, MOST)
        watch.active = await self._run(watch.project.is_busy)
        watch.looked, watch.error = moment, None
        if len(events) < MOST:
            watch.seen = stamp
        if watch.active:
            self._show_activity()
        if events:
            watch.revision = events[-1].revision
            watch.ring()
            await self._tell(watch, events)

    async def _tell(self, watch: StoreWatch, events: Sequence[Event]) -> None:
        if len(events) > STORM:
            newest = {(event.request_id, event.job_id): event for event in events}
            events = sorted(newest.values(), key=lambda event: event.revision)
        for event in events:
            await asyncio.sleep(0)  # telling all who listen takes its time: others get their turn in between
            self._emit(
                {
                    "project": watch.key,
                    "backend": watch.project.config.backend,
                    "revision": event.revision,
                    "request": event.request_id,
                    "job": event.job_id,
                    "state": event.state,
                    "code": event.code,
                }
            )


def _stamp(project: LocalProject) -> tuple[Any, ...]:
    """What changes when somebody writes to the store."""
    found: list[Any] = []
    for name in (FILE, f"{FILE}-wal"):
        try:
            status = os.stat(project.config.folder / name)
            found += [status.st_ino, status.st_size, status.st_mtime_ns]
        except OSError:
            found.append(None)
    return tuple(found)
