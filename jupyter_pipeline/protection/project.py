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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .. import config as configuration
from .. import levels, patterns, pipeline_cache, planning
from ..config import EXPECTATIONS, STATE_FOLDER
from ..errors import PipelineError
from ..executors.local import INPUTS, RESULT
from ..models import Level, OutputFile, Pipeline, StatusCode, WrittenFile
from ..patterns import PatternIndex
from ..publication import METADATA
from ..store import FILE, JOBS, Store

Identity = tuple[int, int]
"""Device and inode: what a file is, whatever it is called."""

LOG = "It is a full log. The panel of the pipeline shows what may be seen of it."
UNCHECKED = "It cannot be checked, so it is withheld: the history of its project cannot be read."

OTHERS_AGAIN, RECORDS_AGAIN = 1.0, 5.0
"""Seconds after which files with several names are looked for again: in the project's folder, and in its records."""
MOST_FOLDERS = 4000
"""How many folders of records are looked at for files with several names."""
SETTLED = 20_000_000
"""Nanoseconds within which two changes of a file may bear the same time."""
_SETTINGS = (planning.PROJECT_FILE, configuration.FILE, "pyproject.toml")
CODE = "code"
"""In the state folder: the copies of the code."""
_NEVER_OUTPUTS = frozenset({planning.PROJECT_FILE, configuration.FILE})


class Project:
    """What one project protects, read again when something of it has changed."""

    def __init__(self, root: str, settings: Mapping[str, Any]) -> None:
        self.root = root
        self.states: set[str] = set()
        """Real paths of the folders that hold records, also of those that the settings named earlier."""
        self.folders: dict[Identity, tuple[str, str | None]] = {}
        """Where this project's folders lie, and that as seen from it: None for those of its records."""
        self._settings = settings
        self._seen: object = None
        self._again = self._files_at = self._records_at = float("-inf")
        self._bases: set[str] = set()
        self._backends: list[str] = []
        self._looked_at: list[str] = []
        self._stores: dict[str, _Store] = {}
        self._source = b""
        self._pipeline: Pipeline | None = None
        self._claims = PatternIndex()
        self._levels: dict[str, Level] = {}
        self._places: set[str] = set()
        self._folders: set[str] = set()
        self._refused: dict[str, str] = {}
        self._others: frozenset[str] = frozenset()
        self._ignores_case = self._is_unreadable = self._is_free = self._has_records = False
        self._files: dict[Identity, str] = {}
        self._records: dict[Identity, str] = {}

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

    def files(self, now: bool) -> Mapping[Identity, str]:
        """The protected files that are there, as seen from the project; looked at again if wanted `now`."""
        if time.monotonic() - self._files_at > (OTHERS_AGAIN if now else float("inf")):
            self._files_at = time.monotonic()
            self._files = {}
            self._folders = self._folders_of_files()
            for folder in self._folders:
                with contextlib.suppress(OSError), os.scandir(f"{self.root}/{folder}") as entries:
                    for entry in entries:
                        path = f"{folder}/{entry.name}".lstrip("/")
                        if self.reason(path) is not None and entry.is_file():
                            self._files[_identity(entry.stat())] = path
        return self._files

    def records(self) -> Mapping[Identity, str]:
        """The files in the state folder that are nowhere else: not what jobs were given, nor copies of the code."""
        if time.monotonic() - self._records_at > RECORDS_AGAIN:
            self._records_at = time.monotonic()
            self._records = {}
            walks = itertools.chain.from_iterable(map(os.walk, self.states))
            for folder, names, files in itertools.islice(walks, MOST_FOLDERS):
                names[:] = [name for name in names if name not in (INPUTS, CODE)]
                for name in files:
                    with contextlib.suppress(OSError):
                        self._records[_identity(os.lstat(f"{folder}/{name}"))] = f"{folder}/{name}"
        return self._records

    def refresh(self) -> None:
        """Read what has changed."""
        now, seen = time.monotonic(), self._look()
        if seen == self._seen and now < self._again:
            return
        self._read()
        self._seen = seen
        is_new = any(entry and abs(time.time_ns() - entry[0]) < SETTLED for entry in seen)
        self._again = now + (1.0 if self._is_unreadable else SETTLED / 1e9 if is_new else float("inf"))

    def _look(self) -> list[tuple[int, int, int] | None]:
        return [_look(path) for path in (*self._looked_at, *self._bases)]

    def _read(self) -> None:
        """Read settings, stores and project.yaml."""
        is_sure = self._read_settings()
        self._backends = sorted(f"{base}/{name}" for base in self._bases for name in _names(base))
        self._looked_at = [f"{self.root}/{name}" for name in _SETTINGS]
        self._looked_at += [f"{folder}/{FILE}{end}" for folder in self._backends for end in ("", "-wal")]
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
            text = planning.read_project(Path(self.root))
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
        self._ignores_case = os.path.exists(f"{self.root}/{planning.PROJECT_FILE.upper()}")
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
        if self._is_unreadable:
            known = [path for store in stores for path in store.paths] + _listed(Path(self.root))
            self._refused = {self._plain(path): UNCHECKED for path in known} | self._refused
        self._files_at = self._records_at = float("-inf")
        self.files(now=True)
        self.folders = {}
        for folder in {"", *self._folders}:
            with contextlib.suppress(OSError):
                place = f"{self.root}/{folder}".rstrip("/")
                self.folders[_identity(os.stat(place))] = place, folder
        for state in self.states:
            with contextlib.suppress(OSError):
                self.folders[_identity(os.stat(state))] = state, None

    def _folders_of_files(self) -> set[str]:
        """Where protected files are or may come to be, as seen from the project."""
        found = {path.rpartition("/")[0] for path in self._refused} | {METADATA}
        for place in self._places:
            found |= set(_matching_folders(self.root, place))
        return found

    def _plain(self, path: str) -> str:
        """A path as it is compared: accents written in one way, and letters in one case where the disk ignores that."""
        name = path if path.isascii() else unicodedata.normalize("NFC", path)
        return name.casefold() if self._ignores_case else name


def _pipeline(source: bytes, folders: list[str]) -> Pipeline:
    """What a project.yaml says, remembered in the first of these folders if there is one. Raises InvalidProject."""
    if folders:
        return pipeline_cache.load(source, Path(folders[0]))
    from .. import spec

    return spec.load(source)


def _claimed(path: str, level: Level) -> OutputFile:
    """A file of which only the level is known, to ask whether it may be viewed."""
    return OutputFile(path, action="", job_id="", request_id="", level=level, size=0, mtime_ns=0, sha256="")


def _matching_folders(root: str, place: str) -> list[str]:
    """The folders that a pattern's folder names; those that are there, where it has a star."""
    found = [""]
    for name in filter(None, place.split("/")):
        if "*" not in name:
            found = [f"{folder}/{name}".lstrip("/") for folder in found]
            continue
        fits = patterns.compile(name)
        found = [
            f"{folder}/{each}".lstrip("/") for folder in found for each in _names(f"{root}/{folder}") if fits(each)
        ]
    return found


# -- the disk --------------------------------------------------------------------------------------


def _look(path: str) -> tuple[int, int, int] | None:
    """What changes when a file or a folder does."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def is_at(identity: Identity, path: str | None) -> bool:
    """Whether a file or folder is still at a path: the disk gives the inode of what is gone to what is new."""
    try:
        return path is not None and _identity(os.stat(path)) == identity
    except OSError:
        return False


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


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
