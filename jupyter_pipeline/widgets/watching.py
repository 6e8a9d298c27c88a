"""Following a project for all widgets of this kernel that show it: one thread, whatever their number.

It looks for events, which costs next to nothing, and asks for documents only after some came, or while a widget says
that what it shows grows without events (logs, cells of notebooks). It never asks for a document more often than a small
part of the time allows that the asking takes. It ends when no widget is left, and the kernel's own thread never waits
for it.
"""

from __future__ import annotations

import atexit
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..client.source import Response, Source
from ..errors import PipelineError
from ..models.documents import EventDocument, read

BUSY, IDLE, ASLEEP = 0.4, 1.0, 10.0
"""Seconds between two looks: while something runs, while nothing does, and when nothing has for a while."""
REST = 300.0
"""Seconds without events, and without a cell being run, after which a project is asleep."""
SPARE = 8.0
"""After a document was asked for, it is not asked for again for so many times the time that it took."""
GROWTH = 1.0
"""Seconds between two looks at what grows without events, at least."""
MOST = 1000
"""Events that are read at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document that a widget shows: an operation of the contract, with its parameters."""

    operation: str
    parameters: tuple[tuple[str, Any], ...] = ()


def wanted(operation: str, **parameters: Any) -> Wanted:
    """The same, written shortly."""
    return Wanted(operation, tuple(sorted(parameters.items())))


class Viewer(Protocol):
    """What a watch serves. All but `wants` and `is_busy` are called by the watch's thread."""

    def wants(self) -> Sequence[Wanted]:
        """The documents that it shows now."""

    @property
    def is_busy(self) -> bool:
        """Whether these may change without an event."""

    def happened(self, events: Sequence[EventDocument]) -> None:
        """These events came; the documents follow."""

    def take(self, answers: Mapping[Wanted, Response]) -> None:
        """These of its documents are new."""

    def trouble(self, error: PipelineError | None) -> None:
        """Something cannot be asked for now; None when it can again."""

    def settled(self) -> None:
        """All that happened is shown, and nothing runs any more."""


@dataclass(slots=True)
class _Asked:
    """When a document was asked for, how long that took, and what was said."""

    at: float
    cost: float
    answer: Response
    fresh: bool = True

    def is_due(self, now: float, grows: bool) -> bool:
        """Whether it is to be asked for again: something happened, or it grows; and not too soon."""
        if self.fresh and not grows:
            return False
        return now - self.at >= max(GROWTH if self.fresh else 0, SPARE * self.cost)


