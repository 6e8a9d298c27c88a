"""Markdown to clean HTML: nbconvert's own, with formulas as MathML, pictures inside, and diagrams as their code."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from . import cleaning, formulas

_SOURCE_TOO_DEEP = "This text could not be laid out, so it is shown as it was written."


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, which puts aside what needs no cleaning."""

    def __init__(self, cleaner: cleaning.Cleaner, pieces: cleaning.Pieces) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self._cleaner, self._pieces = cleaner, pieces

    def image(self, text: str, url: str, title: str | None = None) -> str:
        words = html.unescape(re.sub(r"<[^>]*>", "", text))
        return self._cleaner.picture(html.unescape(url), self.attachments, words or title or "Picture", {})

    def block_mermaidjs(self, code: str) -> str:
        return f"<pre><code>{html.escape(code.strip(), quote=False)}</code></pre>\n"

    def block_math(self, body: str) -> str:
        return self._pieces.keep(formulas.formula(body, True))

    def inline_math(self, body: str) -> str:
        return self._pieces.keep(formulas.formula(body))

    def latex_environment(self, name: str, body: str) -> str:
        return self._pieces.keep(formulas.output(f"\\begin{{{name}}}{body}\\end{{{name}}}"))


class Markdown:
    """Lays out the Markdown of one report."""

    def __init__(self, cleaner: cleaning.Cleaner, pieces: cleaning.Pieces) -> None:
        self._cleaner, self._pieces = cleaner, pieces
        self._renderer = _Renderer(cleaner, pieces)
        self._markdown = MarkdownWithMath(renderer=self._renderer)

    def render(self, source: str, attachments: Mapping[str, Any], label: str) -> tuple[str, list[str]]:
        """HTML for the page and the remarks on what was left out. `label` names the tables and pictures in it."""
        self._renderer.attachments = dict(attachments)
        try:
            rough = self._markdown.render(source)
            text, remarks = self._cleaner.clean(rough, attachments, label)
        except RecursionError:
            return f"<pre>{html.escape(source, quote=False)}</pre>", [_SOURCE_TOO_DEEP]
        return cleaning.finish(text, self._pieces, label), remarks

    def finished(self, text: str) -> str:
        """Clean HTML that is not Markdown, with its pictures."""
        return cleaning.finish(text, self._pieces, "Table")
