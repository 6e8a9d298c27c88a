"""Reads YAML text to a light tree that knows line and column of every key and value.

Built from the parser's events, with libyaml where PyYAML has it, so that large files stay cheap; scalars follow the
YAML 1.2 core schema (section 10.3.2), so ``on`` and ``yes`` are texts. Nothing here knows what a project is.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ...models import Problem, Severity
from .scalars import SPECIAL_FIRST, resolve
from .syntax import (
    Unreadable,
    explain,
    tab_problems,
    text_of,
)

MAX_DEPTH = 100
"""Deepest nesting read."""
MAX_NODES = 500_000
"""Most values read, counting what an alias repeats; 10,000 ordinary actions have about 100,000."""

MAX_REPEATED = 100_000
"""Most values that aliases repeat: a small file must not become a big one."""
MAX_TOLD = 1_000
"""Problems of one kind reported one by one."""

_TABS_ALONE = re.compile(r"^[ \t]*\t[ \t]*$", re.MULTILINE)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The nodes are not frozen: setting frozen fields costs three times as much, and there are 20 in every action.


@dataclass(slots=True)
class Scalar:
    """One value that is not a collection: what it means, how it is written, and where it stands (from 1)."""

    value: str | int | float | bool | None
    text: str
    line: int
    column: int


@dataclass(slots=True)
class Sequence:
    """A list and where it starts."""

    items: list[Node]
    line: int
    column: int


@dataclass(slots=True)
class Mapping:
    """A mapping and where it starts; keys are kept as their text, in the file's order."""

    entries: dict[str, Node]
    places: list[tuple[int, int]]
    """Line and column of each key, in the order of ``entries``."""
    line: int
    column: int

    def get(self, key: str) -> Node | None:
        """Give the value under a key, or None when there is no such key."""
        return self.entries.get(key)

    def items(self) -> Iterator[tuple[Scalar, Node]]:
        """Yield each key, with its place, and its value."""
        for (key, value), (line, column) in zip(self.entries.items(), self.places, strict=True):
            yield Scalar(key, key, line, column), value

    def key(self, key: str) -> Scalar:
        """Give the key itself, for its place; raises KeyError when it is not there."""
        for found, _ in self.items():
            if found.text == key:
                return found
        raise KeyError(key)


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """What a text says: its tree, or None when it cannot be read, and what is wrong with it as YAML."""

    root: Node | None
    problems: tuple[Problem, ...]


def read(source: str | bytes, loader: Any = _LOADER) -> YamlDocument:
    """Read a YAML file of one document.

    Never raises: whatever is wrong with the text comes back as problems, in the order of the file. ``loader`` is
    a PyYAML loader class; the default is libyaml's, or PyYAML's own where that is not built in.
    """
    composer = _Composer()
    problems = composer.problems
    root = None
    try:
        text = text_of(source)
        if "\t" not in text:
            composer.compose(_events(text, loader))
        else:  # seldom
            events = _events_despite_tabs(text, loader)
            problems += tab_problems(text, [each for each in events if type(each) is ScalarEvent])
            composer.compose(events)
        root = composer.root
        if root is None or (isinstance(root, Scalar) and root.value is None):
            root = None
            remedy = "Write `version`, and `actions` below it."
            problems.append(Problem("yaml-empty", "The file is empty.", remedy, line=1, column=1))
    except Unreadable as stop:
        problems.append(stop.problem)
    problems.sort(key=lambda each: (each.line or 0, each.column or 0))
    return YamlDocument(root, tuple(problems))


def to_json(node: Node) -> str:
    """Give a node as JSON text, keys in the file's order; raises ValueError for numbers that JSON lacks (nan, inf)."""
    return json.dumps(_plain(node), allow_nan=False)


def _plain(node: Node) -> Any:
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [_plain(item) for item in node.items]
        case Mapping():
            return {key: _plain(value) for key, value in node.entries.items()}


def _events(text: str, loader: Any) -> Iterator[Event]:
    try:
        yield from yaml.parse(text, Loader=loader)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML's own parser lets ValueError and OverflowError through for odd escapes and directives.
        raise Unreadable(explain(error, text)) from None


def _events_despite_tabs(text: str, loader: Any) -> list[Event]:
    """The events of a text with tabs; a line of nothing but blanks and tabs is empty, which libyaml denies."""
    try:
        return list(_events(text, loader))
    except Unreadable:
        plain = _TABS_ALONE.sub(lambda found: " " * len(found[0]), text)
        if plain == text:
            raise
        return list(_events(plain, loader))


