"""Which notebook a command executes, and which files it writes: nbconvert, papermill and ``jupyter execute``. Pure.

The tables of flags are in ``flags``; what they do not know makes the line run word for word. Whether the
notebook exists, and executing it, is ``driver``'s work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import PurePosixPath
from posixpath import dirname, join, normpath, split, splitext
from typing import Any

from ..models import WORKSPACE, Command
from . import parameters as notebook_parameters
from .flags import (
    EXECUTE,
    EXECUTION,
    FORMATS,
    NBCONVERT,
    TEMPLATES,
    WordForWord,
    read_options,
    read_traits,
    shown,
)


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is made from the executed notebook."""

    to: str
    """``html``, ``markdown`` or ``script``."""
    path: str
    """Relative to the workspace; for ``script`` without its extension, which the notebook's language decides."""
    template: str | None
    """``basic``, ``classic`` or ``lab``; None is ours."""
    no_input: bool = False
    """Leave out the code, and with it all prompts."""
    no_prompt: bool = False


@dataclass(frozen=True, slots=True)
class NotebookRun:
    """What a command does with its notebook. All paths are relative to the workspace."""

    tool: str
    """``nbconvert``, ``papermill`` or ``execute``."""
    notebook: str
    folder: str
    """Where the cells run; empty for the workspace itself."""
    executed: str | None
    """Where the executed notebook is written to, if it is."""
    exports: tuple[Export, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """As papermill types them; where ``parameter_files`` say otherwise, these hold."""
    parameter_files: tuple[str, ...] = ()
    kernel: str | None = None
    timeout: float | None = None
    """Seconds that one cell may take."""
    startup_timeout: float = 60.0
    allow_errors: bool = False
    report_mode: bool = False
    """Mark the code as hidden in the executed notebook (papermill)."""
    language: str | None = None
    """The language that parameters are written in (papermill); None is the kernel's."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that a leading ``env NAME=value`` sets for the kernel."""


@dataclass(frozen=True, slots=True)
class NotRecognised:
    """A command that executes a notebook, but that is run word for word."""

    reason: str
    """A sentence for people."""


_PROGRAM = re.compile(r"(?:/usr/(?:local/)?bin/)?([\w.-]+)")
_PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?")
_IMPORTS = re.compile(r"-[bBOqsSuvEIP]+")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_OURS = re.compile(r"PATH|HOME|TMPDIR|PYTHONHOME|LD_\w+|JUPYTER\w*")
_PLACE = re.compile(r"\{(\w+)\}")
_SECRET = re.compile("token|passw(?:or)?d|passphrase|pwd|secret|apikey|credential|privatekey|oauth|authoriz")
_SECRET_WORDS = frozenset("auth pass pw pat jwt cred creds bearer cookie".split())
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


# -- recognising -----------------------------------------------------------------------------------


def recognise(args: Sequence[str], image: str = "") -> NotebookRun | NotRecognised | None:
    """Say what the words after an image do to a notebook; None where they execute none.

    ``image`` decides which program is meant where the first word is none (platform: base-docker entrypoint.sh).
    """
    words = list(args)
    environment: dict[str, str] = {}
    if words[:1] in (["env"], ["/usr/bin/env"]):
        del words[0]
        while words and (assignment := _ASSIGNMENT.fullmatch(words[0])):
            environment[assignment[1]] = assignment[2]
            del words[0]
    try:
        program, rest = _program(words, image)
        run = _TOOLS[program](rest, environment) if program in _TOOLS else None
        if run and (refused := [name for name in environment if _OURS.fullmatch(name)]):
            raise WordForWord(f"The line sets {shown(refused[0])}")
    except WordForWord as why:
        return NotRecognised(f"{why}, so the line runs word for word.")
    return run


def _program(words: Sequence[str], image: str) -> tuple[str, list[str]]:
    """The tool that a line starts, and the words for it; the name is empty where it is none of ours."""
    if image == "jupyter" and words[:1] and words[0] in ("nbconvert", "execute"):
        words = ["jupyter", *words]
    elif image == "python" and words[:1] and words[0].startswith("-"):
        words = ["python", *words]
    first = _PROGRAM.fullmatch(words[0]) if words else None
    name, rest = (first[1] if first else ""), list(words[1:])
    if _PYTHON.fullmatch(name):
        name, rest = _module(rest)
    if name == "jupyter" and rest[:1] and rest[0] in ("nbconvert", "execute"):
        return rest[0], rest[1:]
    if name in ("jupyter-nbconvert", "jupyter-execute"):
        return name.removeprefix("jupyter-"), rest
    return (name, rest) if name == "papermill" else ("", rest)


def _module(words: list[str]) -> tuple[str, list[str]]:
    """The program that ``python -m`` stands for; flags before it say how Python imports, and are for it alone."""
    while words and words[0] != "-m" and (_IMPORTS.fullmatch(words[0]) or words[0][:2] in ("-W", "-X")):
        words = words[2 if words[0] in ("-W", "-X") else 1 :]
    if words[:1] != ["-m"] or len(words) < 2:
        return "", words
    name = {"nbconvert": "jupyter-nbconvert", "jupyter_core": "jupyter"}.get(words[1], words[1])
    return (name if name in ("jupyter-nbconvert", "jupyter", "papermill") else ""), words[2:]


def _nbconvert(words: list[str], environment: Mapping[str, str]) -> NotebookRun | None:
    if "--execute" not in words and not any("ExecutePreprocessor.enabled" in word for word in words):
        return None
    given, free = read_traits(words, NBCONVERT)
    if not given.get("ExecutePreprocessor.enabled"):
        return None
    named = given.get("NbConvertApp.export_format", "html").lower()
    form = "notebook" if named == "ipynb" else named
    if form not in FORMATS:
        raise WordForWord(_why_not(form))
    word = _only_notebook(free)
    written = _written(given, form, word)
    values = {trait: _trait(given, trait, "ExecutePreprocessor", "NotebookClient") for trait in EXECUTION}
    notebook = _inside(word)
    return NotebookRun(
        tool="nbconvert",
        notebook=notebook,
        folder=dirname(notebook),
        executed=written if form == "notebook" else None,
        exports=() if form == "notebook" else (_export(given, form, written),),
        **_execution(values),
        environment=environment,
    )


def _trait(given: Mapping[str, Any], name: str, *classes: str) -> Any:
    """The value of a trait: of the class itself before those that it inherits from."""
    return next((given[key] for each in classes if (key := f"{each}.{name}") in given), None)


def _why_not(form: str) -> str:
    if form in ("pdf", "webpdf", "qtpdf"):
        hint = "`jupyter pipeline report --to pdf` makes a PDF from the executed notebook"
        return f"We do not write the format {shown(form)} here ({hint})"
    return f"We do not write the format {shown(form)}"


def _only_notebook(free: Sequence[str]) -> str:
    """The one notebook that a line names, with its extension, as traitlets' programs let people leave it out."""
    if len(free) != 1:
        raise WordForWord(f"The line names {'several notebooks' if free else 'no notebook'}")
    (word,) = free
    if set(word) & set("*?["):
        raise WordForWord(f"The notebook {shown(word)} is a pattern")
    word = word if "." in split(word)[1] else f"{word}.ipynb"
    if not word.endswith(".ipynb"):
        raise WordForWord(f"The notebook {shown(word)} does not end in `.ipynb`")
    return word


def _written(given: Mapping[str, Any], form: str, word: str) -> str:
    """The file that nbconvert writes (nbconvert: nbconvertapp.py, writers/files.py); for scripts without extension."""
    extension = FORMATS[form][1]
    name = given.get("NbConvertApp.output_base", "{notebook_name}")
    without, its = splitext(name)
    name = without if its == extension else name
    folder = given.get("FilesWriter.build_directory", "")
    has_suffix = form == "notebook" and name == "{notebook_name}" and not folder
    suffix = ".nbconvert" if has_suffix and given.get("NbConvertApp.use_output_suffix", True) else ""
    name = _filled(name, {"notebook_name": split(word)[1].removesuffix(".ipynb")})
    if not split(name)[1]:
        raise WordForWord("The flag `--output` names no file")
    ending = "" if form in ("script", "python") else extension
    return _inside(join(folder or dirname(word), f"{name}{suffix}{ending}"))


def _export(given: Mapping[str, Any], form: str, path: str) -> Export:
    classes = (FORMATS[form][0], "TemplateExporter")
    named = [name for trait in ("template_name", "template_file") if (name := _trait(given, trait, *classes))]
    template = None
    for name in named:
        plain = name.removesuffix(".tpl")
        if plain not in TEMPLATES or len(named) > 1 or form != "html":
            raise WordForWord(f"The template {shown(name)} is not one of ours")
        template = TEMPLATES[plain]
    no_input = bool(_trait(given, "exclude_input", *classes))
    prompts = {bool(_trait(given, f"exclude_{kind}_prompt", *classes)) for kind in ("input", "output")}
    if len(prompts) > 1 and not no_input:
        raise WordForWord("The line leaves out only one kind of prompt")
    return Export("script" if form == "python" else form, path, template, no_input, prompts == {True})


def _execute(words: list[str], environment: Mapping[str, str]) -> NotebookRun:
    given, free = read_traits(words, EXECUTE)
    notebook = PurePosixPath(_inside(_only_notebook(free)))
    values = {trait: _trait(given, trait, "NbClientApp") for trait in EXECUTION}
    executed = None
    if given.get("NbClientApp.inplace"):
        executed = str(notebook)
    elif base := given.get("NbClientApp.output_base"):
        path = notebook.parent / _filled(base, {"notebook_name": notebook.stem})
        if path.name in ("", ".."):
            raise WordForWord("The flag `--output` names no file")
        executed = _inside(str(path.with_suffix(".ipynb")))
    folder = dirname(str(notebook))
    return NotebookRun("execute", str(notebook), folder, executed, **_execution(values), environment=environment)


def _execution(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a run that nbclient's traits stand for."""
    started = values["startup_timeout"]
    return {
        "kernel": values["kernel_name"] or None,
        "timeout": values["timeout"],
        "startup_timeout": 60.0 if started is None else started,
        "allow_errors": bool(values["allow_errors"]),
    }


def _papermill(words: list[str], environment: Mapping[str, str]) -> NotebookRun:
    given, free = read_options(words)
    if len(free) != 2:
        raise WordForWord("papermill is not given one notebook to read and one to write")
    last = {option: found[-1][0] for option, found in given.items()}
    parameters = notebook_parameters.read(given, free)
    source, target = (_inside(_local(_filled(path, parameters))) for path in free)
    folder = last.get("cwd", "")
    return NotebookRun(
        tool="papermill",
        notebook=source,
        folder=_inside(_local(folder), may_be_root=True) if folder else "",
        executed=target,
        parameters=parameters,
        parameter_files=tuple(_inside(_local(path)) for (path,) in given.get("files", ())),
        kernel=last.get("kernel") or None,
        timeout=last.get("timeout"),
        startup_timeout=last.get("start", 60.0),
        report_mode=last.get("report", False),
        language=last.get("language") or None,
        environment=environment,
    )


_TOOLS: Mapping[str, Callable[[list[str], Mapping[str, str]], NotebookRun | None]] = {
    "nbconvert": _nbconvert,
    "execute": _execute,
    "papermill": _papermill,
}


# -- paths -----------------------------------------------------------------------------------------


def _inside(word: str, may_be_root: bool = False) -> str:
    """A path of the line relative to the workspace."""
    path = normpath(word)
    path = "." if path == WORKSPACE else path.removeprefix(f"{WORKSPACE}/")
    if not word or not word.isprintable() or (path == "." and not may_be_root):
        raise WordForWord(f"The path {shown(word)} names no file")
    if path == ".." or path.startswith(("/", "../", "~")):
        raise WordForWord(f"The path {shown(word)} leaves the workspace")
    return "" if path == "." else path


def _local(word: str) -> str:
    """A path that papermill looks for on the disk (papermill: iorw.py); a dash is a stream."""
    if word.startswith("-") or _URL.match(word):
        raise WordForWord(f"The path {shown(word)} is not one of a file here")
    return word


def _filled(word: str, values: Mapping[str, Any]) -> str:
    """Fill in ``{name}``, as both nbconvert and papermill do with ``str.format``; nothing cleverer is taken."""
    if any(match[1] not in values for match in _PLACE.finditer(word)) or set(_PLACE.sub("", word)) & set("{}"):
        raise WordForWord(f"The path {shown(word)} has something in braces that we cannot fill in")
    return _PLACE.sub(lambda match: str(values[match[1]]), word)


# -- what is shown and kept ------------------------------------------------------------------------


def masked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as they may be shown: ``***`` in place of what its name says is a secret."""
    return {name: "***" if _is_secret(str(name)) else _masked(value) for name, value in parameters.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked(value)
    return [_masked(item) for item in value] if isinstance(value, list) else value


def _is_secret(name: str) -> bool:
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return bool(_SECRET.search("".join(words).lower())) or not _SECRET_WORDS.isdisjoint(word.lower() for word in words)


def rewritten(commands: Iterable[Command]) -> Iterator[str]:
    """The notebooks that commands execute in place: they are outputs, and code all the same."""
    for command in commands:
        run = recognise(command.args, command.image)
        if isinstance(run, NotebookRun) and run.executed == run.notebook:
            yield run.notebook


def as_json(run: NotebookRun) -> dict[str, Any]:
    """Give a run as JSON can hold it, with its parameters unmasked."""
    plain = {each.name: getattr(run, each.name) for each in fields(run)}
    exports = [{each.name: getattr(export, each.name) for each in fields(export)} for export in run.exports]
    return {
        **plain,
        "exports": exports,
        "parameters": dict(run.parameters),
        "parameter_files": list(run.parameter_files),
        "environment": dict(run.environment),
    }


def from_json(data: Mapping[str, Any]) -> NotebookRun:
    """Give back the run of which `as_json` made ``data``."""
    exports = tuple(Export(**export) for export in data["exports"])
    return NotebookRun(**{**data, "exports": exports, "parameter_files": tuple(data["parameter_files"])})
