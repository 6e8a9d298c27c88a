"""What all documents have in common: from fields to JSON, and back."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from typing import Any, TypeVar, Union

Json = Mapping[str, Any]
"""An object of JSON, as Python reads it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Document:
    """An answer, or a part of one; see `plain` and `read`.

    What dataclasses make for each class anew, comparing and showing, is here once: that takes most of an import's time.
    """

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        known: Any = type(self)
        return f"{known.__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name, _ in keys_of(known))})"


T = TypeVar("T", bound=Document)
_AS_IT_IS = (str, int, float, bool, type(None))


@functools.cache
def keys_of(kind: Any) -> tuple[tuple[str, str], ...]:
    """The names of a document's fields, each with its key in JSON."""
    return tuple((field.name, field.name.removesuffix("_")) for field in fields(kind))


def _values(document: Any) -> tuple[Any, ...]:
    kind: Any = type(document)
    return tuple(getattr(document, name) for name, _ in keys_of(kind))


def plain(value: Any) -> Any:
    """A document, or what holds some, as dicts, lists, texts, numbers and None. Raises TypeError for anything else.

    A field that has its default is left out.
    """
    kind: Any = type(value)
    if kind in _AS_IT_IS:
        return value
    if isinstance(value, Document):
        defaults = _defaults_of(kind)
        held = {key: getattr(value, name) for name, key in keys_of(kind)}
        return {key: plain(each) for key, each in held.items() if key not in defaults or each != defaults[key]}
    if isinstance(value, Mapping):
        return {str(key): plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [plain(held) for held in value]
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{kind.__name__} has no form in JSON")


@functools.cache
def _defaults_of(kind: Any) -> Mapping[str, Any]:
    return {field.name: field.default for field in fields(kind) if field.default is not MISSING}


def extended(kind: type[T], document: Document, **more: Any) -> T:
    """A document of a kind that has all fields of another, and those that are given."""
    known: Any = type(document)
    return kind(**{name: getattr(document, name) for name, _ in keys_of(known)}, **more)


def read(kind: type[T], data: Json) -> T:
    """The document that an object of JSON is; keys that it does not know are passed over.

    A key that is missing stands for the field's default, else for None where that may be. Raises ValueError where it
    may not, with the name of the key: the answer is of another version then.
    """
    values = {}
    asked: Any = kind
    for name, key, convert, default in _reading(asked):
        if key in data:
            values[name] = convert(data[key]) if convert else data[key]
        elif default is not MISSING:
            values[name] = default
        else:
            raise ValueError(f"The answer has no {key!r}, which a {kind.__name__} needs.")
    return kind(**values)


@functools.cache
def _reading(kind: Any) -> tuple[tuple[str, str, Callable[[Any], Any] | None, Any], ...]:
    hints = typing.get_type_hints(kind)
    found = []
    for field in fields(kind):
        may_be_none = type(None) in typing.get_args(hints[field.name])
        default = None if may_be_none and field.default is MISSING else field.default
        found.append((field.name, field.name.removesuffix("_"), _converter(hints[field.name]), default))
    return tuple(found)


def _converter(hint: Any) -> Callable[[Any], Any] | None:
    """What makes a value of JSON into one of the type; None where it is one already."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        (only,) = (each for each in inner if each is not type(None))
        return _unless_none(_converter(only))
    if origin is tuple:
        convert = _converter(inner[0])
        return (lambda values: tuple(map(convert, values))) if convert else tuple
    if isinstance(hint, type) and issubclass(hint, Document):
        return lambda value: read(hint, value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        known = {str(member): member for member in hint}
        return lambda value: known.get(value, value)  # a newer server may know more words
    return None


def _unless_none(convert: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    if convert is None:
        return None
    return lambda value: None if value is None else convert(value)
