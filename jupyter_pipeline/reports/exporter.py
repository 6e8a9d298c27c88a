"""Our own HTML report: nbconvert's exporter with the template `report`, everything in it made ready beforehand.

nbconvert copies and validates the notebook after each of its preprocessors, and parses the finished page again. Here
the notebook is copied once, and nothing but the template's own writing is left to Jinja.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nbconvert.exporters.html import HTMLExporter
from nbformat import NotebookNode
from traitlets import default

from . import cleaning, headings, installed, outputs, pictures, plain
from .code import highlighted
from .markdown import Markdown

OWN_TEMPLATES = Path(__file__).parent / "page_templates"
CONTENT = "#report-main"
"""The element of our page that holds what comes from the notebook."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_NAMES = {"job": "Job", "time": "Time (UTC)", "requested_by": "Requested by", "job_id": "Job"}
_CODE_NAMES = {"injected-parameters": "Parameters of this run", "parameters": "Parameters, unless given"}


@dataclass(frozen=True, slots=True)
class Appearance:
    """What is to be seen of a notebook."""

    no_input: bool = False
    no_prompt: bool = False
    title: str = ""
    provenance: Mapping[str, str] | None = None


class ReportExporter(installed.FromInstallation, HTMLExporter):
    """Writes pages from notebooks whose cells carry their finished HTML in `report`."""

    default_preprocessors: list[Any] = []
    template_data_paths: list[str] = []

    @default("template_name")
    def _template_name_default(self) -> str:
        return "report"

    @default("extra_template_basedirs")
    def _default_extra_template_basedirs(self) -> list[str]:
        return [str(OWN_TEMPLATES)]

    def _init_preprocessors(self) -> None:
        self._preprocessors: list[Any] = []

    def _preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        return nb, resources

    def page(self, notebook: NotebookNode, report: Mapping[str, Any]) -> str:
        """The page of a notebook that `prepare` has made ready, with what it gave beside it."""
        resources = self._init_resources({"report": report})  # type: ignore[no-untyped-call]
        resources["global_content_filter"] = {
            **dict.fromkeys(("include_code", "include_markdown", "include_raw", "include_output"), True),
            "include_input": not report["no_input"],
        }
        return str(self.template.render(nb=notebook, resources=resources)).strip() + "\n"


@cache
def _exporter() -> ReportExporter:
    return ReportExporter()  # type: ignore[no-untyped-call]


def page(notebook: NotebookNode, place: pictures.Place, look: Appearance) -> str:
    """The report of a plain notebook (`plain.notebook`) as one HTML page."""
    ready, report = prepare(notebook, place, look)
    return _exporter().page(ready, report)


def prepare(notebook: NotebookNode, place: pictures.Place, look: Appearance) -> tuple[NotebookNode, dict[str, Any]]:
    """The notebook with the finished HTML of each part in its cells, and what stands around them."""
    pieces = cleaning.Pieces()
    cleaner = cleaning.Cleaner(place, pieces, CONTENT)
    markdown = Markdown(cleaner, pieces)
    layout = outputs.ReportOutputs(cleaner, pieces, markdown)
    language = _language(notebook)
    found = headings.Headings()
    cells, number = [], 0
    for cell in notebook["cells"]:
        number += cell["cell_type"] == "code"
        removed = cell["metadata"]["transient"].get("remove_source") is True
        if cell["cell_type"] == "code":
            part = _code(cell, number, layout, found, None if look.no_input or removed else language)
        elif removed:
            continue
        else:
            part = _text(cell, markdown, cleaner, found)
        if part is not None:
            cells.append(plain.node({**cell, "report": part}))
    title, text = _title(notebook, cells, found, look.title)
    found.level(title)
    _write(cells, headings.Writer(found, title))
    report = {
        "title": text,
        "language": _tongue(notebook),
        "contents": found.contents(title),
        "is_light": cleaner.is_coloured,
        "no_input": look.no_input,
        "no_prompt": look.no_prompt or look.no_input,
        "provenance": [(_name(key), str(value)) for key, value in (look.provenance or {}).items() if str(value)],
    }
    return plain.node({**notebook, "cells": cells}), report


