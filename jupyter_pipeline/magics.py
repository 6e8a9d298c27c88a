"""``%pipeline`` and ``%%action``."""

from __future__ import annotations

from typing import Any


def register(shell: Any) -> None:
    """Add the magics to a shell."""
