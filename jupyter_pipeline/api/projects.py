"""The projects that this server knows: found below its folder, or above a path that somebody is at."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import printable
from ..errors import NotFound, PipelineError
from ..planning import survey
from ..project.facade import LocalProject

DEEPEST, MOST_FOLDERS = 6, 5000
"""How far below the server's folder projects are looked for; any other is found from a path in it."""
_SKIPPED = frozenset({"node_modules", "__pycache__", "lost+found"})


@dataclass(frozen=True, slots=True)
class Known:
    """A project by the identifier that requests name it with."""

    id: str
    root: Path
    path: str
    """Relative to the server's folder, ``.`` for that folder itself."""


class Projects:
    """Finds projects. Safe to be asked from several threads: what is kept is only ever added to."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = Path(os.path.realpath(folder))
        self.settings = settings
        self._known: dict[str, Known] = {}

    def nearest(self, path: str) -> Known:
        """The project that a path, relative to the server's folder, belongs to. Raises NotFound."""
        missing = NotFound(
            f"There is no project.yaml in {path or 'this folder'} or above it.", "Open a file of a project."
        )
        if "\0" in path:
            raise missing
        try:
            start = Path(os.path.realpath(self.folder / path.lstrip("/")))
        except OSError as error:
            raise missing from error
        if not start.is_relative_to(self.folder):
            raise missing
        for folder in (start, *start.parents):
            if _is_project(folder) and (folder.is_relative_to(self.folder) or _is_ours(folder)):
                return self._know(folder)
        raise missing

    def all(self) -> list[Known]:
        """The projects below the server's folder, and the one around it if there is one, by path."""
        found = {known.id: known for known in map(self._know, self._walk(self.folder))}
        above = next((folder for folder in self.folder.parents if _is_project(folder) and _is_ours(folder)), None)
        if above is not None and not _is_project(self.folder):
            known = self._know(above)
            found[known.id] = known
        return sorted(found.values(), key=lambda known: known.path)

    def known(self, key: str) -> Known:
        """The project of that identifier. Raises NotFound."""
        if key not in self._known:
            self.all()  # the server may have been started again since the identifier was given out
        known = self._known.get(key)
        if known is None or not _is_project(known.root):
            raise NotFound(f"There is no project {key}.", "Ask for the list of projects again.")
        return known

    def open(self, key: str, backend: str | None = None) -> LocalProject:
        """The project of that identifier on a backend. Raises NotFound, and InvalidConfig for its settings."""
        return LocalProject.find(self.known(key).root, backend=backend, **self.settings)

    def workspace(self, known: Known) -> str:
        """The name of a project's workspace; that of its folder where its settings cannot be read."""
        try:
            return self.open(known.id).config.workspace
        except PipelineError:  # it is told to whoever asks for that project
            return printable(known.root.name)

    def without_places(self, text: str) -> str:
        """A text in which no folder of this machine is named, as far as it is one of a project or of this server."""
        known = {str(one.root): one.path for one in self._known.values()} | {str(self.folder): "."}
        for place in sorted(known, key=len, reverse=True):
            text = text.replace(f"{place}/", "" if known[place] == "." else f"{known[place]}/")
            text = text.replace(place, "the server's folder" if known[place] == "." else known[place])
        return text

    def open_all(self) -> Iterator[tuple[Known, LocalProject]]:
        """Every project below the server's folder, on each backend that has been used; those in order."""
        for known in self.all():
            try:
                project = self.open(known.id)
                for backend in project.backends():
                    yield known, self.open(known.id, backend)
            except PipelineError:
                continue  # it is told to whoever asks for that project

    def _know(self, folder: Path) -> Known:
        key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        known = self._known.get(key)
        if known is None:
            path = os.path.relpath(folder, self.folder).encode(errors="replace").decode()
            known = self._known[key] = Known(key, folder, path)
        return known

    @staticmethod
    def _walk(top: Path) -> Iterator[Path]:
        """Folders with a project.yaml, nearest first; no link is followed."""
        level, seen = [top], 0
        for _ in range(DEEPEST + 1):
            below: list[Path] = []
            for folder in level:
                seen += 1
                if seen > MOST_FOLDERS:
                    return
                names = _folders(folder)
                if names is None:
                    continue
                if _is_project(folder):
                    yield folder
                below += [folder / name for name in names]
            level = below


def _folders(folder: Path) -> list[str] | None:
    """The folders within one that can hold projects; None where the folder itself is not a place for any."""
    try:
        with os.scandir(folder) as entries:
            listed = list(entries)
        if any(entry.name == "pyvenv.cfg" for entry in listed):
            return None
        return sorted(
            entry.name
            for entry in listed
            if entry.name not in _SKIPPED and not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
        )
    except OSError:
        return None


def _is_project(folder: Path) -> bool:
    return os.path.isfile(folder / survey.PROJECT_FILE)


def _is_ours(folder: Path) -> bool:
    """Whether a folder above the server's is this person's own: nobody else's is to be taken for the project."""
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return False
