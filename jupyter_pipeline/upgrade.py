"""Brings an old project.yaml to what the platform takes today, as far as no person has to decide anything.

Only the characters that must change are changed: the edits are cut into the text at the places PyYAML reports, so
comments, quotes, line ends and blank lines stay. The new text is then read again and compared with what was to come
out; an edit that did anything else is not made. No files are read or written here.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import yaml

from . import spec, yamltree
from .commands import COHORTEXTRACTOR
from .models import RUN_ALL, Pipeline, Severity
from .rulesets import CLI, MECHANICAL, NATIVE, NEWEST, OLDEST
from .spec_action import split
from .spec_faults import quote

LATEST, MEANT = "latest", "v1"
"""The tag that is refused from version 5 on, and the one it stood for (platform: pipeline/models.py)."""
FLAG = "--expectations-population"
_BOM = "\ufeff"
_UNSAFE = "This could not be done safely here"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT = re.compile("( *)#")
_BEFORE_WORD = re.compile(r"(?:[|>][^\r\n]*\s+)?[\s'\"]*")


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that was changed, or that could not be."""

    rule: str
    """The short name of the rule that asks for it."""
    line: int
    """Where, in the text as it was given, counted from 1."""
    what: str
    """What is done; or why it is not, and what a person has to do."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The new text, what was changed, and what is left for a person, both in the order of the given text."""

    text: str
    edits: tuple[Edit, ...]
    left: tuple[Edit, ...]


def upgrade(source: str) -> Upgrade:
    """Make every mechanical edit that brings the text of an old project.yaml to version 5.

    Never raises for any text; what is no YAML mapping comes back as it is. Line ends and a byte order mark are kept
    where the text still has them. A second upgrade finds nothing to do.
    """
    text = source.removeprefix(_BOM)
    root = _root(text)
    if root is None:
        return Upgrade(source, (), ())
    old = _Old(root, _Layout(text), spec.examine(text).version)
    done = _Plan(_facts(root), spec.parse(text).pipeline)
    left: list[Edit] = []
    for planner in (_plan_run_all, _plan_images, _plan_version):
        plan = _Plan(deepcopy(done.facts), done.pipeline)
        try:
            planner(old, plan)
            if plan.splices:
                plan.splices += done.splices
                _verify(old, plan)
                plan.edits += done.edits
                done = plan
            left += plan.left
        except _Refused as refused:
            left.append(refused.edit)
    new = _spliced(text, done.splices)
    left += _for_people(old, new)
    return Upgrade(source[: len(source) - len(text)] + new, _in_order(done.edits), _in_order(left))


@dataclass(frozen=True, slots=True)
class _Splice:
    """A part of the text, from its first character to the one after its last, and what is to stand there."""

    begin: int
    end: int
    text: str


@dataclass(slots=True)
class _Plan:
    """Edits that are made together or not at all, what the file is to say after them, and what it means if valid."""

    facts: dict[str, Any]
    pipeline: Pipeline | None
    edits: list[Edit] = field(default_factory=list)
    splices: list[_Splice] = field(default_factory=list)
    left: list[Edit] = field(default_factory=list)


class _Refused(Exception):
    """Ends the planning of one kind of edit; never leaves this module."""

    def __init__(self, rule: str, line: int, reason: str) -> None:
        super().__init__(reason)
        self.edit = Edit(rule, line, reason)


@dataclass(frozen=True, slots=True)
class _Old:
    """The file as it was given: its tree, the places in its text, and its version."""

    root: yamltree.Mapping
    layout: _Layout
    version: float | None

    def run(self, action: str) -> yamltree.Node:
        """Give the run line of an action that has one."""
        actions: Any = self.root.entries["actions"]
        run: yamltree.Node = actions.entries[action].entries["run"]
        return run


def _spliced(text: str, splices: Iterable[_Splice]) -> str:
    parts, place = [], 0
    # Actions can share a run line through an anchor; it is edited once.
    for splice in sorted(set(splices), key=lambda each: each.begin):
        parts += [text[place : splice.begin], splice.text]
        place = splice.end
    return "".join(parts) + text[place:]


