"""Code and outputs of two requests side by side; the left side is the other, mostly earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..pipeline import Level
from .base import Document
from .outputs import ServedOutputDocument

ChangeWord = Literal["added", "changed", "removed"]
FileKind = Literal["text", "notebook", "binary", "large", "protected"]
CellKind = Literal["same", "changed", "added", "removed"]
RowKind = Literal["same", "changed", "added", "removed", "gap"]
CellType = Literal["code", "markdown", "raw"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ComparisonDocument(Document):
    """Which files differ between the code of a request and that of an earlier one."""

    kind: str
    request: str | None
    number: int | None
    commit: str | None
    dirty: bool | None
    code: str | None
    added: tuple[str, ...] | None
    changed: tuple[str, ...] | None
    removed: tuple[str, ...] | None
    reason: str
    """Why there is nothing to compare, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FileChangeDocument(Document):
    """A file that differs."""

    path: str
    change: ChangeWord
    kind: FileKind
    added: int | None
    """Lines, changed ones included; of a notebook those of its cells."""
    removed: int | None
    reason: str
    """Why there is nothing to show, or what is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CodeDifferencesDocument(Document):
    """The files that differ between the code of two requests."""

    request: str
    with_: str | None
    """The other request; null when there is no earlier one."""
    number: int | None
    reason: str
    """Why there is nothing to compare, or empty."""
    files: tuple[FileChangeDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SideDocument(Document):
    """A line of one of two files."""

    line: int
    """From 1."""
    text: str
    marks: tuple[tuple[int, int], ...]
    """What differs in a changed line, each from a character (code point) to the one after its last."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RowDocument(Document):
    """A line of the other request's file beside that of this one; a gap stands for equal lines."""

    kind: RowKind
    left: SideDocument | None
    right: SideDocument | None
    count: int | None = None
    """Of a gap: how many lines it stands for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CellDocument(Document):
    """A cell of a notebook beside that of another."""

    kind: CellKind
    cell_type: CellType
    left: int | None
    """Its number in the other request's notebook, from 1."""
    right: int | None
    rows: tuple[RowDocument, ...]
    """None for a cell that is the same."""
    outputs_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FileDifferencesDocument(FileChangeDocument):
    """What differs in one file: by line, or by cell."""

    rows: tuple[RowDocument, ...] | None
    cells: tuple[CellDocument, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OutputPairDocument(Document):
    """The same output of two requests."""

    path: str
    action: str
    level: Level
    """The stricter of both."""
    left: ServedOutputDocument | None
    right: ServedOutputDocument | None
    same: bool | None
    """Whether their content is the same."""
    comparable: bool
    reason: str
    """Why they may not be compared, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OutputPairsDocument(Document):
    """The outputs of two requests side by side."""

    request: str
    with_: str | None
    outputs: tuple[OutputPairDocument, ...]
