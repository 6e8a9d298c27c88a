"""Staying with a request until it has ended, and what Ctrl-C and other signals do meanwhile."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from .progress import Watcher
from .signals import Interrupts, SignalReceived
from .text import Out

if TYPE_CHECKING:
    from ..project.facade import LocalProject

ENDED = 0
"""What `stay` gives when the request has ended; else it is the exit code of a signal."""
QUESTION = "c) cancel the jobs   d) detach: leave them running   k) keep waiting  [k] "
ANSWERS = {"c": "cancel", "d": "detach", "k": "keep", "": "keep"}


def stay(project: LocalProject, request_id: str, watcher: Watcher, interrupts: Interrupts, policy: str) -> int:
    """Attend a request. `policy` says what SIGINT does: ``ask``, ``cancel`` or ``detach``."""
    notes = Out(sys.stderr)

    def turn() -> None:
        watcher.turn()
        interrupts.look()

    while True:
        try:
            project.attend(request_id, watcher.tell, watcher.revision, turn)
            return ENDED
        except SignalReceived as interrupt:
            watcher.pause()
            answer = _decide(project, interrupt.number, interrupts, policy, notes)
            if answer == "detach":
                project.detach()
                notes.line("Left: the jobs go on by themselves. `jupyter pipeline status` shows how far they are.")
                return 128 + interrupt.number
            if answer == "cancel":
                count = project.cancel(request_id)
                notes.line(f"Cancelling {count} job{'' if count == 1 else 's'} ..." if count else "Already cancelled.")
                policy = "detach"  # whoever presses Ctrl-C once more does not want to wait for the end
        finally:
            watcher.pause()


def _decide(project: LocalProject, number: int, interrupts: Interrupts, policy: str, notes: Out) -> str:
    if number != signal.SIGINT or policy == "detach":
        return "detach"
    if policy == "cancel":
        return "cancel"
    project.detach()  # nothing stands still while the question is open
    interrupts.at_once = True
    try:
        return _ask(notes)
    except SignalReceived as second:
        notes.line()
        return "cancel" if second.number == signal.SIGINT else "detach"
    finally:
        interrupts.at_once = False


def _ask(notes: Out) -> str:
    while True:
        notes.stream.write(f"\n{QUESTION}")
        notes.stream.flush()
        line = sys.stdin.readline()
        if not line:  # the terminal is gone
            return "detach"
        answer = line.strip().lower()
        if answer in ANSWERS or answer in ANSWERS.values():
            return ANSWERS.get(answer, answer)
