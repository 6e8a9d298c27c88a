"""Requests and their jobs."""

from __future__ import annotations

from collections.abc import Sequence

from ..models.documents import JobDocument, RequestDocument
from ..models.looks import REQUESTS, of_job
from ..wording import clock, duration, moment, plural
from .markup import Html, bar, block, dim, heading, mark, note, shown, table, word

FINAL = ("succeeded", "failed")


def request(document: RequestDocument) -> Html:
    """A request with its jobs, as it is now: what one watches while it runs, and keeps when it has ended."""
    made = document.jobs
    done = sum(job.state in FINAL for job in made)
    look = REQUESTS[document.status]
    asked = ", ".join(document.requested_actions)
    label = f"{done} of {plural(len(made), 'job')} done"
    takes = f", {clock(document.wall_clock)} from start to end" if document.wall_clock else ""
    who = f"{document.requested_by} asked for {asked} at {moment(document.created_at)[:16]} UTC"
    return block(
        heading(f"Request {document.number}", mark(look)),
        f"<div>{dim(f'{who}. {label}{takes}.')}</div>",
        bar(done, len(made), label) if made and done < len(made) else "",
        jobs(made) if made else note("There was nothing to do: all that was asked for is up to date."),
    )


def requests(documents: Sequence[RequestDocument]) -> Html:
    """Requests, as they are given."""
    if not documents:
        return block(note("Nothing has been asked for yet."))
    return block(table(("No", "Status", "Asked (UTC)", "By", "Jobs done", "Actions"), map(_row, documents)))


def jobs(documents: Sequence[JobDocument]) -> Html:
    """Jobs, as they are given."""
    return block(table(("Action", "State", "Took", "Job", ""), map(_job_row, documents)))


def job(document: JobDocument) -> Html:
    """One job."""
    look = of_job(document.state, document.code)
    facts = [
        ("Message", document.message),
        ("Command", document.run_command),
        ("Why it ran", document.reason),
        ("Runtime", document.runtime or ""),
        ("Started (UTC)", moment(document.started_at)),
        ("Took", duration(document.elapsed)),
        ("Exit code", "" if document.exit_code is None else str(document.exit_code)),
        ("Most memory", _memory(document.peak_memory)),
        ("Notebook", cells_of(document)),
    ]
    rows = [(dim(name), shown(told)) for name, told in facts if told]
    return block(heading(f"Job {document.id} of {document.action}", mark(look)), table(("", ""), rows))


def _row(document: RequestDocument) -> list[str]:
    done = sum(job.state in FINAL for job in document.jobs)
    return [
        shown(str(document.number)),
        mark(REQUESTS[document.status]),
        dim(moment(document.created_at)[:16]),
        shown(document.requested_by),
        shown(f"{done}/{len(document.jobs)}"),
        shown(", ".join(document.requested_actions)),
    ]


def _job_row(document: JobDocument) -> list[str]:
    state, code = document.state, document.code
    told = cells_of(document) if state == "running" else ""
    message = "" if state == "succeeded" and document.message == "Succeeded." else document.message
    more = " ".join(part for part in (told, message) if part)
    return [
        word(document.action),
        mark(of_job(state, code)),
        shown(duration(document.elapsed)),
        dim(document.id),
        shown(more),
    ]


def cells_of(document: JobDocument) -> str:
    """How far a job's notebook has come."""
    notebook = document.notebook
    if not notebook or not notebook.total:
        return ""
    return f"{notebook.done} of {plural(notebook.total, 'cell')} done."


def _memory(count: int | None) -> str:
    return f"{count / 1024**2:,.0f} MB" if count else ""
