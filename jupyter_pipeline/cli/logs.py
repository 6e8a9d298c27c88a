"""``jupyter pipeline logs``: the log of a job, as it is or as it grows."""

from __future__ import annotations

import argparse
import codecs
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..outputs import log as joblog
from . import OK, find_project
from .text import Out, safe

if TYPE_CHECKING:
    from ..models import Job
    from ..project.facade import LocalProject

LOOK = 0.2
"""Seconds between two looks at a log that is followed."""
LOOKED_AT = 1 << 24
"""Bytes at the end of a log in which its last lines are looked for."""
_COLOR = re.compile(r"\033\[[0-9;:]*m")
_BEGUN = re.compile(r"\033(\[[0-9;:]{0,40})?$")


def run(options: argparse.Namespace, out: Out) -> int:
    """Print the log of a job; as it is to a file or a pipe, without what could harm to a terminal."""
    project = find_project(options)
    job = project.job(options.job)
    log = project.log(job.id)
    harmless = Harmless(out.color) if out.is_terminal else None
    start = _start(log, options.lines) if options.lines else 0
    try:
        pieces = _followed(project, job, log, start) if options.follow else joblog.chunks(log, start)
        some = False
        for data in pieces:
            some = True
            _print(data, harmless)
        if harmless is not None:
            sys.stdout.write(harmless.end())
    except KeyboardInterrupt:  # the usual way to stop following; the job goes on
        if harmless is not None:
            sys.stdout.write(harmless.end())
        return OK
    sys.stdout.flush()
    _add(project, job, log, some)
    return OK


def _print(data: bytes, harmless: Harmless | None) -> None:
    if harmless is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(harmless.text(data))
        sys.stdout.flush()


def _start(log: Path, lines: int) -> int:
    """The offset of the last lines of a log; of a long one only the end is looked at."""
    starts: list[int] = []
    offset = max(0, joblog.size(log) - LOOKED_AT)
    fresh = True
    while True:
        data, after = joblog.read(log, offset)
        if not data:
            return starts[-lines] if len(starts) >= lines else starts[0] if starts else 0
        whole = len(data) == after - offset  # else it is the line that says what was cut out
        if fresh or not whole:
            starts.append(offset)
        if whole:
            starts += [offset + match.end() for match in re.finditer(rb"\n(?!\Z)", data)]
        fresh = not whole or data.endswith(b"\n")
        offset = after


def _followed(project: LocalProject, job: Job, log: Path, start: int) -> Iterator[bytes]:
    """All of a log until its job has ended, piece by piece; cuts in its middle are told by ``outputs.log``."""
    while True:
        ended = project.job(job.id).state.is_final  # asked before reading, so that nothing is missed
        data, after = joblog.read(log, start)
        if data:
            start = after
            yield data
        elif ended:
            return
        else:
            time.sleep(LOOK)


def _add(project: LocalProject, job: Job, log: Path, some: bool) -> None:
    """Say how it stands with the job, where a log alone does not; on standard error, apart from the log."""
    job = project.job(job.id)
    message = safe(job.message or project.sentence(job.code))
    notes = Out(sys.stderr)
    if not job.state.is_final:
        notes.wrapped(f"Job {job.id} of {safe(job.action)} is {job.state}. {message}", style="dim")
    elif not some:
        why = "has no log any more" if job.started_at and not log.exists() else "wrote no log"
        notes.wrapped(f"Job {job.id} of {safe(job.action)} {why}. {message}", style="dim")


class Harmless:
    """Bytes of a log as text for a terminal: colours pass, whatever else could steer it is shown as an escape."""

    def __init__(self, color: bool) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._color = color
        self._colored = False
        self._kept = ""

    def text(self, data: bytes, final: bool = False) -> str:
        """The text of the next piece; an escape sequence that is cut in two is kept for the next call."""
        text = self._kept + self._decoder.decode(data, final)
        begun = None if final else _BEGUN.search(text)
        if begun is None and not final and text.endswith("\r"):  # perhaps the first half of a line's end
            text, self._kept = text[:-1], "\r"
        else:
            text, self._kept = (text[: begun.start()], begun.group()) if begun else (text, "")
        parts = []
        end = 0
        for match in _COLOR.finditer(text):
            parts.append(_plain(text[end : match.start()]))
            if self._color:
                parts.append(match.group())
                self._colored = True
            end = match.end()
        return "".join([*parts, _plain(text[end:])])

    def end(self) -> str:
        """What was kept, and the terminal's own colours back."""
        rest = self.text(b"", final=True)
        return rest + ("\033[0m" if self._colored else "")


def _plain(text: str) -> str:
    """Line by line; a carriage return, as progress bars use it, begins a new line instead of writing over one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("\t".join(safe(part) for part in line.split("\t")) for line in lines)
