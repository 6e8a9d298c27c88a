"""Which files of the project a script visibly reads and writes, told from its text without running it.

Only constants and plain joins of constants count, only in calls that are known, and only where the call surely happens:
what stands in an ``if``, in a ``try`` or in a function that nobody calls is left out, and so is every path that code
not understood here speaks of. Missing a use is no harm; a wrong one is a false alarm. Pure: the content comes from the
caller. What a use means for the actions of a project is ``spec.files``' work.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections import Counter
from posixpath import dirname, join, splitext
from typing import Any

from ..models import WORKSPACE
from .r import read_r
from .stata import read_stata
from .uses import (
    HOLE,
    MAX_PATH,
    Use,
    Uses,
)

__all__ = ["MAX_SIZE", "Use", "runs_beside_itself", "visible"]

MAX_SIZE = 1 << 20
"""Bytes; larger files are not looked at."""
MAX_DEPTH = 30
"""How deep a path may be built from parts, so that no code takes long."""

_HINT = re.compile("read|writ|open|load|save|to_|from_|_file|dump")


def visible(path: str, content: bytes, folder: str | None = None, *, is_imported: bool = False) -> tuple[Use, ...]:
    """Give what a Python, R or Stata script, or a notebook, surely reads and writes, in the order of its lines.

    `path` is the script's own place in the project; `folder` is where it runs, None for the usual: its own folder for
    notebooks (platform: nbconvert, knitr), the project's for scripts. Of an imported module only what importing it does
    counts. Empty for other kinds of file, for files over `MAX_SIZE`, and for what cannot be read. Never raises.
    """
    if len(content) > MAX_SIZE:
        return ()
    ending = splitext(path)[1].lower()
    text = content.decode("utf-8-sig", errors="replace")
    uses = Uses()
    if ending in (".py", ".ipynb"):
        cells: list[tuple[int | None, str]] = [(None, text)] if ending == ".py" else _cells(text)
        _Python(uses, path, is_imported).read(cells)
    elif ending in (".r", ".rmd", ".qmd"):
        read_r(text, uses, is_document=ending != ".r")
    elif ending == ".do":
        read_stata(text, uses)
    return uses.sure((dirname(path) if runs_beside_itself(path) else "") if folder is None else folder)


def runs_beside_itself(path: str) -> bool:
    """Whether a file is a notebook, which usually runs in its own folder."""
    return splitext(path)[1].lower() in (".ipynb", ".rmd", ".qmd")


# -- notebooks -------------------------------------------------------------------------------------


_MAGIC = re.compile(r"^([ \t]*)(?:%|!|\?).*$|^([ \t]*)[\w.]+\?\??[ \t]*$", re.MULTILINE)
_MOVING = re.compile(r"^[ \t]*%(?:cd|bookmark|pushd|popd)\b", re.MULTILINE)


def _cells(text: str) -> list[tuple[int | None, str]]:
    """The Python code cells of a notebook by number, magics taken out; none where it is not such a notebook."""
    try:
        notebook = json.loads(text)
        metadata = notebook.get("metadata", {})
        language = metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get("language")
        cells = ["".join(each.get("source", "")) for each in notebook["cells"] if each.get("cell_type") == "code"]
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return []
    if language not in (None, "python", "ipython") or any(_MOVING.search(cell) for cell in cells):
        return []
    plain: list[tuple[int | None, str]] = []
    for number, cell in enumerate(cells, 1):
        first = cell.lstrip().partition("\n")[0]
        if not first.startswith("%%") or first.split()[0] in ("%%time", "%%capture"):
            plain.append((number, _MAGIC.sub(r"\1\2pass", cell)))
    return plain


# -- what calls do ---------------------------------------------------------------------------------


_FORMATS = "csv table feather parquet excel json stata hdf spss sas pickle fwf xml orc".split()
_READERS = {
    *(f"pandas.read_{each}" for each in _FORMATS),
    *(f"polars.{verb}_{each}" for verb in ("read", "scan") for each in ("csv", "parquet", "ipc", "json", "excel")),
    *"numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile geopandas.read_file joblib.load pyreadr.read_r".split(),
    *"pyarrow.feather.read_feather pyarrow.feather.read_table pyarrow.parquet.read_table pyarrow.csv.read_csv".split(),
    *"matplotlib.image.imread matplotlib.pyplot.imread PIL.Image.open ehrql.codelist_from_csv".split(),
    *"cohortextractor.codelist_from_csv cohortextractor.patients.which_exist_in_file".split(),
    *"cohortextractor.patients.with_value_from_file ehrql.table_from_file ehrql.tables.table_from_file".split(),
}
_WRITERS = {
    **dict.fromkeys("numpy.save numpy.savez numpy.savez_compressed numpy.savetxt pandas.ExcelWriter".split(), 0),
    **dict.fromkeys("joblib.dump pyarrow.feather.write_feather pyarrow.parquet.write_table".split(), 1),
    "pyreadr.write_rds": 0,
    "pyreadr.write_rdata": 0,
}
_WRITING_METHODS = frozenset(
    "to_csv to_feather to_parquet to_excel to_json to_stata to_hdf to_pickle to_html to_markdown to_latex to_xml"
    " to_file savefig write_csv write_parquet write_ipc write_image write_html".split()
)
_OPENERS = frozenset("open io.open gzip.open bz2.open lzma.open codecs.open".split())
_PATH_METHODS = {"read_text": "r", "read_bytes": "r", "write_text": "w", "write_bytes": "w"}
_KEYWORDS = frozenset(
    "filepath_or_buffer path_or_buf path_or_buffer path io file fname filename filepath excel_writer buf source dest"
    " where f f_path".split()
)
_PATHS = frozenset("pathlib.Path pathlib.PurePath pathlib.PosixPath pathlib.PurePosixPath Path".split())
_JOINS = frozenset({"os.path.join", "posixpath.join"})
_SAME = frozenset("str os.fspath os.path.abspath os.path.realpath os.path.normpath os.path.expanduser".split())
_SAME_METHODS = frozenset("resolve absolute as_posix expanduser".split())
_HERE = frozenset({"os.getcwd", "pathlib.Path.cwd", "Path.cwd"})
_DIRNAMES = frozenset({"os.path.dirname", "posixpath.dirname"})
_MAKING = _PATHS | _JOINS | _SAME | _DIRNAMES
_OF_PATHS = _SAME_METHODS | {"format", "joinpath"}
_HARMLESS = frozenset({"print", "joinpath", "mkdir", "format", "parent"}) | _SAME_METHODS
_USUAL = {"pd": "pandas", "np": "numpy", "plt": "matplotlib.pyplot", "pl": "polars"}
_CALLED_FOR_ERRORS = frozenset({"suppress", "raises", "assertRaises"})
_FIELD = re.compile(r"\{[^{}]*\}")


_LEAVES = frozenset({ast.Constant, ast.Load, ast.Store, ast.Del, ast.Pass, ast.Add, ast.alias})
_BINDING = frozenset(
    {ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom, ast.ClassDef, ast.ExceptHandler, ast.arg}
    | {ast.MatchAs, ast.MatchStar}
)
_BRANCHING = frozenset({ast.If, ast.IfExp, ast.While, ast.Try, ast.TryStar, ast.BoolOp, ast.Match, ast.With})


class _Python:
    """Reads the Python of one file, or the cells of one notebook, which share their names."""

    def __init__(self, uses: Uses, path: str, is_imported: bool) -> None:
        self.uses = uses
        self.file = None if path.endswith(".ipynb") else f"{WORKSPACE}/{path}"
        self.is_imported = is_imported
        self.bound: Counter[str] = Counter()
        self.values: dict[str, ast.expr] = {}
        self.origins: dict[str, str] = {}
        self.known: dict[str, str | None] = {}
        self.calls: list[tuple[ast.Call, bool, int, int | None]] = []

    def read(self, cells: list[tuple[int | None, str]]) -> None:
        """Read all cells; nothing when one of them is not Python, because it may change any name."""
        if not any(_HINT.search(text) for _, text in cells):
            return
        try:
            # A warning about an odd escape in a researcher's script is not ours to print.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                trees = [(cell, ast.parse(text)) for cell, text in cells]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for cell, tree in trees:
            self._walk(tree, cell)
        for call, is_sure, scope, cell in self.calls:
            self._call(call, is_sure, scope, cell)

    # -- going through the code --------------------------------------------------------------------

    def _walk(self, tree: ast.Module, cell: int | None) -> None:
        """Note every name that is bound, and every call with its function and whether it surely happens."""
        work: list[tuple[ast.AST, bool, int]] = [(tree, True, 0)]
        while work:
            node, is_sure, scope = work.pop()
            kind = type(node)
            if kind in _LEAVES:
                continue
            if isinstance(node, ast.Name):
                if not isinstance(node.ctx, ast.Load):
                    self.bound[node.id] += 1
                elif is_sure:
                    self.uses.name(scope, node.id)
                continue
            if isinstance(node, ast.Call):
                self.calls.append((node, is_sure, scope, cell))
            elif isinstance(node, ast.Attribute) and is_sure:
                self.uses.name(scope, node.attr)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.bound[node.name] += 1
                scope = self.uses.scope(node.name)
            elif kind in _BINDING:
                self._bind(node)
            doubtful = self._doubtful(node) if kind in _BRANCHING else ()
            for name in node._fields:
                value = getattr(node, name, None)
                inner = is_sure and name not in doubtful
                if isinstance(value, ast.AST):
                    work.append((value, inner, scope))
                elif isinstance(value, list):
                    work += [(each, inner, scope) for each in value if isinstance(each, ast.AST)]

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.values[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign):
            if isinstance(node.target, ast.Name) and node.value:
                self.values[node.target.id] = node.value
        elif isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.split(".")[0]
                self.origins[name] = alias.name if alias.asname else name
                self.bound[name] += 1
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                self.origins[alias.asname or alias.name] = f"{'.' * node.level}{node.module or ''}.{alias.name}"
                self.bound[alias.asname or alias.name] += 1
        elif isinstance(node, ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            self.bound[node.name] += 1
        elif isinstance(node, ast.arg):
            self.bound[node.arg] += 1

    def _doubtful(self, node: ast.AST) -> tuple[str, ...]:
        """The parts of a node that run only if something is so."""
        if isinstance(node, ast.If):
            is_main = not self.is_imported and "__name__" in {getattr(n, "id", "") for n in ast.walk(node.test)}
            return ("orelse",) if is_main else ("body", "orelse")
        if isinstance(node, ast.IfExp | ast.While):
            return ("body", "orelse")
        if isinstance(node, ast.Try | ast.TryStar):
            return ("body", "handlers", "orelse") if node.handlers else ("orelse",)
        if isinstance(node, ast.BoolOp):
            return ("values",)
        if isinstance(node, ast.Match):
            return ("cases",)
        if isinstance(node, ast.With):
            calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
            names = {getattr(call.func, "attr", getattr(call.func, "id", "")) for call in calls}
            return ("body",) if names & _CALLED_FOR_ERRORS else ()
        return ()

    # -- calls -------------------------------------------------------------------------------------

    def _call(self, call: ast.Call, is_sure: bool, scope: int, cell: int | None) -> None:
        name = self._name(call.func)
        attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        path: str | None
        if name in _READERS:
            path, mode = self._argument(call, 0), "r"
        elif name in _WRITERS:
            path, mode = self._argument(call, _WRITERS[name]), "w"
        elif name in _OPENERS:
            path, mode = self._argument(call, 0), _mode(call, 1)
        elif receiver and attribute in _PATH_METHODS:
            path, mode = self._path(receiver), _PATH_METHODS[attribute]
        elif receiver and attribute == "open" and (path := self._path(receiver)) is not None:
            mode = _mode(call, 0)
        elif attribute in _WRITING_METHODS:
            path, mode = self._argument(call, 0), "w"
        else:
            self._other(call, name, attribute, receiver)
            return
        if mode in ("r", "w"):
            self.uses.add(
                path, call.lineno, "read" if mode == "r" else "write", is_sure=is_sure, scope=scope, cell=cell
            )
        elif path is not None:
            self.uses.touched.add(path)

    def _other(self, call: ast.Call, name: str, attribute: str, receiver: ast.expr | None) -> None:
        """A call that is not known may do anything with the paths that it is given."""
        if name == "os.chdir" or attribute == "chdir":
            self.uses.moves = True
        if name in _MAKING or (attribute or name) in _HARMLESS:
            return
        given: list[ast.expr] = [*call.args, *(keyword.value for keyword in call.keywords)]
        given += [part for each in given if isinstance(each, ast.List | ast.Tuple) for part in each.elts]
        given += [receiver] if receiver else []
        self.uses.touched.update(path for each in given if (path := self._path(each)))

    def _argument(self, call: ast.Call, place: int) -> str | None:
        if any(isinstance(each, ast.Starred) for each in call.args[: place + 1]):
            return None
        if len(call.args) > place:
            return self._path(call.args[place])
        return next((self._path(each.value) for each in call.keywords if each.arg in _KEYWORDS), None)

    def _name(self, func: ast.expr) -> str:
        """The full name of a function, such as ``pandas.read_csv`` for ``pd.read_csv``; empty for other callees."""
        parts: list[str] = []
        while isinstance(func, ast.Attribute) and len(parts) < MAX_DEPTH:
            parts.append(func.attr)
            func = func.value
        if not isinstance(func, ast.Name):
            return ""
        usual = func.id if self.bound[func.id] else _USUAL.get(func.id, func.id)
        return ".".join([self.origins.get(func.id, usual), *reversed(parts)])

    # -- paths -------------------------------------------------------------------------------------

    def _path(self, node: ast.expr, depth: int = 0) -> str | None:
        """The text or path that an expression gives, with holes; None when it is no such thing."""
        if depth > MAX_DEPTH:
            return None
        found: str | None = None
        if isinstance(node, ast.Constant):
            found = node.value if isinstance(node.value, str) else None
        elif isinstance(node, ast.Name):
            found = self._constant(node.id, depth)
        elif isinstance(node, ast.JoinedStr):
            found = "".join(self._piece(each, depth) for each in node.values)
        elif isinstance(node, ast.BinOp):
            found = self._operation(node, depth)
        elif isinstance(node, ast.Call):
            found = self._made(node, depth)
        elif isinstance(node, ast.Attribute) and node.attr == "parent":
            inner = self._path(node.value, depth + 1)
            found = None if inner is None else dirname(inner)
        elif isinstance(node, ast.Subscript):
            found = self._ancestor(node, depth)
        return found if found is None or len(found) <= MAX_PATH else None

    def _constant(self, name: str, depth: int) -> str | None:
        """The value of a name that is bound once in the whole file, remembered."""
        if name == "__file__":
            return self.file
        if name not in self.known:
            self.known[name] = None  # what is made from itself has no value
            if self.bound[name] == 1 and name in self.values:
                self.known[name] = self._path(self.values[name], depth + 1)
        return self.known[name]

    def _piece(self, node: ast.expr, depth: int) -> str:
        if isinstance(node, ast.FormattedValue):
            found = self._path(node.value, depth + 1) if node.format_spec is None and node.conversion < 0 else None
        else:
            found = self._path(node, depth + 1)
        return HOLE if found is None else found

    def _operation(self, node: ast.BinOp, depth: int) -> str | None:
        if not isinstance(node.op, ast.Add | ast.Div):
            return None
        left, right = self._path(node.left, depth + 1), self._path(node.right, depth + 1)
        if isinstance(node.op, ast.Div):
            return None if left is None or right is None else join(left, right)
        if left is None and right is None:
            return None
        return f"{HOLE if left is None else left}{HOLE if right is None else right}"

    def _made(self, node: ast.Call, depth: int) -> str | None:
        """The path that a call gives, of those that only put paths together."""
        name = self._name(node.func)
        if name in _HERE:
            return "."
        parts: list[str | None] = []
        if isinstance(node.func, ast.Attribute) and node.func.attr in _OF_PATHS:
            parts = [self._path(node.func.value, depth + 1)]
            if parts[0] is not None and node.func.attr in _SAME_METHODS:
                return parts[0]
            if parts[0] is not None and node.func.attr == "format" and isinstance(node.func.value, ast.Constant):
                return _FIELD.sub(HOLE, parts[0])
        is_joining = isinstance(node.func, ast.Attribute) and node.func.attr == "joinpath"
        if not is_joining:
            parts.clear()
            if name not in _MAKING:
                return None
        parts += [self._path(each, depth + 1) for each in node.args]
        texts = [part for part in parts if part is not None]
        if not texts or len(texts) < len(parts):
            return None
        return dirname(texts[0]) if name in _DIRNAMES else join(*texts)

    def _ancestor(self, node: ast.Subscript, depth: int) -> str | None:
        """``path.parents[1]``."""
        if not (isinstance(node.value, ast.Attribute) and node.value.attr == "parents"):
            return None
        found = self._path(node.value.value, depth + 1)
        steps = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if found is None or type(steps) is not int or not 0 <= steps < MAX_DEPTH:
            return None
        for _ in range(steps + 1):
            found = dirname(found)
        return found


def _mode(call: ast.Call, place: int) -> str:
    """``r`` or ``w`` for how a call of `open` opens its file; empty for both, and where it is not told."""
    given: Any = call.args[place] if len(call.args) > place else None
    given = next((each.value for each in call.keywords if each.arg == "mode"), given)
    if given is None:
        return "r"
    text = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else "+"
    if "+" in text:
        return ""
    return "w" if set(text) & set("wax") else "r"
