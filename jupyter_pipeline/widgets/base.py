"""What all widgets have in common: their module, their static twin, and when they are followed."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import traitlets as t

from ..client.source import Response, Source
from ..errors import PipelineError
from ..models.documents import EventDocument
from . import module
from .display import Twin, listen_to_cells
from .rows import Row, Sent
from .watching import Wanted, Watch, watch_of

WIDGET = "application/vnd.jupyter.widget-view+json"


def source_of(project: Any) -> Source:
    """Where the answers of a project come from; of a source, itself."""
    found: Source = getattr(project, "source", project)
    return found


class PipelineWidget(anywidget.AnyWidget):
    """A widget that shows documents of a project, and follows them.

    Traits are set by a thread that follows the project, so what observes them is called there. It follows from the
    beginning until `close`; once shown, as long as it is shown somewhere.
    """

    _esm = t.Unicode(module.text("widget.js") or "export default {};").tag(sync=True)
    _css = t.Unicode(module.text("widget.css")).tag(sync=True)
    _kind = t.Unicode().tag(sync=True)
    _notice = t.Unicode().tag(sync=True)
    _base = t.Dict().tag(sync=True)
    _changes = t.Dict().tag(sync=True)
    _now = t.Float().tag(sync=True)
    height = t.Int(420, min=60, help="Pixels that its graph, table or log may be high.").tag(sync=True)
    selected = t.Unicode(None, allow_none=True, help="What the reader has selected.").tag(sync=True)

    def __init__(self, project: Any, **traits: Any) -> None:
        self._source = source_of(project)
        self._watch: Watch = watch_of(self._source)
        self._sent = Sent()
        self._views = 0
        self._twin = Twin(self._bundle)
        super().__init__(**traits)
        self.on_msg(self._heard)
        self._begin()
        self._watch.join(self)
        listen_to_cells()

    # -- for those who write widgets --

    def wants(self) -> Sequence[Wanted]:
        """The documents that it shows now."""
        raise NotImplementedError

    @property
    def is_busy(self) -> bool:
        """Whether these may change without an event."""
        return False

    def take(self, answers: Mapping[Wanted, Response]) -> None:
        """Show these documents."""
        raise NotImplementedError

    def happened(self, events: Sequence[EventDocument]) -> None:
        """Show at once what events say; by default the documents are waited for."""

    def asked(self, message: Mapping[str, Any]) -> None:
        """The reader asked for something."""

    def twin(self) -> str:
        """HTML without scripts that shows the same as it is now."""
        raise NotImplementedError

    def described(self) -> str:
        """The same in a line."""
        return type(self).__name__

    # -- what a watch calls --

    def trouble(self, error: PipelineError | None) -> None:
        """Say what cannot be shown, and why."""
        self._notice = str(error or "")

    def settled(self) -> None:
        """Nothing runs any more: what the notebook keeps shall say so."""
        self._twin.refresh()

    # -- what people call --

    def refresh(self) -> None:
        """Look now, whether anything has happened or not."""
        self._watch.look_soon()

    def close(self) -> None:
        """Follow no longer, and take it away where it is shown."""
        self._watch.leave(self)
        super().close()

    def __repr__(self) -> str:
        return f"<{self.described()}>"

    def _ipython_display_(self) -> None:
        self._twin.show()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:  # type: ignore[override]
        return self._bundle()

    def open(self) -> None:
        """Make it known to the front end, where there is one: else notebooks would keep a state that nobody needs."""
        if module.is_live():
            super().open()

    @property
    def model_id(self) -> str:
        """By what front ends know it; asked for by what contains it."""
        if self.comm is None:
            super().open()
        return str(super().model_id)

    # -- parts --

    def _begin(self) -> None:
        """Show what can be shown at once, in the thread of who makes it."""
        try:
            self._watch.begin(self)
        except PipelineError as error:
            self.trouble(error)

    def _show_rows(self, rows: Mapping[str, Row], also: Mapping[str, Any] | None = None) -> None:
        """Send what of these rows, and of these traits, is new, in one message."""
        sent = self._sent.after(rows)
        with self.hold_sync():
            if sent.base is not self._sent.base:
                self._base = dict(sent.base)
            if sent.changes is not self._sent.changes:
                self._changes = dict(sent.changes)
            for name, value in (also or {}).items():
                setattr(self, name, value)
        self._sent = sent

    def _bundle(self) -> dict[str, Any]:
        shown = self.twin()
        if self._notice:
            shown = f"<p>{html.escape(self._notice)}</p>{shown}"
        data: dict[str, Any] = {"text/plain": repr(self), "text/html": shown}
        if module.is_live():
            data[WIDGET] = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        elif not module.text("widget.js"):
            data["text/html"] += f"<p>{html.escape(module.NOT_BUILT)}</p>"
        return data

    def _heard(self, _: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict):
            return
        if "shown" in content:
            self._views = max(0, self._views + int(content["shown"]))
            self._follow(self._views > 0)
        else:
            self.asked(content)

    def _follow(self, on: bool) -> None:
        if on:
            self._watch.join(self)
            self._watch.look_soon()
        else:
            self._watch.leave(self)
