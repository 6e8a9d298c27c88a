"""Comparing two requests of a project: the part of the facade that looks at what changed in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import NotFound, OutputRefused
from ..models import ViewKind
from . import viewing
from .viewing_recorded import Viewing

if TYPE_CHECKING:  # imported where they are used
    from .code_comparison import CodeComparison
    from .output_comparison import Compared, OutputComparison

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
            return CodeComparison(self.config, store, asked, other, self._unquoted())

    def output_pairs(self, request: str | None = None, other: str = PREVIOUS) -> OutputComparison:
        """The outputs of a request beside those of an earlier one; named as for `differences`."""
        from . import output_comparison

        asked = self.request(request).request
        with self._peek() as store:
            if store is None:
                raise NotFound("Nothing has been run here yet.", "Run an action first.")
            return output_comparison.compare(self.config, store, asked, other)

    def compare_outputs(self, name: str, other: str, who: str) -> Compared:
        """Two outputs with their bytes, if the gate lets both be seen; `other` is the earlier one.

        Both looks are recorded before anything is given. Raises NotFound when there is none or its file is not as the
        job made it, OutputRefused with the reason when they may not be compared.
        """
        from .output_comparison import Compared, can_compare

        with self._recording() as store:
            left, right = (viewing.output(self.config, store, one) for one in (other, name))
            answer = can_compare(left, right)
            if not answer.allowed:
                raise OutputRefused(f"They may not be compared. {answer.reason}")
            contents = viewing.content(self.config, store, left), viewing.content(self.config, store, right)
            with store.transaction():
                for one, beside in ((left, right), (right, left)):
                    detail = f"beside {beside.id}"
                    store.record_view(who, ViewKind.OUTPUT, one.file.job_id, one.file.path, detail)
            return Compared(left, right, contents)
