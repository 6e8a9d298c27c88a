"""Telling the outside how far a notebook is: events, one line in the log for each cell, and the unfinished notebook."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from typing import Any

from ..commands import masked
from .faults import CellError, cut
from .order import Channel, DriverLimits

KEPT = "notebook.ipynb"
LONGEST_LINE, LONGEST_VALUE = 120, 1000
LONGEST_TRACEBACK = 20_000
"""Characters of a traceback that the log shows."""
SHARE = 20
"""Keeping the unfinished notebook may take one part in so many of the time."""


class ProgressTeller:
    """How far one notebook is. Cells are counted from 1 among those with code."""

    def __init__(self, channel: Channel, limits: DriverLimits) -> None:
        self._channel, self._limits = channel, limits
        self._notebook: Any = None
        self._numbers: dict[int, int] = {}
        self._next_keep = 0.0
        self._began = 0.0
        self._current = 0

    def begin(self, notebook: Any, parameters: Mapping[str, Any]) -> None:
        """The notebook that is about to run."""
        self._notebook = notebook
        code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        self._numbers = {index: number for number, index in enumerate(code, 1)}
        self._next_keep = time.monotonic() + self._limits.keep_every
        self._tell("begin", cells=len(code), parameters=shown(parameters))

    @property
    def where(self) -> str:
        """The cell that runs, or ran last, as a sentence's beginning."""
        return f"Cell {self._current} of {len(self._numbers)}" if self._current else "The notebook"

    def started(self, index: int) -> None:
        """A cell with code begins."""
        self._current = self._numbers[index]
        self._began = time.monotonic()
        self._tell_cell("started", index)

    def done(self, index: int, was_executed: bool = True) -> None:
        """A cell has come to its end."""
        elapsed = self._tell_cell("done", index)
        if was_executed:
            self._log_cell(index, f"done in {elapsed:.1f} s")
        is_first, is_last = self._numbers[index] == 1, self._numbers[index] == len(self._numbers)
        if not is_last and (is_first or elapsed >= self._limits.keep_every or time.monotonic() >= self._next_keep):
            self.keep()

    def failed(self, index: int, error: CellError | None = None) -> None:
        """A cell has failed, with this error if it is one of its own."""
        elapsed = self._tell_cell("failed", index)
        self._log_cell(index, f"failed after {elapsed:.1f} s")
        if error is not None:
            text = error.traceback.strip()
            half = LONGEST_TRACEBACK // 2
            log(text if len(text) <= 2 * half else f"{text[:half]}\n[...]\n{text[-half:]}")

    def exporting(self, to: str) -> None:
        """A file is being made of the executed notebook."""
        self._tell("exporting", to=to)

    def end(self, message: str) -> None:
        """The end, with a sentence if it is not a good one."""
        if message:
            log(message)
        self._tell("end", message=message)

    def keep(self) -> None:
        """Put the notebook as it is now into the job's folder."""
        if self._notebook is None:
            return
        began = time.monotonic()
        text = json.dumps(self._notebook, ensure_ascii=False, default=str)
        with contextlib.suppress(OSError):  # the run matters more than its copy
            self._channel.keep(KEPT, text.encode("utf-8", "replace"))
        now = time.monotonic()
        self._next_keep = now + max(self._limits.keep_every, SHARE * (now - began))

    def wait_to_keep(self) -> float:
        """Seconds until the unfinished notebook is to be kept again; none when it is time."""
        return max(0.0, self._next_keep - time.monotonic())

    def _tell_cell(self, state: str, index: int) -> float:
        elapsed = 0.0 if state == "started" else time.monotonic() - self._began
        self._tell(
            "cell",
            number=self._numbers[index],
            cells=len(self._numbers),
            state=state,
            elapsed=round(elapsed, 3),
            line=first_line(self._notebook.cells[index].source),
        )
        return elapsed

    def _log_cell(self, index: int, text: str) -> None:
        total = len(self._numbers)
        log(f"[{self._numbers[index]:>{len(str(total))}}/{total}] {text}")

    def _tell(self, event: str, **facts: Any) -> None:
        self._channel.tell({"event": event, **facts})


def first_line(source: str) -> str:
    """The first line of a cell that says something."""
    return cut(next((line for line in source.splitlines() if line.strip()), ""), LONGEST_LINE)


def shown(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters for people to see: without what their names call secret, and cut where they are long."""
    return {str(name): _cut(value) for name, value in masked(parameters).items()}


def _cut(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…"
    text = json.dumps(value, default=str)
    return json.loads(text) if len(text) <= LONGEST_VALUE else "…"


def log(text: str) -> None:
    """Write a line of the job's log, at once."""
    data = f"{text}\n".encode("utf-8", "replace")
    with contextlib.suppress(OSError):
        while data:
            data = data[os.write(1, data) :]
