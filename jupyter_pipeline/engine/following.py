"""Telling a surface what happens, while it stays with a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..models import Event
from ..store.database import Store


class Teller:
    """Passes on new events once each, and every turn."""

    def __init__(
        self,
        store: Store,
        tell: Callable[[Sequence[Event]], None],
        each_turn: Callable[[], None] | None,
        after: int,
    ) -> None:
        self._store, self._tell, self._each_turn, self._after = store, tell, each_turn, after

    def tell(self) -> bool:
        """Pass on what is new. False, so that it can stand beside a condition."""
        events = self._store.follow(self._after)
        if events:
            self._after = events[-1].revision
            self._tell(events)
        if self._each_turn is not None:
            self._each_turn()
        return False
