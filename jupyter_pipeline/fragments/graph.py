"""The graph of a pipeline as a drawing, at the positions that every surface shows.

The boxes are light on any background, so that the picture can be read in a light and in a dark page, and as a file.
The shape beside a name tells the state where colours cannot be told apart.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from ..graph.layout import LETTER, Edge, path_of
from ..models.documents import (
    ActionDocument,
    ActionStatusDocument,
    EdgeDocument,
    NodeDocument,
    PipelineDocument,
    StatusDocument,
)
from ..models.looks import ACTIONS, state_of
from .markup import Html, attribute, block, heading
from .status import status as status_table
from .status import summary

_DISC = "M7 .6a6.4 6.4 0 1 1 0 12.8A6.4 6.4 0 1 1 7 .6z"
_CHECK = "M4.2 7.3 6.2 9.3 9.9 5"
_PLAY = "M5.6 4.5 9.6 7 5.6 9.5z"
_SHAPES: Mapping[str, tuple[str, str, bool]] = {
    "none": ("M7 3a4 4 0 1 1 0 8A4 4 0 1 1 7 3z", "", False),
    "up_to_date": (_DISC, _CHECK, False),
    "stale": ("M7 1.2 13.4 12.6H.6z", "M7 5.2V8.6M7 10.3V10.8", True),
    "to_run": (_DISC, _PLAY, False),
    "cannot_run": ("M7 .4 13.6 7 7 13.6 .4 7z", "M4.4 7H9.6", False),
    "pending": (_DISC, "M7 3.8V7.2L9.2 8.6", False),
    "running": (_DISC, _PLAY, True),
    "failed": ("M4.3 .6h5.4l3.7 3.7v5.4l-3.7 3.7H4.3L.6 9.7V4.3z", "M4.8 4.8 9.2 9.2M9.2 4.8 4.8 9.2", True),
    "cancelled": (_DISC, "M4.4 9.6 9.6 4.4", False),
}
"""By state: outline and mark in a square of 14, and whether it is filled; as in labextension/src/dag/looks.ts."""
_COLOURS: Mapping[str, str] = {
    "none": "#8a8a8a",
    "up_to_date": "#2f7d33",
    "stale": "#b35c00",
    "to_run": "#00788a",
    "cannot_run": "#757575",
    "pending": "#5f6368",
    "running": "#1769bd",
    "failed": "#c62828",
    "cancelled": "#757575",
}
_LOUD = ("running", "failed", "stale")
_DASHED = ("pending", "cannot_run", "cancelled")
_FONT = "system-ui, -apple-system, &quot;Segoe UI&quot;, Helvetica, Arial, sans-serif"
_NOTE = 6.2
"""Pixels of a letter of a note, rather too many than too few: nothing is measured here."""
_LEVELS = {"H": ("#8e3b46", "highly sensitive outputs"), "M": ("#2d5f8b", "moderately sensitive outputs")}


def graph(pipeline: PipelineDocument, status: StatusDocument | None = None) -> Html:
    """The drawing of a ``pipeline`` document as SVG, with the states of a ``status`` document where there is one."""
    drawn = pipeline.graph
    width, height = max(drawn.width, 1), max(drawn.height, 1)
    known = {one.action: one for one in status.actions} if status else {}
    actions = {one.name: one for one in pipeline.actions}
    lines = "".join(f'<path d="{_path(edge)}"/>' for edge in drawn.edges)
    boxes = "".join(_box(node, actions[node.name], known.get(node.name)) for node in drawn.nodes)
    return Html(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="{_FONT}" role="img" aria-label="{_spoken(pipeline, status)}">'
        f'<g fill="none" stroke="#8d9298" stroke-width="1.25" stroke-linejoin="round">{lines}</g>{boxes}</svg>'
    )


def picture(pipeline: PipelineDocument, status: StatusDocument | None = None) -> Html:
    """The same drawing as an image within HTML: what cleans HTML of untrusted notebooks lets images through."""
    data = b64encode(graph(pipeline, status).encode("utf-8", "replace")).decode()
    width = max(pipeline.graph.width, 1)
    return Html(
        f'<img src="data:image/svg+xml;base64,{data}" alt="{_spoken(pipeline, status)}" width="{width:g}" '
        'style="max-width: 100%; height: auto">'
    )


def pipeline(pipeline: PipelineDocument, status: StatusDocument | None = None) -> Html:
    """The drawing, and below it what it says as a table, folded."""
    count = len(pipeline.actions)
    if status is None:
        return block(heading(f"Pipeline of {count} action{'s' * (count != 1)}"), picture(pipeline))
    told = status_table(status)
    return block(
        heading("Pipeline", summary(status)),
        picture(pipeline, status),
        f"<details><summary>The same as a table</summary>{told}</details>",
    )


def _spoken(pipeline: PipelineDocument, status: StatusDocument | None) -> str:
    """The picture in words."""
    known = {one.action: one for one in status.actions} if status else {}
    parts = []
    for action in pipeline.actions:
        needs = f", needs {', '.join(action.needs)}" if action.needs else ""
        state = f" ({ACTIONS[state_of(known[action.name])].words})" if action.name in known else ""
        parts.append(f"{action.name}{state}{needs}")
    told = "; ".join(parts[:100]) + (f"; and {len(parts) - 100} more" if len(parts) > 100 else "")
    return attribute(f"Graph of the pipeline: {told}.")


def _path(edge: EdgeDocument) -> str:
    return path_of(Edge(edge.source, edge.target, tuple((x, y) for x, y in edge.points)))


def _box(node: NodeDocument, action: ActionDocument, known: ActionStatusDocument | None) -> str:
    state = state_of(known)
    look, colour = ACTIONS[state], _COLOURS[state]
    width, height = node.width, node.height
    badges = _badges(action, width, height)
    room = width - 32 - 13 * len(_levels(action))
    words = look.words if known is not None else action.runtime
    border = colour if state in _LOUD else "#bdbdbd"
    dashes = ' stroke-dasharray="4 3"' if state in _DASHED else ""
    outline = f'width="{width:g}" height="{height:g}" rx="5"'
    tint = f'<rect {outline} fill="{colour}" fill-opacity="0.08"/>' if state in _LOUD else ""
    reason = f": {known.reason}" if known is not None and known.reason else ""
    title = attribute(f"{node.name}, {words}{reason}")
    return (
        f'<g transform="translate({node.x:g} {node.y:g})"><title>{title}</title>'
        f'<rect {outline} fill="#fff" stroke="{border}"{dashes}/>{tint}{_symbol(state, height)}'
        f'<text x="26" y="{height / 2 - 2.5:g}" font-size="12" fill="#212121">'
        f"{attribute(_shortened(node.name, width - 32, LETTER))}</text>"
        f'<text x="26" y="{height / 2 + 10:g}" font-size="10" fill="{colour if state in _LOUD else "#5f6368"}">'
        f"{attribute(_ending(words, room))}</text>{badges}</g>"
    )


def _symbol(state: str, height: float) -> str:
    shape, mark, solid = _SHAPES[state]
    colour = _COLOURS[state]
    fill, ink = (colour, "#fff") if solid else ("#fff", colour)
    drawn = f'<path d="{mark}" fill="none" stroke="{ink}" stroke-width="1.5" stroke-linejoin="round"/>' if mark else ""
    return (
        f'<g transform="translate(7 {(height - 14) / 2:g})"><path d="{shape}" fill="{fill}" stroke="{colour}" '
        f'stroke-width="1.2"/>{drawn}</g>'
    )


def _levels(action: ActionDocument) -> list[str]:
    """The letters of the levels of an action's outputs; what is minimally sensitive is kept like the highest."""
    found = {"M" if one.level == "moderately_sensitive" else "H" for one in action.outputs}
    return sorted(found)


def _badges(action: ActionDocument, width: float, height: float) -> str:
    drawn = []
    letters = _levels(action)
    for place, letter in enumerate(letters):
        colour, title = _LEVELS[letter]
        x, y = width - 6 - 13 * (len(letters) - place) + 2, height - 15.5
        drawn.append(
            f'<g><title>{title}</title><rect x="{x:g}" y="{y:g}" width="11" height="11" rx="3" fill="#fff" '
            f'stroke="{colour}"/><text x="{x + 5.5:g}" y="{y + 8.6:g}" font-size="8.5" text-anchor="middle" '
            f'fill="{colour}">{letter}</text></g>'
        )
    return "".join(drawn)


def _shortened(text: str, room: float, letter: float) -> str:
    """A text shortened in its middle: names of one pipeline often begin alike and differ at the end."""
    most = max(int(room / letter), 2)
    if len(text) <= most:
        return text
    left = most // 2
    return f"{text[:left]}…{text[len(text) - (most - left - 1) :]}"


def _ending(text: str, room: float) -> str:
    """A note as far as it fits; nothing where hardly anything does."""
    most = int(room / _NOTE)
    if len(text) <= most:
        return text
    return f"{text[: most - 1].rstrip()}…" if most > 3 else ""
