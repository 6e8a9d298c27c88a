"""Which files of a code snapshot a command depends on, so that an edit elsewhere does not make its outputs stale.

Simple and safe: for a Python script or notebook it is that file, what it imports from the project, and every data file;
for anything else, and wherever Python code is too dynamic to be read, it is the whole snapshot. Counting too much
costs a needless run; counting too little would show old results as new, so every doubt counts the file.
Pure: the content comes from the caller. How snapshots are made is not here.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from itertools import pairwise
from posixpath import basename, dirname, join, normpath, splitext
from typing import Any

from ..errors import PipelineError
from ..models import Command
from .pysource import Names, PythonSource, read_notebook, read_python, words_of

WORKSPACE = "/workspace/"
"""Where the project lies for a job (platform: the container contract)."""

_CODE = frozenset(".py .pyw .ipynb .r .rmd .qmd .do .ado .mata .sh .bash .zsh .pl .jl".split())
"""Files that only some program of their own language runs. SQL is not among them: Python code reads it as data."""

_IDLE_FOLDERS = frozenset({"docs", ".github", ".gitlab", ".devcontainer", ".vscode", ".idea"})
_IDLE_NAMES = re.compile(
    r"(readme|licen[sc]e|copying|changelog|citation|contributing|code_of_conduct|developers|authors)(\.\w+)*"
    r"|project\.ya?ml|jupyter_pipeline\.toml|\.gitlab-ci\.yml|\.pre-commit-config\.yaml|[\w.-]*\.rproj",
    re.IGNORECASE,
)
_IDLE_ANYWHERE = frozenset({".gitignore", ".gitattributes", ".gitmodules", ".editorconfig", ".dockerignore"})
_JUPYTER_CONFIG = re.compile(r"(jupyter|ipython)\w*_config\.(py|json)")
_PYTHON = re.compile(r"(?:/usr/(?:local/)?bin/)?python(?:3(?:\.\d+)?)?")
_PYTHON_FLAGS = re.compile(r"-[bBdEiIOqsSuvxP]+")
_CACHE_KEY = f"1-{sys.version_info.major}.{sys.version_info.minor}"
"""Part of every key of the cache; to be raised when ``pysource`` reads anything differently."""


@dataclass(frozen=True, slots=True)
class CodeUse:
    """The part of the code that a command depends on."""

    files: tuple[str, ...] | None
    """Sorted; None means the whole snapshot (but `ignored`)."""
    why: str
    """A phrase for people: what counts, or what made everything count."""
    ignored: tuple[str, ...] = ()
    """Where the whole snapshot counts: documentation and housekeeping that no code names."""
    via: Mapping[str, str] = field(default_factory=dict, compare=False)
    """How a file came in, such as ``imported by analysis/join.py``; for `explain`."""


@dataclass(frozen=True, slots=True)
class _Closure:
    files: frozenset[str]
    words: frozenset[str]
    via: Mapping[str, str]
    reason: str = ""


_Start = tuple[str, tuple[str, ...]]
"""A file to begin with, and the folders in which its imports are looked for."""


def code_used(
    command: Command,
    files: Mapping[str, str],
    read: Callable[[str], bytes],
    cache: MutableMapping[str, Any],
    config: str | None = None,
) -> CodeUse:
    """What `command` depends on among `files` (path to content hash, as ``snapshots.pool.Code.hashes`` gives it).

    `read` gives a file's content, which is not believed where it is not the one that was hashed; `cache` keeps what was
    read from it, by content hash and JSON-able, for the next time; `config` is the action's config as JSON text.
    For many commands on one snapshot, use `Dependencies`.
    """
    return Dependencies(files, read, cache).code_used(command, config)


def counted(use: CodeUse, files: Mapping[str, str]) -> dict[str, str]:
    """The files that count, with their hashes; what `digest` covers and `explain` compares."""
    if use.files is not None:
        return {path: files[path] for path in use.files if path in files}
    ignored = frozenset(use.ignored)
    return {path: hash_ for path, hash_ in files.items() if path not in ignored}


def digest(use: CodeUse, files: Mapping[str, str]) -> str:
    """A hash over the paths and contents of the files that count."""
    text = "\0".join(f"{path}\0{hash_}" for path, hash_ in sorted(counted(use, files).items()))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def explain(old: Mapping[str, str], new: Mapping[str, str], via: Mapping[str, str] | None = None) -> str:
    """What differs between two results of `counted`, as a phrase; `via` is the newer use's; empty if nothing does."""
    changes = dict.fromkeys(new.keys() - old.keys(), "was added")
    changes |= dict.fromkeys(old.keys() - new.keys(), "was removed")
    changes |= {path: "changed" for path in old.keys() & new.keys() if old[path] != new[path]}
    via = via or {}
    # A file with a place in the imports tells more than a data file, so it comes first.
    paths = sorted(changes, key=lambda path: (path not in via, path))
    if len(paths) <= 1:
        return "".join(f"{path} {changes[path]}" + (f" ({via[path]})" if path in via else "") for path in paths)
    if len(paths) == 2:
        return f"2 files of the code changed: {paths[0]} and {paths[1]}"
    rest = paths[2] if len(paths) == 3 else f"{len(paths) - 2} more"
    return f"{len(paths)} files of the code changed: {paths[0]}, {paths[1]} and {rest}"


