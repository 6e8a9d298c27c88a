"""What the routes answer about outputs and logs: each file by its type as a safe page, as rows, or as it is."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from urllib.parse import quote, urlencode

from .. import pages
from ..errors import OutputRefused
from ..models import Job, ViewKind
from ..models.documents import ServedOutputDocument, extended
from ..project import documents, viewing
from ..project.viewing import LogPart
from ..project.views import ViewedOutput
from ..rules import levels
from ..rules.levels import MAX_SIZE
from .contract import BadRequest
from .exchange import (
    Call,
    Reply,
    as_json,
    problem_of,
)
from .requests import job_of

FRAMES = (".feather", ".parquet", ".arrow", ".dta", ".csv.gz")
"""Types of tables that only synthetic data are shown in (no file of these types passes ``rules.levels``)."""
FRAME_ROWS = 5000
MOST_SENT = 64 * 1024**2
"""Bytes of the largest file of synthetic data that is sent as it is."""
MOST_LOG = 1 << 20
"""Bytes of a log that are given at once."""
_CONFINED = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; "
)
SCRIPTLESS = f"{_CONFINED}sandbox"
"""For pages that jobs have written: nothing runs, nothing is loaded, and their origin is nobody's."""
SCRIPTED = f"{_CONFINED}script-src 'unsafe-inline' 'unsafe-eval'; sandbox allow-scripts"
"""The same with scripts, for somebody who has asked for them: still without an origin, and without a network."""
IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
_MEDIA = {
    **IMAGES,
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".svgz": "image/svg+xml",
    **dict.fromkeys((".txt", ".log", ".md"), "text/plain; charset=utf-8"),
}


# -- lists -----------------------------------------------------------------------------------------


def outputs(call: Call) -> Reply:
    """The outputs of the workspace or of one job, perhaps only those of one action."""
    found = call.project.outputs_of(job_of(call).id) if call["job"] else call.project.outputs()
    action = call["action"]
    return as_json({"outputs": [document_of(one) for one in found if action in (None, one.file.action)]})


def output(call: Call) -> Reply:
    """What is known of an output."""
    return as_json(document_of(call.project.output(call["output"])))


# -- files -----------------------------------------------------------------------------------------


