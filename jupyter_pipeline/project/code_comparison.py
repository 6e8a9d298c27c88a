"""The code of a request beside that of another: which files differ, and what differs in one of them.

The code is what was kept when the requests were made. What may not be seen of a project's folder is not shown here
either, should a file of that name have been taken for code once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..config import Config
from ..diffs import texts as differences
from ..diffs.notebooks import CellDifference, compare_notebooks, sources_of
from ..diffs.texts import Row
from ..errors import NotFound
from ..models import JobRequest
from ..planning import history
from ..planning.history import HistoryComparison
from ..protection.project import ProtectedProject as ProtectedFiles
from ..snapshots import trees
from ..store.database import Store

if TYPE_CHECKING:
    from ..models.documents import ChangeWord, FileKind

MOST_READ = 2 * 1024**2
"""Bytes of the largest file that is compared."""
MOST_COUNTED = 20 * 1024**2
"""Bytes of files whose changed lines are counted for one list; those of the others are not."""
STEPS_OF_A_COUNT = 200_000
_SENTENCES = {
    "binary": "It is not a text in UTF-8, so its lines cannot be compared.",
    "large": f"It is larger than {MOST_READ // 1024**2} MB, so its lines are not compared.",
}


_MADE = "A job has made a file of that name: look at it as an output."


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that differs."""

    path: str
    change: ChangeWord
    """``added``, ``changed`` or ``removed``."""
    kind: FileKind
    """``text``, ``notebook``, ``binary``, ``large``, or ``protected``, which may not be seen."""
    added: int | None = None
    """Lines that were added, changed ones included; of a notebook of its cells' source. None where not counted."""
    removed: int | None = None
    reason: str = ""
    """Why its content is not compared, or what the comparison does not show; or empty."""


@dataclass(frozen=True, slots=True)
class FileDifferences:
    """What differs in a file: rows of a text, or cells of a notebook, or neither for a reason."""

    file: FileChange
    rows: tuple[Row, ...] | None = None
    cells: tuple[CellDifference, ...] | None = None


class CodeComparison:
    """The code of `request` beside that of `other` (as for ``planning.history.comparison``).

    Files can be code and outputs: a notebook that is executed in place, dummy data. Of a protected notebook the source
    is shown, never its outputs; of `unquoted` paths nothing, for a job may have put there what nobody may see.
    """

    def __init__(
        self, config: Config, store: Store, request: JobRequest, other: str, unquoted: Collection[str]
    ) -> None:
        self.config, self.request, self._unquoted = config, request, unquoted
        self.comparison: HistoryComparison = history.comparison(config.state, store, request, other)
        self._protected = ProtectedFiles(str(config.root), {"state": str(config.state)})
        self._protected.refresh()

    def files(self) -> list[FileChange]:
        """The files that differ, by path, with how many of their lines do."""
        left, found = MOST_COUNTED, []
        for path, change in sorted(self._changes().items()):
            pair = self._read(path, change)
            size = sum(map(len, pair.texts))
            found.append(_counted(pair) if size <= left else pair.file)
            left -= min(size, left)
        return found

    def file(self, path: str) -> FileDifferences:
        """What differs in one of them. Raises NotFound for any other path."""
        change = self._changes().get(path)
        if change is None:
            raise NotFound(f"{path} does not differ between the two requests.", "Ask for the list of files again.")
        pair = self._read(path, change)
        if pair.file.kind == "notebook":
            return _notebook(pair)
        if pair.file.kind == "text":
            return _text(pair)
        return FileDifferences(pair.file)

    def _changes(self) -> Mapping[str, ChangeWord]:
        found = self.comparison.difference
        if found is None:
            return {}
        kinds: dict[ChangeWord, tuple[str, ...]] = {
            "added": found.added,
            "changed": found.changed,
            "removed": found.removed,
        }
        return {path: kind for kind, paths in kinds.items() for path in paths}

    def _read(self, path: str, change: ChangeWord) -> _Pair:
        """Both versions of a file, where they can be compared."""
        is_notebook = path.endswith(".ipynb")
        why = self._protected.reason(path)
        if path in self._unquoted:
            why = why or _MADE
        if why is not None and (path in self._unquoted or not is_notebook):
            return _Pair(FileChange(path, change, "protected", reason=f"It may not be seen. {why}"))
        other = self.comparison.request
        codes = (other.code if other else None, self.request.code)
        there = (change != "added", change != "removed")
        contents = [
            trees.content(self.config.state, code, path, MOST_READ + 1) if code and is_there else b""
            for code, is_there in zip(codes, there, strict=True)
        ]
        if max(map(len, contents)) > MOST_READ:
            return _Pair(FileChange(path, change, "large", reason=_SENTENCES["large"]))
        try:
            older, newer = (content.decode("utf-8") for content in contents)
        except UnicodeDecodeError:
            return _Pair(FileChange(path, change, "binary", reason=_SENTENCES["binary"]))
        if "\0" in older or "\0" in newer:
            return _Pair(FileChange(path, change, "binary", reason=_SENTENCES["binary"]))
        reason = "Only its mode has changed." if older == newer and change == "changed" else ""
        return _Pair(FileChange(path, change, "notebook" if is_notebook else "text", reason=reason), (older, newer))


@dataclass(frozen=True, slots=True)
class _Pair:
    """A file in both versions."""

    file: FileChange
    texts: tuple[str, str] = ("", "")
    """Empty where there is none, or it is not to be compared."""


_NO_NOTEBOOK = '{"cells": []}'


def _counted(pair: _Pair) -> FileChange:
    file = pair.file
    if file.kind not in ("text", "notebook"):
        return file
    try:
        texts = [sources_of(text) if text else "" for text in pair.texts] if file.kind == "notebook" else pair.texts
    except ValueError as error:
        return replace(file, reason=str(error))
    added, removed = differences.count(texts[0], texts[1], STEPS_OF_A_COUNT)
    return replace(file, added=added, removed=removed)


def _text(pair: _Pair) -> FileDifferences:
    found = differences.compare_texts(*pair.texts)
    reason = " ".join(filter(None, (pair.file.reason, *found.notes)))
    file = replace(pair.file, added=found.added, removed=found.removed, reason=reason)
    return FileDifferences(file, rows=found.rows)


def _notebook(pair: _Pair) -> FileDifferences:
    file = _counted(pair)
    try:
        found = compare_notebooks(*(text or _NO_NOTEBOOK for text in pair.texts))
    except ValueError as error:
        return FileDifferences(replace(file, reason=str(error)))
    reason = file.reason or " ".join(found.notes)
    return FileDifferences(replace(file, reason=reason), cells=found.cells)
