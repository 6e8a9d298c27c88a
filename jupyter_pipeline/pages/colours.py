"""The colours of terminals as pages can show them: readable on light and on dark, whatever was asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

Colour = tuple[int, int, int]

_STEPS = (0, 95, 135, 175, 215, 255)
_BASIC: tuple[Colour, ...] = (
    *((0, 0, 0), (205, 49, 49), (13, 130, 80), (150, 110, 0), (36, 114, 200), (170, 50, 170), (12, 130, 160)),
    *((229, 229, 229), (102, 102, 102), (241, 76, 76), (35, 180, 110), (215, 165, 20), (59, 142, 234)),
    *((214, 112, 214), (41, 184, 219), (255, 255, 255)),
)
THEMES: tuple[tuple[str, Colour, Colour], ...] = (
    ("l", (27, 34, 48), (245, 246, 248)),
    ("d", (227, 231, 237), (28, 32, 39)),
)
"""Of each theme the letter of its variables in the style sheet, and the colours of its ink and of what is behind."""
_CONTRAST = 4.5
"""WCAG 2.2, contrast (minimum), level AA."""


class Style(NamedTuple):
    """How a piece of text looks on a terminal. Concealed text is not a style here: nothing is hidden."""

    ink: Colour | None = None
    behind: Colour | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    inverse: bool = False
    strike: bool = False


PLAIN = Style()


def numbered(number: int) -> Colour | None:
    """One of the 256 numbered colours; None for other numbers. The first 16 are ours, the others as in xterm."""
    if not 0 <= number <= 255:
        return None
    if number < 16:
        return _BASIC[number]
    if number < 232:
        rest = number - 16
        return _STEPS[rest // 36], _STEPS[rest // 6 % 6], _STEPS[rest % 6]
    grey = 8 + 10 * (number - 232)
    return grey, grey, grey


@lru_cache(maxsize=4096)
def opening(style: Style) -> str:
    """The tag that opens text of this style; empty for plain text."""
    kinds = [
        *(["b"] if style.bold else []),
        *(["i"] if style.italic else []),
        *(["u"] if style.underline else []),
        *(["s"] if style.strike else []),
    ]
    declared = []
    if style.ink or style.behind or style.inverse or style.dim:
        kinds.append("c")
        for letter, ink, page in THEMES:
            behind = style.behind or page
            front = style.ink or ink
            if style.inverse:
                front, behind = behind, front
            if style.dim:
                front = _mixed(front, behind, 0.35)
            declared.append(f"--{letter}: {_hex(readable(front, behind))}")
            if style.behind or style.inverse:
                declared.append(f"--{letter}b: {_hex(behind)}")
    if not kinds:
        return ""
    more = f' style="{"; ".join(declared)}"' if declared else ""
    return f'<span class="{" ".join(kinds)}"{more}>'


def readable(ink: Colour, behind: Colour) -> Colour:
    """The colour nearest to `ink`, on its way to black or white, that can be read on `behind`."""
    below = luminance(behind)
    end = (255, 255, 255) if below < 0.18 else (0, 0, 0)
    for step in range(11):
        colour = _mixed(ink, end, step / 10)
        if contrast(luminance(colour), below) >= _CONTRAST:
            return colour
    return end


def contrast(one: float, other: float) -> float:
    """The contrast of two luminances, from 1 to 21 (WCAG 2.2)."""
    lighter, darker = max(one, other), min(one, other)
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=4096)
def luminance(colour: Colour) -> float:
    """How bright a colour looks, from 0 to 1 (WCAG 2.2, relative luminance)."""
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