def content(call: Call) -> Reply:
    """The file as it is. What a browser would draw is confined; what it does not know is to be saved."""
    asked = call.project.output(call["output"])
    size = asked.file.size
    if asked.answer.allowed and size > MOST_SENT:
        raise OutputRefused(
            f"The file has {size / 1024**2:,.0f} MB, which is more than is sent to a browser.",
            "Open it in the project's folder.",
        )
    shown, data = call.project.read_output(call["output"], call.who, detail="the file")
    suffix = suffix_of(shown)
    media = _MEDIA.get(suffix, "application/octet-stream")
    more = {}
    if suffix == ".svgz":
        more["Content-Encoding"] = "gzip"
    if suffix not in _MEDIA:
        name = PurePosixPath(shown.file.path).name
        more["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return _confined(data, media, more=more)


def view(call: Call, with_scripts: bool) -> Reply:
    """The file as a page to look at; where it may not be seen, a page that says why.

    `with_scripts` says that the ticket which came with the request was good.
    """
    shown = call.project.output(call["output"])
    try:
        if call["ticket"] is not None and not with_scripts:
            raise OutputRefused(
                "This leave to run scripts has been used or is over.", "Ask for the output with its scripts once more."
            )
        if suffix_of(shown) in (".html", ".svg", ".svgz"):
            return _authored(call, shown)
        return as_page(_drawn(call, shown))
    except OutputRefused as refused:
        facts, notices = facts_of(shown), notices_of(shown)
        page = pages.refusal_page(shown.file.path, refused.message, refused.remedy, notices, facts)
        return as_page(page, HTTPStatus.FORBIDDEN)


def table(call: Call) -> Reply:
    """Some rows of a table, and the summary of its columns."""
    shown = call.project.output(call["output"])
    if not _is_table(shown):
        raise BadRequest(f"{shown.file.path} is not a table.", "Ask for it as a page, or for its content.")
    made, notices = _table(call, shown)
    page = pages.page_of(made, _column(call, made), call["descending"], call["offset"], call["limit"])
    document = pages.table_document(made, page, pages.summarise(made))
    return as_json({**document, "notices": list(notices)})


def allow_scripts(call: Call, ticket: str) -> Reply:
    """Leave to run the scripts of an HTML output, once: the ticket, if there are scripts that may be seen."""
    shown = call.project.output(call["output"])
    if suffix_of(shown) not in (".html", ".svg", ".svgz"):
        raise BadRequest(f"{shown.file.path} is no page, so it has no scripts.", "Look at it as it is.")
    call.project.record_scripts(shown.id, call.who)
    return Reply(as_json({"ticket": ticket}).body)


# -- logs ------------------------------------------------------------------------------------------


def log(call: Call) -> Reply:
    """A part of a log: by a range of bytes, or by offset."""
    return _range(call) if call["Range"] is not None else _part(call)


def _part(call: Call) -> Reply:
    """The part of a log that was asked for; the job is asked before the log, so that no end is missed."""
    job = job_of(call)
    return _log(job, call.project.read_log(job, call.who, call["start"], call["limit"]))


def _range(call: Call) -> Reply:
    """One range of bytes of a log, as far as these may be seen."""
    job = job_of(call)
    match = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", call["Range"].strip())
    if not match or not (match[1] or match[2]):
        raise BadRequest("Range is to be one range of bytes.", "Write it as bytes=FIRST-LAST.")
    look = call.project.read_log(job, call.who, None, 1)
    first = int(match[1]) if match[1] else max(look.size - int(match[2]), 0)
    last = int(match[2]) if match[1] and match[2] else look.size - 1
    first = max(first, look.earliest)
    last = min(last, look.size - 1, first + MOST_LOG - 1)
    if last < first:
        return _unsatisfiable(look, f"The log has {look.size} bytes, and those from {look.earliest} on may be seen.")
    part = call.project.read_log(job, call.who, first, last - first + 1)
    if part.after - part.start != len(part.content):  # a line that says how much is missing
        return _unsatisfiable(look, "This part of the log was not kept, since the log is very long.")
    reply = _log(job, part)
    end = part.start + len(part.content) - 1
    headers = {**reply.headers, "Content-Range": f"bytes {part.start}-{end}/{part.size}", "Accept-Ranges": "bytes"}
    return Reply(part.content, reply.media, HTTPStatus.PARTIAL_CONTENT, headers)


def _unsatisfiable(look: LogPart, reason: str) -> Reply:
    reply = problem_of(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, reason, "Ask for another part.")
    return Reply(reply.body, reply.media, reply.status, {"Content-Range": f"bytes */{look.size}"})


def _log(job: Job, part: LogPart) -> Reply:
    """A part of a log."""
    headers = {
        "Log-Job": job.id,
        "Log-Start": str(part.start),
        "Log-After": str(part.after),
        "Log-Size": str(part.size),
        "Log-Earliest": str(part.earliest),
        "Log-Ended": str(part.ended).lower(),
        "Cache-Control": "private, no-store",
    }
    return Reply(part.content, "text/plain; charset=utf-8", headers=headers)


def log_page(call: Call) -> Reply:
    """The end of a log as a page."""
    job = job_of(call)
    part = call.project.read_log(job, call.who, most=levels.LOG_SHOWN * 100)
    text = levels.shown_log(part.content, omitted=part.start, most=len(part.content))
    notices = [] if part.earliest == 0 or part.start == 0 else [_LOG_NOTICE]
    facts = [("Job", job.id), ("State", str(job.state)), ("Command", job.run_command)]
    return as_page(pages.log_page(f"Log of {job.action}", text, notices, facts))


def report(call: Call) -> Reply:
    """The report of the notebook that a job has executed; where it may not be seen, a page that says why."""
    job = job_of(call)
    try:
        return _confined(call.project.read_report(job, call.who).content, _MEDIA[".html"])
    except OutputRefused as refused:
        facts = [("Action", job.action), ("Job", job.id)]
        page = pages.refusal_page(f"Report of {job.action}", refused.message, refused.remedy, (), facts)
        return as_page(page, HTTPStatus.FORBIDDEN)


# -- parts -----------------------------------------------------------------------------------------

_LOG_NOTICE = f"Only the last {levels.LOG_SHOWN:,} bytes of a log may be seen."
_SYNTHETIC = "Synthetic data: shown because somebody asked for it. Nothing here is about real people."


def _drawn(call: Call, shown: ViewedOutput) -> str:
    """The page that we make of a file. Raises OutputRefused for what may not be seen, or cannot."""
    suffix, path = suffix_of(shown), shown.file.path
    notices, facts = notices_of(shown), facts_of(shown)
    if _is_table(shown):
        made, more = _table(call, shown)
        page = pages.page_of(made, _column(call, made), call["descending"], call["offset"], call["limit"])
        hidden = frozenset(int(number) for number in call["hide"].split(",") if number)
        summary = pages.summarise(made)
        told = [*notices, *more]
        return pages.table_page(path, made, page, summary, link=_link(call), hidden=hidden, notices=told, facts=facts)
    draw = _DRAWINGS.get(suffix)
    if shown.answer.allowed and draw is None:
        raise OutputRefused(
            f"There is no viewer for files of type {suffix or 'none'}.", "Save the file and open it elsewhere."
        )
    _, data = call.project.read_output(shown.id, call.who, detail="a page")
    assert draw is not None
    return draw(path, data, notices, facts)


def _image(path: str, data: bytes, notices: list[str], facts: pages.Facts) -> str:
    media, name = IMAGES[PurePosixPath(path).suffix.lower()], PurePosixPath(path).name
    try:
        return pages.image_page(path, data, media, name, notices, facts)
    except ValueError as error:
        raise OutputRefused(str(error), "Let the action write an image of that type.") from error


def _text(make: Callable[..., str]) -> Callable[..., str]:
    def drawn(path: str, data: bytes, notices: list[str], facts: pages.Facts) -> str:
        return make(path, data.decode("utf-8", errors="replace"), notices, facts)

    return drawn


_DRAWINGS: Mapping[str, Callable[..., str]] = {
    **dict.fromkeys(IMAGES, _image),
    **dict.fromkeys((".txt", ".md", ".yaml", ".yml"), _text(pages.text_page)),
    ".log": _text(pages.log_page),
    ".json": _text(pages.json_page),
}


def _authored(call: Call, shown: ViewedOutput) -> Reply:
    """A page that a job has written, as it is, confined by its headers."""
    scripts = call["ticket"] is not None
    kind = ViewKind.OUTPUT_WITH_SCRIPTS if scripts else ViewKind.OUTPUT
    _, data = call.project.read_output(shown.id, call.who, kind, "a page")
    if suffix_of(shown) == ".svgz":
        data = _unpacked(data)
    return _confined(data, _MEDIA[suffix_of(shown)], SCRIPTED if scripts else SCRIPTLESS)


def _unpacked(data: bytes) -> bytes:
    import io

    try:
        with gzip.open(io.BytesIO(data)) as stream:
            found = stream.read(MAX_SIZE + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise OutputRefused("The drawing cannot be unpacked.", "Let the action write it anew.") from error
    if len(found) > MAX_SIZE:
        raise OutputRefused("Unpacked, the drawing is too large to be shown.", "Let the action draw less.")
    return found


def _table(call: Call, shown: ViewedOutput) -> tuple[pages.Table, list[str]]:
    """The table of a file, and what is to be said of it. Raises OutputRefused."""
    detail = f"rows {call['offset'] + 1}-{call['offset'] + call['limit']}"
    try:
        if suffix_of(shown) == ".csv" and shown.file.size <= MAX_SIZE:
            _, data = call.project.read_output(shown.id, call.who, detail=detail)
            return pages.read_csv(data.decode("utf-8-sig", errors="replace")), []
        from ..tables.frames import read_frame

        with call.project.open_output(shown.id, call.who, detail) as (_, stream):
            frame = read_frame(Path(f"/proc/self/fd/{stream.fileno()}"), shown.file.path, FRAME_ROWS)
    except ValueError as error:
        raise OutputRefused(str(error), "Save the file and open it elsewhere.") from error
    rows = len(frame.table.rows)
    notes = [f"Only the first {rows:,} of {frame.total:,} rows are shown and counted."] if rows < frame.total else []
    return frame.table, notes


def _column(call: Call, made: pages.Table) -> int | None:
    sort: int | None = call["sort"]
    return sort if sort is not None and sort < len(made.columns) else None


def _link(call: Call) -> pages.Link:
    """Links to the same page with other parameters."""
    now = {"backend": call["backend"], "limit": str(call["limit"]), "offset": str(call["offset"]), "hide": call["hide"]}
    if call["sort"] is not None:
        now |= {"sort": str(call["sort"]), "descending": str(call["descending"]).lower()}

    def link(changes: Mapping[str, str]) -> str:
        kept = {name: value for name, value in {**now, **changes}.items() if value}
        return f"?{urlencode(kept)}"

    return link


def _confined(
    data: bytes, media: str, policy: str = SCRIPTLESS, more: Mapping[str, str] = MappingProxyType({})
) -> Reply:
    """What a job has written, under a policy that lets it do nothing; browsers do not keep it."""
    headers = {"Content-Security-Policy": policy, "Cache-Control": "private, no-store", **more}
    return Reply(data, media, headers=headers)


def as_page(page: str, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    """A page that we made, under a policy that lets it do nothing; browsers do not keep it."""
    policy = f"{pages.POLICY}; frame-ancestors 'self'"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "private, no-store"}
    return Reply(page.encode("utf-8", "replace"), "text/html; charset=utf-8", status, headers)


def document_of(shown: ViewedOutput) -> ServedOutputDocument:
    """What is known of an output, with the text that stands in its place where it is withheld."""
    return extended(ServedOutputDocument, documents.output_document(shown), stand_in=viewing.stand_in(shown.file))


def suffix_of(shown: ViewedOutput) -> str:
    """The type of an output's file, such as ``.csv``."""
    return PurePosixPath(shown.file.path).suffix.lower()


def _is_table(shown: ViewedOutput) -> bool:
    return shown.file.path.lower().endswith((".csv", *FRAMES))


def notices_of(shown: ViewedOutput) -> list[str]:
    """What nobody should miss when looking at an output."""
    ordinary = levels.can_view(shown.file).allowed
    return [] if ordinary or not shown.answer.allowed else [_SYNTHETIC]


def facts_of(shown: ViewedOutput) -> list[tuple[str, str]]:
    """What stands above the page of an output."""
    file = shown.file
    size = f"{file.size:,} bytes"
    shape = [("Rows x columns", f"{file.rows} x {file.columns}")] if file.rows is not None else []
    return [("Action", file.action), ("Level", str(file.level)), ("Size", size), *shape, ("Job", file.job_id)]
