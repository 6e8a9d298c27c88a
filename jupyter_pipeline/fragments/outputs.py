"""Outputs by level, with who may see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..models.documents import OutputDocument
from ..models.looks import Look
from ..wording import size
from .markup import Html, block, dim, mark, note, shown, table, word

MOST = 500
"""Outputs that are listed."""
_LEVELS: Mapping[str, str] = {
    "highly_sensitive": "highly sensitive",
    "moderately_sensitive": "moderately sensitive",
    "minimally_sensitive": "minimally sensitive",
}


def outputs(documents: Sequence[OutputDocument]) -> Html:
    """Output documents: each file with its level, and whether it may be viewed, in words."""
    if not documents:
        return block(note("There are no outputs yet."))
    open_to_view = sum(one.viewable for one in documents)
    told = f"{open_to_view} of {len(documents)} may be viewed."
    rest = note(f"And {len(documents) - MOST} more.") if len(documents) > MOST else ""
    headers = ("Output", "Action", "Level", "Size", "May it be viewed?")
    return block(dim(told), table(headers, map(_row, documents[:MOST])), rest)


def _row(one: OutputDocument) -> list[str]:
    shape = f", {one.rows} x {one.columns}" if one.rows is not None and one.columns is not None else ""
    look = Look("good", "good", "") if one.viewable else Look("stopped", "warn", "")
    answer = "yes" if one.viewable else f"no: {one.reason}"
    gone = "" if one.present else " (another file stands there now)"
    return [
        word(one.path) + dim(gone),
        shown(one.action),
        shown(_LEVELS.get(one.level, one.level)),
        dim(f"{size(one.size)}{shape}"),
        mark(look, answer),
    ]
