"""Writing the files that a command's notebook leaves in the workspace, each one whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat

from ..commands import Export, NotebookRun
from .faults import NotebookFailed, cut


def write_all(
    notebook: Any,
    run: NotebookRun,
    workspace: str,
    provenance: Mapping[str, str],
    exporting: Callable[[str], None],
) -> None:
    """Write the executed notebook and what is to be made from it. Raises NotebookFailed."""
    if run.executed is not None:
        end = "" if run.tool == "papermill" else "\n"  # nbconvert ends its files with a line's end
        text = nbformat.writes(notebook) + end  # type: ignore[no-untyped-call]
        write(workspace, run.executed, text)
    for export in run.exports:
        exporting(export.to)
        for path, made in _made(notebook, run, export, Path(workspace), provenance).items():
            write(workspace, path, made)


def write(workspace: str, path: str, content: str | bytes) -> None:
    """Put a file into the workspace, with the folders that it needs. Raises NotebookFailed."""
    target = Path(workspace, path)
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    part = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = str(target.with_name(f".{secrets.token_hex(8)}.part"))
        with open(part, "xb") as file:  # with the mode that the person's umask gives to all that a job writes
            file.write(data)
        os.replace(part, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise NotebookFailed(f"All cells ran, but `{path}` cannot be written: {error.strerror}.") from error


def _made(
    notebook: Any, run: NotebookRun, export: Export, workspace: Path, provenance: Mapping[str, str]
) -> dict[str, str | bytes]:
    """The files that are made from the notebook, by their paths: one, and beside Markdown its pictures."""
    from ... import reports

    name, target = PurePosixPath(run.notebook), PurePosixPath(export.path)
    pictures: dict[str, bytes] = {}
    try:
        content, extension = reports.export(
            notebook,
            export.to,
            template=export.template,
            no_input=export.no_input,
            no_prompt=export.no_prompt,
            folder=workspace / name.parent,
            allowed=workspace,
            provenance=provenance,
            title=target.stem if export.to == "markdown" else name.stem,
            files=pictures,
        )
    except Exception as error:  # whatever a template or an exporter stumbles over
        why = cut(str(error) or type(error).__name__)
        raise NotebookFailed(f"All cells ran, but no {export.to} could be made of the notebook: {why}") from error
    path = f"{target}.{extension.lstrip('.')}" if export.to == "script" else export.path
    return {path: content} | {str(target.parent / each): data for each, data in pictures.items()}
