"""Reads one action of project.yaml: its name, run, needs, outputs, config and dummy_data_file.

What an action has to do with the others (unknown needs, circles, overlaps) is ``checks``' work.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from sys import intern

from ..models import (
    Command,
    Level,
    OutputPattern,
    Problem,
)
from .extraction import extraction_faults
from .faults import (
    Fault,
    Reading,
    Suggester,
    is_null,
    kind,
    quote,
    text_value,
    unknown_keys,
)
from .paths import path_faults, type_faults
from .yaml.tree import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    to_json,
)

KEYS = ("run", "needs", "outputs", "config", "dummy_data_file")
LEVELS = {level.value: level for level in Level}
MAX_NAME = 128
MAX_RUN = 100_000
"""Longest run line; Linux takes no word of 131,072 bytes in a command."""

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*")
IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_PLATFORM_TAG = re.compile(r"v[\d.]+(-pre)?|dev|latest")
"""What the platform takes for a version since January 2025 (platform: pipeline/models.py)."""
_WORD = re.compile(r"[^ \t\r\n]+")
_QUOTING = re.compile(r"""['"\\]""")


@dataclass(frozen=True, slots=True)
class Need:
    """One entry of ``needs`` and its place."""

    name: str
    node: Scalar


@dataclass(frozen=True, slots=True)
class Claim:
    """One output of an action and its place."""

    action: str
    output: OutputPattern
    node: Node

    @property
    def key(self) -> str:
        """The dotted path of its key."""
        return f"actions.{self.action}.outputs.{self.output.level}.{self.output.name}"


@dataclass(frozen=True, slots=True)
class ActionDraft:
    """An action as far as it could be read."""

    name: str
    is_whole: bool
    """Whether it has the keys that an action must have."""
    key: Scalar
    run: Command | None
    run_node: Node
    needs: tuple[Need, ...]
    claims: tuple[Claim, ...]
    config: str | None
    dummy_data_file: str | None
    dummy_node: Node | None


def read_action(key: Scalar, node: Node, suggester: Suggester) -> Reading[ActionDraft | None]:
    """Read one action; yields its problems and gives what could be read, None when it is no mapping."""
    name = key.text
    yield from _name_problems(key)
    if not isinstance(node, Mapping):
        message = f"The action {quote(name)} must be a mapping, and is {kind(node)}."
        yield Fault("action-type", message, "Write `run` and `outputs` below its name, indented one step.").at(
            node, f"actions.{name}", name
        )
        return None
    yield from unknown_keys(node, KEYS, suggester, f"actions.{name}.", name)
    run = yield from _read_run(key, node)
    claims = yield from _read_outputs(key, node, suggester)
    yield from _extraction_problems(key, run, claims, node)
    return ActionDraft(
        name,
        {"run", "outputs"} <= node.entries.keys(),
        key,
        run,
        node.get("run") or key,
        (yield from _read_needs(name, node.get("needs"))),
        claims,
        (yield from _read_config(name, node.get("config"))),
        (yield from _read_dummy(name, node.get("dummy_data_file"))),
        node.get("dummy_data_file"),
    )


def _name_problems(key: Scalar) -> Iterator[Problem]:
    """Names are ASCII letters, digits, ``_``, ``-``, and single dots inside.

    All real names known to us fit without the dots. They become names of folders, log files and links, so nothing
    that could be a path, an option, a hidden file or a second word is let in.
    """
    if len(key.text) > MAX_NAME or not NAME.fullmatch(key.text):
        message = f"The action name {quote(key.text)} cannot be used."
        remedy = f"Use letters, digits, `_` and `-`, a letter, digit or `_` first, {MAX_NAME} at most."
        yield Fault("action-name", message, remedy).at(key, f"actions.{key.text}", key.text)


# -- run -------------------------------------------------------------------------------------------


def split(text: str) -> list[str]:
    """Split a run line into words as a POSIX shell would; raises ValueError for an open quote or a final backslash.

    The same as ``shlex.split``, which takes ten times as long where there is nothing quoted.
    """
    return shlex.split(text) if _QUOTING.search(text) else _WORD.findall(text)


def _read_run(key: Scalar, action: Mapping) -> Reading[Command | None]:
    name, path = key.text, f"actions.{key.text}.run"
    node = action.get("run")
    if node is None:
        message = f"The action {quote(name)} has no `run`."
        yield Fault("run-missing", message, "Add a line such as `run: python:v2 analysis/script.py`.").at(
            key, path, name
        )
        return None
    raw = text_value(node)
    if raw is None:
        message = f"`run` of {quote(name)} must be a text, and is {kind(node)}."
        yield Fault("run-type", message, "Write it like `run: python:v2 analysis/script.py`.").at(node, path, name)
        return None
    parsed = parse_run(raw)
    if isinstance(parsed, Fault):
        yield parsed.at(node, path, name)
        return None
    yield from (fault.at(node, path, name) for fault in _runtime_faults(parsed))
    return parsed


def parse_run(raw: str) -> Command | Fault:
    """Give the command of a run line, or the one fault that keeps it from being one (platform: pipeline/models.py)."""
    if len(raw) > MAX_RUN:
        return Fault("run-long", f"The run line has {len(raw):,} characters.", f"Keep it below {MAX_RUN:,}.")
    try:
        words = split(raw)
    except ValueError:
        message = f"The run line {quote(raw)} has a quote that is never closed, or ends in a backslash."
        return Fault("run-quotes", message, "Close the quote, or write `\\'` for an apostrophe.")
    if not words:
        return Fault("run-empty", "The run line is empty.", "Write it like `run: python:v2 analysis/script.py`.")
    image, _, version = words[0].partition(":")
    if version:
        return Command(raw, intern(image), intern(version), tuple(words[1:]))
    message = f"The run line begins with {quote(words[0])}, which names no version."
    named = image[:40] if IMAGE.fullmatch(image) else "python"
    return Fault("run-image", message, f"Begin it with image and version, such as `{named}:v2`.")


def _runtime_faults(run: Command) -> Iterator[Fault]:
    """Yield what is odd about the image and its version, in one version of the platform's rules or another."""
    name = quote(run.runtime)
    if "\0" in run.raw:
        yield Fault("run-character", "The run line holds the character U+0000.", "Delete it.")
    if not (IMAGE.fullmatch(run.image) and TAG.fullmatch(run.version)):
        message = f"The run line begins with {name}, which is not an image and its version."
        yield Fault("run-image-name", message, "Begin it with image and version, such as `python:v2`.")
    if not _PLATFORM_TAG.fullmatch(run.version):
        message = f"The version of {name} is not of the platform's form."
        yield Fault("run-tag", message, f"Write `v` and a number, such as `{quote(run.image)[1:-1]}:v2`.")
    elif run.version == "latest":
        message = f"{name} does not say which version is meant."
        yield Fault("image-latest", message, f"Write `{quote(run.image)[1:-1]}:v1`, which is what it meant.")
    elif run.version == "v1" and run.image in {"python", "r"}:
        message = f"{name} will be withdrawn by the platform."
        yield Fault("image-deprecated", message, f"Move to `{run.image}:v2`, and check the results.")
    if run.image.startswith("cohortextractor"):
        message = f"The platform no longer runs {name}."
        yield Fault("cohort-refused", message, "Rewrite the study definition in ehrQL, as a dataset definition.")


# -- needs, config, dummy data ---------------------------------------------------------------------


def _read_needs(name: str, node: Node | None) -> Reading[tuple[Need, ...]]:
    path = f"actions.{name}.needs"
    if node is None or is_null(node):
        return ()
    if not isinstance(node, Sequence):
        message = f"`needs` of {quote(name)} must be a list, and is {kind(node)}."
        yield Fault("needs-type", message, "Write it like `needs: [first_action, second_action]`.").at(node, path, name)
        return ()
    needs = []
    for item in node.items:
        if not isinstance(item, Scalar) or item.value is None or isinstance(item.value, bool):
            message = f"An entry of `needs` of {quote(name)} must be the name of an action, and is {kind(item)}."
            yield Fault("needs-entry", message, "Write the names of actions, with commas between.").at(item, path, name)
        elif " " in item.text:
            message = f"{quote(item.text)} in `needs` of {quote(name)} has a space in it."
            yield Fault("needs-space", message, "Use commas between the names of actions.").at(item, path, name)
        else:
            if not isinstance(item.value, str):
                message = f"{quote(item.text)} in `needs` of {quote(name)} is not a text in YAML."
                yield Fault("needs-number", message, "Put it in quotes.").at(item, path, name)
            # Here a number is taken as it is written, for actions whose names are numbers.
            needs.append(Need(item.text, item))
    return tuple(needs)


def _read_config(name: str, node: Node | None) -> Reading[str | None]:
    if node is None or is_null(node):
        return None
    if not isinstance(node, Mapping):
        message = f"`config` of {quote(name)} must be a mapping, and is {kind(node)}."
        yield Fault("config-type", message, "Write `key: value` lines below it, indented one step.").at(
            node, f"actions.{name}.config", name
        )
        return None
    try:
        return to_json(node)
    except ValueError:
        message = f"`config` of {quote(name)} holds a number that JSON cannot say."
        yield Fault("config-number", message, "Put `.nan` and `.inf` in quotes, or leave them out.").at(
            node, f"actions.{name}.config", name
        )
        return None


def _read_dummy(name: str, node: Node | None) -> Reading[str | None]:
    if node is None or is_null(node):
        return None
    path = text_value(node)
    key = f"actions.{name}.dummy_data_file"
    if path == "":
        message = f"`dummy_data_file` of {quote(name)} is empty."
        yield Fault("dummy-empty", message, "Write a path, or take the line out.").at(node, key, name)
        return None
    if path is None:
        message = f"`dummy_data_file` of {quote(name)} must be a path, and is {kind(node)}."
        yield Fault("dummy-type", message, "Write it like `dummy_data_file: test-data/cohort.csv`.").at(node, key, name)
        return None
    parts = path.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or parts[0].endswith(":") or not path.isprintable():
        message = f"`dummy_data_file` of {quote(name)} must be inside the project, and {quote(path)} is not."
        yield Fault("dummy-path", message, "Write the path as seen from the folder of project.yaml.").at(
            node, key, name
        )
    return path


# -- outputs ---------------------------------------------------------------------------------------


def _read_outputs(key: Scalar, action: Mapping, suggester: Suggester) -> Reading[tuple[Claim, ...]]:
    name, path = key.text, f"actions.{key.text}.outputs"
    node = action.get("outputs")
    remedy = "Write `outputs:`, below it a level such as `moderately_sensitive:`, below that `name: path`."
    if node is None:
        yield Fault("outputs-missing", f"The action {quote(name)} has no `outputs`.", remedy).at(key, path, name)
        return ()
    if not isinstance(node, Mapping):
        message = f"`outputs` of {quote(name)} must be a mapping, and is {kind(node)}."
        yield Fault("outputs-type", message, remedy).at(node, path, name)
        return ()
    claims: list[Claim] = []
    levels = 0
    for level_key, level_node in node.items():
        level_name = level_key.text
        level = LEVELS.get(level_name)
        if level is None:
            message = f"{quote(level_name)} in `outputs` of {quote(name)} is not a level, so its files are not kept."
            known = ", ".join(LEVELS)
            fault = Fault("outputs-level", message, f"{suggester.like(level_name, LEVELS)}The levels are {known}.")
            yield fault.at(level_key, f"{path}.{level_name}", name)
        else:
            levels += not is_null(level_node)
        yield from _read_level(name, level_key, level_node, claims)
    if not levels:
        message = f"`outputs` of {quote(name)} names no file of any level."
        yield Fault("outputs-level-none", message, remedy).at(node, path, name)
    return tuple(claims)


def _read_level(name: str, key: Scalar, node: Node, claims: list[Claim]) -> Iterator[Problem]:
    level, level_name = LEVELS.get(key.text), quote(key.text)
    path = f"actions.{name}.outputs.{key.text}"
    if is_null(node) or (isinstance(node, Mapping) and not node.entries):
        message = f"{level_name} in `outputs` of {quote(name)} names no file."
        yield Fault("outputs-empty", message, "Write `name: path` below it, or take it out.").at(node, path, name)
        return
    if not isinstance(node, Mapping):
        message = f"{level_name} in `outputs` of {quote(name)} must be a mapping, and is {kind(node)}."
        yield Fault("outputs-type", message, "Write `name: path` below it, indented one step.").at(node, path, name)
        return
    for label, value in node.entries.items():
        place = f"{path}.{label}"
        pattern = text_value(value)
        if pattern is None:
            message = f"The output {quote(label)} of {quote(name)} must be a path, and is {kind(value)}."
            yield Fault("output-type", message, "Write it like `table: output/table.csv`.").at(value, place, name)
            continue
        for fault in (*path_faults(pattern), *type_faults(pattern, level)):
            yield fault.at(value, place, name)
        if level is not None:
            claims.append(Claim(name, OutputPattern(level, label, pattern), value))


def _extraction_problems(
    key: Scalar, run: Command | None, claims: tuple[Claim, ...], action: Mapping
) -> Iterator[Problem]:
    outputs = action.get("outputs")
    if run is None or not isinstance(outputs, Mapping):
        return
    levels = sum(name in LEVELS and not is_null(node) for name, node in outputs.entries.items())
    for fault in extraction_faults(run, [claim.output for claim in claims], levels):
        yield fault.at(action.key("outputs"), f"actions.{key.text}.outputs", key.text)
