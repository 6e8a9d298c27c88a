"""What one project protects: its records, and the files in its folder that a store or a pattern says no to.

Whether a path belongs to the project at all, under whatever name, is asked in the package.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import time
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .. import config as configuration
from ..config import EXPECTATIONS, JOBS, STATE_FOLDER
from ..errors import PipelineError
from ..models import Level, OutputFile, Pipeline, StatusCode, WrittenFile
from ..outputs.job_folder import INPUTS, RESULT
from ..outputs.publication import METADATA
from ..planning import cache, survey
from ..rules import levels, patterns
from ..rules.patterns import PatternIndex
from ..store.database import FILE, Store
from .disk import (
    NOTHING,
    Folder,
    Folders,
    Identity,
    Sign,
    identity_at,
    identity_of,
    is_at,
    is_settled,
    sign,
    sign_of_database,
)

STATE = "It belongs to the records of a project, which hold what jobs have made, seen or not."
LOG = "It is a full log. The panel of the pipeline shows what may be seen of it."
UNCHECKED = "It cannot be checked, so it is withheld: the history of its project cannot be read."

UNSURE = "It has several names on this disk, and it cannot be seen whether one of them is of something protected."

UNREADABLE_AGAIN = 1.0
"""Seconds after which a history or settings that could not be read are tried again: until then all is withheld."""
MOST_RECORDS = 100_000
"""How many folders of records are looked through for a file with several names before it is withheld."""
_SETTINGS = (survey.PROJECT_FILE, configuration.FILE, "pyproject.toml")
CODE = "code"
"""In the state folder: the copies of the code."""
_NEVER_OUTPUTS = frozenset({survey.PROJECT_FILE, configuration.FILE})


class ProtectedProject:
    """What one project protects, read again when something of it has changed."""

    def __init__(self, root: str, settings: Mapping[str, Any]) -> None:
        self.root = root
        self.states: set[str] = set()
        """Real paths of the folders that hold records, also of those that the settings named earlier."""
        self.folders: dict[Identity, tuple[str, str | None]] = {}
        """Where this project's folders lie, and that as seen from it: None for those of its records."""
        self._settings = settings
        self._seen: list[Sign | None] | None = None
        self._again = float("-inf")
        self._bases: set[str] = set()
        self._backends: list[str] = []
        self._looked_at: list[str] = []
        self._databases: list[str] = []
        self._stores: dict[str, _Store] = {}
        self._source = b""
        self._pipeline: Pipeline | None = None
        self._claims = PatternIndex()
        self._levels: dict[str, Level] = {}
        self._places: set[str] = set()
        self._plain_folders: set[str] = set()
        self._starred_folders: set[str] = set()
        self._refused: dict[str, str] = {}
        self._others: frozenset[str] = frozenset()
        self._ignores_case = self._is_unreadable = self._is_free = self._has_records = False
        self._disk, self._records = Folders(with_files=True), Folders(with_files=True)
        self._contents: dict[str, Folder] = {}
        """What is in the folders in which protected files are or may come to be."""
        self._record_files: set[Identity] = set()
        self._knows_records = False
        self._linked: dict[Identity, str] = {}
        """The files that are elsewhere, behind a link that stands in the place of a protected one."""

    def reason(self, path: str) -> str | None:
        """Why the file at this path, as seen from the project, may not be read or written, or None."""
        name = self._plain(path)
        if name in _NEVER_OUTPUTS:
            return None
        if self._has_records and name.startswith("metadata/") and name.endswith(".log") and name.count("/") == 1:
            return LOG
        if self._is_free and name not in self._others:
            return None
        if (why := self._refused.get(name)) is not None:
            return why
        claims = self._claims.matching(name)
        if not claims:
            return None
        level = levels.strictest(self._levels[pattern] for pattern in claims)
        if level is not Level.MODERATELY:
            return levels.can_view(_claimed(path, level)).reason
        return UNCHECKED if self._is_unreadable else None

    def reason_by_identity(self, status: os.stat_result) -> str | None:
        """Why a file may not be read or written that is one of this project's, whatever its name; or None."""
        identity = identity_of(status)
        paths = [f"{folder}/{name}" for folder, each in self._contents.items() for name in each.files.get(identity, ())]
        paths += filter(None, [self._linked.get(identity)])
        for path in (each.lstrip("/") for each in paths):
            why = self.reason(path)
            if why is not None and is_at(identity, f"{self.root}/{path}"):
                return why
        is_sure = status.st_nlink == 1 or all(each.is_read for each in self._contents.values())
        return None if is_sure else UNSURE

    def reason_by_record(self, status: os.stat_result) -> str | None:
        """Why a file with several names may not be read or written one of which is a record's, or may be; or None."""
        if identity_of(status) in self._record_files:
            return STATE
        return None if self._knows_records else UNSURE

    def refresh_records(self) -> None:
        """Learn which files are among the records, for `reason_by_record`.

        What jobs were given and copies of the code do not count: they are of files that have reasons of their own.
        """
        left, seen = deque(sorted(self.states)), set[str]()
        self._record_files, self._knows_records = set(), True
        while left and len(seen) < MOST_RECORDS:
            place = left.popleft()
            folder = self._records.read(place) if place not in seen else None
            if folder is not None:
                seen.add(place)
                self._record_files.update(folder.files)
                self._knows_records = self._knows_records and folder.is_read
                left += [f"{place}/{name}" for name in folder.own_folders if name not in (INPUTS, CODE)]
        self._knows_records = self._knows_records and not left
        self._records.forget_all_but(seen)

    def refresh(self) -> None:
        """Read what has changed."""
        now, clock = time.monotonic(), time.time_ns()
        seen = self._look()
        is_new = seen != self._seen or now >= self._again
        if is_new:
            self._read()
            self._seen = seen
            is_sure = all(is_settled(each, clock) for each in seen)
            self._again = now if not is_sure else now + UNREADABLE_AGAIN if self._is_unreadable else float("inf")
        if is_new or not self._disk.is_as_read():
            self._look_at_folders()
        self._linked = dict(self._links())

    def _look(self) -> list[Sign | None]:
        return [*map(sign, (*self._looked_at, *self._bases)), *map(sign_of_database, self._databases)]

    def _look_at_folders(self) -> None:
        """Learn where the folders of protected files and of records are now, and what is in the former."""
        self._disk.begin()
        self.folders, self._contents = {}, {}
        for folder in self._plain_folders.union(*map(self._matching_folders, self._starred_folders)):
            place = f"{self.root}/{folder}"
            content = self._disk.read(place)
            if content is not None:
                self._contents[folder] = content
                self.folders[content.identity] = place, folder
        self.folders[self._disk.identity(self.root)] = self.root, ""
        self.folders |= {self._disk.identity(state): (state, None) for state in self.states}
        self.folders.pop(NOTHING, None)

    def _links(self) -> Iterator[tuple[Identity, str]]:
        """What the links lead to that stand in the places of protected files."""
        for folder, each in self._contents.items():
            for path in (f"{folder}/{name}".lstrip("/") for name in each.links):
                if self.reason(path) is not None:
                    yield identity_at(f"{self.root}/{path}"), path

    def _matching_folders(self, place: str) -> list[str]:
        """The folders that are there under a name with stars."""
        found = [""]
        for name in place.split("/"):
            if "*" not in name:
                found = [f"{folder}/{name}".lstrip("/") for folder in found]
                continue
            fits = patterns.compile(name)
            outer = [(folder, self._disk.read(f"{self.root}/{folder}")) for folder in found]
            found = [
                f"{folder}/{each}".lstrip("/")
                for folder, content in outer
                if content is not None
                for each in content.folders
                if fits(each)
            ]
        return found

    def _read(self) -> None:
        """Read settings, stores and project.yaml."""
        is_sure = self._read_settings()
        self._backends = sorted(f"{base}/{name}" for base in self._bases for name in _names(base))
        self._looked_at = [f"{self.root}/{name}" for name in _SETTINGS]
        self._looked_at += filter(None, [os.environ.get(configuration.ENV_SETTINGS)])
        self._databases = [f"{folder}/{FILE}{end}" for folder in self._backends for end in ("", "-wal")]
        read = {folder: _read_store(Path(folder)) for folder in self._backends}
        self._is_unreadable = not is_sure or None in read.values()
        last = {folder: store or self._stores.get(folder) for folder, store in read.items()}
        self._stores = {folder: store for folder, store in last.items() if store is not None}
        # Where the whole project is its own state folder, only what is made there is a record.
        around = {base for base in self._bases if f"{self.root}/".startswith(f"{base}/")}
        self.states = self._bases - around | {f"{base}/{CODE}" for base in around}
        self.states |= {each for each in self._backends if os.path.exists(f"{each}/{FILE}")}
        self._has_records = any(map(os.path.isdir, self.states))
        self._read_pipeline()
        self._merge()

    def _read_settings(self) -> bool:
        """Learn where the state folder is; False where that cannot be known."""
        self._bases.add(os.path.realpath(f"{self.root}/{STATE_FOLDER}"))
        with contextlib.suppress(PipelineError, OSError, ValueError):
            self._bases.add(os.path.realpath(configuration.load(Path(self.root), **self._settings).state))
            return True
        return False

    def _read_pipeline(self) -> None:
        """Read project.yaml; where it is gone or faulty the last good one holds, or that of the newest request."""
        try:
            text = survey.read_project(Path(self.root))
        except PipelineError:
            text = b""
        if self._pipeline is not None and text == self._source:
            return
        self._source = text
        olds = [] if self._pipeline else [store.project_yaml.encode() for store in self._stores.values()]
        folders = [f"{base}/{CODE}" for base in self._bases if os.path.isdir(f"{base}/{CODE}")]
        for source in (text, *olds):
            with contextlib.suppress(PipelineError):
                self._pipeline = _pipeline(source, folders)
                break
        outputs = [
            each for action in (self._pipeline.actions.values() if self._pipeline else ()) for each in action.outputs
        ]
        self._ignores_case = os.path.exists(f"{self.root}/{survey.PROJECT_FILE.upper()}")
        claims: dict[str, list[Level]] = {}
        for output in outputs:
            claims.setdefault(self._plain(output.pattern), []).append(output.level)
        self._levels = {pattern: levels.strictest(found) for pattern, found in claims.items()}
        self._claims = PatternIndex(claims)
        self._places = {os.path.dirname(output.pattern) for output in outputs}

    def _merge(self) -> None:
        """Put together what the stores say; the stricter word counts."""
        stores = self._stores.values()
        self._refused = {self._plain(path): why for store in stores for path, why in store.refused.items()}
        self._others = frozenset(
            self._plain(p) for store in stores if store.backend != EXPECTATIONS for p in store.paths
        )
        self._is_free = not self._is_unreadable and any(store.is_shown for store in stores)
        paths = [path for store in stores for path in store.refused]
        if self._is_unreadable:
            paths += [path for store in stores for path in store.paths] + _listed(Path(self.root))
            self._refused = {self._plain(path): UNCHECKED for path in paths} | self._refused
        folders = {path.rpartition("/")[0] for path in paths} | self._places | {METADATA}
        self._starred_folders = {folder for folder in folders if "*" in folder}
        self._plain_folders = folders - self._starred_folders

    def _plain(self, path: str) -> str:
        """A path as it is compared: accents written in one way, and letters in one case where the disk ignores that."""
        name = path if path.isascii() else unicodedata.normalize("NFC", path)
        return name.casefold() if self._ignores_case else name


