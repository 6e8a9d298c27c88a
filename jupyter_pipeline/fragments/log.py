"""Logs, and what is shown of a job that failed."""

from __future__ import annotations

import re

from ..models.documents import JobDocument
from ..models.looks import of_job
from .markup import Html, block, dim, heading, mark, note, pre
from .request import cells_of

_STEERING = re.compile(r"\x1b\[[\x30-\x3f]{0,64}[\x20-\x2f]{0,8}[\x40-\x7e]|\x1b\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)")


def plain(text: str) -> str:
    """A log without what steers a terminal; of lines that were written over, the last writing."""
    lines = _STEERING.sub("", text.replace("\r\n", "\n")).split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def log(text: str, job: JobDocument | None = None, omitted: bool = False) -> Html:
    """A log, or the end of one; `omitted` says that there is more before it."""
    head = heading(f"Log of {job.action}", mark(of_job(job.state, job.code))) if job else ""
    told = f"<div>{dim('Only the end of it is shown.')}</div>" if omitted else ""
    return block(head, told, pre(plain(text)) if text.strip() else note("Nothing was printed."))


def failure(job: JobDocument, text: str = "") -> Html:
    """Why a job failed: its sentence, how far its notebook came, and the last lines of its log."""
    shown = plain(text).rstrip("\n")
    told = cells_of(job)
    return block(
        heading(job.action, mark(of_job(job.state, job.code))),
        note(job.message, "bad"),
        f"<div>{dim(told)}</div>" if told else "",
        f"<div>{dim('The end of its log:')}</div>{pre(shown)}" if shown.strip() else "",
    )
