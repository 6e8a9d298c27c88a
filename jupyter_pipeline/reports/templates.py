"""nbconvert's other HTML templates (basic, classic, lab, a folder of the project), with nothing in them from elsewhere.

The notebook's content is cleaned as for our own template before such a template sees it; the page that comes out is
parsed once, as nbconvert does too, and loses what would be loaded: the libraries for formulas, diagrams and widgets.
"""

from __future__ import annotations

import html
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment
from nbconvert.exporters.html import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat import NotebookNode
from traitlets import default

from ..errors import ReportFailed
from . import cleaning, headings, installed, outputs, pictures, plain
from .code import highlighted
from .markdown import Markdown

_NATIVE = (pictures.SVG, "image/png", "image/jpeg")
_SIZE = re.compile(r"\d{1,5}(?:\.\d+)?%?")
_REMOTE = re.compile(r"\s*(?:https?:|//|\\\\|ftp:)", re.IGNORECASE)
_LOADED = re.compile(r"https?://|import\s*\(|import\s.*?from|x-mathjax", re.IGNORECASE | re.DOTALL)
_CSS_LOADED = re.compile(r"@import[^;{}]*;|url\(\s*[\"']?\s*(?:https?:|//)[^)]*\)", re.IGNORECASE)
_SAFE_PREPROCESSOR = re.compile(r"nbconvert\.preprocessors\.(?!Execute)\w+")


@dataclass(frozen=True, slots=True)
class WantedTemplate:
    """The template, and what is to be seen of the notebook."""

    template: str
    no_input: bool = False
    no_prompt: bool = False
    title: str = ""


class OfflineExporter(installed.FromInstallation, HTMLExporter):
    """nbconvert's exporter for HTML without what reads from the user's folders or the working folder."""

    default_preprocessors = ["nbconvert.preprocessors.HighlightMagicsPreprocessor"]
    template_data_paths: list[str] = []

    @default("extra_template_basedirs")
    def _default_extra_template_basedirs(self) -> list[str]:
        return []

    def _get_conf(self) -> dict[str, Any]:
        conf = dict(super()._get_conf())  # type: ignore[no-untyped-call]
        chosen = conf.get("preprocessors") or {}
        conf["preprocessors"] = {
            key: each for key, each in chosen.items() if each and _SAFE_PREPROCESSOR.fullmatch(str(each.get("type")))
        }
        return conf

    def _create_environment(self) -> jinja2.Environment:
        """The environment, in which a template of a project can only lay out text."""
        usual = super()._create_environment()  # type: ignore[no-untyped-call]
        found = SandboxedEnvironment(loader=usual.loader, extensions=["jinja2.ext.loopcontrols"])
        found.filters, found.globals = usual.filters, usual.globals
        return found

    def _preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        for preprocessor in self._preprocessors:
            nb, resources = preprocessor(nb, resources)
        return nb, resources

    def page(self, notebook: NotebookNode, resources: Mapping[str, Any], filters: Mapping[str, Any]) -> str:
        """The page as the template lays it out, before anything was taken away."""
        for name, function in filters.items():
            self.register_filter(name, function)  # type: ignore[no-untyped-call]
        known = self._init_resources(resources)  # type: ignore[no-untyped-call]
        return str(TemplateExporter.from_notebook_node(self, notebook, known)[0])


def names() -> list[str]:
    """The templates for HTML that can be named: ours first, then those of nbconvert."""
    found = []
    for conf in Path(installed.share(), "nbconvert", "templates").glob("*/conf.json"):
        if (conf.parent / "index.html.j2").is_file() and conf.parent.name != "reveal":
            found.append(conf.parent.name)
    return ["report", *sorted(found)]


@lru_cache(maxsize=8)
def _exporter(name: str, base: str, no_input: bool, no_prompt: bool) -> OfflineExporter:
    folders = [base] if base else []
    hidden = {"exclude_input": no_input, "exclude_input_prompt": no_prompt, "exclude_output_prompt": no_prompt}
    made = {"template_name": name, "extra_template_basedirs": folders, **hidden}
    return OfflineExporter(**made)  # type: ignore[no-untyped-call]


