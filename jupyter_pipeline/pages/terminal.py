"""What a terminal would show of a log, as HTML: colours, and lines that were written over.

Of all else that steers a terminal nothing is obeyed: it is left out and counted, or, where it is not complete, shown.
Each character counts as one place, also those that are two wide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from .colours import (
    PLAIN,
    Colour,
    Style,
    numbered,
    opening,
)
from .escaping import Html, shown_lines

_TOKEN = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]{0,64})m"
    r"|\x1b\[(?P<erase>[02]?)K"
    r"|(?P<move>[\r\x08])"
    r"|\x1b\[[\x30-\x3f]{0,64}[\x20-\x2f]{0,8}[\x40-\x7e]"  # other control sequences
    r"|\x1b[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)"  # strings: titles, links, pictures
    r"|\x1b[\x20-\x2f]{1,4}[\x30-\x7e]|\x1b[0-OQ-WYZ\\`-~]"
)
_MOST_STYLES = 1000
"""Different styles of one page; in what comes later only bold and the like are kept."""
_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike", 21: "underline"}
_OFF = {22: "bold", 23: "italic", 24: "underline", 27: "inverse", 29: "strike"}
_Runs = list[tuple[int, str]]


def terminal_html(text: str) -> tuple[Html, int]:
    """The log as HTML for a ``<pre>``, and how many steering sequences were left out of it."""
    screen = _Screen()
    return Html("\n".join(map(screen.line, text.split("\n")))), screen.omitted


class _Screen:
    """The state of a terminal that goes on from line to line. Styles are known by their numbers, which is quick."""

    def __init__(self) -> None:
        self.style = 0
        self.omitted = 0
        self.styles = [PLAIN]
        self.tags = [""]
        self.numbers = {PLAIN: 0}
        self.after: dict[tuple[int, str], int] = {}

    def line(self, line: str) -> str:
        """One line as HTML."""
        line = line.rstrip("\r")
        if "\x1b" not in line and "\r" not in line and "\x08" not in line:
            return self._html(self.style, line)
        pieces = list(self._pieces(line))
        if any(isinstance(piece, str) for piece in pieces):
            runs = _overwritten(pieces)
        else:
            runs = [piece for piece in pieces if not isinstance(piece, str)]
        return "".join(self._html(style, text) for style, text in runs)

    def _pieces(self, line: str) -> Iterator[tuple[int, str] | str]:
        """What is written, with its style; and the moves between: a return, a backspace, or what erases (0 or 2)."""
        start = 0
        for found in _TOKEN.finditer(line):
            if found.start() > start:
                yield self.style, line[start : found.start()]
            start = found.end()
            kind = found.lastgroup
            if kind == "sgr":
                self.style = self._styled(found["sgr"])
            elif kind is not None:
                yield found[kind] or "0"
            else:
                self.omitted += 1
        if start < len(line):
            yield self.style, line[start:]

    def _styled(self, parameters: str) -> int:
        """The number of the style that follows the present one."""
        number = self.after.get((self.style, parameters))
        if number is None:
            style = _selected(self.styles[self.style], parameters)
            if style not in self.numbers and len(self.styles) >= _MOST_STYLES:
                style = style._replace(ink=None, behind=None)
            number = self.numbers.setdefault(style, len(self.styles))
            if number == len(self.styles):
                self.styles.append(style)
                self.tags.append(opening(style))
            self.after[self.style, parameters] = number
        return number

    def _html(self, style: int, text: str) -> str:
        tag = self.tags[style]
        return f"{tag}{shown_lines(text)}</span>" if tag and text else shown_lines(text)


def _overwritten(pieces: list[tuple[int, str] | str]) -> _Runs:
    """A line as it stands in the end, after what was written over has gone."""
    characters: list[str] = []
    styles: list[int] = []
    place = 0
    for piece in pieces:
        if not isinstance(piece, str):
            style, text = piece
            end = place + len(text)
            characters[place:end] = text
            styles[place:end] = [style] * len(text)
            place = end
        elif piece == "\r":
            place = 0
        elif piece == "\x08":
            place = max(0, place - 1)
        else:  # what erases all of a line stands beside a return, so going to its beginning is the same
            place = place if piece == "0" else 0
            del characters[place:], styles[place:]
    return [
        (style, "".join(character for _, character in run))
        for style, run in groupby(zip(styles, characters, strict=True), key=lambda pair: pair[0])
    ]


def _selected(style: Style, parameters: str) -> Style:
    """The style after a sequence that selects one (ECMA-48, SGR; colours as in xterm)."""
    codes = _codes(parameters)
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = PLAIN
        elif code in _ON or code in _OFF:
            style = _switched(style, code)
        elif code in (38, 48):
            colour = _extended(codes)
            style = style._replace(ink=colour) if code == 38 else style._replace(behind=colour)
        elif code in (39, 49):
            style = style._replace(ink=None) if code == 39 else style._replace(behind=None)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = style._replace(ink=numbered(code - 30 if code < 40 else code - 82))
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style = style._replace(behind=numbered(code - 40 if code < 50 else code - 92))
    return style


def _switched(style: Style, code: int) -> Style:
    name = _ON.get(code) or _OFF[code]
    if code == 22:
        return style._replace(bold=False, dim=False)
    return style._replace(**{name: code in _ON})  # type: ignore[arg-type]


def _codes(parameters: str) -> list[int]:
    """The numbers of a sequence. Those that colons part belong together: only colours and underlines have such."""
    codes: list[int] = []
    for part in parameters.split(";"):
        first, *more = (int(number or 0) for number in part.split(":"))
        if first in (38, 48) and more:
            codes += [first, *(more[:1] + more[-3:] if more[0] == 2 else more)]
        elif first == 4 and more:
            codes.append(24 if more[0] == 0 else 4)
        else:
            codes.append(first)
    return codes


def _extended(codes: list[int]) -> Colour | None:
    """The colour that the next codes name, which are taken away; None if they name none."""
    kind = codes.pop(0) if codes else 0
    if kind == 5 and codes:
        return numbered(codes.pop(0))
    if kind == 2 and len(codes) >= 3:
        red, green, blue = codes[:3]
        del codes[:3]
        return (red, green, blue) if max(red, green, blue) <= 255 else None
    return None