class Watch:
    """One project on one backend."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._viewers: list[Viewer] = []
        self._lock = threading.Lock()
        self._turning = threading.Lock()
        self._rung = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None
        self._asked: dict[Wanted, _Asked] = {}
        self._given: dict[int, dict[Wanted, bytes]] = {}
        self._revision: int | None = None
        self._quiet_since = time.monotonic()
        self._work: deque[Callable[[], None]] = deque()
        self._unsettled = False
        self._failed = False

    def __len__(self) -> int:
        return len(self._viewers)

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, viewer: Viewer) -> None:
        """Give a widget its documents at once, in the caller's thread. Raises PipelineError."""
        wants = viewer.wants()
        for want in wants:
            self._ask(want)
        self._give(viewer, wants)

    def _ask(self, want: Wanted) -> None:
        """Ask for a document, and remember it. Raises PipelineError."""
        if self._revision is None:  # before the first document, so that nothing between both is missed
            self._revision = int(self._source.ask("project").json()["revision"])
        begun = time.monotonic()
        answer = self._source.ask(want.operation, **dict(want.parameters))
        self._asked[want] = _Asked(time.monotonic(), time.monotonic() - begun, answer)

    def join(self, viewer: Viewer) -> None:
        """Serve a widget from here on."""
        with self._lock:
            if viewer not in self._viewers:
                self._viewers.append(viewer)
            if not self.is_alive and not self._ended:
                self._thread = threading.Thread(target=self._follow, name="jupyter_pipeline widgets", daemon=True)
                self._thread.start()
        self._rung.set()

    def leave(self, viewer: Viewer) -> None:
        """Serve a widget no longer; with the last one the thread ends."""
        with self._lock:
            if viewer in self._viewers:
                self._viewers.remove(viewer)
            self._given.pop(id(viewer), None)
        self._rung.set()

    def look_soon(self) -> None:
        """Look now, and ask for all documents even where no event has come."""
        for asked in list(self._asked.values()):
            asked.fresh = False
        self._rung.set()

    def do(self, work: Callable[[], None]) -> None:
        """Do something in the thread, which may take a while."""
        self._work.append(work)
        self._rung.set()

    def stir(self) -> None:
        """Somebody runs a cell, so something may happen soon."""
        self._quiet_since = time.monotonic()
        self._rung.set()

    def end(self, patience: float = 1.0) -> None:
        """End the thread, and wait a little until it has."""
        self._ended = True
        self._rung.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(patience)

    def turn(self) -> bool:
        """Look once, and tell the widgets what is new. Gives whether something may happen soon."""
        with self._turning:
            with self._lock:
                viewers = list(self._viewers)
            try:
                while self._work:
                    self._work.popleft()()
                self._look(viewers)
            except PipelineError as error:
                self._tell_trouble(viewers, error)
                return False
            self._tell_trouble(viewers, None)
            busy = any(viewer.is_busy for viewer in viewers)
            stale = any(not asked.fresh for asked in self._asked.values())
            self._unsettled = self._unsettled or busy or stale
            if self._unsettled and not busy and not stale:
                self._unsettled = False
                for viewer in viewers:
                    viewer.settled()
            return busy or stale

    # -- the thread --

    def _follow(self) -> None:
        while not self._ended:
            with self._lock:
                if not self._viewers:
                    self._thread = None  # whoever joins from here on starts another one
                    return
            try:
                busy = self.turn()
            except Exception:  # what a person's own observers raise must not end the following
                traceback.print_exc()
                busy = False
            quiet = time.monotonic() - self._quiet_since > REST
            self._rung.wait(BUSY if busy else ASLEEP if quiet else IDLE)
            self._rung.clear()

    def _look(self, viewers: Iterable[Viewer]) -> None:
        events = self._events()
        if events:
            self._quiet_since, self._unsettled = time.monotonic(), True
            for asked in self._asked.values():
                asked.fresh = False
            for viewer in viewers:
                viewer.happened(events)
        wants = [(viewer, viewer.wants()) for viewer in viewers]
        used = {want for _, some in wants for want in some}
        self._asked = {want: asked for want, asked in self._asked.items() if want in used}
        now = time.monotonic()
        for viewer, some in wants:
            for want in some:
                known = self._asked.get(want)
                if known is None or known.is_due(now, viewer.is_busy):
                    self._ask(want)
            self._give(viewer, some)

    def _events(self) -> Sequence[EventDocument]:
        """What has happened since the last look; nothing before the first document."""
        if self._revision is None:
            return ()
        answer = self._source.ask("events", after=self._revision, limit=MOST).json()
        self._revision = int(answer["revision"])
        return [read(EventDocument, each) for each in answer["events"]]

    def _give(self, viewer: Viewer, some: Sequence[Wanted]) -> None:
        """Hand a widget what differs from what it was given last."""
        answers = {want: self._asked[want].answer for want in some if want in self._asked}
        before = self._given.get(id(viewer), {})
        self._given[id(viewer)] = {want: answer.content for want, answer in answers.items()}
        new = {want: answer for want, answer in answers.items() if before.get(want) != answer.content}
        if new:
            viewer.take(new)

    def _tell_trouble(self, viewers: Iterable[Viewer], error: PipelineError | None) -> None:
        if error is not None or self._failed:
            for viewer in viewers:
                viewer.trouble(error)
        self._failed = error is not None


_watches: dict[str, Watch] = {}


def watch_of(source: Source) -> Watch:
    """The watch of a source's project; the same for all sources that say the same of themselves."""
    return _watches.setdefault(repr(source), Watch(source))


def watches() -> Sequence[Watch]:
    """All that were asked for in this process."""
    return tuple(_watches.values())


@atexit.register
def _end() -> None:
    """No thread of ours speaks to a kernel that is being taken down."""
    for watch in _watches.values():
        watch.end()