class Dependencies:
    """The files of one snapshot, and what was found out about them; answers for many commands quickly."""

    def __init__(self, files: Mapping[str, str], read: Callable[[str], bytes], cache: MutableMapping[str, Any]) -> None:
        self.files, self.read, self.cache = files, read, cache
        self.code = {path for path in files if _is_code(path)}
        self.idle = {path for path in files if path not in self.code and _is_idle(path)}
        self.data = frozenset(files.keys() - self.code - self.idle)
        self.names = Names(self.code | self.idle, _IDLE_FOLDERS)
        self.obstacle = _obstacle(files, self.code)
        self.sources: dict[str, PythonSource] = {}
        self.imports: dict[tuple[str, bool, str, tuple[str, ...]], tuple[str, ...]] = {}
        self.closures: dict[_Start, _Closure] = {}
        self.uses: dict[tuple[object, ...], CodeUse] = {}
        self.digests: dict[tuple[object, ...], str] = {}
        self.named: frozenset[str] | None = None

    def code_used(self, command: Command, config: str | None = None) -> CodeUse:
        """Like the function of this name."""
        words = frozenset(word for text in (*command.args, config or "") for word in words_of(text))
        given = [_local(part) for arg in command.args for part in (arg, arg.rpartition("=")[2])]
        mentioned = self.names.mentioned(words) | {path for path in given if path in self.files}
        starts = self.obstacle or _starts(command, self.files)
        key = (starts if isinstance(starts, str) else tuple(starts), frozenset(mentioned))
        if key not in self.uses:
            self.uses[key] = self._whole(starts, mentioned) if isinstance(starts, str) else self._use(starts, mentioned)
        return self.uses[key]

    def digest(self, use: CodeUse) -> str:
        """Like the function of this name, but worked out once for equal uses."""
        key = (use.files, use.ignored)
        if key not in self.digests:
            self.digests[key] = digest(use, self.files)
        return self.digests[key]

    def _use(self, starts: list[_Start], mentioned: set[str]) -> CodeUse:
        closures = [self._closure(start) for start in starts]
        reason = next((closure.reason for closure in closures if closure.reason), "")
        if reason:
            return self._whole(reason, mentioned)
        scripts = [path for path, _ in starts]
        files = set().union(*(closure.files for closure in closures))
        named = {path for closure in closures for path in self.names.mentioned(closure.words)} - files
        others = (named | mentioned | self.data) - files
        via = {path: how for closure in closures for path, how in closure.via.items()}
        via |= dict.fromkeys(named, f"named in {scripts[0]} or what it imports")
        parts = [" and ".join(scripts), f"{len(files) - len(set(scripts))} imported", f"{len(others)} other files"]
        return CodeUse(tuple(sorted(files | others)), ", ".join(p for p in parts if not p.startswith("0 ")), via=via)

    def _whole(self, reason: str, mentioned: set[str]) -> CodeUse:
        if self.named is None:
            self.named = frozenset(self.names.mentioned(self._words_of_all()))
        ignored = sorted(self.idle - self.named - mentioned)
        return CodeUse(None, f"all of the code, because {reason}", tuple(ignored))

    def _closure(self, start: _Start) -> _Closure:
        """A file with all that it imports from the project, transitively; or the reason why that cannot be told."""
        if start in self.closures:
            return self.closures[start]
        words: set[str] = set()
        via: dict[str, str] = {}
        seen: set[_Start] = set()
        reason = ""
        work = [start]
        while work and not reason:
            path, bases = item = work.pop()
            if item in seen:
                continue
            seen.add(item)
            source = self._source(path)
            reason = f"in {path}, {source.dynamic}" if source.dynamic else ""
            words |= source.words
            found = [(target, bases, "imported") for target in self._imported(source, path, bases)]
            for run in source.runs:
                target = self._run(run, path)
                reason = reason or ("" if target else f"{path} runs {run}, which is not in the project")
                found += [(target, (dirname(target), *bases), "run")] if target else []
            for target, places, how in found:
                via.setdefault(target, f"{how} by {path}")
                work.append((target, places))
        via.pop(start[0], None)
        closure = _Closure(frozenset(path for path, _ in seen), frozenset(words), via, reason)
        self.closures[start] = closure
        return closure

    def _imported(self, source: PythonSource, path: str, bases: tuple[str, ...]) -> Iterator[str]:
        for level, module, names in source.imports:
            places = bases
            if level:
                place = dirname(path)
                for _ in range(level - 1):
                    place = dirname(place)
                places = (place,)
            for place in places:
                key = (place, level > 0, module, names)
                if key not in self.imports:
                    self.imports[key] = tuple(self._modules(*key))
                yield from self.imports[key]

    def _modules(self, place: str, is_relative: bool, module: str, names: tuple[str, ...]) -> Iterator[str]:
        """The files that importing `names` from `module` in the folder `place` would run, as far as they exist."""
        parts = module.split(".") if module else []
        folders = [join(place, *parts[:depth]) for depth in range(0 if is_relative else 1, len(parts) + 1)]
        inside = join(place, *parts)
        for name in names:
            if name == "*":
                yield from (path for path in self.code if dirname(path) == inside and path.endswith(".py"))
            else:
                folders.append(join(inside, name))
        for folder in folders:
            yield from (path for path in (f"{folder}.py", join(folder, "__init__.py")) if path in self.code)

    def _run(self, run: str, path: str) -> str | None:
        places = [_local(run), normpath(join(dirname(path), run))]
        return next((p + end for p in reversed(places) for end in ("", ".py") if p + end in self.code), None)

    def _source(self, path: str) -> PythonSource:
        if path not in self.sources:
            notebook = path.endswith(".ipynb")
            self.sources[path] = self._cached(
                f"{'notebook' if notebook else 'python'}-{_CACHE_KEY}:{self.files[path]}",
                path,
                read_notebook if notebook else read_python,
            )
        return self.sources[path]

    def _cached(self, key: str, path: str, reader: Callable[[bytes], PythonSource]) -> PythonSource:
        source = PythonSource.from_json(self.cache.get(key))
        if source is None:
            try:
                content = self.read(path)
            except (OSError, PipelineError):
                return PythonSource(dynamic="the file cannot be read")
            # Edited since the snapshot, it would be remembered for good as what the old content says.
            if hashlib.sha256(content).hexdigest() != self.files[path].removeprefix("x:"):
                return PythonSource(dynamic="the file was changed just now")
            source = reader(content)
            self.cache[key] = source.as_json()
        return source

    def _words_of_all(self) -> frozenset[str]:
        """Words of any code that could name documentation or housekeeping: in R, Stata, shell and the rest."""
        candidates = self.code | {path for path in self.data if "." not in basename(path)}
        if not self.idle:
            return frozenset()
        sources = [self._cached(f"words-1:{self.files[path]}", path, _read_words) for path in sorted(candidates)]
        unreadable = any(source.dynamic for source in sources)
        return frozenset({basename(path) for path in self.idle} if unreadable else ()).union(
            *(source.words for source in sources)
        )


