"""Looking at outputs and logs: the gate's answer, the very bytes that it is about, and the record of who looked.

Nothing is shown that could not be recorded first. What a file looks like on a page is not made here (``pages``);
what may be seen at all is decided in ``rules.levels``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from .. import tables
from ..config import Config
from ..errors import NotFound, OutputRefused
from ..models import (
    Job,
    Level,
    OutputFile,
    ViewKind,
)
from ..outputs import job_folder, publication
from ..outputs import log as joblog
from ..rules import levels
from ..store.database import Store
from .reporting import JobNotebook
from .views import ViewedOutput

LOOK_AGAIN = timedelta(hours=1)
"""Within it, reading on in the same log is one look."""


@dataclass(frozen=True, slots=True)
class LogPart:
    """A part of a log."""

    start: int
    """The offset of its first byte; later than what was asked for where that may not be seen."""
    after: int
    """The offset to go on from."""
    size: int
    """Bytes of the whole log now."""
    earliest: int
    """The offset of the first byte that may be seen now."""
    content: bytes
    ended: bool
    """Whether the job has ended, so that nothing comes any more after `after` equals `size`."""


def shows_synthetic(config: Config, store: Store) -> bool:
    """Whether files of this workspace are shown whatever their level, since they are synthetic."""
    return levels.may_show_synthetic(config.backend) and store.shows_synthetic()


def check_synthetic(config: Config, on: bool) -> None:
    """Raises OutputRefused when somebody wants to be shown data that are not synthetic."""
    if on and not levels.may_show_synthetic(config.backend):
        raise OutputRefused(
            f"The data of the backend {config.backend} are not synthetic, so nothing of them is shown beyond what its "
            "level allows.",
            "Run the actions on the expectations backend to look at everything they make.",
        )


def switch_synthetic(store: Store, on: bool, who: str) -> None:
    """Show the synthetic data of this workspace from here on, or no longer."""
    with store.transaction():
        if store.shows_synthetic() is not on:
            store.record_view(who, ViewKind.SYNTHETIC_ON if on else ViewKind.SYNTHETIC_OFF)


def outputs(config: Config, store: Store) -> list[ViewedOutput]:
    """The outputs of the workspace by path, each with whether and why (not) it may be viewed."""
    owners, synthetic = store.owners(), shows_synthetic(config, store)
    found, job, number = [], "", 0
    for file in store.latest_outputs():  # by job, then by path
        job, number = file.job_id, number + 1 if file.job_id == job else 0
        present = owners.get(file.path) == file.job_id
        found.append(ViewedOutput(f"{job}-{number}", file, levels.can_view(file, synthetic), present))
    return sorted(found, key=lambda one: one.file.path)


def outputs_of(config: Config, store: Store, job_id: str) -> list[ViewedOutput]:
    """The same for the outputs of one job, which need not be the workspace's any more."""
    return outputs_of_jobs(config, store, [job_id])


def outputs_of_jobs(config: Config, store: Store, job_ids: Iterable[str]) -> list[ViewedOutput]:
    """The same for several jobs."""
    synthetic = shows_synthetic(config, store)
    files = {job_id: store.outputs_of(job_id) for job_id in job_ids}
    owners = store.owners(file.path for found in files.values() for file in found)
    return [
        ViewedOutput(f"{job_id}-{number}", file, levels.can_view(file, synthetic), owners.get(file.path) == job_id)
        for job_id, found in files.items()
        for number, file in enumerate(found)
    ]


def output(config: Config, store: Store, name: str) -> ViewedOutput:
    """The output of that identifier. Raises NotFound."""
    job_id, _, number = name.rpartition("-")
    found = outputs_of(config, store, job_id) if number.isascii() and number.isdecimal() and len(number) < 9 else []
    if not found or int(number) >= len(found):
        raise NotFound(f"There is no output {name}.", "Ask for the list of outputs again.")
    return found[int(number)]


@contextlib.contextmanager
def opened(config: Config, store: Store, shown: ViewedOutput) -> Iterator[BinaryIO]:
    """The file of an output, open for reading, if the gate allows it and it is as the job made it.

    Raises OutputRefused with the gate's sentence, and NotFound when the file is gone or was changed since.
    """
    file = shown.file
    if not shown.answer.allowed:
        raise OutputRefused(f"{file.path} may not be viewed. {shown.answer.reason}")
    base, path = publication.place_of(config, file, store.owners([file.path]))
    try:
        descriptor = _descend(base, path)
    except OSError as error:
        raise _gone(file, "is not there any more") from error
    if not _is_as_made(os.fstat(descriptor), file):
        os.close(descriptor)
        raise _gone(file, "was changed since the job made it")
    with open(descriptor, "rb") as stream:
        yield stream


