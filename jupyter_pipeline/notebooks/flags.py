"""The flags of nbconvert, papermill and ``jupyter execute`` as data, and one small reader for each of their two styles.

The tables are taken from nbconvert 5.6 and 7 (nbconvertapp.py), nbclient 0.11 (cli.py) and papermill 2.7 (cli.py). What
the flags amount to is ``commands``' work. A flag that no table knows, or a value that we do not take, raises
`WordForWord`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class WordForWord(Exception):
    """Why a line is not taken apart: a sentence without its end."""


# -- the flags, as data ----------------------------------------------------------------------------

Reader = Callable[[str], Any]
"""Reads a flag's value; raises ValueError for one that is not taken."""


def _text(value: str) -> str:
    """A text; traitlets takes off a pair of quotes that is left."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _truth(value: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[value.lower()]


def _seconds(value: str) -> float:
    return float(int(value))


def _limit(value: str) -> float | None:
    """Seconds for a cell; 0 and less are no limit (nbclient: client.py ``_get_timeout``)."""
    seconds = _seconds(value)
    return seconds if seconds > 0 else None


def _limit_or_none(value: str) -> float | None:
    return None if value == "None" else _limit(value)


def _any(value: str) -> None:
    """A value that changes nothing here."""


def _only(*taken: str) -> Reader:
    """A flag that is taken with a few values alone, because these change nothing here."""

    def read(value: str) -> str:
        return taken[taken.index(_text(value).lower())]

    return read


@dataclass(frozen=True, slots=True)
class Traits:
    """What a program built on traitlets understands."""

    aliases: Mapping[str, str]
    """From ``--to`` to ``Class.trait``."""
    flags: Mapping[str, Mapping[str, Any]]
    """Flags without value, and the traits that they set."""
    readers: Mapping[str, Reader]


def _per_class(classes: str, traits: Mapping[str, Reader]) -> dict[str, Reader]:
    return {f"{name}.{trait}": reader for name in classes.split() for trait, reader in traits.items()}


_INPLACE = {
    "NbConvertApp.use_output_suffix": False,
    "NbConvertApp.export_format": "notebook",
    "FilesWriter.build_directory": "",
}
_NEGATIVE = re.compile(r"-\d+|-\d*\.\d+")
_NO_PROMPT = {"TemplateExporter.exclude_input_prompt": True, "TemplateExporter.exclude_output_prompt": True}
_APPLICATION = {"Application.log_level": _any, "JupyterApp.log_level": _any, "JupyterApp.answer_yes": _any}
EXECUTION: dict[str, Reader] = {
    "timeout": _limit_or_none,
    "startup_timeout": _seconds,
    "kernel_name": _text,
    "allow_errors": _truth,
}
NBCONVERT = Traits(
    aliases={
        "--to": "NbConvertApp.export_format",
        "--template": "TemplateExporter.template_name",
        "--template-file": "TemplateExporter.template_file",
        "--theme": "HTMLExporter.theme",
        "--writer": "NbConvertApp.writer_class",
        "--output": "NbConvertApp.output_base",
        "--output-dir": "FilesWriter.build_directory",
        "--nbformat": "NotebookExporter.nbformat_version",
        "--log-level": "Application.log_level",
    },
    flags={
        "--execute": {"ExecutePreprocessor.enabled": True},
        "--allow-errors": {"ExecutePreprocessor.allow_errors": True},
        "--inplace": _INPLACE,
        "--no-prompt": _NO_PROMPT,
        "--no-input": {**_NO_PROMPT, "TemplateExporter.exclude_input": True},
        "--show-input": {"TemplateExporter.exclude_input": False},
        **{flag: {} for flag in "--debug -y --y --embed-images --allow-chromium-download".split()},
        "--disable-chromium-sandbox": {},
    },
    readers={
        **_APPLICATION,
        "NbConvertApp.log_level": _any,
        "NbConvertApp.export_format": _text,
        "NbConvertApp.output_base": _text,
        "NbConvertApp.use_output_suffix": _truth,
        "NbConvertApp.writer_class": _only("fileswriter"),
        "FilesWriter.build_directory": _text,
        "NotebookExporter.nbformat_version": _only("4"),
        "HTMLExporter.theme": _only("light"),
        "HTMLExporter.embed_images": _any,
        "ExecutePreprocessor.enabled": _truth,
        **_per_class("TemplateExporter HTMLExporter", {"template_name": _text, "template_file": _text}),
        **_per_class(
            "TemplateExporter HTMLExporter MarkdownExporter ScriptExporter PythonExporter",
            dict.fromkeys(("exclude_input", "exclude_input_prompt", "exclude_output_prompt"), _truth),
        ),
        **_per_class("ExecutePreprocessor NotebookClient", {**EXECUTION, "record_timing": _any, "iopub_timeout": _any}),
    },
)
EXECUTE = Traits(
    aliases={
        "--timeout": "NbClientApp.timeout",
        "--startup_timeout": "NbClientApp.startup_timeout",
        "--kernel_name": "NbClientApp.kernel_name",
        "--output": "NbClientApp.output_base",
    },
    flags={"--allow-errors": {"NbClientApp.allow_errors": True}, "--inplace": {"NbClientApp.inplace": True}},
    readers={
        **_APPLICATION,
        **_per_class("NbClientApp", {**EXECUTION, "inplace": _truth, "output_base": _text, "log_level": _any}),
    },
)
FORMATS = {
    "html": ("HTMLExporter", ".html"),
    "notebook": ("NotebookExporter", ".ipynb"),
    "markdown": ("MarkdownExporter", ".md"),
    "script": ("ScriptExporter", ""),
    "python": ("PythonExporter", ".py"),
}
"""Each format that we write, its exporter, and the extension that is taken off ``--output`` and put on again."""
TEMPLATES = {"basic": "basic", "classic": "classic", "full": "classic", "lab": "lab", "report": None}
"""Templates by the names of nbconvert 5 and later ones; ``full`` was the first name of ``classic``."""

_PAPERMILL: Mapping[str, tuple[str, int]] = {
    **dict.fromkeys(("-p", "--parameters"), ("parameters", 2)),
    **dict.fromkeys(("-r", "--parameters_raw"), ("raw", 2)),
    **dict.fromkeys(("-f", "--parameters_file"), ("files", 1)),
    **dict.fromkeys(("-y", "--parameters_yaml"), ("yaml", 1)),
    **dict.fromkeys(("-b", "--parameters_base64"), ("base64", 1)),
    **dict.fromkeys(("-k", "--kernel"), ("kernel", 1)),
    **dict.fromkeys(("-l", "--language"), ("language", 1)),
    **dict.fromkeys(("--start-timeout", "--start_timeout"), ("start", 1)),
    "--execution-timeout": ("timeout", 1),
    "--cwd": ("cwd", 1),
    "--engine": ("engine", 1),
    "--autosave-cell-every": ("autosave", 1),
    "--log-level": ("log", 1),
}
"""papermill's options: what we call each, and how many words follow it."""
_PAPERMILL_FLAGS: Mapping[str, tuple[str, bool]] = {
    "--report-mode": ("report", True),
    "--no-report-mode": ("report", False),
    "--inject-input-path": ("input path", True),
    "--inject-output-path": ("output path", True),
    "--inject-paths": ("both paths", True),
    "--prepare-execute": ("execute", True),
    "--progress-bar": ("progress", True),
    "--no-progress-bar": ("progress", False),
    "--log-output": ("log output", True),
    "--no-log-output": ("log output", False),
    "--request-save-on-cell-execute": ("save", True),
    "--no-request-save-on-cell-execute": ("save", False),
}
"""Its flags without a value; those from ``execute`` on change nothing here."""
_PAPERMILL_READERS: dict[str, Reader] = {
    "start": _seconds,
    "timeout": _limit,
    "autosave": _seconds,
    "engine": _only("nbclient"),
    "log": _only("notset", "debug", "info", "warning", "error", "critical"),
}