# -- events to nodes -------------------------------------------------------------------------------

_STANDARD = "tag:yaml.org,2002:"
_TEXT_TAGS = ("!", _STANDARD + "str")
_KNOWN_TAGS = (*_TEXT_TAGS, *(_STANDARD + name for name in ("int", "float", "bool", "null", "map", "seq")))


@dataclass(slots=True)
class _Frame:
    """A collection that is still open."""

    node: Sequence | Mapping
    anchor: str | None
    key: Node | None = None
    """In a mapping, the key whose value comes next."""
    is_merge: bool = False
    """Whether that key is a plain ``<<``."""
    weight: int = 1
    """Nodes inside, counting what aliases repeat."""
    merged: list[Node] = field(default_factory=list)
    """What its ``<<`` keys name."""
    first_merge: int = 0
    """The line of the first of these keys."""
    repeated: list[Scalar] = field(default_factory=list)
    """Keys that stand there already."""


class _Composer:
    """Takes events in their order and builds the tree; ``compose`` raises Unreadable where going on is pointless."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._documents = 0
        self._open: list[_Frame] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._repeated = 0
        self._told: Counter[str] = Counter()

    def compose(self, events: Iterable[Any]) -> None:
        others = {
            MappingStartEvent: self._start,
            SequenceStartEvent: self._start,
            MappingEndEvent: self._end,
            SequenceEndEvent: self._end,
            AliasEvent: self._alias,
            DocumentStartEvent: self._start_document,
        }
        for count, event in enumerate(events):
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind in others:
                others[kind](event)
            if count > 2 * MAX_NODES:
                raise self._too_many(event.start_mark.line + 1, event.start_mark.column + 1)

    def _start_document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            remedy = "Take out the line `---` and keep one document in the file."
            raise Unreadable(_problem("yaml-documents", "A second document starts here.", remedy, event.start_mark))

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        value = text = event.value
        plain = event.implicit[0]
        if plain and (not text or text[0] in SPECIAL_FIRST):
            value = resolve(text)
        if event.tag is not None:
            self._check_tag(event)
            value = text if event.tag in _TEXT_TAGS else resolve(text)
        node = Scalar(value, text, mark.line + 1, mark.column + 1)
        weight = 1 + len(text) // 100
        if event.anchor:
            self._anchors[event.anchor] = (node, weight)
        if not self._open:
            self.root = node
            return
        frame = self._open[-1]
        if type(frame.node) is Mapping and frame.key is None:
            frame.key = node
            frame.is_merge = plain and text == "<<"
        else:
            self._add(frame, node, weight)

    def _start(self, event: Any) -> None:
        mark = event.start_mark
        if len(self._open) >= MAX_DEPTH:
            message = f"The values are nested more than {MAX_DEPTH} deep."
            raise Unreadable(_problem("yaml-depth", message, "Use a flatter structure.", mark))
        if event.tag is not None:
            self._check_tag(event)
        node: Sequence | Mapping
        if type(event) is MappingStartEvent:
            node = Mapping({}, [], mark.line + 1, mark.column + 1)
        else:
            node = Sequence([], mark.line + 1, mark.column + 1)
        if event.anchor:
            # Until it is complete it cannot be repeated, not even inside itself.
            self._anchors.pop(event.anchor, None)
        self._open.append(_Frame(node, event.anchor))

    def _end(self, _: Any) -> None:
        frame = self._open.pop()
        node = frame.node
        if frame.repeated:
            self._tell_repeated(frame)
        if frame.merged:
            self._merge(frame)
        if frame.anchor:
            self._anchors[frame.anchor] = (node, frame.weight)
        self._place(node, frame.weight)

    def _alias(self, event: Any) -> None:
        mark = event.start_mark
        known = self._anchors.get(event.anchor)
        if known is None:
            message = f"`*{event.anchor}` refers to an anchor that is not complete above this line."
            remedy = f"Mark the value to be repeated with `&{event.anchor}`, above, or put the text in quotes."
            self._tell(_problem("yaml-alias", message, remedy, mark))
            known = (Scalar(None, "", mark.line + 1, mark.column + 1), 1)
        self._repeated += known[1] - 1
        if self._repeated > MAX_REPEATED:
            raise self._too_many(mark.line + 1, mark.column + 1)
        self._place(*known)

    def _tell(self, problem: Problem) -> None:
        self._told[problem.rule] += 1
        if self._told[problem.rule] <= MAX_TOLD:
            self.problems.append(problem)

    def _check_tag(self, event: Any) -> None:
        if event.tag not in _KNOWN_TAGS:
            message = f"The tag `{event.tag[:60]}` has no meaning here."
            remedy = "Take the tag out, or put the value in quotes."
            self._tell(_problem("yaml-tag", message, remedy, event.start_mark))

    def _place(self, node: Node, weight: int) -> None:
        """Put a finished node where it belongs: the root, a list, or a mapping's key or value."""
        if not self._open:
            self.root = node
        elif isinstance(self._open[-1].node, Mapping) and self._open[-1].key is None:
            self._open[-1].key = node
            self._open[-1].is_merge = False
        else:
            self._add(self._open[-1], node, weight)

    def _add(self, frame: _Frame, value: Node, weight: int) -> None:
        """Add a value to a list, or to a mapping under the key that waits for it."""
        frame.weight += weight
        if frame.weight > MAX_NODES:
            raise self._too_many(value.line, value.column)
        parent, key = frame.node, frame.key
        if type(parent) is Sequence:
            parent.items.append(value)
            return
        assert isinstance(parent, Mapping)
        if frame.is_merge:
            assert isinstance(key, Scalar)
            if frame.merged:
                frame.repeated.append(key)
            frame.first_merge = frame.first_merge or key.line
            frame.merged.append(value)
        elif type(key) is Scalar and type(key.value) is str and key.text not in parent.entries:
            parent.entries[sys.intern(key.text)] = value
            parent.places.append((key.line, key.column))
        else:
            self._odd_key(frame, key or value, value)
        frame.key = None

    def _odd_key(self, frame: _Frame, key: Node, value: Node) -> None:
        parent = frame.node
        assert isinstance(parent, Mapping)
        if not isinstance(key, Scalar) or key.value is None:
            message = "A key must be a text; this one is empty, a list or a mapping."
            self._tell(_problem("yaml-key", message, "Write a name before the colon.", key, from_zero=False))
        elif key.text in parent.entries:
            frame.repeated.append(key)
        else:
            if self._told["yaml-key-type"] <= MAX_TOLD:
                message = f"The key `{key.text[:60]}` is not a text in YAML; it is taken as it is written."
                problem = _problem("yaml-key-type", message, "Put it in quotes.", key, from_zero=False)
                self._tell(replace(problem, severity=Severity.HINT))
            parent.entries[key.text] = value
            parent.places.append((key.line, key.column))

    def _tell_repeated(self, frame: _Frame) -> None:
        assert isinstance(frame.node, Mapping)
        lines = {key.text: key.line for key, _ in frame.node.items()} | {"<<": frame.first_merge}
        for key in frame.repeated[:MAX_TOLD]:
            name = key.text[:60]
            message = f"The key `{name}` stands here a second time; the first is on line {lines[key.text]}."
            remedy = "Rename one of them, or delete the one you do not want."
            self._tell(_problem("yaml-duplicate-key", message, remedy, key, from_zero=False))

    def _merge(self, frame: _Frame) -> None:
        """Bring in what ``<<`` names: the mapping's own keys win, then the earlier source (yaml.org/type/merge)."""
        node = frame.node
        assert isinstance(node, Mapping)
        merged: dict[str, tuple[Scalar, Node]] = {}
        for value in frame.merged:
            for source in value.items if isinstance(value, Sequence) else [value]:
                if isinstance(source, Mapping):
                    frame.weight += len(source.entries)
                    for key, entry in source.items():
                        merged.setdefault(key.text, (key, entry))
                elif self._told["yaml-merge"] <= MAX_TOLD:
                    message = "`<<` must name a mapping, or a list of mappings."
                    remedy = "Write `<<: *name`, where `&name` marks a mapping above."
                    self._tell(_problem("yaml-merge", message, remedy, source, from_zero=False))
        merged |= {key.text: (key, value) for key, value in node.items()}
        node.entries = {name: value for name, (_, value) in merged.items()}
        node.places = [(key.line, key.column) for key, _ in merged.values()]

    def _too_many(self, line: int, column: int) -> Unreadable:
        message = f"The file says more than {MAX_NODES:,} values, or its aliases repeat more than {MAX_REPEATED:,}."
        remedy = "Use fewer aliases, or a smaller file."
        return Unreadable(Problem("yaml-nodes", message, remedy, line=line, column=column))


def _problem(rule: str, message: str, remedy: str, at: Any, from_zero: bool = True) -> Problem:
    """A problem at one of the parser's marks, which count from zero, or at a node, which counts from one."""
    return Problem(rule, message, remedy, line=at.line + from_zero, column=at.column + from_zero)
