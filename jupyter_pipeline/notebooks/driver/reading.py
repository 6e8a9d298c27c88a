"""Reading a notebook: of any version, unfinished or odd as people's notebooks are, or else saying what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .faults import CannotRun

SKIPPED = "skip-execution"
"""The tag of cells that are left as they are (nbclient: skip_cells_with_tag)."""
KINDS = ("code", "markdown", "raw", "heading")


class NotebookDraft:
    """A notebook as it was read, with no library needed, so that its kernel can be started first."""

    def __init__(self, workspace: str, path: str) -> None:
        self.path = path
        self._data = _read(Path(workspace, path), path)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the notebook says of its kernel and language."""
        found = self._data.get("metadata")
        return found if isinstance(found, dict) else {}

    def notebook(self) -> Any:
        """The notebook in today's format, without the outputs of cells that will run."""
        import nbformat

        try:
            _check(self._data, self.path)
            _mend(self._data)
            return nbformat.reads(json.dumps(self._data), as_version=4)  # type: ignore[no-untyped-call]
        except CannotRun:
            raise
        except Exception as error:  # whatever makes the libraries stumble is in the file
            raise CannotRun(f"`{self.path}` is not a valid notebook: {str(error).splitlines()[0][:200]}.") from error


def _read(file: Path, path: str) -> dict[str, Any]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise CannotRun(f"There is no notebook `{path}`.") from None
    except OSError as error:
        raise CannotRun(f"The notebook `{path}` cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CannotRun(f"`{path}` is not a notebook: it is not text in UTF-8.") from None
    if not text.strip():
        raise CannotRun(f"`{path}` is not a notebook: the file is empty.")
    try:
        data = json.loads(text)
    except ValueError as error:
        at = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "a number"
        raise CannotRun(f"`{path}` is not a notebook: it is not valid JSON at {at}.") from None
    except RecursionError:
        raise CannotRun(f"`{path}` is not a notebook: it is nested too deeply.") from None
    if not isinstance(data, dict) or not ("nbformat" in data or "cells" in data or "worksheets" in data):
        raise CannotRun(f"`{path}` is not a notebook: it has no cells and names no format.")
    return data


def _check(data: Mapping[str, Any], path: str) -> None:
    """Raise CannotRun for what no mending can make a notebook."""
    version = data.get("nbformat")
    if version not in (3, 4) or isinstance(version, bool):
        raise CannotRun(
            f"`{path}` has the notebook format {str(version)[:20]}; known are 3 and 4. Save it anew in Jupyter."
        )
    cells = _cells_of_3(data) if version == 3 else data.get("cells")
    if not isinstance(cells, list):
        raise CannotRun(f"`{path}` is not a valid notebook: it has no list of cells.")
    for number, cell in enumerate(cells, 1):
        if wrong := _wrong_with(cell):
            raise CannotRun(f"`{path}` is not a valid notebook: cell {number} {wrong}.")


def _cells_of_3(data: Mapping[str, Any]) -> Any:
    sheets = data.get("worksheets", [])
    if not isinstance(sheets, list) or not all(isinstance(sheet, dict) for sheet in sheets):
        return None
    return [cell for sheet in sheets for cell in sheet.get("cells", [])]


def _wrong_with(cell: Any) -> str:
    if not isinstance(cell, dict):
        return "is not a cell"
    if cell.get("cell_type") not in KINDS:
        return f"has the unknown type `{str(cell.get('cell_type'))[:40]}`"
    source = cell.get("input" if "input" in cell and "source" not in cell else "source", "")
    if not isinstance(source, str | list) or (isinstance(source, list) and not all(isinstance(s, str) for s in source)):
        return "has a source that is not text"
    return ""


def _mend(data: dict[str, Any]) -> None:
    """Complete what is missing, and drop the outputs of the last time; for format 4, of which most are."""
    if data.get("nbformat") != 4:
        return
    if not isinstance(data.get("nbformat_minor"), int):
        data["nbformat_minor"] = 2
    if not isinstance(data.get("metadata"), dict):
        data["metadata"] = {}
    for cell in data["cells"]:
        if not isinstance(cell.get("metadata"), dict):
            cell["metadata"] = {}
        if not isinstance(cell["metadata"].get("tags", []), list):
            del cell["metadata"]["tags"]
        cell.setdefault("source", "")
        if cell["cell_type"] == "code":
            is_kept = SKIPPED in cell["metadata"].get("tags", []) and isinstance(cell.get("outputs"), list)
            cell["outputs"] = cell["outputs"] if is_kept else []
            cell.setdefault("execution_count", None)
