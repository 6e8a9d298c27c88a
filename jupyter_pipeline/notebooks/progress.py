"""How far a notebook has come, as its driver tells it in lines of JSON. Pure.

The lines are read with distrust: whatever does not fit is passed over. Executing a notebook is ``driver``'s.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..models import Cell

MAX_LINE = 120
"""Characters of a cell's first line that are kept."""
MAX_MESSAGE = 1000
STATES = ("started", "done", "failed")


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of one notebook so far."""

    total: int | None = None
    cells: Mapping[int, Cell] = field(default_factory=dict)
    exporting: str = ""
    """The format that is being made."""
    message: str = ""
    """How it ended, as a sentence; empty for a success."""

    @property
    def sentence(self) -> str:
        """What it is doing now, such as "Cell 3 of 9 is running."; empty before the first cell."""
        if self.exporting:
            return f"Its cells have run; the report ({self.exporting}) is being made."
        running = [cell for cell in self.cells.values() if cell.state == "started"]
        if running:
            return f"Cell {running[-1].number} of {running[-1].total} is running."
        if self.cells:
            return f"{len(self.cells)} of {self.total} cells have run."
        return ""


def read(data: bytes, before: Progress) -> tuple[Progress, int]:
    """Take in what was told since; gives the progress and the bytes that were used up, which end with a line."""
    used = data.rfind(b"\n") + 1
    progress = before
    for line in data[:used].splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            progress = _take(progress, event)
    return progress, used


def _take(progress: Progress, event: Mapping[str, Any]) -> Progress:
    match event.get("event"):
        case "begin" if isinstance(event.get("cells"), int):
            return replace(progress, total=event["cells"])
        case "cell":
            cell = _cell(event)
            return replace(progress, cells={**progress.cells, cell.number: cell}) if cell else progress
        case "exporting":
            return replace(progress, exporting=str(event.get("to", ""))[:20])
        case "end":
            return replace(progress, exporting="", message=str(event.get("message", ""))[:MAX_MESSAGE])
    return progress


def _cell(event: Mapping[str, Any]) -> Cell | None:
    number, total, elapsed = event.get("number"), event.get("cells"), event.get("elapsed")
    if not isinstance(number, int) or not isinstance(total, int) or event.get("state") not in STATES:
        return None
    took = float(elapsed) if isinstance(elapsed, int | float) and event["state"] != "started" else None
    return Cell(number, total, event["state"], took, str(event.get("line", ""))[:MAX_LINE])
