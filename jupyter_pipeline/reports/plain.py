"""A notebook as a report needs it: a copy whose parts have the types they should have, whatever was in the file.

The notebook that was given is never changed. Nothing is cleaned here: text is still untrusted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nbformat import NotebookNode

from .cleaning import unmarked

_CONTROL = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
PAPERMILL_MARK = "papermill-error-cell-tag"
WIDGET = "application/vnd.jupyter.widget-view+json"


def notebook(given: Mapping[str, Any]) -> NotebookNode:
    """A copy of a notebook of format 4 with text as text, streams joined, and the state of widgets left out."""
    metadata = _mapping(given.get("metadata"))
    metadata.pop("widgets", None)
    language = _mapping(metadata.get("language_info"))
    if language.get("nbconvert_exporter") not in ("python", "script"):
        language.pop("nbconvert_exporter", None)  # it may name any class of any module
    spoken = str(_mapping(metadata.get("kernelspec")).get("language") or "python")
    usual = {"name": spoken, "file_extension": ".py"} if spoken == "python" else {"name": spoken}
    cells = [_cell(cell) for cell in _sequence(given.get("cells")) if isinstance(cell, Mapping) and not _is_mark(cell)]
    return _made(
        nbformat=4,
        nbformat_minor=4,
        metadata=node({**metadata, "language_info": node({**usual, **language})}),
        cells=[cell for cell in cells if cell is not None],
    )


def text(value: object) -> str:
    """A text that may have been kept as a list of its lines, without half characters and without our own marks."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        value = "".join(str(line) for line in value)
    found = "" if value is None else value if isinstance(value, str) else str(value)
    return found if found.isascii() else unmarked(found.encode("utf-8", "replace").decode("utf-8"))


def _cell(cell: Mapping[str, Any]) -> NotebookNode | None:
    kind = cell.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        return None
    metadata = _mapping(cell.get("metadata"))
    metadata["tags"] = [tag for tag in _sequence(metadata.get("tags")) if isinstance(tag, str)]
    metadata["transient"] = node(_mapping(metadata.get("transient")))
    found = _made(cell_type=kind, metadata=node(metadata), source=text(cell.get("source")))
    if isinstance(cell.get("id"), str):
        found["id"] = cell["id"]
    if kind == "code":
        found["execution_count"] = _count(cell)
        found["outputs"] = _outputs(_sequence(cell.get("outputs")))
    else:
        found["attachments"] = _mapping(cell.get("attachments"))
    return found


def _is_mark(cell: Mapping[str, Any]) -> bool:
    """Whether papermill put this cell there to point at an error, which reports show in their own way."""
    return PAPERMILL_MARK in _sequence(_mapping(cell.get("metadata")).get("tags"))


def _outputs(outputs: Sequence[Any]) -> list[NotebookNode]:
    found: list[NotebookNode] = []
    for given in outputs:
        output = _output(given) if isinstance(given, Mapping) else None
        if output is None:
            continue
        last = found[-1] if found else None
        if output["output_type"] == "stream" and last is not None and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            found.append(output)
    for output in found:
        if output["output_type"] == "stream":
            output["text"] = _CONTROL.sub("", _overwritten(output["text"]))
    return [output for output in found if output.get("text") != ""]


def _overwritten(printed: str) -> str:
    """Text as it stands on a terminal in the end: what follows a carriage return writes over its line."""
    if "\r" not in printed:
        return printed
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in printed.split("\n"))


def _output(given: Mapping[str, Any]) -> NotebookNode | None:
    kind = given.get("output_type")
    if kind == "stream":
        name = "stderr" if given.get("name") == "stderr" else "stdout"
        return _made(output_type=kind, name=name, text=text(given.get("text")))
    if kind == "error":
        lines = [_CONTROL.sub("", text(line)) for line in _sequence(given.get("traceback"))]
        name, value = (text(given.get(key)) for key in ("ename", "evalue"))
        return _made(output_type=kind, ename=name, evalue=value, traceback=lines)
    if kind in ("display_data", "execute_result"):
        data = {key: text(value) for key, value in _mapping(given.get("data")).items() if _is_text(key)}
        if WIDGET in _mapping(given.get("data")):
            data[WIDGET] = ""
        found = _made(output_type=kind, data=node(data), metadata=node(_mapping(given.get("metadata"))))
        if kind == "execute_result":
            found["execution_count"] = _count(given)
        return found
    return None


def _count(given: Mapping[str, Any]) -> int | None:
    count = given.get("execution_count")
    return count if isinstance(count, int) and count >= 0 else None


def _is_text(kind: object) -> bool:
    """Whether data of this type is text; types that are JSON are not shown in any report."""
    return isinstance(kind, str) and not kind.endswith("json")


def _mapping(value: object) -> dict[str, Any]:
    return {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()


def node(value: Mapping[str, Any]) -> NotebookNode:
    """A part of a notebook, as nbformat has it."""
    return NotebookNode(value)  # type: ignore[no-untyped-call]


def _made(**parts: Any) -> NotebookNode:
    return node(parts)
