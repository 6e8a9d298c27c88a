"""JSON read without losing anything: numbers as they are written, names in their order and as often as they occur."""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import Any

Value = Any
"""None, a bool, a str, a Number, a list, or Members."""


class Number(str):
    """A number as it is written, also NaN and Infinity, which Python writes."""

    __slots__ = ()


class Members(list[tuple[str, Value]]):
    """An object: pairs of name and value."""

    __slots__ = ()


def read_json(text: str) -> Value:
    """The value of a JSON text. Raises ValueError, with a sentence, if it has none or is nested too deeply."""
    try:
        return json.loads(
            text.removeprefix("\ufeff"),
            parse_int=Number,
            parse_float=Number,
            parse_constant=Number,
            object_pairs_hook=Members,
        )
    except json.JSONDecodeError as error:
        raise ValueError(
            f"It is not valid JSON: line {error.lineno:,}, column {error.colno:,}: {error.msg}."
        ) from error
    except RecursionError as error:
        raise ValueError("It is nested too deeply to be folded.") from error


def quoted(text: str) -> str:
    """A string or a name as JSON, with letters as letters."""
    return encode_basestring(text)


def scalar(value: Value) -> str:
    """The JSON of a value that holds no others; an empty list or object is such a one."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "{}" if isinstance(value, Members) else "[]"
    return "null" if value is None else "true" if value is True else "false"


def written(value: Value) -> str:
    """The JSON of a value, in one line. It may be nested as deeply as any that could be read."""
    try:
        return _written(value)
    except RecursionError:
        return _written_deep(value)


def _written(value: Value) -> str:
    if not isinstance(value, list):
        return scalar(value)
    if isinstance(value, Members):
        return "{" + ", ".join([f"{quoted(name)}: {_written(member)}" for name, member in value]) + "}"
    return "[" + ", ".join(map(_written, value)) + "]"


class _Punctuation(str):
    """What stands between values."""

    __slots__ = ()


def _written_deep(value: Value) -> str:
    """As `_written`, slower and without calling itself."""
    parts: list[str] = []
    left: list[Value] = [value]
    while left:
        item = left.pop()
        if isinstance(item, _Punctuation):
            parts.append(item)
        elif isinstance(item, list) and item:
            brackets = "{}" if isinstance(item, Members) else "[]"
            todo: list[Value] = []
            for member in item:
                todo.append(_Punctuation(", " if todo else brackets[0]))
                if isinstance(item, Members):
                    todo += _Punctuation(f"{quoted(member[0])}: "), member[1]
                else:
                    todo.append(member)
            left.append(_Punctuation(brackets[1]))
            left.extend(reversed(todo))
        else:
            parts.append(scalar(item))
    return "".join(parts)
