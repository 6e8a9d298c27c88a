"""Documents as the program makes them, for those who read or draw them."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, Literal, TypeVar, Union

from jupyter_pipeline.models import Level, State, StatusCode
from jupyter_pipeline.models.documents import (
    Document,
    EventDocument,
    JobDocument,
    NotebookCellDocument,
    NotebookDocument,
    plain,
    read,
)

NOTEBOOK = NotebookDocument(
    path="analysis/report.ipynb",
    tool="papermill",
    note="",
    parameters={"threshold": 5},
    level=Level.MODERATELY,
    total=3,
    done=1,
    cells=(
        NotebookCellDocument(number=1, state="done", elapsed=0.5, line="import pandas"),
        NotebookCellDocument(number=2, state="failed", elapsed=0.1, line="1 / 0"),
    ),
)
JOB = JobDocument(
    id="abcdefghijklmnop",
    request="ponmlkjihgfedcba",
    action="report",
    state=State.FAILED,
    code=StatusCode.NONZERO_EXIT,
    message="Cell 2 failed.",
    reason="It has not run before.",
    run_command="python:v2 papermill analysis/report.ipynb output/report.ipynb",
    runtime="python:v2",
    executor="sandbox",
    exit_code=1,
    created_at="2024-05-06T07:08:09+00:00",
    started_at="2024-05-06T07:08:10+00:00",
    completed_at="2024-05-06T07:08:12+00:00",
    elapsed=2.0,
    cpu_time=1.5,
    peak_memory=50_000_000,
    cancelled=False,
    updated_at="2024-05-06T07:08:12+00:00",
    revision=9,
    notebook=NOTEBOOK,
)
EVENT = EventDocument(
    revision=9,
    at="2024-05-06T07:08:12+00:00",
    kind="job",
    request=JOB.request,
    job=JOB.id,
    action="report",
    state="failed",
    code="nonzero_exit",
    message="Cell 2 failed.",
)


T = TypeVar("T", bound=Document)
_BLANK: Mapping[Any, Any] = {str: "", int: 0, float: 0.0, bool: False}


def filled(kind: type[T], data: Mapping[str, Any]) -> T:
    """A document of which only what a test is about is said; the rest is empty, zero, no or the first of its words."""
    return read(kind, _filled(kind, data))


def _filled(kind: type[Document], data: Mapping[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    keys = {field.name: field.name.removesuffix("_") for field in fields(kind)}
    assert data.keys() <= set(keys.values()), data.keys() - set(keys.values())
    return {key: _part(hints[name], data[key]) if key in data else _blank(hints[name]) for name, key in keys.items()}


def _part(hint: Any, value: Any) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if value is None or isinstance(value, Document):
        return plain(value)
    if origin in (Union, types.UnionType):
        return _part(inner[0], value)
    if origin is tuple:
        return [_part(inner[0], each) for each in value]
    return _filled(hint, value) if isinstance(hint, type) and issubclass(hint, Document) else value


def _blank(hint: Any) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return None
    if origin is tuple:
        return []
    if origin is Literal:
        return inner[0]
    if isinstance(hint, type) and issubclass(hint, Document):
        return _filled(hint, {})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return str(next(iter(hint)))
    return _BLANK.get(hint, {})
