"""Notebooks in other formats than HTML: as nbconvert writes them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import nbformat

from ..errors import ReportFailed
from . import installed, plain


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is not to be seen."""

    no_input: bool = False
    no_prompt: bool = False


def notebook(given: Mapping[str, Any]) -> str:
    """The notebook itself, as text."""
    written = nbformat.writes(plain.node(given), version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
    return f"{written}\n"


def text(
    given: Mapping[str, Any], to: str, hidden: Hidden, name: str, files: dict[str, bytes] | None
) -> tuple[str, str]:
    """Markdown or a script, and its extension. Pictures go into `files`, or stand in the text. Raises ReportFailed."""
    exporter = _exporter(to, hidden, files is not None)
    resources = {"metadata": {"name": name, "path": ""}, "output_files_dir": f"{name}_files", "unique_key": name}
    try:
        with warnings.catch_warnings():  # of outputs that have no form for this format
            warnings.simplefilter("ignore")
            found, made = exporter.from_notebook_node(plain.notebook(given), resources)
    except (ValueError, TypeError, AttributeError, KeyError, ImportError, nbformat.ValidationError) as error:
        raise ReportFailed(f"The notebook cannot be written as {to}: {error}", "Write it as HTML.") from error
    if files is not None:
        files.update({str(path): bytes(content) for path, content in (made.get("outputs") or {}).items()})
    return str(found), str(made.get("output_extension") or (".md" if to == "markdown" else ".txt"))


def _exporter(to: str, hidden: Hidden, apart: bool) -> Any:
    from nbconvert.exporters import MarkdownExporter, ScriptExporter
    from traitlets.config import Config

    class OfflineMarkdown(installed.FromInstallation, MarkdownExporter):
        """Markdown by nbconvert's own template."""

    class OfflineScript(installed.FromInstallation, ScriptExporter):
        """A script by nbconvert's own template."""

    kept = Config()
    for preprocessor in ("ExtractOutputPreprocessor", "ExtractAttachmentsPreprocessor"):
        kept[preprocessor].enabled = apart
    return (OfflineMarkdown if to == "markdown" else OfflineScript)(
        config=kept if to == "markdown" else Config(),
        exclude_input=hidden.no_input,
        exclude_input_prompt=hidden.no_prompt or hidden.no_input,
        exclude_output_prompt=hidden.no_prompt or hidden.no_input,
        extra_template_basedirs=[],
    )
