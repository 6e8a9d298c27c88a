"""Notebooks to reports that people are shown: one HTML page that needs nothing from elsewhere, or another format.

The text of notebooks is untrusted: what they bring is cleaned (`cleaning`), pictures are only taken from the folder
that is allowed (`pictures`), and no template runs that a notebook chose. Nothing is executed and nothing is fetched.
Importing this package is cheap; nbconvert is imported when it is needed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from .. import person
from ..errors import ReportFailed
from .printing import pdf

if TYPE_CHECKING:
    from nbformat import NotebookNode

FORMATS = ("html", "notebook", "markdown", "script")
TEMPLATE = "report"
"""Our own template, which is used when none is named."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


def html(
    notebook: NotebookNode,
    *,
    template: str | None = None,
    no_input: bool = False,
    no_prompt: bool = False,
    folder: Path,
    allowed: Path | None = None,
    withheld: Callable[[Path], str | None] = lambda _: None,
    provenance: Mapping[str, str] = _NOTHING,
    title: str | None = None,
) -> str:
    """A notebook of format 4 as one HTML page; with the template `basic`, as nbconvert has it, a part of a page.

    `template` is `report` (None), another of nbconvert's for HTML, or a folder below `allowed`. Relative pictures are
    looked for in `folder`, and must be below `allowed` (`folder`, if not given) after following links; `withheld`
    says why a picture there may not be shown. `provenance` is shown at the end of our own template: names and values in
    the order given. `title` is the page's title if the notebook has none of its own: the name of its file. The notebook
    is not changed; the same one gives the same page.

    Raises ReportFailed: no such template, or one that does not work.
    """
    person.ensure_home()  # nbconvert cannot be imported without one
    from . import pictures, plain

    place = pictures.Place(folder.resolve(), (allowed or folder).resolve(), withheld)
    ready = plain.notebook(notebook)
    if template in (None, TEMPLATE):
        from . import exporter

        return exporter.page(ready, place, exporter.Appearance(no_input, no_prompt, title or "", provenance))
    from . import templates

    return templates.page(ready, place, templates.WantedTemplate(template or "", no_input, no_prompt, title or ""))


def export(
    notebook: NotebookNode,
    to: str,
    *,
    template: str | None = None,
    no_input: bool = False,
    no_prompt: bool = False,
    folder: Path,
    allowed: Path | None = None,
    withheld: Callable[[Path], str | None] = lambda _: None,
    provenance: Mapping[str, str] = _NOTHING,
    title: str | None = None,
    files: dict[str, bytes] | None = None,
) -> tuple[str | bytes, str]:
    """A notebook in one of `FORMATS`, and its extension: `.html`, `.ipynb`, `.md`, or the one of its language.

    For `markdown`, pictures are data in the text; if `files` is given, they are put there instead as nbconvert writes
    them, by their path beside the document: `<title>_files/...`. The other keywords are those of `html`; `template`
    and `provenance` matter for HTML alone.

    Raises ReportFailed: no such format, or it could not be made.
    """
    if to == "html":
        keywords = {
            "folder": folder,
            "allowed": allowed,
            "withheld": withheld,
            "provenance": provenance,
            "title": title,
        }
        page = html(notebook, template=template, no_input=no_input, no_prompt=no_prompt, **keywords)  # type: ignore[arg-type]
        return page, ".html"
    if to not in FORMATS:
        raise ReportFailed(f"There is no format `{to}` for notebooks.", f"There are: {', '.join(FORMATS)}.")
    person.ensure_home()
    from . import others

    if to == "notebook":
        return others.notebook(notebook), ".ipynb"
    return others.text(notebook, to, others.Hidden(no_input, no_prompt), title or "notebook", files)


def preload() -> None:
    """Import and make ready all that a report in our own template needs, so that a forked process finds it there."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    output = new_output("display_data", {"text/html": "<b title=a style='color: red'>x</b>"})  # type: ignore[no-untyped-call]
    cells = [new_code_cell("x = 1", outputs=[output]), new_markdown_cell("$x$")]  # type: ignore[no-untyped-call]
    notebook = new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    html(notebook, folder=Path("/"))
    for module in ("others", "templates"):
        importlib.import_module(f"{__name__}.{module}")


__all__ = ["FORMATS", "TEMPLATE", "ReportFailed", "export", "html", "pdf", "preload"]
