"""Writes one more action into the text of a project.yaml.

The lines are put below the last action, in the way the file is written; nothing else is touched, so comments, quotes
and line ends stay. The new text is read again: it must say just what the old one said, and the action besides. No
files are read or written here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from ..errors import InvalidAddition
from ..models import Problem, Severity
from . import parsing
from .action import split
from .faults import is_null, quote
from .rulesets import NEWEST
from .yaml import tree
from .yaml.places import BOM, STEP, LineLayout, Room, Splice, plain, spliced
from .yaml.scalars import resolve

WIDTH = 100
"""Longest line of a list of needs that is written on one."""


@dataclass(frozen=True, slots=True)
class NewAction:
    """An action that is to be added."""

    name: str
    run: str
    needs: tuple[str, ...] = ()
    outputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By level the outputs, each name with its path."""


@dataclass(frozen=True, slots=True)
class Addition:
    """The new text, and what is new in it."""

    text: str
    first: int
    """The line at which the added ones begin, counted from 1."""
    lines: tuple[str, ...]
    """The added lines, without their ends."""
    problems: tuple[Problem, ...]
    """Warnings and hints about the new action."""


def add(source: str, action: NewAction) -> Addition:
    """Write an action into the text of a project.yaml.

    Raises InvalidAddition when the file cannot be used as it is, when the new text could not be either, or when the
    way it is written does not let lines be added safely.
    """
    text = source.removeprefix(BOM)
    document = tree.read(text)
    is_empty = [each.rule for each in document.problems] == ["yaml-empty"]
    old = document.root if not is_empty else tree.Mapping({}, [], 1, 1)
    if not isinstance(old, tree.Mapping):
        _refuse(action, "project.yaml cannot be read.", "Mend it first.", document.problems)
    if _names(old, action.name):
        _refuse(action, f"There is an action {quote(action.name)} already.", "Choose another name.")
    fitting = (each for each in _splices(text, old, action) if _says(spliced(text, [each]), old, action))
    splice = next(fitting, None)
    if splice is None:
        remedy = "Write the actions as a block, each on lines of its own below `actions:`, or add this one by hand."
        _refuse(action, "The way project.yaml is written does not let an action be added safely.", remedy)
    return _judged(source, text, splice, action)


def _refuse(action: NewAction, message: str, remedy: str, problems: tuple[Problem, ...] = ()) -> NoReturn:
    raise InvalidAddition(f"{quote(action.name)} is not added. {message}", remedy, problems)


def _names(root: tree.Mapping, name: str) -> bool:
    actions = root.get("actions")
    return isinstance(actions, tree.Mapping) and name in actions.entries


def _judged(source: str, text: str, splice: Splice, action: NewAction) -> Addition:
    """The addition, if the project can be used with it."""
    new = spliced(text, [splice])
    parsed = parsing.parse(new)
    if parsed.pipeline is None:
        before = {(each.rule, each.key) for each in parsing.parse(text).problems}
        errors = [each for each in parsed.problems if each.severity is Severity.ERROR]
        first = next((each for each in errors if (each.rule, each.key) not in before), errors[0])
        _refuse(action, first.message, first.remedy, tuple(errors))
    added = splice.text.splitlines()
    first_line = len(text[: splice.begin].splitlines()) + 1
    if added and not added[0] and not text[: splice.begin].endswith(("\n", "\r")) and splice.begin:
        added = added[1:]  # the end that the last line did not have
    problems = tuple(each for each in parsed.problems if each.action == action.name)
    return Addition(source[: len(source) - len(text)] + new, first_line, tuple(added), problems)


# -- where, and how it is written ------------------------------------------------------------------


def _splices(text: str, root: tree.Mapping, action: NewAction) -> Iterator[Splice]:
    """The places where the action could be written, with its lines; the nicest first."""
    end = "\r\n" if "\r\n" in text else "\n"
    if "actions" in root.entries:
        room = LineLayout(text).room(root.key("actions"))
        for place in room.places if room else ():
            assert room is not None
            yield _splice(text, place, ([""] if room.is_spaced else []) + _block(action, room), end)
        return
    head = [] if "version" in root.entries else [f'version: "{NEWEST}.0"', ""]
    indent = root.column - 1
    lines = [*head, "actions:", *_block(action, Room((), indent + STEP, STEP, False))]
    is_apart = not text.strip() or text.endswith(("\n\n", "\r\n\r\n"))
    yield _splice(text, len(text), ([] if is_apart else [""]) + [" " * indent + line for line in lines], end)


