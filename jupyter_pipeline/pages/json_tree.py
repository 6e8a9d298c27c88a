"""The page of a JSON file: folded by its own structure, all of it there, and bounded in what is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from .document import (
    Facts,
    document,
    joined,
    remarked,
)
from .escaping import Html, shown, shown_lines
from .json_text import (
    Members,
    Number,
    Value,
    quoted,
    read_json,
    scalar,
    written,
)
from .texts import text_body

DEEPEST = 100
"""Levels that are folded; what lies deeper is shown as text."""
MOST_NODES = 20_000
"""Values that are drawn one by one; what follows them is shown as text."""
MOST_OPEN = 300
"""Values in the parts that are open at first."""
_LONGEST = 1000
"""Characters of a string up to which it is not folded."""
_INLINE = 100
"""Characters of a list up to which it stands in one line."""


def json_page(title: str, text: str, notices: Sequence[str] = (), facts: Facts = ()) -> str:
    """The page of a JSON text. What is no JSON is shown as text, with a note that says where it goes wrong.

    Numbers are shown as they are written, and names that occur twice in one object twice.
    """
    try:
        value = read_json(text)
    except ValueError as error:
        note = remarked([f"{error} It is shown as text."])
        return document(title, joined([note, text_body(text)]), notices, facts)
    return document(title, _Drawing().whole(value), notices, facts)


class _Drawing:
    """A value as nested lists."""

    def __init__(self) -> None:
        self.left = MOST_NODES
        self.open = MOST_OPEN
        self.parts: list[str] = []

    def whole(self, value: Value) -> Html:
        """The drawing of the value of a whole file."""
        self.parts.append('<ul class="json">\n')
        self._entry("", value, 0)
        self.parts.append("</ul>")
        return joined(self.parts)

    def _entry(self, name: str, value: Value, depth: int) -> None:
        self.left -= 1
        if not isinstance(value, list) or not value:
            self.parts.append(f"<li>{name}{_scalar(value)}</li>\n")
            return
        short = _short(value)
        if short:
            self.parts.append(f"<li>{name}{short}</li>\n")
        elif depth >= DEEPEST:
            self._text(f"{name}{_size(value)} nested too deeply, as text", written(value))
        else:
            self._members(name, value, depth)

    def _members(self, name: str, value: list[Value], depth: int) -> None:
        is_open = depth == 0 or len(value) <= self.open
        if is_open:
            self.open -= len(value)
        self.parts.append(f"<li><details{' open' if is_open else ''}><summary>{name}{_size(value)}</summary>\n<ul>\n")
        for number, member in enumerate(value):
            if self.left <= 0:
                self._rest(value, number)
                break
            if isinstance(value, Members):
                self._entry(f'<span class="name">{shown(quoted(member[0]))}</span>: ', member[1], depth + 1)
            else:
                self._entry("", member, depth + 1)
        self.parts.append("</ul></details></li>\n")

    def _rest(self, value: list[Value], start: int) -> None:
        """The members from `start` on, as text: one in each line."""
        if isinstance(value, Members):
            lines = [f"{quoted(name)}: {written(member)}" for name, member in value[start:]]
        else:
            lines = list(map(written, value[start:]))
        self._text(f"{len(lines):,} more, as text", "\n".join(lines))

    def _text(self, summary: str, text: str) -> None:
        self.parts.append(
            f"<li><details><summary>{summary}</summary>\n<pre>\n{shown_lines(text)}</pre></details></li>\n"
        )


def _size(value: list[Value]) -> str:
    count = f"{len(value):,}"
    if not isinstance(value, Members):
        return f'<span class="soft">[{count} item{"" if len(value) == 1 else "s"}]</span>'
    twice = len({name for name, _ in value}) < len(value)
    note = ' <b class="look">names occur twice</b>' if twice else ""
    return f'<span class="soft">{{{count} entr{"y" if len(value) == 1 else "ies"}}}</span>{note}'


def _short(value: list[Value]) -> str:
    """A short list of values that hold no others, in one line; else nothing."""
    if isinstance(value, Members) or len(value) > _INLINE // 3:
        return ""
    if any(isinstance(member, list) for member in value) or sum(len(scalar(member)) + 2 for member in value) > _INLINE:
        return ""
    return f"[{', '.join(map(_scalar, value))}]"


def _scalar(value: Value) -> str:
    text = scalar(value)
    if isinstance(value, Number):
        return f'<span class="figure">{shown(text)}</span>'
    if not isinstance(value, str):
        return f'<span class="word">{text}</span>'
    if len(text) <= _LONGEST:
        return f'<span class="string">{shown(text)}</span>'
    return (
        f'<details class="long"><summary><span class="string">{shown(text[:200])} …</span> '
        f'<span class="soft">{len(value):,} characters</span></summary>'
        f'<span class="string">{shown(text)}</span></details>'
    )
