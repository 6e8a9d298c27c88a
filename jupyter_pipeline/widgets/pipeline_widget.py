"""PipelineView: the graph of a pipeline, live."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import traitlets as t

from .. import fragments
from ..client.objects import ActionStatus, Job, Status
from ..client.source import Response
from ..models.documents import EventDocument, PipelineDocument, read
from . import rows
from .base import PipelineWidget
from .watching import Wanted, wanted

PICTURED = 150
"""Actions up to which the static twin has a picture; more are a table, because the picture is kept in the notebook."""
END = 1500
"""Bytes of the end of a log that are shown of the selected action."""


class PipelineView(PipelineWidget):
    """The graph of a pipeline, and as a table; a click or Enter selects an action and shows its newest job.

    Observable: `pipeline` and `status`, the documents of the same name, and `selected`, the name of an action.
    """

    _graph = t.Dict().tag(sync=True)
    _detail = t.Dict(None, allow_none=True).tag(sync=True)
    pipeline = t.Instance(PipelineDocument, allow_none=True, help="The actions and where they are drawn.")
    status = t.Instance(
        Status, allow_none=True, help="For each action its newest job, and whether its outputs are up to date."
    )

    def __init__(self, project: Any, **traits: Any) -> None:
        self._job: Job | None = None
        self._log = ("", "")
        self._drawn: object = None  # of which project.yaml
        self._found: object = None
        super().__init__(project, _kind="pipeline", **traits)
        self.observe(self._chosen, "selected")

    @property
    def is_busy(self) -> bool:
        """Whether something runs: the cells of notebooks make no events."""
        return self.status is not None and bool(self.status.unfinished)

    def wants(self) -> Sequence[Wanted]:
        """Where actions stand; the pipeline where it may be another; the selected action's newest job."""
        found = [wanted("status")]
        if self._is_changed():
            found.insert(0, wanted("pipeline"))
        if job := self._selected_job():
            found += [wanted("job", job=job), wanted("log", job=job, limit=END)]
        return found

    def take(self, answers: Mapping[Wanted, Response]) -> None:
        """Show these documents."""
        also: dict[str, Any] = {"_now": time.time()}
        for want, answer in answers.items():
            if want.operation == "pipeline":
                pipeline = read(PipelineDocument, answer.json())
                self.pipeline, self._drawn = pipeline, self._found
                also["_graph"] = rows.drawing(pipeline)
                if self.status:
                    self._watch.look_soon()  # no event says that project.yaml changed
            elif want.operation == "status":
                self.status = read(Status, answer.json())
            elif want.operation == "job":
                self._job = read(Job, answer.json())
            else:
                text = answer.content.decode("utf-8", errors="replace")
                self._log = (str(dict(want.parameters)["job"]), text)
        self._show(also)

    def happened(self, events: Sequence[EventDocument]) -> None:
        """Show new states at once."""
        self.status = rows.patched(self.status, events) if self.status else None
        self._show({"_now": time.time()})

    def twin(self) -> str:
        """The picture with the same as a table, or the table alone."""
        if not self.pipeline or not self.status:
            return ""
        if len(self.pipeline.actions) > PICTURED:
            return str(fragments.status(self.status))
        return str(fragments.pipeline(self.pipeline, self.status))

    def described(self) -> str:
        """How many actions."""
        count = len(self.pipeline.actions) if self.pipeline else 0
        return f"PipelineView of {count} actions"

    # -- parts --

    def _is_changed(self) -> bool:
        """Whether project.yaml may say something else than what is drawn."""
        root = getattr(self._source, "root", None)
        if root is not None:
            try:
                found = os.stat(root / "project.yaml")
            except OSError:
                return False
            self._found = (found.st_mtime_ns, found.st_size, found.st_ino)
            return self._found != self._drawn
        drawn = [action.name for action in self.pipeline.actions] if self.pipeline else []
        return drawn != [status.action for status in self._actions()]

    def _actions(self) -> Sequence[ActionStatus]:
        return self.status.actions if self.status else ()

    def _selected_job(self) -> str | None:
        job = next((status.job for status in self._actions() if status.action == self.selected), None)
        return job.id if job else None

    def _show(self, also: dict[str, Any]) -> None:
        if self.status:
            self._show_rows(rows.action_rows(self.status), also | {"_detail": self._of_selected()})

    def _of_selected(self) -> dict[str, Any] | None:
        """What is shown of the selected action."""
        status = next((status for status in self._actions() if status.action == self.selected), None)
        if status is None:
            return None
        if status.job is None:
            return {"action": status.action, "facts": [("Why", status.reason), ("Job", "never run")], "log": ""}
        if self._job is None or self._job.id != status.job.id:
            return {"action": status.action, "facts": [("Why", status.reason)], "log": ""}
        log = self._log[1] if self._log[0] == self._job.id else ""
        return {"action": status.action, "facts": rows.facts_of(self._job), "log": log}

    def _chosen(self, _: Any) -> None:
        self._watch.do(lambda: self._show({}))