# -- the two styles --------------------------------------------------------------------------------


def read_traits(words: Sequence[str], program: Traits) -> tuple[dict[str, Any], list[str]]:
    """Read words as traitlets does: the values of ``Class.trait``, and the words that belong to no flag.

    Flags without a value go before all others, wherever they stand (traitlets: config/loader.py).
    """
    given: dict[str, Any] = {}
    flags: list[str] = []
    free: list[str] = []
    rest = deque(words)
    while rest:
        word = rest.popleft()
        name, has_value, value = word.partition("=")
        if word == "--":
            free += rest
            break
        if not _is_flag(word):
            free.append(word)
        elif name in program.flags and not has_value:
            flags.append(name)
        else:
            trait = program.aliases.get(name) or re.sub("^--?", "", name)
            if trait not in program.readers:
                raise WordForWord(_unknown(name, name in program.flags))
            if trait in given:
                raise WordForWord(f"The flag {shown(name)} is given twice")
            if not has_value:
                if not rest or rest[0] == "--" or _is_flag(rest[0]):
                    raise WordForWord(f"The flag {shown(name)} has no value")
                value = rest.popleft()
            given[trait] = _read(name, value, program.readers[trait])
    for name in flags:
        given.update(program.flags[name])
    return given, free


def read_options(words: Sequence[str]) -> tuple[dict[str, list[tuple[Any, ...]]], list[str]]:
    """Read words as click does for papermill: all values of each option, and the words that belong to none."""
    given: dict[str, list[tuple[Any, ...]]] = {}
    free: list[str] = []
    rest = deque(words)
    while rest:
        word = rest.popleft()
        if word == "--":
            free += rest
            break
        if not word.startswith("-") or word == "-":
            free.append(word)
            continue
        name, has_value, value = word.partition("=")
        if not word.startswith("--"):
            name, has_value, value = word[:2], word[2:], word[2:]
        if name in _PAPERMILL_FLAGS and not has_value:
            option, constant = _PAPERMILL_FLAGS[name]
            given.setdefault(option, []).append((constant,))
        elif name in _PAPERMILL:
            option, count = _PAPERMILL[name]
            if has_value:
                rest.appendleft(value)
            if len(rest) < count:
                raise WordForWord(f"The flag {shown(name)} has no value")
            reader = _PAPERMILL_READERS.get(option, str)
            given.setdefault(option, []).append(tuple(_read(name, rest.popleft(), reader) for _ in range(count)))
        else:
            raise WordForWord(_unknown(name, name in _PAPERMILL_FLAGS))
    return given, free


def shown(text: str) -> str:
    """A word of the line as it can stand in a sentence: in backticks, shortened, nothing invisible."""
    short = text if len(text) <= 80 else f"{text[:77]}..."
    return f"`{short if short.isprintable() else repr(short)[1:-1]}`"


def _is_flag(word: str) -> bool:
    """Whether argparse takes a word for a flag; a negative number is none."""
    if len(word) < 2 or not word.startswith("-") or _NEGATIVE.fullmatch(word):
        return False
    return " " not in word.partition("=")[0]


def _read(name: str, value: str, reader: Reader) -> Any:
    try:
        return reader(value)
    except (ValueError, KeyError, OverflowError):
        raise WordForWord(f"The value {shown(value)} of the flag {shown(name)} is not one that we take") from None


def _unknown(name: str, takes_none: bool) -> str:
    return f"The flag {shown(name)} takes no value" if takes_none else f"The flag {shown(name)} is not known to us"
