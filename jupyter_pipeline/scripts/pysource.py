"""What a Python file or a notebook says, read without running it: imports, names in its strings, dynamic code.

Pure, and safe with any input: what cannot be understood is called dynamic, which makes the caller count everything.
Where the imports lead is not here (see ``dependencies``).
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import basename, splitext
from typing import Any

Import = tuple[int, str, tuple[str, ...]]
"""Number of leading dots, module, names imported from it: ``from .a import b`` is ``(1, "a", ("b",))``."""

_MODULES = frozenset(
    # Import or run code whose name is only known at run time.
    "importlib imp runpy pkgutil zipimport site code codeop subprocess pty pexpect sh plumbum fabric invoke ctypes cffi"
    " papermill nbclient nbconvert nbformat jupytext IPython testbook rpy2 pytest nose unittest doctest doit"
    " timeit cProfile profile trace pdb bdb hydra kedro luigi snakemake"
    # Import whatever module an object was made in.
    " pickle dill cloudpickle joblib shelve".split()
)
_NAMES = frozenset("exec eval compile execfile __import__ __builtins__ __loader__ __spec__ get_ipython".split())
_OF_OS = frozenset(
    "system popen startfile posix_spawn posix_spawnp chdir fchdir"
    " execl execle execlp execlpe execv execve execvp execvpe"
    " spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe".split()
)
_OF_SYS = frozenset("path modules meta_path path_hooks path_importer_cache".split())
_ATTRIBUTES = {"os": _OF_OS, "posix": _OF_OS, "sys": _OF_SYS}
_METHODS = frozenset(
    "read_pickle allow_pickle unsafe_load UnsafeLoader dictConfig fileConfig"
    " create_subprocess_exec create_subprocess_shell".split()
)

_PLAIN_MAGICS = frozenset("matplotlib config precision pylab autoreload xmode who whos pwd pdb".split())
_TIMING = frozenset({"time", "timeit", "prun", "capture"})
_TEXT_CELLS = frozenset("html markdown latex svg javascript js".split())
_MAGIC = re.compile(r"(\s*)(%%?)(\w+)\s*(.*)")
_FORMATS = re.compile(r"%(\(\w*\))?[-#0 +]*[\d*]*(\.[\d*]+)?[a-zA-Z]|\$\w+")
_PLAIN_NAME = re.compile(r"[\w.-]+")
_WORD = re.compile(r"[\w.*?-]+")


@dataclass(frozen=True, slots=True)
class PythonSource:
    """What one file says; the parts are JSON-able through `as_json`."""

    imports: tuple[Import, ...] = ()
    runs: tuple[str, ...] = ()
    """Files that a notebook runs in itself, as written."""
    words: frozenset[str] = frozenset()
    """Everything in string constants that could be, or end, the name of a file."""
    dynamic: str = ""
    """The first thing that makes the imports unknowable, such as ``line 3 imports importlib``; or empty."""

    def as_json(self) -> list[Any]:
        """The same as lists and texts, for a cache."""
        imports = [[level, module, list(names)] for level, module, names in self.imports]
        return [imports, list(self.runs), sorted(self.words), self.dynamic]

    @classmethod
    def from_json(cls, data: Any) -> PythonSource | None:
        """What `as_json` gave, or None if `data` is something else."""
        try:
            imports, runs, words, dynamic = data
            found = tuple((int(level), str(module), tuple(map(str, names))) for level, module, names in imports)
            return cls(found, tuple(map(str, runs)), frozenset(map(str, words)), str(dynamic))
        except (TypeError, ValueError):
            return None


def words_of(text: str) -> set[str]:
    """The words of a text that could be, or end, the name of a file; placeholders such as ``%s`` are cut out."""
    words = _WORD.findall(text)
    if "%" in text or "$" in text:
        words += _WORD.findall(_FORMATS.sub(" ", text))
    return {word for found in words for word in (found, found.rstrip(".")) if 0 < len(word) < 256}


class Names:
    """Files of the project by what a program may call them; told from `words_of` what it says."""

    def __init__(self, paths: Iterable[str], folders: Iterable[str]) -> None:
        """`folders` are top-level ones of which the name alone means everything in them that is not Python code."""
        self.names = [(basename(path), path) for path in paths]
        # A name that `words_of` would cut to pieces may be meant by any of them.
        self.odd = {path for name, path in self.names if not _PLAIN_NAME.fullmatch(name)}
        self.by_word: dict[str, list[str]] = {}
        for name, path in self.names:
            is_python = name.endswith((".py", ".ipynb"))
            top = {splitext(name)[0]} if is_python else {path.split("/")[0]} & set(folders)
            for word in {name, *top}:
                self.by_word.setdefault(word, []).append(path)

    def mentioned(self, words: Iterable[str]) -> set[str]:
        """The files that one of the words could name: whole, by its end, or by a pattern."""
        words = frozenset(words)
        ends = tuple(word for word in words if "." in word and word.strip(".*?"))
        found = {path for word in words & self.by_word.keys() for path in self.by_word[word]}
        found.update(path for name, path in self.names if name.endswith(ends))
        for glob in (word for word in ends if "*" in word or "?" in word):
            found.update(path for name, path in self.names if fnmatchcase(name, glob))
        return found | self.odd


def read_python(content: bytes | str, kind: str = "line") -> PythonSource:
    """The facts of one Python source; a source that does not parse is dynamic."""
    try:
        # A warning about an odd escape in a researcher's script is not ours to print.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(content)))
    except SyntaxError as error:
        return PythonSource(dynamic=f"{kind} {error.lineno or 1} is not valid Python")
    except (ValueError, RecursionError, MemoryError):
        return PythonSource(dynamic=f"{kind} 1 begins a text that is not readable as Python")
    imports = tuple(_imports(nodes))
    dynamic = min(_dynamic(nodes), default=(0, ""))
    words = frozenset(word for text in _texts(nodes) for word in words_of(text))
    return PythonSource(imports, (), words, f"{kind} {dynamic[0]} {dynamic[1]}" if dynamic[1] else "")


def read_notebook(content: bytes) -> PythonSource:
    """The facts of a notebook's code cells together; one in another language, or that is broken, is dynamic."""
    try:
        notebook = json.loads(content)
        metadata = notebook.get("metadata", {})
        language = metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get("language")
        cells = [
            "".join(cell.get("source", "")) for cell in notebook.get("cells", []) if cell.get("cell_type") == "code"
        ]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return PythonSource(dynamic="the file is not a notebook")
    if language not in (None, "python", "ipython"):
        return PythonSource(dynamic=f"the notebook is in {language}")
    sources = [_read_cell(text, f"cell {number}, line") for number, text in enumerate(cells, 1)]
    return PythonSource(
        tuple(dict.fromkeys(found for source in sources for found in source.imports)),
        tuple(run for source in sources for run in source.runs),
        frozenset().union(*(source.words for source in sources)),
        next((source.dynamic for source in sources if source.dynamic), ""),
    )


