"""Brings an old project.yaml to what the platform takes today, as far as no person has to decide anything.

Only the characters that must change are changed: the edits are cut into the text at the places PyYAML reports, so
comments, quotes, line ends and blank lines stay. The new text is then read again and compared with what was to come
out; an edit that did anything else is not made. No files are read or written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from ..models import RUN_ALL, Pipeline, Severity
from ..rules.command_line import COHORTEXTRACTOR
from . import parsing
from .action import split
from .faults import quote
from .rulesets import (
    CLI,
    MECHANICAL,
    NATIVE,
    NEWEST,
    OLDEST,
)
from .yaml import tree
from .yaml.places import BOM, LineLayout, Splice, plain, spliced

LATEST, MEANT = "latest", "v1"
"""The tag that is refused from version 5 on, and the one it stood for (platform: pipeline/models.py)."""
FLAG = "--expectations-population"
_UNSAFE = "This could not be done safely here"


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
    text = source.removeprefix(BOM)
    root = _root(text)
    if root is None:
        return Upgrade(source, (), ())
    old = _Old(root, LineLayout(text), parsing.examine(text).version)
    done = _Plan(_facts(root), parsing.parse(text).pipeline)
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
    new = spliced(text, done.splices)
    left += _for_people(old, new)
    return Upgrade(source[: len(source) - len(text)] + new, _in_order(done.edits), _in_order(left))


@dataclass(slots=True)
class _Plan:
    """Edits that are made together or not at all, what the file is to say after them, and what it means if valid."""

    facts: dict[str, Any]
    pipeline: Pipeline | None
    edits: list[Edit] = field(default_factory=list)
    splices: list[Splice] = field(default_factory=list)
    left: list[Edit] = field(default_factory=list)


class _Refused(Exception):
    """Ends the planning of one kind of edit; never leaves this module."""

    def __init__(self, rule: str, line: int, reason: str) -> None:
        super().__init__(reason)
        self.edit = Edit(rule, line, reason)


@dataclass(frozen=True, slots=True)
class _Old:
    """The file as it was given: its tree, the places in its text, and its version."""

    root: tree.Mapping
    layout: LineLayout
    version: float | None

    def run(self, action: str) -> tree.Node:
        """Give the run line of an action that has one."""
        actions: Any = self.root.entries["actions"]
        run: tree.Node = actions.entries[action].entries["run"]
        return run


def _in_order(edits: list[Edit]) -> tuple[Edit, ...]:
    return tuple(sorted(dict.fromkeys(edits), key=lambda edit: edit.line))


# -- what a file says, and whether the edits did what they should ----------------------------------


def _root(text: str) -> tree.Mapping | None:
    document = tree.read(text)
    sound = all(each.severity is not Severity.ERROR for each in parsing.judge(document.problems, None, NATIVE))
    return document.root if sound and isinstance(document.root, tree.Mapping) else None


def _facts(root: tree.Mapping) -> dict[str, Any]:
    """Everything the file says: mappings as dicts, run lines as lists of words, all else as tuples.

    Of sections that mean nothing only the names count, so that what is repeated from there may be edited there.
    """
    facts = {key: plain(node) if key in parsing.KEYS else None for key, node in root.entries.items()}
    actions = facts.get("actions")
    for action in actions.values() if isinstance(actions, dict) else ():
        run = action.get("run") if isinstance(action, dict) else None
        if isinstance(run, tuple) and run[:1] == ("str",):
            try:
                action["run"] = split(run[1])
            except ValueError:  # a quote that is never closed: the text stays what it is
                continue
    return facts


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
    text = spliced(old.layout.text, plan.splices)
    root = _root(text)
    # As text, because dicts are equal in any order.
    if root is None or repr(_facts(root)) != repr(plan.facts):
        raise _Refused(first.rule, first.line, f"{_UNSAFE}, because of how the file is written. Do it by hand.")
    parsed = parsing.parse(text)
    if plan.pipeline is not None and parsed.pipeline is None:
        error = next(each for each in parsed.problems if each.severity is Severity.ERROR)
        reason = f"{_UNSAFE}, because then the file would not be valid. {error.message} {error.remedy}"
        raise _Refused(first.rule, first.line, reason)
    plan.pipeline = parsed.pipeline


# -- the kinds of edits ----------------------------------------------------------------------------


def _plan_run_all(old: _Old, plan: _Plan) -> None:
    """Take out the action ``run_all``, which is built in (platform: pipeline/features.py)."""
    rule, node, actions = "run-all-reserved", old.root.get("actions"), plan.facts.get("actions")
    if not isinstance(node, tree.Mapping) or not isinstance(actions, dict) or RUN_ALL not in actions:
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


def _take_out(old: _Old, plan: _Plan, rule: str, key: tree.Scalar, what: str) -> None:
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
        plan.splices.append(Splice(begin, begin + len(words[0]), runtime))
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
        plan.splices.append(Splice(begin, end, f"{NEWEST}.0"))
        plan.facts["version"] = "str" if plan.facts["version"][0] == "str" else "float", f"{NEWEST}.0"
        what = f"The version {old.version:g} becomes {NEWEST}.0, the only one that the platform takes today."
        plan.edits.append(Edit("version-old", old.layout.line(begin) + 1, what))
        _plan_populations(old, plan, node)
    if section in plan.facts:
        del plan.facts[section]
        what = f"The section `{section}` is taken out; it only served cohortextractor."
        _take_out(old, plan, "expectations-unused", old.root.key(section), what)


def _plan_populations(old: _Old, plan: _Plan, version: tree.Node) -> None:
    """Write into commands how many synthetic patients they make up, which ``rules.command_line`` added below 4."""
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
            plan.splices.append(Splice(place, place, f" {flag}"))
            words.append(flag)
            what = f"{quote(flag)} is written into the command of {quote(name)}; until now it was added at each run."
            plan.edits.append(Edit(rule, old.layout.line(place - 1) + 1, what))
        elif flag not in words:
            reason = f"{quote(name)} says `{FLAG}` itself; until now {quote(flag)} came after it and held instead."
            plan.left.append(Edit(rule, run.line, f"{reason} See that it says the number you want."))


def _for_people(old: _Old, new: str) -> Iterator[Edit]:
    """Say what the platform refuses in the new text and no edit can mend."""
    before = {(each.rule, each.key): each.line for each in parsing.parse(old.layout.text, CLI).problems}
    for each in parsing.parse(new, CLI).problems:
        if each.severity is Severity.ERROR and each.rule not in MECHANICAL and not each.rule.startswith("version-"):
            # Not there before: a run line that is another's twin only since both name the same version.
            line = before.get((each.rule, each.key)) or (old.run(each.action).line if each.action else 1)
            yield Edit(each.rule, line, f"{each.message} {each.remedy}")
