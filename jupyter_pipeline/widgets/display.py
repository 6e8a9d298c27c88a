"""How a widget stands in a notebook: a live view where there can be one, and beside it the static twin that is saved.

A notebook that is read elsewhere, or later, shows the twin. So it is brought up to date when a run has ended, by a
display update, and not before: a front end makes the live view anew whenever that is done.
"""

from __future__ import annotations

import uuid
import weakref
from collections.abc import Callable
from typing import Any

from . import module
from .watching import watches

_batch: weakref.WeakSet[Twin] = weakref.WeakSet()
"""Twins in a notebook that is executed without anybody: nothing changes them after the last cell."""
_hooked: list[Any] = []


class Twin:
    """The display of one widget; `bundle` gives its forms by media type, as they are now."""

    def __init__(self, bundle: Callable[[], dict[str, Any]]) -> None:
        self._bundle = bundle
        self._name: str | None = None
        self._saved: dict[str, Any] = {}

    def show(self) -> None:
        """Show it below the cell that runs; a display before this one is no longer brought up to date."""
        from IPython.display import display

        data = self._bundle()
        self._name, self._saved = uuid.uuid4().hex, data
        display(data, raw=True, display_id=self._name)  # type: ignore[no-untyped-call]
        if not module.is_live():
            _batch.add(self)

    def refresh(self) -> None:
        """Bring what is saved up to date, if it says something else now."""
        if self._name is None:
            return
        live = {media: value for media, value in self._saved.items() if not media.startswith("text/")}
        data = self._bundle() | live  # whether there is a live view was found out when it was shown
        if data != self._saved:
            from IPython.display import display

            self._saved = data
            display(data, raw=True, display_id=self._name, update=True)  # type: ignore[no-untyped-call]


def listen_to_cells() -> None:
    """Look when a cell begins; and bring twins that nobody watches up to date when it has ended."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None and shell not in _hooked:
        _hooked.append(shell)
        shell.events.register("pre_run_cell", _before_cell)
        shell.events.register("post_run_cell", _after_cell)


def _before_cell(_: Any) -> None:
    for watch in watches():
        watch.stir()


def _after_cell(_: Any) -> None:
    if not _batch:
        return
    for watch in watches():
        if len(watch):
            watch.turn()
    for twin in list(_batch):
        twin.refresh()
