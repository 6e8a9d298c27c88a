"""What the readers of project.yaml share: faults, and the words to speak of values.

A check yields faults under a rule's name, whatever the version of the file, and does not know how bad they are: that
is for ``rulesets`` to say. So the same checks serve every rule set.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Generator
from dataclasses import dataclass
from typing import TypeVar

from ..models import Problem
from .yaml import tree

T = TypeVar("T")
Reading = Generator[Problem, None, T]
"""Yields the problems found on the way and returns what was read."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A broken rule: its name, what is wrong and how to mend it, not yet at a place."""

    rule: str
    message: str
    remedy: str

    def at(self, node: tree.Node, key: str, action: str | None = None) -> Problem:
        """Give the problem at a node, with the dotted path of the key and the action it belongs to."""
        return Problem(self.rule, self.message, self.remedy, action=action, key=key, line=node.line, column=node.column)


def quote(text: str) -> str:
    """Give a text of the file as it can stand in a sentence: in backticks, shortened, nothing invisible."""
    short = text if len(text) <= 80 else f"{text[:77]}..."
    visible = short if short.isprintable() else repr(short)[1:-1]
    return f"`{visible}`"


def kind(node: tree.Node) -> str:
    """Say what sort of value a node is, such as "a list"."""
    match node:
        case tree.Mapping():
            return "a mapping"
        case tree.Sequence():
            return "a list"
        case tree.Scalar(value=None):
            return "empty"
        case tree.Scalar(value=bool()):
            return "true or false"
        case tree.Scalar(value=int() | float()):
            return "a number"
    return "a text"


def is_null(node: tree.Node | None) -> bool:
    """Whether nothing is said: no node, or an empty value, which the platform takes for the same."""
    return node is None or (isinstance(node, tree.Scalar) and node.value is None)


def text_value(node: tree.Node) -> str | None:
    """Give the text of a node that is a text, else None."""
    return node.value if isinstance(node, tree.Scalar) and isinstance(node.value, str) else None


class Suggester:
    """Finds what a misspelt word may have meant; spends a bounded effort on a whole file, however broken."""

    def __init__(self, budget: int = 3_000) -> None:
        self._budget = budget

    def like(self, word: str, known: Collection[str]) -> str:
        """Give the sentence "Did you mean `x`? " for the nearest known word, or nothing."""
        if len(word) > 100 or len(known) > self._budget:
            return ""
        self._budget -= len(known)
        candidates = [each for each in known if len(each) <= 100]
        same = [each for each in candidates if each.casefold() == word.casefold()]
        found = same[:1] or difflib.get_close_matches(word, candidates, n=1)
        return f"Did you mean {quote(found[0])}? " if found else ""


def unknown_keys(
    node: tree.Mapping,
    known: tuple[str, ...],
    suggester: Suggester,
    path: str,
    action: str | None = None,
    rule: str = "key-unknown",
) -> Generator[Problem]:
    """Yield a fault for every key of a mapping that is not known (platform: pipeline/validation.py)."""
    if node.entries.keys() <= set(known):
        return
    for key, _ in node.items():
        if (name := key.text) not in known:
            listed = ", ".join(f"`{each}`" for each in known)
            remedy = f"{suggester.like(name, known)}The keys here are {listed}."
            fault = Fault(rule, f"The key {quote(name)} is not known and is ignored.", remedy)
            yield fault.at(key, f"{path}{name}", action)
