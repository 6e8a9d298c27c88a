"""What the readers of scripts share: a use of a file, and a collector that keeps only what is beyond doubt.

A reader tells a collector every call it understands, whether it surely happens, and in which function. Nothing of any
language is here (see ``python``, ``r`` and ``stata``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from posixpath import join, normpath
from typing import Literal

from ..models import WORKSPACE

Mode = Literal["read", "write"]

HOLE = "\0"
"""Stands in a path for a part that is only known at run time."""
MAX_PATH = 1000

_ODD = re.compile(r"""[*?\[\]{}<>|"'\\$`%#~^:;\n\r\t]""")


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a script reads or writes a file of the project."""

    path: str
    """Relative to the project; ``*`` stands for the part of a name that is only known at run time."""
    line: int
    mode: Mode
    cell: int | None = None
    """The number of the notebook's code cell in which `line` counts, from 1."""


@dataclass(frozen=True, slots=True)
class _Record:
    path: str
    line: int
    mode: Mode
    cell: int | None
    is_sure: bool
    scope: int


class Uses:
    """Collects the uses of files in one script, by function, so that functions nobody calls do not count."""

    def __init__(self) -> None:
        self.moves = False
        """Whether the script changes its working folder, after which no relative path can be told."""
        self.touched: set[str] = set()
        """Paths given to code that is not understood, which may make, test or delete the file."""
        self._records: list[_Record] = []
        self._named: defaultdict[int, set[str]] = defaultdict(set)
        self._scopes: defaultdict[str, list[int]] = defaultdict(list)
        self._count = 0

    def scope(self, name: str) -> int:
        """Begin a function and give its number; the code outside of functions is 0."""
        self._count += 1
        self._scopes[name].append(self._count)
        return self._count

    def name(self, scope: int, name: str) -> None:
        """Say that code which surely runs when `scope` does speaks of `name`, perhaps a function."""
        self._named[scope].add(name)

    def add(self, path: str | None, line: int, mode: Mode, *, is_sure: bool, scope: int, cell: int | None) -> None:
        """Add one reading or writing of a path as the script says it, None when that cannot be told."""
        if path is not None:
            self._records.append(_Record(path, line, mode, cell, is_sure, scope))

    def sure(self, folder: str) -> tuple[Use, ...]:
        """The uses that surely happen when the script runs in `folder` of the project, in the order of the lines."""
        if self.moves:
            return ()
        live = self._live()
        touched = {local(path, folder) for path in self.touched}
        found: dict[Use, None] = {}
        for record in self._records:
            path = local(record.path, folder)
            if not record.is_sure or record.scope not in live:
                touched |= {path} if record.mode == "write" else set()
            elif path:
                found[Use(path, record.line, record.mode, record.cell)] = None
        return tuple(sorted((use for use in found if use.path not in touched), key=lambda u: (u.cell or 0, u.line)))

    def _live(self) -> set[int]:
        """The functions that the code outside of functions speaks of, and those that these speak of, and so on."""
        live: set[int] = set()
        work = [0, *(scope for name, scopes in self._scopes.items() if name.startswith("__") for scope in scopes)]
        while work:
            scope = work.pop()
            if scope not in live:
                live.add(scope)
                work += [each for name in self._named[scope] for each in self._scopes.get(name, ())]
        return live


def local(path: str, folder: str) -> str:
    """A path as code in `folder` says it, relative to the project; empty when it is outside or doubtful.

    A hole is kept, as ``*``, only where text of the same name stands on both sides.
    """
    if not path or len(path) > MAX_PATH or path.endswith("/") or _ODD.search(path):
        return ""
    if path.startswith("/"):
        if not path.startswith(f"{WORKSPACE}/"):
            return ""
        folder, path = "", path[len(WORKSPACE) :].lstrip("/")
    found = normpath(join(folder, path))
    if found in (".", "..") or found.startswith(("/", "../")):
        return ""
    if HOLE in found:
        pieces = [name.split(HOLE) for name in found.split("/") if HOLE in name]
        if any(not each[0] or not each[-1] for each in pieces):
            return ""
        found = re.sub(f"{HOLE}+", "*", found)
    return found if found.isprintable() else ""
