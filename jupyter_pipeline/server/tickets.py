"""Leave to run the scripts of one output once, given to who has asked for it in so many words."""

from __future__ import annotations

import secrets
import time

LIFE = 60.0
"""Seconds in which a ticket is to be used."""


class Tickets:
    """The tickets that are out. For the event loop's thread alone."""

    def __init__(self) -> None:
        self._out: dict[str, tuple[float, tuple[str, ...]]] = {}

    def give(self, *meant: str) -> str:
        """A ticket for an output; `meant` names it."""
        now = time.monotonic()
        self._out = {ticket: found for ticket, found in self._out.items() if found[0] >= now}
        ticket = secrets.token_urlsafe(24)
        self._out[ticket] = (now + LIFE, meant)
        return ticket

    def take(self, ticket: str, *meant: str) -> bool:
        """Use a ticket up; whether it was good for this output."""
        until, found = self._out.pop(ticket, (0.0, ()))
        return until >= time.monotonic() and found == meant
