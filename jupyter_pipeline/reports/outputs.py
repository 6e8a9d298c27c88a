"""The outputs of cells in a report: each in its best form that needs no script and nothing from elsewhere."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbconvert.filters import ansi

from . import cleaning, formulas, headings, pictures, plain, styles, tables
from .markdown import Markdown

BITMAPS = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
_ORDER = (pictures.SVG, *BITMAPS, "text/html", "text/markdown", "text/latex", "text/vnd.mermaid", "text/plain")
_WIDGET_REMARK = "An interactive part is shown as text only: it has no still form."
_NOTHING = "An output was left out: it has no still form."
_STILL = "This output has no still form. If the cell shows it as a picture as well, the report has that."
_COLOUR = re.compile("\x1b\\[.*?[@-~]|\x1b")
_ESCAPE = re.compile("\x1b.?")
_LONGEST = 400_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One output: of which form it is, its HTML (clean, complete), and what a reader should know was left out."""

    kind: str
    html: str
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class ReportOutputs:
    """Lays out the outputs of one report."""

    cleaner: cleaning.Cleaner
    pieces: cleaning.Pieces
    markdown: Markdown
    found: dict[str, Any] = field(default_factory=dict)

    def shown(self, output: Mapping[str, Any], number: int, words: str | None) -> Shown:
        """One output of code cell `number`. `words` describes its pictures to those who do not see them, if given."""
        kind = output["output_type"]
        if kind == "stream":
            return Shown(output["name"], f"<pre>{terminal(output['text'])}</pre>")
        if kind == "error":
            return Shown("error", _error(output))
        label = f"Output of cell {number}"
        remarks: list[str] = []
        for form in _ORDER:
            if form not in output["data"]:
                continue
            try:
                found = self._form(form, output, label, words, remarks)
            except pictures.NoPicture as error:
                remarks.append(str(error))
                continue
            if found:
                if form == "text/plain" and plain.WIDGET in output["data"]:
                    remarks.append(_WIDGET_REMARK)
                return Shown(form, found, tuple(dict.fromkeys(remarks)))
        if cleaning.INTERACTIVE in remarks:
            remarks.append(_STILL)
        return Shown("none", "", tuple(dict.fromkeys(remarks or _left_out(output["data"]))))

    def _form(self, form: str, output: Mapping[str, Any], label: str, words: str | None, remarks: list[str]) -> str:
        content = output["data"][form]
        sizes = output["metadata"].get(form)
        sizes = sizes if isinstance(sizes, Mapping) else output["metadata"]
        alternative = _words(output["metadata"], sizes, words) or label
        if form == pictures.SVG:
            return pictures.element(pictures.svg(content), alternative)
        if form in BITMAPS:
            return pictures.element(pictures.bitmap(form, content), alternative, sizes)
        if form == "text/html":
            return self._html(content, alternative, label, remarks)
        if form == "text/markdown":
            text, found = self.markdown.render(content, {}, label)
            remarks.extend(found)
            return text
        if form == "text/latex":
            return formulas.output(content)
        return f"<pre>{terminal(content)}</pre>" if content else ""

    def _html(self, content: str, alternative: str, label: str, remarks: list[str]) -> str:
        try:
            text, found = self.cleaner.clean(content, {}, alternative)
        except RecursionError:
            remarks.append("A part was left out: it is nested too deeply.")
            return ""
        remarks.extend(found)
        text = cleaning.finish(headings.demoted(tables.aligned(text)), self.pieces, label)
        return text if "<img" in text or headings.plain(text) else ""


def coloured(shown: Shown) -> bool:
    """Whether an output was made for white paper: a picture, or HTML with colours of its own."""
    if shown.kind == "text/html":
        return "<img" in shown.html or styles.has_colours(shown.html)
    return shown.kind.startswith("image/")


def notes(remarks: Iterable[str]) -> str:
    """HTML that tells the reader what was left out."""
    return "".join(f'<p class="report-note">{html.escape(remark)}</p>' for remark in remarks)


def terminal(text: str) -> str:
    """Text as a terminal shows it: its colours as HTML, the middle of a very long one left out."""
    if len(text) > _LONGEST:
        half = _LONGEST // 2
        left = text.count("\n", half, len(text) - half)
        text = f"{text[:half]}\n\n... {left} lines left out ...\n\n{text[-half:]}"
    if "\x1b" not in text:
        return html.escape(text, quote=False)
    found = str(ansi.ansi2html(text))  # type: ignore[no-untyped-call]
    return _ESCAPE.sub("", found)


def _error(output: Mapping[str, Any]) -> str:
    """An error with its name and sentence first. The traceback says them too, so its last line may repeat them."""
    name, value = (html.escape(_COLOUR.sub("", output[key])[:2000]) for key in ("ename", "evalue"))
    first = f"<p><strong>{name}</strong>{': ' if value else ''}{value}</p>" if name or value else ""
    trace = "\n".join(output["traceback"])
    if not trace:
        return first
    return f"{first}<details open><summary>Traceback</summary><pre>{terminal(trace)}</pre></details>"


def _words(metadata: Mapping[str, Any], own: Mapping[str, Any], cell: str | None) -> str:
    """The text alternative of a picture: the output's, or the cell's."""
    found = next((text for text in (own.get("alt"), metadata.get("alt"), cell) if isinstance(text, str) and text), "")
    return found[:2000]


def _left_out(data: Mapping[str, Any]) -> list[str]:
    """The remark for a bundle in which nothing can be shown. An empty one shows nothing on purpose."""
    if "application/javascript" in data:
        return [cleaning.INTERACTIVE]
    return [_NOTHING] if any(data.values()) or plain.WIDGET in data else []
