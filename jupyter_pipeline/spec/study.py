"""The files of a study as its actions may use them: what is there, and what its scripts read, write and import.

Pure: paths and content come from the caller. What is wrong with them is for ``files`` to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from posixpath import basename, dirname, join, splitext

from ..rules.patterns import compile, nearest  # noqa: A004 - as the module calls it
from ..scripts.pysource import read_notebook, read_python
from ..scripts.python import Use, visible
from .faults import quote

MAX_COMPARISONS = 20_000
"""Paths compared with patterns or names in one look at a project, so that no project takes long."""
MAX_IMPORTED = 50
"""Modules of the project looked at for one script."""

_UNPACKS = re.compile(rb"\b(?:unzip|unzipfile|untar|gunzip|bunzip2|unpack_archive|extractall|tar)\b")
_IMPORT = re.compile(rb"^(?:from|import)[ \t]+(\w+)", re.MULTILINE)


class Files:
    """The files of the project's code, and the nearest to a path that is not among them."""

    def __init__(self, files: Collection[str], is_there: Callable[[str], bool]) -> None:
        self.paths = frozenset(files)
        self.is_there = is_there
        direct = {dirname(path) for path in self.paths}
        self.folders = {each for folder in direct for each in (folder, *folders_above(folder)) if each}
        """All folders that hold a file, also deep below."""
        self.importable = {splitext(basename(path))[0] for path in self.paths if path.endswith(".py")}
        self.importable |= {folder.partition("/")[0] for folder in self.folders}
        self.budget = MAX_COMPARISONS
        self._folded: dict[str, str] | None = None
        self._found: dict[str, bool] = {}

    def matching(self, pattern: str) -> bool:
        """Whether a file is this path, or fits this pattern; doubts count as yes."""
        if "*" not in pattern:
            return pattern in self.paths
        if pattern not in self._found:
            self.budget -= len(self.paths)
            self._found[pattern] = self.budget < 0 or any(map(compile(pattern), self.paths))
        return self._found[pattern]

    def like(self, path: str) -> str:
        """Give the sentence "Did you mean `x`? " for the nearest file, or nothing."""
        if self._folded is None:
            self._folded = {each.casefold(): each for each in self.paths}
        same = self._folded.get(path.casefold())
        if same is not None:
            return f"Did you mean {quote(same)}? It differs only in upper and lower case. "
        ending = splitext(path)[1].casefold()
        candidates = [each for each in self.paths if splitext(each)[1].casefold() == ending or not ending]
        name = basename(path).casefold()
        found = sorted(each for each in candidates if basename(each).casefold() == name)[:1]
        self.budget -= 10 * len(candidates)
        if not found and self.budget > 0:
            found = nearest(path, sorted(candidates), 1)
        return f"Did you mean {quote(found[0])}? " if found else ""


class Scripts:
    """What the scripts of a project use, each read once."""

    def __init__(self, files: Files, read: Callable[[str], bytes]) -> None:
        self._files, self._read = files, read
        self._content: dict[str, bytes] = {}
        self._uses: dict[tuple[str, str, bool], tuple[Use, ...]] = {}
        self._imports: dict[tuple[str, str], tuple[str, ...]] = {}

    def uses(self, path: str, folder: str, is_imported: bool = False) -> tuple[Use, ...]:
        """What one file uses when it runs in a folder."""
        key = (path, folder, is_imported)
        if key not in self._uses:
            self._uses[key] = visible(path, self._text(path), folder, is_imported=is_imported)
        return self._uses[key]

    def may_make(self, path: str, use: Use) -> bool:
        """Whether a script may itself make a file that it reads, unseen: it names it more often, or unpacks files."""
        text = self._text(path)
        stem = re.escape(basename(use.path).partition(".")[0].encode())
        uses = {each for key, found in self._uses.items() if key[0] == path for each in found}
        read = sum(each.path == use.path and each.mode == "read" for each in uses)
        return len(re.findall(rb"(?<!\w)" + stem + rb"(?!\w)", text)) > read or _UNPACKS.search(text) is not None

    def imported(self, path: str) -> tuple[str, ...]:
        """The modules of the project that a Python file imports, and that these import, and so on."""
        found: dict[str, None] = {path: None}
        work = [path]
        while work and len(found) < MAX_IMPORTED:
            targets = self._imported(work.pop(), dirname(path))
            work += [target for target in targets if target not in found]
            found.update(dict.fromkeys(targets))
        return tuple(found)[1:]

    def _imported(self, path: str, place: str) -> tuple[str, ...]:
        key = (path, place)
        if key not in self._imports:
            self._imports[key] = tuple(self._modules(path, place))
        return self._imports[key]

    def _modules(self, path: str, place: str) -> Iterator[str]:
        """As ``dependencies`` finds them; the quick look spares most scripts a second reading."""
        ending = splitext(path)[1]
        if ending not in (".py", ".ipynb"):
            return
        content = self._text(path)
        if ending == ".py" and not self._files.importable.intersection(map(bytes.decode, _IMPORT.findall(content))):
            return
        for level, module, names in (read_python if ending == ".py" else read_notebook)(content).imports:
            parts = module.split(".") if module else []
            for folder in (dirname(path),) if level == 1 else (place, "") if level == 0 else ():
                inside = join(folder, *parts)
                for each in (inside, *(join(inside, name) for name in names)):
                    yield from (p for p in (f"{each}.py", f"{each}/__init__.py") if p in self._files.paths)

    def _text(self, path: str) -> bytes:
        if path not in self._content:
            try:
                self._content[path] = self._read(path)
            except OSError:
                self._content[path] = b""
        return self._content[path]


def folders_above(pattern: str) -> Iterator[str]:
    """The folders in which an output lies, the innermost first."""
    while "/" in pattern:
        pattern = pattern.rpartition("/")[0]
        if pattern:
            yield pattern