# -- commands --------------------------------------------------------------------------------------


def _starts(command: Command, files: Mapping[str, str]) -> list[_Start] | str:
    """The files of the project that a command runs, each with the folders of its imports; or why that is unknown."""
    words = list(command.args)
    if not words:
        return "the command names no script"
    if command.image == "cohortextractor" or words[0] == "cohortextractor":
        return _of_study(words[1:] if words[0] == "cohortextractor" else words, files)
    if _PYTHON.fullmatch(words[0]):
        return _of_python(words[1:], files)
    if command.image == "python" and (words[0].startswith("-") or words[0].endswith(".py")):
        return _of_python(words, files)
    return _of_notebooks(words, files)


def _of_python(words: list[str], files: Mapping[str, str]) -> list[_Start] | str:
    while words:
        word, *words = words
        if word == "-m" and words:
            return _of_module(words, files)
        if word in ("-W", "-X"):
            words = words[1:]
        elif word.startswith("-") and not word.startswith(("-W", "-X")) and not _PYTHON_FLAGS.fullmatch(word):
            return f"what python runs with {word} is not known"
        elif not word.startswith("-"):
            return _start(_local(word), files)
    return "python is given no script"


def _of_module(words: list[str], files: Mapping[str, str]) -> list[_Start] | str:
    parts = words[0].split(".")
    found = [path for path in (f"{join(*parts)}.py", join(*parts, "__main__.py")) if path in files]
    if not found:
        return _of_notebooks(words, files, f"python -m {words[0]} runs what is not in the project")
    packages = [join(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)]
    return [(path, ("",)) for path in (*found, *packages) if path in files]