def gone(config: Config, store: Store, shown: Sequence[ViewedOutput]) -> frozenset[str]:
    """Of these outputs the identifiers of those whose file is not there any more, or not as the job made it."""
    owners = store.owners(one.file.path for one in shown)
    return frozenset(one.id for one in shown if not _stands(config, one.file, owners))


def content(config: Config, store: Store, shown: ViewedOutput) -> bytes:
    """The bytes of an output, which are the very ones that were checked. Raises as `opened`."""
    with opened(config, store, shown) as stream:
        data = stream.read(shown.file.size + 1)
    if hashlib.sha256(data).hexdigest() != shown.file.sha256:
        raise _gone(shown.file, "was changed since the job made it")
    return data


def log(config: Config, store: Store, job: Job, who: str, start: int | None, most: int) -> LogPart:
    """At most `most` bytes of a job's log from offset `start` on, or of its end; the look is recorded.

    Logs are moderately sensitive, and only their end may be seen (`rules.levels.LOG_SHOWN`) unless they are of
    synthetic data that somebody asked to be shown.
    """
    path = job_folder.job_folder(config, job.id) / job_folder.LOG
    size = joblog.size(path)
    earliest = 0 if shows_synthetic(config, store) else _earliest(path, size)
    begin = max(earliest, size - most) if start is None else max(earliest, min(start, size))
    if not store.viewed_since(who, ViewKind.LOG, job.id, _ago(store.now(), LOOK_AGAIN)):
        store.record_view(who, ViewKind.LOG, job.id)
    data, after = joblog.read(path, begin, most)
    return LogPart(begin, after, size, earliest, data, job.state.is_final)


def check_report(config: Config, store: Store, job: Job, notebook: JobNotebook | None, page: bytes) -> None:
    """Raises OutputRefused unless the report of a job's notebook may be seen: by its level, and as a page.

    The level is the strictest of the action's outputs; the page is checked as an output of its type would be.
    """
    if shows_synthetic(config, store):
        return
    name = f"The report of {job.action}"
    if notebook is None or notebook.level is not Level.MODERATELY:
        level = notebook.level if notebook else Level.HIGHLY
        raise OutputRefused(f"{name} may not be viewed. It is {level}, as the strictest of its outputs.")
    try:
        table: levels.TableFacts | None = tables.facts_of_content(page, ".html")
    except (ValueError, RecursionError) as error:
        table = levels.TableFacts(error=str(error) or type(error).__name__)
    reason = levels.reason_withheld("report.html", len(page), table)
    if reason is not None:
        raise OutputRefused(f"{name} may not be viewed. {reason}")


def stand_in(file: OutputFile) -> str | None:
    """What is given in the place of a file that is withheld, under its name and ``.txt``; None where none is.

    Platform: job-runner agent/executors/local.py, which puts such a text beside the outputs that may be viewed.
    """
    if file.level is not Level.MODERATELY or file.message is None:
        return None
    return f"{file.path} is withheld from viewing. {file.message}\n"


def _earliest(path: Path, size: int) -> int:
    """The offset of the first byte of a log that may be seen."""
    if size <= levels.LOG_SHOWN:
        return 0
    data, after = joblog.read(path, size - levels.LOG_SHOWN - 1, levels.LOG_SHOWN + 1)
    return after - len(data) + levels.start_of_line(data, len(data) - levels.LOG_SHOWN)


def _descend(base: Path, path: str) -> int:
    """A file below a folder, open; no link on the way is followed. Raises OSError."""
    folder = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        *parents, name = path.split("/")
        for parent in parents:
            inner = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)


def _stands(config: Config, file: OutputFile, owners: Mapping[str, str]) -> bool:
    base, path = publication.place_of(config, file, owners)
    try:
        return _is_as_made(os.lstat(base / path), file)
    except OSError:
        return False


def _is_as_made(status: os.stat_result, file: OutputFile) -> bool:
    same = (status.st_size, status.st_mtime_ns) == (file.size, file.mtime_ns)
    return stat.S_ISREG(status.st_mode) and same


def _gone(file: OutputFile, what: str) -> NotFound:
    return NotFound(f"{file.path} {what}.", f"Run {file.action} again to have a new one.")


def _ago(moment: str, span: timedelta) -> str:
    return (datetime.fromisoformat(moment) - span).isoformat(timespec="microseconds").replace("+00:00", "Z")
