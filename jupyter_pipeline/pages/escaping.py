"""Text that comes from files, made harmless and honest: escaped, and nothing in it invisible.

A character that cannot be seen, that turns the direction of what follows, or that looks like a blank and is none, is
shown as a small mark with its code point. Letters of different alphabets that look alike are not told apart.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import NewType

Html = NewType("Html", str)
"""Text that is HTML already: made here, or escaped."""

_RANGES = (
    "\\x00-\\x1f\\x7f-\\xa0\\xad"  # controls, the blank that does not break, the hyphen that is not there
    "\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f"
    "\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3000\\u3164"  # blanks, joiners, directions, fillers
    "\\ud800-\\uf8ff\\ufdd0-\\ufdef\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff"  # half characters, private ones
    "\\U000110bd\\U000110cd\\U00013430-\\U0001343f\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a"
    "\\U000e0000-\\U000e0fff\\U000f0000-\\U0010ffff"  # tags, and private planes
)
_MARK = "\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f"
_SYMBOL = "\\u2000-\\u2bff\\u3030\\u303d\\u3297\\u3299\\U0001f000-\\U0001faff#*0-9\\xa9\\xae"
_CHOICES = f"(?<![{_SYMBOL}])[\\ufe00-\\ufe0f]"  # fine behind a symbol, where it chooses between drawings of it
_PILES = f"(?<=[{_MARK}]{{3}})[{_MARK}]"  # many marks upon one letter reach into other lines
_UNSEEN = re.compile(f"[{_RANGES}]|{_CHOICES}|{_PILES}")
_UNSEEN_IN_LINES = re.compile(f"(?![\\n\\t])[{_RANGES}]|{_CHOICES}|{_PILES}")
_MARKUP = re.compile("[&<>]")
_MOST_MARKS = 2000
"""Marks in one text up to which each says which character it stands for."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def shown(text: str, most_marks: int = _MOST_MARKS) -> Html:
    """A name or a cell as HTML, for use between tags and never within one: escaped, with marks for what is not seen.

    The first `most_marks` of them say which character they stand for.
    """
    escaped = html.escape(text, quote=False) if _MARKUP.search(text) else text
    if text.isascii() and text.isprintable():
        return Html(escaped)
    return Html(_marked(_UNSEEN, escaped, most_marks))


def shown_lines(text: str, most_marks: int = _MOST_MARKS) -> Html:
    """As `shown`, for text of many lines: line breaks and tabs stay as they are, also those of Windows."""
    text = text.replace("\r\n", "\n")
    escaped = html.escape(text, quote=False) if _MARKUP.search(text) else text
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return Html(escaped)
    return Html(_marked(_UNSEEN_IN_LINES, escaped, most_marks))


def plain(text: str) -> str:
    """Text without anything invisible, for where no marks can stand; not escaped."""
    return _UNSEEN.sub(lambda found: f"[{code_point(found[0])}]", text)


def attribute(text: str) -> Html:
    """Text as the value of an attribute between double quotes, or as the title of a document."""
    return Html(html.escape(plain(text)))


def code_point(character: str) -> str:
    """A character by its number, as Unicode writes it: ``U+202E``."""
    return f"U+{ord(character):04X}"


def _marked(unseen: re.Pattern[str], escaped: str, left: int) -> str:
    """Escaped text with marks. Where thousands of them would make the page many times as long, with shorter ones."""

    def mark(found: re.Match[str]) -> str:
        nonlocal left
        left -= 1
        return _mark(found[0]) if left >= 0 else _short_mark(found[0])

    return unseen.sub(mark, escaped)


@lru_cache(maxsize=512)
def _mark(character: str) -> str:
    name = unicodedata.name(character, "a control character" if character < "\xa0" else "a character without a name")
    label = _SHORT.get(character) or code_point(character)
    return f'<span class="mark" title="{code_point(character)} {name}">{label}</span>{_after(character)}'


def _short_mark(character: str) -> str:
    """Unicode's own picture of a control character, or the sign for a character that cannot be shown."""
    return (chr(0x2400 + ord(character)) if character < " " else "\ufffd") + _after(character)


def _after(character: str) -> str:
    return "\n" if character == "\n" else ""