def _pipeline(source: bytes, folders: list[str]) -> Pipeline:
    """What a project.yaml says, remembered in the first of these folders if there is one. Raises InvalidProject."""
    if folders:
        return cache.load(source, Path(folders[0]))
    from ..spec import parsing

    return parsing.load(source)


def _claimed(path: str, level: Level) -> OutputFile:
    """A file of which only the level is known, to ask whether it may be viewed."""
    return OutputFile(path, action="", job_id="", request_id="", level=level, size=0, mtime_ns=0, sha256="")


# -- the disk --------------------------------------------------------------------------------------


def _names(folder: str) -> list[str]:
    """The names of the folders in a folder; none where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir()]
    except OSError:
        return []


def _listed(root: Path) -> list[str]:
    """The outputs that the manifest lists; none where it cannot be read."""
    try:
        return [str(path) for path in json.loads((root / METADATA / "manifest.json").read_bytes())["outputs"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


# -- a store ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Store:
    """What one backend's store says of the files in the project's folder."""

    backend: str
    refused: Mapping[str, str] = field(default_factory=dict)
    """Why each path that may not be viewed may not."""
    paths: frozenset[str] = frozenset()
    is_shown: bool = False
    """Whether all of it is synthetic, and somebody has asked to be shown that."""
    project_yaml: str = ""
    """That of the newest request."""


def _read_store(folder: Path) -> _Store | None:
    """What a backend's store says; None where it cannot be read, or says what it cannot."""
    try:
        store = Store.peek(folder)
        if store is None:
            return _Store(folder.name)
        with contextlib.closing(store):
            files = list(_standing(store, folder))
            refused = {file.path: answer.reason for file in files if not (answer := levels.can_view(file)).allowed}
            return _Store(
                folder.name,
                refused,
                frozenset(file.path for file in files),
                folder.name == EXPECTATIONS and store.shows_synthetic(),
                next((request.project_yaml for request in store.requests(1)), ""),
            )
    except (PipelineError, OSError, ValueError, LookupError, TypeError):
        return None


def _standing(store: Store, folder: Path) -> Iterator[OutputFile]:
    """The outputs that stand in the project's folder, or are just being put there."""
    owners = store.owners()
    latest = store.latest_outputs()
    older = set(owners.values()) - {file.job_id for file in latest}
    for file in itertools.chain(latest, *map(store.outputs_of, older)):
        if owners.get(file.path) == file.job_id:
            yield file
    for job, _ in store.active():
        if job.code is StatusCode.FINALIZING:
            for entry in json.loads((folder / JOBS / job.id / RESULT).read_bytes())["files"]:
                made = WrittenFile(*entry)
                yield replace(_claimed(made.path, Level(made.level)), message=made.message)
