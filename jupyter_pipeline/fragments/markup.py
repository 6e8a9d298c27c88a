"""The parts that all fragments are made of: tables, marks and notes, with their styles inside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..models.looks import SYMBOLS, Look
from ..pages.escaping import (
    Html,
    attribute,
    shown,
    shown_lines,
)

__all__ = [
    "Html",
    "attribute",
    "bar",
    "block",
    "dim",
    "heading",
    "joined",
    "mark",
    "note",
    "pre",
    "shown",
    "shown_lines",
    "table",
    "word",
]

TONES: Mapping[str, str] = {
    "good": "#2b9a48",
    "bad": "#e0434a",
    "warn": "#c27400",
    "busy": "#3b82f6",
    "dim": "#868686",
    "plain": "inherit",
}
"""Colours of marks: each has a contrast of at least 3 with white and with the dark of JupyterLab. Words have none."""
_SHORT = 24
"""Letters that are kept in one line."""
_LINE = "#80808059"
_TABLE = "border-collapse: collapse; margin: 4px 0; color: inherit; font-size: inherit"
_CELL = f"text-align: left; vertical-align: top; padding: 2px 14px 2px 0; border-bottom: 1px solid {_LINE}"


def joined(parts: Iterable[str]) -> Html:
    """Pieces one after the other."""
    return Html("".join(parts))


def block(*parts: str) -> Html:
    """A whole fragment."""
    return Html(f'<div style="line-height: 1.45; max-width: 100%; overflow-x: auto">{"".join(parts)}</div>')


def heading(text: str, more: str = "") -> Html:
    """The first line of a fragment."""
    told = f" {more}" if more else ""
    return Html(f'<div style="margin: 2px 0 4px"><strong>{shown(text)}</strong>{told}</div>')


def note(text: str, tone: str = "plain") -> Html:
    """A sentence of its own; of a tone, with a line of its colour beside it."""
    edge = f"; border-left: 3px solid {TONES[tone]}; padding: 1px 0 1px 8px" if tone != "plain" else ""
    return Html(f'<div style="margin: 4px 0{edge}; white-space: pre-wrap">{shown_lines(text)}</div>')


def mark(look: Look, words: str | None = None) -> Html:
    """A symbol in its colour, and words beside it: those of the look, or others."""
    said = shown(look.words if words is None else words)
    symbol = SYMBOLS[look.symbol][0]
    keep = ' style="white-space: nowrap"' if len(said) < _SHORT else ""
    return Html(
        f'<span{keep}><span style="color: {TONES[look.tone]}; font-weight: bold" '
        f'aria-hidden="true">{symbol}</span> {said}</span>'
    )


def word(text: str) -> Html:
    """A name, as in code."""
    return Html(f"<code>{shown(text)}</code>")


def dim(text: str) -> Html:
    """What matters less."""
    return Html(f'<span style="opacity: 0.75">{shown(text)}</span>')


def pre(text: str) -> Html:
    """Lines as they are."""
    style = (
        "font-family: monospace; margin: 4px 0; white-space: pre-wrap; word-break: break-word; font-size: 90%; "
        "max-height: 30em; overflow: auto"
    )
    return Html(f'<pre style="{style}">{shown_lines(text)}</pre>')


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """Rows below each other; headers are text, cells are HTML."""
    head = "".join(f'<th scope="col" style="{_CELL}">{shown(name)}</th>' for name in headers)
    body = "".join("<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in row) + "</tr>" for row in rows)
    return Html(f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>')


def bar(done: int, total: int, label: str) -> Html:
    """How far something is."""
    share = done / total * 100 if total else 0
    return Html(
        f'<div title="{attribute(label)}" style="width: 240px; max-width: 100%; height: 6px; margin: 5px 0; '
        f'border-radius: 3px; background-color: {_LINE}"><div style="width: {share:.0f}%; height: 6px; '
        f'border-radius: 3px; background-color: {TONES["busy"]}"></div></div>'
    )
