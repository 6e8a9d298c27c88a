"""Showing a request while it runs: in a notebook a display that is updated, in a terminal a line for each change."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TextIO

from ..models.looks import SYMBOLS, of_job
from ..wording import duration
from .display import display, ipython_shell, is_notebook, moment
from .objects import Request
from .runs import Run, RunFailed

LEAVE, CANCEL = "leave", "cancel"


class Interrupted(KeyboardInterrupt):
    """An interrupt while a request was watched, with what it did."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def watch(run: Run, on_interrupt: str = LEAVE, timeout: float | None = None) -> Any:
    """Wait for a request and show how it goes; as ``Run.wait``. An interrupt leaves its jobs running, or cancels them.

    What an interrupt did is said by the `Interrupted` that is raised then, so that a notebook stops there.
    """
    try:
        ended = run.wait(timeout, each_turn=_shower(run))
        run.shown = moment()
        return ended
    except KeyboardInterrupt:
        raise Interrupted(_interrupted(run, on_interrupt)) from None
    except RunFailed as failed:
        if is_notebook():
            from .. import fragments

            first = failed.jobs[0]
            display(fragments.failure(first, run.tail(first)), repr(first))
        raise


def _interrupted(run: Run, on_interrupt: str) -> str:
    if on_interrupt == CANCEL:
        count = run.cancel()
        return f"Interrupted: {count} unfinished job{'s' * (count != 1)} of request {run.number} will be cancelled."
    return f"Interrupted: request {run.number} goes on without this cell. `project.cancel({run.number})` would stop it."


def _shower(run: Run) -> Callable[[Request], None] | None:
    if is_notebook():
        return _in_notebook(run)
    shell = ipython_shell()
    return _in_terminal(sys.stdout) if shell is not None else None


def _in_notebook(run: Run) -> Callable[[Request], None]:
    from .. import fragments

    last = fragments.request(run.latest)
    handle = display(last, repr(run.latest))

    def show(request: Request) -> None:
        nonlocal last
        html = fragments.request(request)
        if html != last:  # quiet when nothing happens
            last = html
            handle.update({"text/html": html, "text/plain": repr(request)}, raw=True)

    return show


def _in_terminal(stream: TextIO) -> Callable[[Request], None]:
    told: set[str] = set()

    def show(request: Request) -> None:
        for job in request.jobs:
            if job.ended and job.id not in told:
                told.add(job.id)
                look = of_job(job.state, job.code)
                took = f", {duration(job.elapsed)}" if job.elapsed is not None else ""
                stream.write(f"{SYMBOLS[look.symbol][0]} {job.action}: {look.words}{took}\n")
        stream.flush()

    return show
