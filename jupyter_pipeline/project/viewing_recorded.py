"""Looking into what jobs made: the part of the facade that writes down who looked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import BinaryIO

from ..errors import NotFound
from ..models import Job, ViewKind
from ..store.database import Store
from . import viewing
from .looking import Looking
from .reporting import MadeReport
from .viewing import LogPart
from .views import ViewedOutput

IGNORE = "*\n"
"""What our state folder tells git: nothing in it is to be committed."""


class Viewing(Looking):
    """The door to outputs and logs. Methods raise PipelineError; what cannot be recorded is not shown."""

    def read_output(
        self, name: str, who: str, kind: ViewKind = ViewKind.OUTPUT, detail: str = ""
    ) -> tuple[ViewedOutput, bytes]:
        """An output and its bytes, if the gate lets them be seen; the look is recorded.

        `name` is the output's identifier, `who` the person, `detail` what part is looked at. Raises NotFound when there
        is none or its file is not as the job made it, OutputRefused with the gate's sentence.
        """
        with self._recording() as store:
            shown = viewing.output(self.config, store, name)
            data = viewing.content(self.config, store, shown)
            store.record_view(who, kind, shown.file.job_id, shown.file.path, detail)
            return shown, data

    @contextlib.contextmanager
    def open_output(self, name: str, who: str, detail: str = "") -> Iterator[tuple[ViewedOutput, BinaryIO]]:
        """The same with its file open for reading, for what may be large; its hash is not looked at."""
        with self._recording() as store:
            shown = viewing.output(self.config, store, name)
            with viewing.opened(self.config, store, shown) as stream:
                store.record_view(who, ViewKind.OUTPUT, shown.file.job_id, shown.file.path, detail)
                yield shown, stream

    def read_log(self, job: Job, who: str, start: int | None = None, most: int = 1 << 16) -> LogPart:
        """At most `most` bytes of a job's log from an offset on, or of its end; the look is recorded."""
        with self._recording() as store:
            return viewing.log(self.config, store, job, who, start, most)

    def read_report(self, job: Job, who: str) -> MadeReport:
        """The report of the notebook that a job has executed, as a page; the look is recorded.

        Raises InvalidRequest where there is none, OutputRefused where it may not be seen, and ReportFailed.
        """
        report = self.report(job.id)
        with self._recording() as store:
            viewing.check_report(self.config, store, job, self.notebook(job), report.content)
            store.record_view(who, ViewKind.REPORT, job.id, None, report.name)
        return report

    def record_scripts(self, name: str, who: str) -> ViewedOutput:
        """Note that somebody lets the scripts of an output run; the output. Raises as `read_output`."""
        return self.read_output(name, who, ViewKind.OUTPUT_WITH_SCRIPTS)[0]

    def show_synthetic(self, on: bool, who: str) -> None:
        """Show the synthetic data of this workspace from here on, or no longer. Raises OutputRefused for other data."""
        viewing.check_synthetic(self.config, on)
        if self.shows_synthetic() is not on:
            with self._open() as store:
                viewing.switch_synthetic(store, on, who)

    @contextlib.contextmanager
    def _recording(self) -> Iterator[Store]:
        """The store, to be written to; NotFound where nothing has ever been run."""
        with self._peek() as found:
            if found is None:
                raise NotFound("Nothing has been run here yet.", "Run an action first.")
        with self._open() as store:
            yield store

    @contextlib.contextmanager
    def _open(self) -> Iterator[Store]:
        store = Store.open(self.config.folder)
        with contextlib.suppress(OSError):
            ignore = self.config.state / ".gitignore"
            if not ignore.exists():
                ignore.write_text(IGNORE)
        with contextlib.closing(store):
            yield store