def page(notebook: NotebookNode, place: pictures.Place, wanted: WantedTemplate) -> str:
    """A plain notebook as the page, or the part of a page, that a named template makes. Raises ReportFailed."""
    name, base = _located(wanted.template, place.allowed)
    pieces = cleaning.Pieces()
    cleaner = cleaning.Cleaner(place, pieces)
    markdown = Markdown(cleaner, pieces)
    ready, texts = _cleaned(notebook, outputs.ReportOutputs(cleaner, pieces, markdown), pieces)
    language = str(notebook["metadata"]["language_info"].get("pygments_lexer") or "ipython3")
    filters = {
        "markdown2html": lambda source: texts.get(source, ""),
        "highlight_code": lambda source, **_: pieces.keep(highlighted(source or " ", language)),
        "filter_data_type": lambda data: list(data)[:1],
    }
    title = wanted.title or "Notebook"
    resources = {"metadata": {"name": title, "path": ""}, "config_dir": "/dev/null"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exporter = _exporter(name, base, wanted.no_input, wanted.no_prompt or wanted.no_input)
            found = exporter.page(ready, resources, filters)
    except (jinja2.TemplateError, json.JSONDecodeError, ValueError, TypeError, AttributeError, OSError) as error:
        words = str(error).partition("\n")[0][:300]
        raise ReportFailed(
            f"The template `{wanted.template}` does not work: {words}", _NAMED.format(_listed())
        ) from error
    return pieces.put_back(offline(found))


_NAMED = "Without a template you get ours, `report`. There are also: {}, or a folder of the project with a template."


def _listed() -> str:
    return ", ".join(f"`{name}`" for name in names()[1:])


def _located(template: str, allowed: Path) -> tuple[str, str]:
    """The name of a template and the folder that it is in, if it is the project's. Raises ReportFailed."""
    if template in names():
        return template, ""
    remedy = _NAMED.format(_listed())
    try:
        folder = (allowed / template).resolve()
        inside = folder.is_relative_to(allowed) and folder != allowed and folder.is_dir()
        files = list(folder.rglob("*")) if inside else []
        strays = [path for path in files if not path.resolve().is_relative_to(allowed)]
    except (OSError, ValueError, RuntimeError):
        inside, strays = False, []
    if not inside:
        raise ReportFailed(f"There is no template `{template}`.", remedy)
    if strays:
        raise ReportFailed(f"The template `{template}` has a link that leads out of the project.", "Remove the link.")
    return folder.name, str(folder.parent)


def _cleaned(
    notebook: NotebookNode, layout: outputs.ReportOutputs, pieces: cleaning.Pieces
) -> tuple[NotebookNode, dict[str, str]]:
    """The notebook with each output in one static form, and the HTML of each Markdown source in it.

    What is clean by now waits aside under its mark, so that only the template's own part of the page is parsed again.
    """
    texts: dict[str, str] = {}
    cells, number = [], 0
    for cell in notebook["cells"]:
        found = plain.node(cell)
        if cell["cell_type"] == "code":
            number += 1
            found["outputs"] = [_static(output, number, cell, layout, pieces) for output in cell["outputs"]]
        elif cell["cell_type"] == "markdown":
            text, remarks = layout.markdown.render(cell["source"], cell["attachments"], "Table")
            texts[cell["source"]] = pieces.keep(anchored(text) + outputs.notes(remarks))
            found["attachments"] = {}
        else:
            text, remarks = layout.cleaner.clean(cell["source"], {}, "Picture")
            found["source"] = pieces.keep(layout.markdown.finished(text) + outputs.notes(remarks))
        cells.append(found)
    return plain.node({**notebook, "cells": cells}), texts


def _static(
    output: NotebookNode, number: int, cell: NotebookNode, layout: outputs.ReportOutputs, pieces: cleaning.Pieces
) -> NotebookNode:
    if "data" not in output:
        return output
    shown = layout.shown(output, number, cell["metadata"].get("alt"))
    if shown.kind in _NATIVE and not shown.remarks:
        sizes = output["metadata"].get(shown.kind)
        data, kept = (
            {shown.kind: output["data"][shown.kind]},
            sizes if isinstance(sizes, Mapping) else output["metadata"],
        )
        kept = {key: kept[key] for key in ("width", "height") if _SIZE.fullmatch(str(kept.get(key, "")))}
        alternative = html.unescape(re.search(r'alt="([^"]*)"', shown.html)[1])  # type: ignore[index]
        return _output(output, data, {shown.kind: {**kept, "alt": alternative}})
    if shown.kind == "text/plain" and not shown.remarks:
        return _output(output, {"text/plain": output["data"]["text/plain"]}, {})
    return _output(output, {"text/html": pieces.keep(shown.html + outputs.notes(shown.remarks))}, {})


def _output(output: NotebookNode, data: Mapping[str, str], metadata: Mapping[str, Any]) -> NotebookNode:
    return plain.node({**output, "data": plain.node(data), "metadata": plain.node(metadata)})


def anchored(text: str) -> str:
    """HTML of Markdown whose headings have the addresses and the signs that nbconvert gives them."""
    found = headings.Headings()
    found.collect(text)
    for heading in found.found:
        heading.level = heading.given
    return headings.Writer(found, None, "¶").write(text)


def offline(page: str) -> str:
    """A page, or a part of one, with nothing in it that a browser would load from elsewhere."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page, features="html.parser")
    for element in soup.find_all(
        ("script", "link", "iframe", "frame", "object", "embed", "audio", "video", "source", "base")
    ):
        if element.name != "script" or element.get("src") is not None or _LOADED.search(str(element)):
            element.decompose()
    for element in soup.find_all("img"):
        if not str(element.get("src", "")).startswith("data:"):
            element.decompose()
            continue
        element.attrs.setdefault("alt", "Output")
    for element in soup.find_all("style"):
        sheet = element.string or ""
        if _CSS_LOADED.search(sheet):
            element.string = _CSS_LOADED.sub("", sheet)
    for element in soup.find_all(True):
        for name in [name for name, value in element.attrs.items() if _loads(name, str(value))]:
            del element.attrs[name]
    for element in soup.select(".jp-Notebook div.jp-Cell-inputWrapper, .jp-Notebook div.jp-OutputArea-output"):
        element.attrs["tabindex"] = "0"
    return str(soup)


def _loads(name: str, value: str) -> bool:
    """Whether an attribute makes a browser load something from elsewhere, or run something."""
    if name in ("alt", "title", "aria-label", "href", "content", "class", "id"):
        return False
    return (
        name.startswith("on")
        or _REMOTE.match(value) is not None
        or (name == "style" and _CSS_LOADED.search(value) is not None)
    )