def _of_notebooks(words: list[str], files: Mapping[str, str], otherwise: str = "") -> list[_Start] | str:
    program, *words = words
    if program == "jupyter" and words:
        program, *words = words
    program = program.removeprefix("jupyter-")
    if program not in ("nbconvert", "execute", "papermill"):
        return otherwise or f"what {program} reads is not known"
    notebooks = [_local(word) for word in words if word.endswith(".ipynb") and not word.startswith("-")]
    if program == "papermill":
        del notebooks[1:]  # the second is written
    if not notebooks:
        return "the command names no notebook"
    for word, after in zip(words, [*words[1:], ""], strict=True):
        name, _, value = word.partition("=")
        value = value or after
        other_kernel = re.search("kernel|^-k$", name) and "python" not in value
        other_code = name.startswith("-") and re.search("preprocessors|config|filters|engine|cwd|writer|-post", name)
        if other_kernel or other_code or word.endswith(".py") or (name == "--to" and "." in value):
            return f"what {program} does with {word} is not known"
    places = {"", *map(dirname, notebooks)}
    settings = [path for path in files if dirname(path) in places and _JUPYTER_CONFIG.fullmatch(basename(path))]
    if settings:
        return f"{program} reads {settings[0]}, which may run other code"
    starts = [_start(path, files) for path in notebooks]
    reason = next((start for start in starts if isinstance(start, str)), "")
    return reason or [item for start in starts if not isinstance(start, str) for item in start]


def _of_study(words: list[str], files: Mapping[str, str]) -> list[_Start] | str:
    """A study definition, which cohortextractor takes from analysis/ (platform: cohortextractor generate_cohort)."""
    if words[:1] not in (["generate_cohort"], ["generate_measures"]):
        return f"what cohortextractor reads for {' '.join(words[:1]) or 'nothing'} is not known"
    flag = "--study-definition"
    named = [after for word, after in pairwise(words) if word == flag]
    named += [word.removeprefix(f"{flag}=") for word in words if word.startswith(f"{flag}=")]
    if len(named) != 1:
        return "cohortextractor is not told one study definition"
    return _start(f"analysis/{named[0]}.py", files)


def _start(path: str, files: Mapping[str, str]) -> list[_Start] | str:
    """A script or notebook; Python also runs the two files by which a site customizes it, wherever it imports from."""
    if path not in files:
        return f"{path} is not a file of the project"
    bases = (dirname(path), "")
    customs = [join(base, name) for base in dict.fromkeys(bases) for name in ("sitecustomize.py", "usercustomize.py")]
    return [(path, bases), *((custom, bases) for custom in customs if custom in files)]


def _local(word: str) -> str:
    """A path as a command has it, relative to the project."""
    return normpath(word.removeprefix(WORKSPACE)) if word else ""


# -- files -----------------------------------------------------------------------------------------


def _is_code(path: str) -> bool:
    return splitext(path)[1].lower() in _CODE


def _is_idle(path: str) -> bool:
    """Whether a file is documentation or housekeeping, which no command reads unless it says so."""
    folder, _, name = path.rpartition("/")
    if not folder:
        return name in _IDLE_ANYWHERE or bool(_IDLE_NAMES.fullmatch(name))
    return name in _IDLE_ANYWHERE or folder.split("/")[0] in _IDLE_FOLDERS


def _obstacle(files: Mapping[str, str], code: Iterable[str]) -> str:
    """A symbolic link that could lead an import somewhere else; links to data files do not."""
    for path, hash_ in files.items():
        if not hash_.startswith("link:"):
            continue
        target = normpath(join(dirname(path), _local(hash_.removeprefix("link:"))))
        inside = "" if target == "." else f"{target}/"
        leads_to_code = _is_code(path) or _is_code(target) or any(name.startswith(inside) for name in code)
        if leads_to_code or target.startswith(("/", "../")) or files.get(target, "").startswith("link:"):
            return f"{path} is a symbolic link, through which code may be found"
    return ""


def _read_words(content: bytes) -> PythonSource:
    """The words of any text by which it could name an idle file."""
    if len(content) > 1 << 23:
        return PythonSource(dynamic="the file is too large")
    words = words_of(content.decode(errors="replace"))
    return PythonSource(words=frozenset(w for w in words if w[0] in ".*?" or w in _IDLE_FOLDERS or _is_idle(w)))