def _text(
    cell: NotebookNode, markdown: Markdown, cleaner: cleaning.Cleaner, found: headings.Headings
) -> dict[str, Any] | None:
    if not cell["source"].strip():
        return None
    remarks: list[str] = []
    if cell["cell_type"] == "markdown":
        text, remarks = markdown.render(cell["source"], cell["attachments"], "Table")
    elif (
        "html" in str(cell["metadata"].get("raw_mimetype", ""))
        or str(cell["metadata"].get("format", "")) == "text/html"
    ):
        text, remarks = raw(cell, cleaner, markdown)
    elif cell["metadata"].get("raw_mimetype") or cell["metadata"].get("format"):
        return None  # meant for another kind of document
    else:
        text = f"<pre>{html.escape(cell['source'], quote=False)}</pre>"
    found.collect(text)
    return {"html": text, "notes": outputs.notes(remarks)}


def raw(cell: NotebookNode, cleaner: cleaning.Cleaner, markdown: Markdown) -> tuple[str, list[str]]:
    """The clean HTML of a raw cell that is written in HTML."""
    text, remarks = cleaner.clean(cell["source"], {}, "Picture")
    return markdown.finished(text), remarks


def _code(
    cell: NotebookNode, number: int, layout: outputs.ReportOutputs, found: headings.Headings, language: str | None
) -> dict[str, Any] | None:
    words = cell["metadata"].get("alt")
    shown = [layout.shown(output, number, words if isinstance(words, str) else None) for output in cell["outputs"]]
    source = ""
    if language is not None and cell["source"].strip():
        source = highlighted(cell["source"], language)
    if not source and not any(one.html or one.remarks for one in shown):
        return None
    parts = []
    for one in shown:
        if one.kind == "text/markdown":
            found.collect(one.html)
        paper = " report-paper" if outputs.coloured(one) else ""
        parts.append({"kind": one.kind, "html": one.html, "notes": outputs.notes(one.remarks), "paper": paper})
    return {"number": number, "code": source, "name": _code_name(cell), "open": _is_open(cell), "outputs": parts}


def _code_name(cell: NotebookNode) -> str:
    tags = cell["metadata"]["tags"]
    return next((name for tag, name in _CODE_NAMES.items() if tag in tags), "Code")


def _is_open(cell: NotebookNode) -> bool:
    lab = cell["metadata"].get("jupyter")
    return not (isinstance(lab, Mapping) and lab.get("source_hidden") is True)


def _title(
    notebook: NotebookNode, cells: Iterable[NotebookNode], found: headings.Headings, name: str
) -> tuple[headings.Heading | None, str]:
    """The heading that moves to the top as the title, if one does, and the words of the title."""
    given = notebook["metadata"].get("title")
    if isinstance(given, str) and given.strip():
        return None, given.strip()
    heading = found.title()
    if heading is None:
        return None, name or (found.found[0].text if found.found else "Report")
    texts = [cell["report"]["html"].lstrip() for cell in cells if cell["cell_type"] != "code"][:2]
    first = next((text for text in texts if "</h" in text), "")  # it may stand below a line of links, not below more
    return (heading if first.startswith("<h") else None), heading.text


def _write(cells: Iterable[NotebookNode], writer: headings.Writer) -> None:
    for cell in cells:
        part = cell["report"]
        if cell["cell_type"] != "code":
            part["html"] = writer.write(part["html"])
            continue
        for output in part["outputs"]:
            if output["kind"] == "text/markdown":
                output["html"] = writer.write(output["html"])


def _language(notebook: NotebookNode) -> str:
    info = notebook["metadata"]["language_info"]
    return str(info.get("pygments_lexer") or info.get("name") or "ipython3")


def _tongue(notebook: NotebookNode) -> str:
    """The language that people read, as `lang` wants it."""
    found = notebook["metadata"].get("lang") or notebook["metadata"].get("language_code") or "en"
    return found if isinstance(found, str) and _LANGUAGE.fullmatch(found) else "en"


def _name(key: str) -> str:
    text = key.replace("_", " ").strip()
    return _NAMES.get(key) or text[:1].upper() + text[1:]