def _in_order(edits: list[Edit]) -> tuple[Edit, ...]:
    return tuple(sorted(dict.fromkeys(edits), key=lambda edit: edit.line))


# -- what a file says, and whether the edits did what they should ----------------------------------


def _root(text: str) -> yamltree.Mapping | None:
    document = yamltree.read(text)
    sound = all(each.severity is not Severity.ERROR for each in spec.judge(document.problems, None, NATIVE))
    return document.root if sound and isinstance(document.root, yamltree.Mapping) else None


def _facts(root: yamltree.Mapping) -> dict[str, Any]:
    """Everything the file says: mappings as dicts, run lines as lists of words, all else as tuples.

    Of sections that mean nothing only the names count, so that what is repeated from there may be edited there.
    """
    facts = {key: _plain(node) if key in spec.KEYS else None for key, node in root.entries.items()}
    actions = facts.get("actions")
    for action in actions.values() if isinstance(actions, dict) else ():
        run = action.get("run") if isinstance(action, dict) else None
        if isinstance(run, tuple) and run[:1] == ("str",):
            try:
                action["run"] = split(run[1])
            except ValueError:  # a quote that is never closed: the text stays what it is
                continue
    return facts


def _plain(node: yamltree.Node) -> Any:
    match node:
        case yamltree.Scalar():
            return type(node.value).__name__, node.text
        case yamltree.Sequence():
            return tuple(_plain(item) for item in node.items)
        case yamltree.Mapping():
            return {key: _plain(value) for key, value in node.entries.items()}


