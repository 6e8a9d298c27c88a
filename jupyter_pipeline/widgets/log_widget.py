"""LogView: what a job prints, as it prints it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import traitlets as t

from .. import fragments
from ..client.objects import Job
from ..client.source import Response
from ..errors import NotFound
from ..models.documents import read
from .base import PipelineWidget
from .watching import Wanted, wanted

MOST = 64 * 1024
"""Characters of the end of a log that are kept."""
MORE = 16 * 1024
"""Characters that are sent after the others before all are sent anew."""
END = 10_000
"""Bytes of the end of a log that the static twin has."""


class LogView(PipelineWidget):
    """The log of a job, followed until it has ended; its end, where it is long.

    Observable: `text`, what is shown; `job`, the identifier of the job; `ended`. Only what the gate allows is shown,
    and the look is recorded.
    """

    _tail = t.Dict({"id": 0, "text": ""}).tag(sync=True)
    _more = t.Unicode().tag(sync=True)
    _told = t.Unicode().tag(sync=True)
    follow = t.Bool(True, help="Whether the end is kept in view.").tag(sync=True)
    job = t.Unicode(help="The identifier of the job.")
    text = t.Unicode(help="The end of what the job printed.")
    ended = t.Bool(False, help="Whether the job has ended.")

    def __init__(self, project: Any, job: Any, **traits: Any) -> None:
        """`job` is a job, its identifier, or the name of an action, whose newest job it is then. Raises NotFound."""
        self._document: Job | None = None
        self._after: int | None = None
        self._begins_late = False
        self._parts = 0
        self._name = str(getattr(job, "id", job))
        super().__init__(project, _kind="log", **traits)

    @property
    def is_busy(self) -> bool:
        """Whether it may grow."""
        return not self.ended

    def wants(self) -> Sequence[Wanted]:
        """The log from where it is known; nothing once it has ended."""
        if self.ended or not self.job:
            return []
        return [wanted("log", job=self.job, start=self._after)]

    def take(self, answers: Mapping[Wanted, Response]) -> None:
        """Show what is new."""
        for answer in answers.values():
            self._append(answer)

    def twin(self) -> str:
        """The end of the log as it is now."""
        shown = self.text[-END:]
        return str(fragments.log(shown, self._document, self._begins_late or shown != self.text))

    def described(self) -> str:
        """Whose log."""
        return f"LogView of {self._document.action if self._document else self._name}"

    # -- parts --

    def _begin(self) -> None:
        self._document = self._find()
        self.job = self._document.id
        super()._begin()

    def _find(self) -> Job:
        found = self._source.ask("jobs", action=self._name, limit=1).json()["jobs"]
        if found:
            return read(Job, found[0])
        if not (self._name.isascii() and self._name.isalnum() and len(self._name) >= 4):
            raise NotFound(f"There is no job of {self._name}.", "Name an action that has run, or a job.")
        return read(Job, self._source.ask("job", job=self._name).json())

    def _append(self, answer: Response) -> None:
        if self._after is None:
            self._begins_late = int(answer.headers["log-start"]) > 0
        self._after = int(answer.headers["log-after"])
        new = answer.content.decode("utf-8", errors="replace")
        if new:
            self.text = _end(self.text + new)
        with self.hold_sync():
            if len(self._more) + len(new) > MORE:
                self._parts += 1
                self._tail, self._more = {"id": self._parts, "text": self.text}, ""
            else:
                self._more += new
            ended = answer.headers["log-ended"] == "true" and self._after >= int(answer.headers["log-size"])
            if ended and not self.ended:
                self._document = read(Job, self._source.ask("job", job=self.job).json())
            action = self._document.action if self._document else self._name
            self._told = f"{action}, {'ended' if ended else 'running'}"
        self.ended = ended


def _end(text: str) -> str:
    """The end of a text that is too long, from the beginning of a line."""
    if len(text) <= MOST:
        return text
    return text[-MOST:].partition("\n")[2] or text[-MOST:]
