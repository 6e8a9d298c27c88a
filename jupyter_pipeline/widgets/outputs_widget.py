"""OutputsView: the outputs of a workspace, with who may see which, and a look at those that may be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import traitlets as t

from .. import fragments
from ..client.objects import Output
from ..client.source import Response
from ..errors import PipelineError
from ..models.documents import read
from . import rows
from .base import PipelineWidget
from .watching import Wanted, wanted

POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
    "style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'\">"
)
"""What a page that is sent without headers has to say itself: it loads nothing and runs nothing."""


class OutputsView(PipelineWidget):
    """The outputs of a project, each with its level and whether it may be viewed, and if not, why.

    Choosing one asks the gate for it and shows it; the look is recorded. What is seen then is in the page only: it is
    in no trait, so no notebook keeps it. Observable: `outputs`, and `selected`, a path.
    """

    outputs: t.List[Output] = t.List(help="The outputs, by path.")

    def __init__(self, project: Any, action: str | None = None, **traits: Any) -> None:
        """`action` shows the outputs of one action alone."""
        self._wanted = wanted("outputs", **({"action": action} if action else {}))
        super().__init__(project, _kind="outputs", **traits)

    def wants(self) -> Sequence[Wanted]:
        """The outputs."""
        return [self._wanted]

    def take(self, answers: Mapping[Wanted, Response]) -> None:
        """Show these outputs."""
        for answer in answers.values():
            self.outputs = [read(Output, each) for each in answer.json()["outputs"]]
        self._show_rows(rows.output_rows(self.outputs))

    def asked(self, message: Mapping[str, Any]) -> None:
        """The reader wants to see one of them."""
        path = message.get("look")
        one = next((one for one in self.outputs if one.path == path), None)
        if one is not None:
            self._watch.do(lambda: self.send(self._page(one)))

    def twin(self) -> str:
        """The table as it is now."""
        return str(fragments.outputs(self.outputs))

    def described(self) -> str:
        """How many outputs."""
        return f"OutputsView of {len(self.outputs)} outputs"

    def _page(self, one: Output) -> dict[str, Any]:
        """The page of an output through the gate, or the gate's sentence."""
        if not one.viewable:
            return {"path": one.path, "sentence": one.reason}
        try:
            answer = self._source.ask("view", output=one.id)
        except PipelineError as error:
            return {"path": one.path, "sentence": str(error)}
        if answer.type.partition(";")[0] not in ("text/html", "image/svg+xml"):
            return {"path": one.path, "sentence": "There is no page of it."}
        return {"path": one.path, "html": confined(answer.content.decode("utf-8", errors="replace"))}


def confined(page: str) -> str:
    """A page that may be put into a frame without the headers that it came with."""
    # Before all else: what a page has in front of its head, or instead of it, would otherwise come first.
    return f"<!DOCTYPE html>{POLICY}{page}"