def _splice(text: str, place: int, lines: list[str], end: str) -> Splice:
    """Lines written at a place; a text whose last line has no end keeps that."""
    if place and place == len(text) and not text.endswith(("\n", "\r")):
        return Splice(place, place, "".join(end + line for line in lines))
    return Splice(place, place, "".join(line + end for line in lines))


def _block(action: NewAction, room: Room) -> list[str]:
    """The lines of an action."""
    step = " " * room.step
    lines = [f"{_key(action.name)}:", *(step + line for line in _run(action.run, step))]
    lines += [step + line for line in _needs(action.needs, step)]
    lines += [f"{step}outputs:"] if action.outputs else []
    for level, outputs in action.outputs.items():
        lines.append(f"{step * 2}{_key(level)}:")
        lines += [f"{step * 3}{_key(name)}: {_value(path)}" for name, path in outputs.items()]
    return [" " * room.column + line for line in lines]


def _run(run: str, step: str) -> list[str]:
    """The run line; one that was given on several lines stays on several, where it means the same."""
    parts = [line.strip() for line in run.splitlines() if line.strip()]
    if len(parts) > 1 and _words(" ".join(parts)) == _words(run) and not parts[0].startswith("#"):
        return ["run: >-", *(step + part for part in parts)]
    return [f"run: {_value(run.strip())}"]


def _needs(needs: tuple[str, ...], step: str) -> list[str]:
    if not needs:
        return []
    line = f"needs: [{', '.join(_written(need, '[{}]', lambda read: read[0]) for need in needs)}]"
    return [line] if len(line) <= WIDTH else ["needs:", *(f"{step}- {_value(need)}" for need in needs)]


def _key(text: str) -> str:
    return _written(text, "{}: 0", lambda read: next(iter(read)))


def _value(text: str) -> str:
    return _written(text, "k: {}", lambda read: read["k"])


def _written(text: str, frame: str, of: Any) -> str:
    """A text as YAML: without quotes where every reader takes it for that text, also those of YAML 1.1."""
    single = "'" + text.replace("'", "''") + "'"
    for written in (text, single):
        try:
            read = of(yaml.safe_load(frame.format(written) + "\n"))
        except (yaml.YAMLError, ValueError, TypeError, LookupError, StopIteration):
            continue
        is_text = read == text and isinstance(read, str) and (written != text or isinstance(resolve(text), str))
        if is_text and text.isprintable():
            return written
    return json.dumps(text, ensure_ascii=False)


# -- whether it says what was meant ----------------------------------------------------------------


def _says(new: str, old: tree.Mapping, action: NewAction) -> bool:
    """Whether a text says what the old one said, and the action besides."""
    root = tree.read(new).root
    actions = root.get("actions") if isinstance(root, tree.Mapping) else None
    if not isinstance(root, tree.Mapping) or not isinstance(actions, tree.Mapping):
        return False
    found = actions.entries.get(action.name)
    if found is None or not _is_as_asked(found, action):
        return False
    facts, before = plain(root), plain(old)
    del facts["actions"][action.name]
    if "version" not in before:
        facts.pop("version")
    if is_null(old.get("actions")):  # so was nothing there
        facts["actions"] = before["actions"] = facts["actions"] or None
    return repr(sorted(facts.items())) == repr(sorted(before.items()))


def _is_as_asked(found: tree.Node, action: NewAction) -> bool:
    facts = plain(found)
    if not isinstance(facts, dict):
        return False
    kind, run = facts.pop("run", ("", ""))
    wanted: dict[str, Any] = {"needs": tuple(("str", need) for need in action.needs)} if action.needs else {}
    if action.outputs:
        wanted["outputs"] = {
            level: {name: ("str", path) for name, path in outputs.items()} if outputs else ("NoneType", "")
            for level, outputs in action.outputs.items()
        }
    return kind == "str" and _words(run) == _words(action.run) and bool(facts == wanted)


def _words(run: str) -> list[str]:
    try:
        return split(run)
    except ValueError:  # a quote that is never closed: told by whoever reads the file
        return [run.strip()]
