"""Where things stand in the text of a YAML file, and cutting something into it or out of it.

Only the characters that must change are changed, so comments, quotes, line ends and blank lines stay. Whoever edits
reads the new text again and sees that it says what was meant. Nothing here knows what a project is.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import yaml

from . import tree

BOM = "\ufeff"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
STEP = 2
"""How far one indents where nothing tells."""
_COMMENT = re.compile("( *)#")
_BEFORE_WORD = re.compile(r"(?:[|>][^\r\n]*\s+)?[\s'\"]*")


@dataclass(frozen=True, slots=True)
class Splice:
    """A part of the text, from its first character to the one after its last, and what is to stand there."""

    begin: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with these parts exchanged."""
    parts, place = [], 0
    # Actions can share a run line through an anchor; it is edited once.
    for splice in sorted(set(splices), key=lambda each: each.begin):
        parts += [text[place : splice.begin], splice.text]
        place = splice.end
    return "".join(parts) + text[place:]


def plain(node: tree.Node) -> Any:
    """All that a node says: mappings as dicts, lists as tuples, values as type and text."""
    match node:
        case tree.Scalar():
            return type(node.value).__name__, node.text
        case tree.Sequence():
            return tuple(plain(item) for item in node.items)
        case tree.Mapping():
            return {key: plain(value) for key, value in node.entries.items()}


_FLOW = (yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken)
_OPENING = (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken, *_FLOW)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


@dataclass(frozen=True, slots=True)
class Room:
    """Where one more entry can be written at the end of a block mapping, and how the others are written."""

    places: tuple[int, ...]
    """Characters at which a line begins, or the text's end; the nicest first, the safest last."""
    column: int
    """How far the keys are indented."""
    step: int
    """How much further what is below a key is."""
    is_spaced: bool
    """Whether an empty line sets the entries apart."""


class LineLayout:
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

    def find(self, scalar: tree.Node, word: str) -> int | None:
        """Give where a scalar's first word stands, or None when it is written in another way, such as with escapes."""
        match = _BEFORE_WORD.match(self.text, self._begins[self._number(scalar)])
        return match.end() if match and self.text.startswith(word, match.end()) else None

    def inside(self, scalar: tree.Node) -> tuple[int, int]:
        """Give the span of a scalar's text, without quotes around it and space below it."""
        token: Any = self._tokens[self._number(scalar)]
        begin, end = token.start_mark.index, token.end_mark.index
        return (
            (begin + 1, end - 1) if token.style in ("'", '"') else (begin, begin + len(self.text[begin:end].rstrip()))
        )

    def _index(self, node: tree.Node) -> int:
        return self._starts[node.line - 1] + node.column - 1

    def _number(self, scalar: tree.Node) -> int:
        """Which token a scalar is; before it, at the scalar's place, its anchor and tag may stand."""
        number = bisect_left(self._begins, self._index(scalar))
        while not isinstance(self._tokens[number], yaml.ScalarToken):
            number += 1
        return number

    def removal(self, key: tree.Scalar) -> Splice | None:
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

    def room(self, key: tree.Scalar) -> Room | None:
        """Give the place for one more entry in the block mapping below a key, or None where there is no such mapping.

        It is below the last entry and the comments that are indented like the entries. Where the key has no value,
        it is on the next line.
        """
        start = self._number(key) + 1
        while isinstance(self._tokens[start], (yaml.ValueToken, yaml.AnchorToken, yaml.TagToken)):
            start += 1
        if isinstance(self._tokens[start], (yaml.KeyToken, yaml.BlockEndToken)):
            below = self.line(self._index(key)) + 1
            return Room((self._start(below),), key.column - 1 + STEP, STEP, False)
        if not isinstance(self._tokens[start], yaml.BlockMappingStartToken):
            return None
        keys, end = self._keys(start)
        column = self._tokens[start].start_mark.column
        limit = self.line(self._begins[end])
        inner = self._tokens[keys[0] + 3]
        step = inner.start_mark.column - column if isinstance(inner, yaml.BlockMappingStartToken) else STEP
        last = keys[-1]
        is_spaced = len(keys) == 1 or not self._lines[self.line(self._begins[last]) - 1].strip()
        return Room((self._start(self._below(end, column, limit)), self._start(limit)), column, step, is_spaced)

    def _keys(self, start: int) -> tuple[list[int], int]:
        """The tokens of a block mapping's own keys, and the one that ends it."""
        keys: list[int] = []
        depth, number = 1, start + 1
        while True:
            token = self._tokens[number]
            depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
            if not depth:
                return keys, number
            if depth == 1 and isinstance(token, yaml.KeyToken):
                keys.append(number)
            number += 1

    def _below(self, end: int, column: int, limit: int) -> int:
        """The line below a mapping's last entry and its comments."""
        place = below = self.line(self._end_before(end) - 1) + 1
        while below < limit and (self._depth(below) >= column or not self._lines[below].strip()):
            below += 1
            place = below if self._depth(below - 1) >= column else place
        return place

    def _start(self, line: int) -> int:
        return self._starts[min(line, len(self._lines))]

    def _cut(self, floor: int, above: int, below: int, limit: int) -> Splice:
        """The lines from `above` to before `below`, and the empty ones that set them off from `floor` or `limit`."""
        gap = below
        while gap < limit and not self._lines[gap].strip():
            gap += 1
        if gap == len(self._lines):
            while above > floor and not self._lines[above - 1].strip():
                above -= 1
            kept = self.text[: self._starts[above]]
            kept = kept if self.text.endswith(("\n", "\r")) else kept.rstrip("\r\n")
            return Splice(len(kept), len(self.text), "")
        is_set_off = not above or not self._lines[above - 1].strip()
        return Splice(self._starts[above], self._starts[gap if is_set_off else below], "")

    def _end_before(self, number: int) -> int:
        """Where the last thing before a token ends, 0 if there is none; comments and space are nothing."""
        while number and self._begins[number - 1] == self._tokens[number - 1].end_mark.index:
            number -= 1
        return len(self.text[: self._tokens[number - 1].end_mark.index].rstrip()) if number else 0

    def _depth(self, line: int) -> int:
        """How deep a comment line is indented, -1 for other lines."""
        return len(match[1]) if (match := _COMMENT.match(self._lines[line])) else -1