def _read_cell(text: str, kind: str) -> PythonSource:
    """One cell: as it is if it is plain Python, else with the magics that are known taken out."""
    source = read_python(text, kind)
    if not source.dynamic.endswith("not valid Python"):
        return source
    runs: list[str] = []
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        magic = _MAGIC.fullmatch(line)
        if magic is None:
            lines.append(line)
            continue
        indent, percent, name, rest = magic.groups()
        if percent == "%%" and name in _TEXT_CELLS:
            return PythonSource()
        if name == "run" and percent == "%" and (words := rest.split()) and not words[0].startswith("-"):
            runs.append(words[0].strip("'\""))
            lines.append(f"{indent}pass")
        elif name in _TIMING:
            # What follows is code, unless it is the magic's own options; those only fail to parse.
            lines.append(f"{indent}{rest if percent == '%' and rest else 'pass'}")
        elif name in _PLAIN_MAGICS or (name == "load_ext" and rest.strip() == "autoreload"):
            lines.append(f"{indent}pass")
        else:
            return PythonSource(dynamic=f"{kind} {number} uses {percent}{name}")
    source = read_python("\n".join(lines), kind)
    return PythonSource(source.imports, tuple(runs), source.words, source.dynamic)


def _imports(nodes: Iterable[ast.AST]) -> Iterator[Import]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", tuple(alias.name for alias in node.names)


def _texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """String constants; a text that stands alone, a docstring, is never used, unless the file asks for __doc__."""
    nodes = list(nodes)
    idle = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    if any("__doc__" in (getattr(node, "id", ""), getattr(node, "attr", "")) for node in nodes):
        idle = set()
    for node in nodes:
        if isinstance(node, ast.Constant) and id(node) not in idle:
            if isinstance(node.value, str):
                yield node.value
            elif isinstance(node.value, bytes):
                yield node.value.decode("latin-1")


def _dynamic(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """Line and description of each thing after which imports cannot be told from the text."""
    nodes = list(nodes)
    modules = {name: name for name in _ATTRIBUTES}  # also where a star import brought them
    modules |= {
        alias.asname or alias.name.split(".")[0]: alias.name.split(".")[0]
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, f"imports {a.name}") for a in node.names if a.name.split(".")[0] in _MODULES)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            top = (node.module or "").split(".")[0]
            if top in _MODULES:
                yield node.lineno, f"imports {top}"
            known = _ATTRIBUTES.get(node.module or "", frozenset())
            yield from ((node.lineno, f"uses {top}.{a.name}") for a in node.names if a.name in known | {"*"} and known)
        elif isinstance(node, ast.Name) and node.id in _NAMES:
            yield node.lineno, f"uses {node.id}"
        elif isinstance(node, ast.Attribute):
            inner = node.value
            name = inner.id if isinstance(inner, ast.Name) else inner.attr if isinstance(inner, ast.Attribute) else ""
            owner = modules.get(name, "")
            if node.attr in _ATTRIBUTES.get(owner, ()):
                yield node.lineno, f"uses {owner}.{node.attr}"
            elif node.attr in _METHODS:
                yield node.lineno, f"uses {node.attr}"
        elif isinstance(node, ast.keyword) and node.arg in _METHODS:
            yield node.lineno, f"uses {node.arg}"
