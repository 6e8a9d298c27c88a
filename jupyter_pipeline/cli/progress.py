"""Watching jobs: lines where nobody looks, a live table on a terminal."""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from ..models import Event, Job, State, StatusCode
from ..wording import duration, moment
from .states import look
from .text import Out, safe

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

REDRAW = 0.1
"""Seconds between two pictures at least."""


class Watcher(Protocol):
    """Who is told what happens."""

    revision: int | None
    """The last change that was told."""

    def tell(self, events: Sequence[Event]) -> None:
        """Take in changes."""

    def turn(self) -> None:
        """A moment has passed."""

    def pause(self) -> None:
        """Give the terminal free; the next turn takes it back."""


@dataclass(slots=True)
class _Row:
    action: str
    state: str
    code: str
    message: str
    started: float | None = None
    ended: float | None = None

    @property
    def elapsed(self) -> float | None:
        if self.started is None:
            return None
        return max((self.ended or time.time()) - self.started, 0.0)


class Rows:
    """The jobs of one request as the events tell of them."""

    def __init__(self, request_id: str, jobs: Sequence[Job]) -> None:
        self.request_id = request_id
        self.rows = {job.id: _Row(job.action, job.state, job.code, job.message) for job in jobs}
        for job in jobs:
            row = self.rows[job.id]
            row.started, row.ended = _seconds(job.started_at), _seconds(job.completed_at)

    def take(self, event: Event) -> _Row | None:
        """Note a change; the job's row, or None when it is about another request or about nothing new."""
        row = self.rows.get(event.job_id or "")
        if row is None or (row.state, row.code, row.message) == (event.state, event.code, event.message):
            return None
        row.state, row.code, row.message = event.state, event.code, event.message
        if event.state == State.RUNNING and row.started is None:
            row.started = _seconds(event.at)
        if State(event.state).is_final and row.started is not None:
            row.ended = _seconds(event.at)
        return row

    def count(self, *states: State) -> int:
        """How many jobs are in these states."""
        return sum(1 for row in self.rows.values() if row.state in states)


class Lines:
    """One line for each change that matters; waiting is not told, building a runtime is."""

    def __init__(self, rows: Rows, out: Out) -> None:
        self.revision: int | None = None
        self._rows, self._out = rows, out
        self._width = min(max((len(safe(row.action)) for row in rows.rows.values()), default=0), 40)
        self._told: dict[str, str] = {}

    def tell(self, events: Sequence[Event]) -> None:
        """Print what has changed."""
        for event in events:
            row = self._rows.take(event)
            said = self._said(row) if row else ""
            if row is not None and said and self._told.get(row.action) != said:
                self._told[row.action] = said
                symbol, style, _ = look(row.state, row.code)
                at, action = moment(event.at)[11:], safe(row.action).ljust(self._width)
                out = self._out
                out.line(f"{out.paint(at, 'dim')}  {action}  {out.paint(f'{out.symbol(symbol)} {safe(said)}', style)}")
        if events:
            self.revision = events[-1].revision
            self._out.stream.flush()

    def _said(self, row: _Row) -> str:
        if row.code == StatusCode.WAITING_ON_RUNTIME:
            return f"waiting: {row.message}"
        if row.state == State.PENDING or row.code == StatusCode.FINALIZING:
            return ""
        words = look(row.state, row.code)[2]
        if row.state == State.RUNNING:
            return f"{words}: {row.message}" if row.message else words
        took = f" after {duration(row.elapsed)}" if row.elapsed is not None else ""
        tail = "" if row.message == "Succeeded." else f": {row.message}"
        return f"{words}{took}{tail}"

    def turn(self) -> None:
        """Nothing moves between two lines."""

    def pause(self) -> None:
        """Lines are always whole."""


class Live:
    """A table that is drawn anew in its place. Draws only when asked, so there is no thread beside the engine."""

    def __init__(self, rows: Rows, title: str, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console

        self.revision: int | None = None
        self._rows, self._title, self._clock = rows, title, clock
        self._console: Console = Console(highlight=False)
        self._live: Any = None
        self._due = 0.0
        self._began = clock()

    def tell(self, events: Sequence[Event]) -> None:
        """Take in what has changed; it is seen with the next turn."""
        for event in events:
            self._rows.take(event)
        if events:
            self.revision = events[-1].revision

    def turn(self) -> None:
        """Draw, unless that was done just now."""
        began = self._clock()
        if began < self._due:
            return
        if self._live is None:
            from rich.live import Live as RichLive

            self._live = RichLive(
                console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
            )
            self._live.start()
        self._live.update(self._picture(), refresh=True)
        took = self._clock() - began
        self._due = began + max(REDRAW, 20 * took)  # the engine is in this process, and waits

    def pause(self) -> None:
        """Take the table away."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()
        self._due = 0.0

    def _picture(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        room = max(self._console.height - 5, 3)
        shown = self._most_telling(room)
        parts: list[Any] = [self._bar(), self._table(shown)]
        seen = set(map(id, shown))
        rest = Counter(look(row.state, row.code)[2] for row in self._rows.rows.values() if id(row) not in seen)
        if rest:
            counts = ", ".join(f"{count} {word}" for word, count in rest.items())
            text = f"  and {rest.total()} more: {counts}"
            parts.append(Text(text, style="dim", no_wrap=True, overflow="ellipsis"))
        parts.append(Text("  Ctrl-C: cancel, leave running, or keep waiting", style="dim", no_wrap=True))
        return Group(*parts)

    def _most_telling(self, room: int) -> list[_Row]:
        """All rows if there is room, else those that run, then those that failed, then those that come next."""
        rows = list(self._rows.rows.values())
        if len(rows) <= room:
            return rows
        rank = {State.RUNNING: 0, State.FAILED: 1, State.PENDING: 2, State.SUCCEEDED: 3}
        chosen = set(map(id, heapq.nsmallest(room - 1, rows, key=lambda row: rank[State(row.state)])))
        return [row for row in rows if id(row) in chosen]

    def _bar(self) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        done, total = self._rows.count(State.SUCCEEDED, State.FAILED), len(self._rows.rows)
        grid = Table.grid(padding=(0, 2))
        failed = self._rows.count(State.FAILED)
        style = "red" if failed else "green"
        grid.add_row(
            Text(self._title, style="bold"),
            ProgressBar(total=total, completed=done, width=24, complete_style=style, finished_style=style),
            Text(f"{done} of {total} done{f', {failed} failed' if failed else ''}"),
            Text(duration(self._clock() - self._began), style="dim"),
        )
        return grid

    def _table(self, rows: Sequence[_Row]) -> Table:
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, justify="right")
        grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        out = Out(self._console.file)  # type: ignore[arg-type]
        styles = {"good": "green", "bad": "red", "warn": "yellow", "busy": "cyan", "dim": "dim"}
        for row in rows:
            symbol, style, words = look(row.state, row.code)
            mark = out.symbol(symbol)
            message = "" if row.message == "Succeeded." else row.message
            grid.add_row(
                Text(f"{mark} {safe(row.action)}", style=styles[style]),
                Text(words, style=styles[style]),
                Text(duration(row.elapsed)),
                Text(safe(message), style="dim"),
            )
        return grid


def _seconds(iso: str | None) -> float | None:
    return datetime.fromisoformat(iso).timestamp() if iso else None
