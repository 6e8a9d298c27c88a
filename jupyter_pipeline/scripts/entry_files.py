"""Which files of the project a command names as the code to run, and where that code runs.

Only what is written in the words of the command; whether the files exist is ``spec.files``' work. Reusable actions have
their code in their images and name none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from posixpath import dirname, normpath, splitext

from ..models import WORKSPACE, Command

STUDY_DEFINITIONS = "analysis/study_definition*.py"
"""Where cohortextractor looks when it is told no name (platform: cohortextractor)."""

_PYTHON = re.compile(r"(?:/usr/(?:local/)?bin/)?python(?:3(?:\.\d+)?)?")
_PYTHON_FLAGS = re.compile(r"-[bBdEiIOqsSuvxP]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_RENDER = re.compile(r"""(?:rmarkdown|quarto|knitr)::\w*(?:render|knit)\w*\(\s*(?:input\s*=\s*)?["']([^"'\\]+)["']""")
_ROOT = re.compile(r"""knit_root_dir\s*=\s*(?:["']([^"']*)["']|(here::here\(\)|here\(\)|getwd\(\)))""")
_EHRQL_VALUES = frozenset("--output --dummy-data-file --test-data-file --dummy-tables --dsn --backend".split())
_NOTEBOOK_VALUES = frozenset("--output --output-dir --to --template --config --log-level --cwd".split())


@dataclass(frozen=True, slots=True)
class Named:
    """A file that a command is to run."""

    path: str
    """As the command says it, relative to the project."""
    kind: str
    """A word for people, such as ``script``."""
    folder: str | None = ""
    """The working folder of its code, relative to the project; None when it is unknown, or the code is not run."""
    patterns: tuple[str, ...] = ()
    """What would do, where that is not the path itself."""

    @property
    def accepted(self) -> tuple[str, ...]:
        """The patterns of which one file must match one."""
        return self.patterns or (self.path,)


def named(run: Command) -> tuple[Named, ...]:
    """Give the files that a command runs; empty for commands that are not known, and for reusable actions."""
    words = list(run.args)
    if words[:1] == ["env"]:
        del words[0]
        while words and _ASSIGNMENT.fullmatch(words[0]):
            del words[0]
    if not words:
        return ()
    found: Iterator[Named] = iter(())
    if run.image in ("cohortextractor", "ehrql"):
        words = words[1:] if words[0] == run.image else words
        found = _of_study(words) if run.image == "cohortextractor" else _of_ehrql(words)
    elif run.image in ("python", "jupyter"):
        found = _of_python(words, run.image)
    elif run.image == "r":
        found = _of_r(words[1:] if words[0] == "Rscript" else words)
    elif run.image == "stata-mp":
        found = _of_stata(words)
    return tuple(found)


def _script(word: str, kind: str = "script", folder: str | None = "") -> Iterator[Named]:
    """The file a word names; none when it is outside of the project."""
    path = local_path(word)
    if path:
        yield Named(path, kind, folder)


def local_path(word: str) -> str:
    """A path as a command has it, relative to the project; empty when it is outside, or no path."""
    path = normpath(word.removeprefix(f"{WORKSPACE}/")) if word.isprintable() else "."
    return "" if path in (".", "..") or path.startswith(("/", "../")) or set(path) & set("*?$`~") else path


def _of_study(words: Sequence[str]) -> Iterator[Named]:
    if words[:1] not in (["generate_cohort"], ["generate_measures"]) or "--help" in words:
        return
    flag, kind = "--study-definition", "study definition"
    given = [after for word, after in pairwise(words) if word == flag]
    given += [word.removeprefix(f"{flag}=") for word in words if word.startswith(f"{flag}=")]
    if not given and flag not in words:
        yield Named("analysis/study_definition.py", kind, "", (STUDY_DEFINITIONS,))
    elif len(given) == 1 and re.fullmatch(r"[\w-]+", given[0]):
        yield Named(f"analysis/{given[0]}.py", kind)


def _of_ehrql(words: Sequence[str]) -> Iterator[Named]:
    if words[:1] not in (["generate-dataset"], ["generate-measures"]):
        return
    for before, word in pairwise(words):
        if word == "--":
            return
        if word.endswith(".py") and not word.startswith("-") and before not in _EHRQL_VALUES:
            yield from _script(word, "dataset definition" if words[0] == "generate-dataset" else "measures definition")
            return


def _of_python(words: Sequence[str], image: str) -> Iterator[Named]:
    if not _PYTHON.fullmatch(words[0]):
        if image == "python" and words[0].endswith(".py"):
            yield from _script(words[0])
        else:
            yield from _of_notebooks(words)
        return
    rest = iter(words[1:])
    for word in rest:
        if word == "-m":
            yield from _of_module(next(rest, ""))
            return
        if word in ("-W", "-X"):
            next(rest, None)
        elif word.startswith("-") and not word.startswith(("-W", "-X")) and not _PYTHON_FLAGS.fullmatch(word):
            return
        elif not word.startswith("-"):
            yield from _script(word)
            return


def _of_module(name: str) -> Iterator[Named]:
    if re.fullmatch(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+", name):
        path = name.replace(".", "/")
        yield Named(f"{path}.py", "module", "", (f"{path}.py", f"{path}/__main__.py", f"{path}/__init__.py"))


def _of_notebooks(words: Sequence[str]) -> Iterator[Named]:
    program, *rest = words
    if program == "jupyter" and rest:
        program, *rest = rest
    program = program.removeprefix("jupyter-")
    if program not in ("nbconvert", "execute", "papermill"):
        return
    given = [
        word
        for before, word in pairwise(["", *rest])
        if word.endswith(".ipynb") and not word.startswith("-") and before not in _NOTEBOOK_VALUES
    ]
    is_moved = any("cwd" in word for word in rest)
    is_run = program != "nbconvert" or "--execute" in rest
    for word in given[:1] if program == "papermill" else given:
        place = "" if program == "papermill" else dirname(local_path(word))
        yield from _script(word, "notebook", place if is_run and not is_moved else None)


def _of_r(words: Sequence[str]) -> Iterator[Named]:
    for place, word in enumerate(words):
        if word == "-e":
            text = words[place + 1] if place + 1 < len(words) else ""
            found = _RENDER.search(text)
            if found and not re.search(r"setwd|chdir", text):
                yield from _script(found[1], "document", _knit_folder(text, found[1]))
            return
        if not word.startswith("-"):
            yield from _script(word)
            return


def _knit_folder(text: str, path: str) -> str | None:
    """Where the code of a document runs: ``knit_root_dir``, or beside it (platform: rmarkdown::render)."""
    if "knit_root_dir" not in text:
        return dirname(local_path(path)) if "rmarkdown::" in text else None
    root = _ROOT.search(text)
    if root is None:
        return None
    return "" if root[2] or root[1] in (WORKSPACE, ".", f"{WORKSPACE}/") else local_path(root[1]) or None


def _of_stata(words: Sequence[str]) -> Iterator[Named]:
    path = local_path(words[0])
    if path.startswith("-") or not path:
        return
    if not splitext(path)[1]:
        yield Named(path, "script", "", (path, f"{path}.do"))
    elif path.endswith(".do"):
        yield Named(path, "script")