def _commands(facts: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield each action's name and the words of its run line, if there are any."""
    actions = facts.get("actions")
    for name, action in actions.items() if isinstance(actions, dict) else ():
        words = action.get("run") if isinstance(action, dict) else None
        if isinstance(words, list) and words:
            yield name, words


def _verify(old: _Old, plan: _Plan) -> None:
    """See that the new text says just what was intended, and is valid if it was before; raises _Refused."""
    first = plan.edits[0]
    text = _spliced(old.layout.text, plan.splices)
    root = _root(text)
    # As text, because dicts are equal in any order.
    if root is None or repr(_facts(root)) != repr(plan.facts):
        raise _Refused(first.rule, first.line, f"{_UNSAFE}, because of how the file is written. Do it by hand.")
    parsed = spec.parse(text)
    if plan.pipeline is not None and parsed.pipeline is None:
        error = next(each for each in parsed.problems if each.severity is Severity.ERROR)
        reason = f"{_UNSAFE}, because then the file would not be valid. {error.message} {error.remedy}"
        raise _Refused(first.rule, first.line, reason)
    plan.pipeline = parsed.pipeline


# -- the kinds of edits ----------------------------------------------------------------------------


def _plan_run_all(old: _Old, plan: _Plan) -> None:
    """Take out the action ``run_all``, which is built in (platform: pipeline/features.py)."""
    rule, node, actions = "run-all-reserved", old.root.get("actions"), plan.facts.get("actions")
    if not isinstance(node, yamltree.Mapping) or not isinstance(actions, dict) or RUN_ALL not in actions:
        return
    key = node.key(RUN_ALL)
    del actions[RUN_ALL]
    for name, action in actions.items():
        if isinstance(action, dict) and ("str", RUN_ALL) in action.get("needs", ()):
            reason = f"`{RUN_ALL}` stays, because {quote(name)} needs it. Name the actions whose outputs it uses."
            raise _Refused(rule, key.line, reason)
    if not actions:
        raise _Refused(rule, key.line, f"`{RUN_ALL}` stays, because it is the only action. Give it another name.")
    _take_out(old, plan, rule, key, f"The action `{RUN_ALL}` is taken out; it is built in.")


def _take_out(old: _Old, plan: _Plan, rule: str, key: yamltree.Scalar, what: str) -> None:
    splice = old.layout.removal(key)
    if splice is None:
        raise _Refused(rule, key.line, f"{_UNSAFE}: take {quote(key.text)} out by hand, then check again.")
    plan.splices.append(splice)
    plan.edits.append(Edit(rule, key.line, what))


def _plan_images(old: _Old, plan: _Plan) -> None:
    """Name the version that ``latest`` stood for (platform: pipeline/models.py)."""
    rule = "image-latest"
    for name, words in _commands(plan.facts):
        image, _, tag = words[0].partition(":")
        if not image or tag != LATEST:
            continue
        runtime, run = f"{image}:{MEANT}", old.run(name)
        begin = old.layout.find(run, words[0])
        if begin is None:
            plan.left.append(Edit(rule, run.line, f"{_UNSAFE}: write {quote(runtime)} in {quote(name)} by hand."))
            continue
        what = f"{quote(words[0])} of {quote(name)} becomes {quote(runtime)}, which is what it meant."
        plan.edits.append(Edit(rule, old.layout.line(begin) + 1, what))
        plan.splices.append(_Splice(begin, begin + len(words[0]), runtime))
        words[0] = runtime


def _plan_version(old: _Old, plan: _Plan) -> None:
    """Write version 5, take out ``expectations``, and give its number to the commands that used it.

    These belong together: version 3 asks for the section, from version 4 on it is refused (platform:
    pipeline/features.py).
    """
    node, section = old.root.get("version"), "expectations"
    if node is None or old.version is None or not old.version >= OLDEST:
        reason = f'The file says no known `version`, so what it means is not known. Write `version: "{NEWEST}.0"`'
        raise _Refused("version-old", node.line if node else 1, f"{reason} if that fits, then check again.")
    if old.version < NEWEST:
        begin, end = old.layout.inside(node)
        plan.splices.append(_Splice(begin, end, f"{NEWEST}.0"))
        plan.facts["version"] = "str" if plan.facts["version"][0] == "str" else "float", f"{NEWEST}.0"
        what = f"The version {old.version:g} becomes {NEWEST}.0, the only one that the platform takes today."
        plan.edits.append(Edit("version-old", old.layout.line(begin) + 1, what))
        _plan_populations(old, plan, node)
    if section in plan.facts:
        del plan.facts[section]
        what = f"The section `{section}` is taken out; it only served cohortextractor."
        _take_out(old, plan, "expectations-unused", old.root.key(section), what)


def _plan_populations(old: _Old, plan: _Plan, version: yamltree.Node) -> None:
    """Write into commands how many synthetic patients they make up, as ``commands.effective`` did below version 4."""
    rule = "expectations-unused"
    for name, words in _commands(plan.facts):
        if words[0].partition(":")[0] != COHORTEXTRACTOR or "generate_cohort" not in words or name == RUN_ALL:
            continue
        if plan.pipeline is None:
            reason = "The version stays, because the file has errors, and so how many patients to make up is not known."
            raise _Refused("version-old", version.line, f"{reason} Mend them, then check again.")
        if plan.pipeline.population_size is None or plan.pipeline.actions[name].dummy_data_file is not None:
            continue
        run, flag = old.run(name), f"{FLAG}={plan.pipeline.population_size}"
        if not any(word.partition("=")[0] == FLAG for word in words):
            place = old.layout.inside(run)[1]
            plan.splices.append(_Splice(place, place, f" {flag}"))
            words.append(flag)
            what = f"{quote(flag)} is written into the command of {quote(name)}; until now it was added at each run."
            plan.edits.append(Edit(rule, old.layout.line(place - 1) + 1, what))
        elif flag not in words:
            reason = f"{quote(name)} says `{FLAG}` itself; until now {quote(flag)} came after it and held instead."
            plan.left.append(Edit(rule, run.line, f"{reason} See that it says the number you want."))


def _for_people(old: _Old, new: str) -> Iterator[Edit]:
    """Say what the platform refuses in the new text and no edit can mend."""
    before = {(each.rule, each.key): each.line for each in spec.parse(old.layout.text, CLI).problems}
    for each in spec.parse(new, CLI).problems:
        if each.severity is Severity.ERROR and each.rule not in MECHANICAL and not each.rule.startswith("version-"):
            # Not there before: a run line that is another's twin only since both name the same version.
            line = before.get((each.rule, each.key)) or (old.run(each.action).line if each.action else 1)
            yield Edit(each.rule, line, f"{each.message} {each.remedy}")


# -- places in the text ----------------------------------------------------------------------------

_FLOW = (yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken)
_OPENING = (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken, *_FLOW)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


class _Layout:
    """Where things stand in a text, by PyYAML's tokens; lines count from 0 here."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = text.splitlines(keepends=True)
        self._starts = [0, *accumulate(map(len, self._lines))]
        self._tokens = list(yaml.scan(text, Loader=_LOADER))
        self._begins = [token.start_mark.index for token in self._tokens]

    def line(self, index: int) -> int:
        """Give the line of a character; the number of lines for the end of the text."""
        return bisect_right(self._starts, index) - 1

    def find(self, scalar: yamltree.Node, word: str) -> int | None:
        """Give where a scalar's first word stands, or None when it is written in another way, such as with escapes."""
        match = _BEFORE_WORD.match(self.text, self._begins[self._number(scalar)])
        return match.end() if match and self.text.startswith(word, match.end()) else None

    def inside(self, scalar: yamltree.Node) -> tuple[int, int]:
        """Give the span of a scalar's text, without quotes around it and space below it."""
        token: Any = self._tokens[self._number(scalar)]
        begin, end = token.start_mark.index, token.end_mark.index
        return (
            (begin + 1, end - 1) if token.style in ("'", '"') else (begin, begin + len(self.text[begin:end].rstrip()))
        )

    def _index(self, node: yamltree.Node) -> int:
        return self._starts[node.line - 1] + node.column - 1

    def _number(self, scalar: yamltree.Node) -> int:
        """Which token a scalar is; before it, at the scalar's place, its anchor and tag may stand."""
        number = bisect_left(self._begins, self._index(scalar))
        while not isinstance(self._tokens[number], yaml.ScalarToken):
            number += 1
        return number

    def removal(self, key: yamltree.Scalar) -> _Splice | None:
        """Give the cut that takes a key and its value out of a block mapping, or None where that is not simple.

        With it go the comments right above at its indentation, those right below that are deeper, unless they stand
        right above the next key, and one of the two gaps around it; at the end of the text, the gap above.
        """
        begin, after, depth = self._index(key), self._number(key) + 1, 0
        while depth or not isinstance(self._tokens[after], (yaml.KeyToken, yaml.FlowEntryToken, *_CLOSING)):
            depth += isinstance(self._tokens[after], _OPENING) - isinstance(self._tokens[after], _CLOSING)
            after += 1
        above = self.line(begin)
        indent = begin - self._starts[above]
        is_block = isinstance(self._tokens[after], (yaml.KeyToken, yaml.BlockEndToken))
        if not is_block or self._lines[above][:indent].strip(" "):
            return None
        floor = self.line(self._end_before(bisect_left(self._begins, begin)) - 1) + 1
        while above > floor and self._depth(above - 1) == indent:
            above -= 1
        limit = self.line(self._begins[after])
        end = below = self.line(self._end_before(after) - 1) + 1
        while below < limit and self._depth(below) > indent:
            below += 1
        return self._cut(floor, above, end if below == limit < len(self._lines) else below, limit)

    def _cut(self, floor: int, above: int, below: int, limit: int) -> _Splice:
        """The lines from `above` to before `below`, and the empty ones that set them off from `floor` or `limit`."""
        gap = below
        while gap < limit and not self._lines[gap].strip():
            gap += 1
        if gap == len(self._lines):
            while above > floor and not self._lines[above - 1].strip():
                above -= 1
            kept = self.text[: self._starts[above]]
            kept = kept if self.text.endswith(("\n", "\r")) else kept.rstrip("\r\n")
            return _Splice(len(kept), len(self.text), "")
        is_set_off = not above or not self._lines[above - 1].strip()
        return _Splice(self._starts[above], self._starts[gap if is_set_off else below], "")

    def _end_before(self, number: int) -> int:
        """Where the last thing before a token ends, 0 if there is none; comments and space are nothing."""
        while number and self._begins[number - 1] == self._tokens[number - 1].end_mark.index:
            number -= 1
        return len(self.text[: self._tokens[number - 1].end_mark.index].rstrip()) if number else 0

    def _depth(self, line: int) -> int:
        """How deep a comment line is indented, -1 for other lines."""
        return len(match[1]) if (match := _COMMENT.match(self._lines[line])) else -1
