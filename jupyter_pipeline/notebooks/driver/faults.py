"""What can go wrong with a notebook, each with its sentence for people."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ANSI = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
LONGEST = 200
"""Characters of one part of a message."""
IN_A_CELL = re.compile(r"Cell In ?\[(\d+)\]|Input In ?\[(\d+)\]|<ipython-input-(\d+)-|ipykernel_\d+[/\\]\d+\.py")
TIMED = re.compile(r"<(?:timed exec|timed eval|magic-timeit)>(?::(\d+))?")
"""What IPython calls the body of a cell under ``%%time`` and its like, in which it counts from the line below."""
CAUSE = re.compile(
    r"^(?:The above exception was the direct cause|During handling of the above exception)", re.MULTILINE
)
IN_PROJECT = re.compile(r"(?:^|\s|\")/(?:\S*/)?workspace/([\w][\w./-]*\.py)(?::(\d+)|\", line (\d+))?")
"""A file of the project in a traceback."""
LINE = re.compile(r"line:? (\d+)")
EXIT = re.compile(r"\bexit\(|\bquit\(|\bSystemExit\b")
ARROW = re.compile(r"^-+> (\d+)", re.MULTILINE)
CANNOT_ASK = "notebooks cannot ask for input here. Give the value as a parameter, or read it from a file."
REFUSED_INPUT = ("StdinNotImplementedError",)


class CannotRun(Exception):
    """The notebook could not be begun: exit code 2."""


class NotebookFailed(Exception):
    """The notebook ended before its end: exit code 1."""


class Stopped(BaseException):
    """SIGTERM came."""


class KernelDied(Exception):
    """The kernel's process has ended by itself."""

    def __init__(self, status: int | None) -> None:
        self.status = status
        super().__init__(status)


class KernelSilent(Exception):
    """The kernel runs, but its answers or its outputs no longer come."""


class CellTimedOut(Exception):
    """A cell ran longer than it may."""


@dataclass(frozen=True, slots=True)
class CellError:
    """The error of a cell, as its kernel reported it."""

    name: str
    value: str
    traceback: str
    """As plain text."""
    frames: tuple[str, ...] = ()

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> CellError:
        """From the content of an error message or an error reply, whatever a kernel may have put there."""
        raw = content.get("traceback")
        lines = raw if isinstance(raw, Sequence) and not isinstance(raw, str) else [raw or ""]
        frames = tuple(plain(str(line)) for line in lines)
        name, value = (plain(str(content.get(key) or "")) for key in ("ename", "evalue"))
        return cls(name or "Error", value, "\n".join(frames), frames)

    @property
    def is_quiet_exit(self) -> bool:
        """Whether it is sys.exit() without a fault, which ends a run well (papermill: raise_for_execution_errors)."""
        return self.name == "SystemExit" and self.value in ("", "0", "None")


def plain(text: str) -> str:
    """The text without escape sequences for colours and the like."""
    return ANSI.sub("", text)


def cut(text: str, longest: int = LONGEST) -> str:
    """The text in one line, with an ellipsis where it is too long."""
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def says_failed(where: str, source: str, error: CellError, count: int | None) -> str:
    """The sentence for a failed cell: where is "Cell 7 of 23"; count is the cell's execution count."""
    lines = source.splitlines()
    number = line_of(error, count)
    if number is not None:  # IPython counts from the first line that is not empty
        number += next((index for index, line in enumerate(lines) if line.strip()), 0)
    elif error.name == "SystemExit":  # which IPython shows without its place
        found = [index for index, line in enumerate(lines, 1) if EXIT.search(line)]
        number = found[0] if len(found) == 1 else None
    at = ""
    if number is not None and 0 < number <= len(lines):
        at = f" at line {number}, `{cut(lines[number - 1], 120)}`"
    return f"{where} failed{at}: {_reason(error)}{_file_of(error)}"


def _reason(error: CellError) -> str:
    if error.name in REFUSED_INPUT:
        return CANNOT_ASK
    last = next((line.strip() for line in reversed(error.traceback.splitlines()) if line.strip()), "")
    lines = [line for line in error.value.splitlines() if line.strip()]
    if last.startswith(error.name) and len(lines) < 2:
        return cut(last).removesuffix(":")
    more = "…" if len(lines) > 1 else ""
    return cut(f"{error.name}: {lines[0]}{more}" if lines else error.name)


def line_of(error: CellError, count: int | None) -> int | None:
    """The line of the cell at which it failed: of its own statements, not of the functions that they called.

    Where one error led to another, the last one's, whose place is told last.
    """
    line = None
    for frame in error.frames:
        if timed := TIMED.search(frame):
            return int(timed[1]) + 1 if timed[1] else None
        if CAUSE.search(frame):
            line = None  # what came before was about the error that led to this one
        if line is None:
            line = _line_in(frame, count)
    return line


def _file_of(error: CellError) -> str:
    """The innermost file of the project that the error went through, as the end of a sentence."""
    for frame in reversed(error.frames):
        if found := IN_PROJECT.search(frame):
            line = found[2] or found[3] or ((arrow := ARROW.search(frame)) and arrow[1])
            return f" (in {found[1]}{f', line {line}' if line else ''})"
    return ""


def _line_in(frame: str, count: int | None) -> int | None:
    found = IN_A_CELL.search(frame)
    if found is None:
        return None
    numbered = next((group for group in found.groups() if group), None)
    if count is not None and numbered is not None and int(numbered) != count:
        return None  # a function that an earlier cell defined
    line = ARROW.search(frame) or LINE.search(frame, found.end())
    return int(line[1]) if line else None


def says_died(where: str, status: int | None) -> str:
    """The sentence for a kernel that died."""
    return f"{where} could not finish: the kernel {how_it_ended(status)}."


def says_silent(where: str) -> str:
    """The sentence for a kernel that no longer answers."""
    return f"{where} could not finish: the kernel no longer answers as it should. The log may say why."


def how_it_ended(status: int | None) -> str:
    """How a process ended, as the end of a sentence; status as of subprocess."""
    if status is None:
        return "died"
    if status >= 0:
        return f"ended by itself (exit code {status})"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    if -status == signal.SIGKILL:
        return f"was killed ({name}), probably because memory ran out"
    if -status in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE):
        return f"crashed ({name})"
    return f"was ended by {name}"
