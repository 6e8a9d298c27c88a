"""What is written when a cell becomes an action."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..models.documents import AddedDocument
from ..wording import plural
from .markup import TONES, Html, block, heading, joined, mark, note, shown_lines, word
from .problems import SEVERITIES

_PRE = "font-family: monospace; margin: 2px 0 6px; white-space: pre-wrap; word-break: break-word; font-size: 90%"


def addition(path: str, changes: Sequence[str], added: AddedDocument | None) -> Html:
    """The lines of a script that change (as of ``difflib.ndiff``), and those that project.yaml gets, if any."""
    told = [line for line in changes if line[:1] in "+-"]
    script = (
        Html(f"<div>{word(path)} stays as it is.</div>")
        if not told
        else Html(
            f"<details><summary>{word(path)}: {plural(len(told), 'line')} written</summary>{_lines(changes)}</details>"
        )
    )
    if added is None:
        return block(script, note("project.yaml has this action already, and stays as it is."))
    before = [f"  {one.text}" for one in added.text_before_lines]
    new = [f"+ {one.text}" for one in added.added]
    found = (f"<div>{mark(SEVERITIES[one.severity], one.what + ' ' + one.remedy)}</div>" for one in added.problems)
    return block(script, heading("project.yaml"), _lines([*before, *new]), joined(found))


def _lines(lines: Iterable[str]) -> Html:
    """Lines that begin with ``+``, ``-`` or a blank, as a difference is written."""
    tones = {"+": TONES["good"], "-": TONES["bad"]}
    drawn = []
    for line in lines:
        colour = tones.get(line[:1])
        edge = f"border-left: 3px solid {colour}; padding-left: 6px" if colour else "padding-left: 9px; opacity: 0.8"
        drawn.append(f'<div style="{edge}">{shown_lines(line) or "&nbsp;"}</div>')
    return Html(f'<pre style="{_PRE}">{"".join(drawn)}</pre>')
