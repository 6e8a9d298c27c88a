"""What a plain YAML scalar means: a text, a number, true or false, or nothing (YAML 1.2 core schema)."""

from __future__ import annotations

import re

SPECIAL_FIRST = frozenset("0123456789+-.~nNtTfF")
"""What a plain scalar begins with that may be anything but a text."""
_WORDS: dict[str, float | bool | None] = {
    **dict.fromkeys(("~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_NUMBER = re.compile(r"[-+]?(?:(?P<int>[0-9]+)|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)")
_OCTAL = re.compile("0o[0-7]+")
_HEXADECIMAL = re.compile("0x[0-9a-fA-F]+")
_LONGEST_NUMBER = 300
"""A longer row of digits stays a text: Python refuses to convert beyond 4300."""


def resolve(text: str) -> str | int | float | bool | None:
    """Give what a plain scalar means in the YAML 1.2 core schema (YAML 1.2.2, section 10.3.2)."""
    if not text:
        return None
    if text[0] not in SPECIAL_FIRST or len(text) > _LONGEST_NUMBER:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if number := _NUMBER.fullmatch(text):
        return int(text) if number["int"] else float(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    return int(text[2:], 16) if _HEXADECIMAL.fullmatch(text) else text
