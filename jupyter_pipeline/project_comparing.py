"""Comparing two requests of a project: the part of the facade that looks at what changed in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import NotFound
from .project_viewing import Viewing

if TYPE_CHECKING:  # imported where they are used
    from .code_comparison import CodeComparison

PREVIOUS = "previous"
"""Stands for the request before; ``previous_successful`` for the last one before that succeeded in full."""


class Comparing(Viewing):
    """What differs between requests. Methods raise PipelineError."""

    def differences(self, request: str | None = None, other: str = PREVIOUS) -> CodeComparison:
        """The code of a request, by default the newest, beside that of an earlier one.

        Both by identifier (or the beginning of it) or number; `other` may be ``previous`` or ``previous_successful``.
        Raises NotFound when there is no such request.
        """
        from .code_comparison import CodeComparison

        asked = self.request(request).request
        with self._peek() as store:
            if store is None:
                raise NotFound("Nothing has been run here yet.", "Run an action first.")
            return CodeComparison(self.config, store, asked, other)
