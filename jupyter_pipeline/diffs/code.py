"""What differs between the code of two requests. Pure: both are mappings of path to content hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """Paths by what happened to them from the older to the newer code, each sorted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the code is the same."""
        return not (self.added or self.changed or self.removed)


def compare_trees(older: Mapping[str, str], newer: Mapping[str, str]) -> Difference:
    """What was added, changed and removed from `older` to `newer`."""
    return Difference(
        added=tuple(sorted(newer.keys() - older.keys())),
        changed=tuple(sorted(path for path in newer.keys() & older.keys() if newer[path] != older[path])),
        removed=tuple(sorted(older.keys() - newer.keys())),
    )
