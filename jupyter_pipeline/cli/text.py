"""How text looks on a terminal: colours, symbols, tables, durations, and names that cannot do harm."""

from __future__ import annotations

import functools
import os
import shutil
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from ..errors import InvalidProject, PipelineError
from ..models.looks import SYMBOLS

if TYPE_CHECKING:
    from ..models import Problem

STYLES = {
    "good": "32",
    "bad": "31",
    "warn": "33",
    "busy": "36",
    "dim": "2",
    "bold": "1",
    "head": "1;4",
    "plain": "",
}
NARROWEST = 28
"""Columns that the last cell of a row needs; with fewer it goes below the row."""

Cell = str | tuple[str, str]
"""A text, or a text and its style."""


class Out:
    """A stream with its width, colours and symbols."""

    def __init__(self, stream: TextIO, color: str = "auto") -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.color = color == "always" or (color == "auto" and _wants_color(self.is_terminal))
        encoding = (stream.encoding or "ascii").lower().replace("-", "")
        self._symbol = 0 if encoding.startswith("utf") else 1

    @functools.cached_property
    def width(self) -> int:
        """Columns, asked for once: each row of a table needs to know."""
        return max(shutil.get_terminal_size((80, 24)).columns, 40)

    def line(self, text: str = "") -> None:
        """Print one line."""
        self.stream.write(f"{text}\n")

    def paint(self, text: str, style: str) -> str:
        """The text in a style, if there are colours."""
        code = STYLES[style]
        return f"\033[{code}m{text}\033[0m" if self.color and code and text else text

    def symbol(self, name: str) -> str:
        """A mark that says the same as the word beside it."""
        return SYMBOLS[name][self._symbol]

    def wrapped(self, text: str, indent: int = 0, first: int | None = None, style: str = "plain") -> None:
        """Print a sentence over as many lines as it takes."""
        begin = " " * (indent if first is None else first)
        for line in wrap(text, self.width - indent) or [""]:
            self.line(begin + self.paint(line, style))
            begin = " " * indent

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[Cell]], indent: int = 0) -> None:
        """Print rows below each other; the last column takes what is left, over several lines if it must.

        Where little is left for it, it goes below its row; where nothing is, the first column has a line of its own.
        """
        cells = [[cell if isinstance(cell, tuple) else (cell, "plain") for cell in row] for row in rows]
        if any(headers):
            cells.insert(0, [(header, "dim") for header in headers])
        widths = [max((width_of(row[i][0]) for row in cells), default=0) for i in range(len(headers) - 1)]
        if indent + sum(widths) + 2 * len(widths) > self.width - 4:
            for row in cells:
                self.line((" " * indent + self.paint(*row[0])).rstrip())
                self._row(row[1:], widths[1:], indent + 4)
        else:
            for row in cells:
                self._row(row, widths, indent)

    def _row(self, row: Sequence[tuple[str, str]], widths: Sequence[int], indent: int) -> None:
        parts = [self._padded(cell, width) for cell, width in zip(row, widths, strict=False)]
        left = indent + sum(widths) + 2 * len(widths)
        last, style = row[-1]
        fits = width_of(last) <= self.width - left or self.width - left >= NARROWEST
        hanging = left if fits else indent + 6
        lines = wrap(last, self.width - hanging) or [""]
        first = self.paint(lines.pop(0), style) if fits else ""
        self.line((" " * indent + "  ".join([*parts, first])).rstrip())
        for line in lines:
            self.line(" " * hanging + self.paint(line, style))

    def _padded(self, cell: tuple[str, str], width: int) -> str:
        text, style = cell
        return self.paint(text, style) + " " * (width - width_of(text))


def _wants_color(is_terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal and os.environ.get("TERM", "") not in ("", "dumb")


def wrap(text: str, width: int) -> list[str]:
    """A text in lines of at most `width` columns."""
    if len(text) <= width and text.isprintable() and text.isascii():
        return [text] if text.strip() else []
    return textwrap.wrap(text, max(width, 20), break_on_hyphens=False, break_long_words=False)


def width_of(text: str) -> int:
    """The columns that a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def safe(text: str) -> str:
    """A name or message with whatever could move the cursor, or turn the writing round, shown as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\u00a0" else c.encode("unicode_escape").decode() for c in text)


def print_error(out: Out, error: PipelineError) -> None:
    """Tell an error: what is wrong, then how to mend it."""
    if isinstance(error, InvalidProject):
        for problem in error.problems:
            print_problem(out, problem, "project.yaml")
    out.wrapped(f"{out.symbol('bad')} {safe(error.message)}", indent=2, first=0, style="bad")
    if error.remedy:
        out.wrapped(safe(error.remedy), indent=2)


def print_problem(out: Out, problem: Problem, file: str, with_remedy: bool = True) -> None:
    """Tell one problem of project.yaml, its place first, so that editors can jump to it."""
    place = ":".join(str(part) for part in (file, problem.line, problem.column) if part is not None)
    style = {"error": "bad", "warning": "warn"}.get(problem.severity, "busy")
    head = f"{out.paint(safe(place), 'bold')}: {out.paint(problem.severity, style)}"
    out.line(f"{head} {out.paint(f'[{problem.rule}]', 'dim')}")
    out.wrapped(safe(problem.message), indent=2)
    if problem.remedy and with_remedy:
        out.wrapped(safe(problem.remedy), indent=2, style="dim")
    if problem.history:
        out.wrapped(f"On the platform: {problem.history}.", indent=2, style="dim")
