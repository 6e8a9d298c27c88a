"""The parameters that a notebook declares in its cell tagged ``parameters``, read without running it. Pure.

What a command sets them to is in ``parameters``. What cannot be read is left out (papermill: inspection).
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TAG = "parameters"
_TYPE = re.compile(r"type:\s*(\S+)\s*(.*)")
_R = re.compile(r"^([A-Za-z.][\w.]*)\s*(?:<-|=)\s*([^#]+?)\s*(?:#\s*(.*))?$")
_MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Declared:
    """One parameter with its default."""

    name: str
    value: str
    """As it is written in the notebook's language."""
    type: str
    """As it is annotated, or that of a plain value; empty where that is not known."""
    help: str
    """The comment behind it."""


def declared(text: str) -> tuple[Declared, ...]:
    """The parameters that the text of a notebook declares, in order; none where it cannot be read."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    source = _tagged(content)
    language = _at(content, "metadata", "kernelspec", "language") or _at(content, "metadata", "language_info", "name")
    found = _of_r(source) if str(language).lower() == "r" else _of_python(source)
    return tuple({one.name: one for one in found}.values())


def _tagged(content: Any) -> str:
    """The source of the first code cell that has the tag."""
    cells = _at(content, "cells")
    for cell in cells if isinstance(cells, list) else ():
        tags = _at(cell, "metadata", "tags")
        if isinstance(tags, list) and TAG in tags and _at(cell, "cell_type") == "code":
            source = _at(cell, "source")
            return "".join(map(str, source)) if isinstance(source, list) else str(source)
    return ""


def _at(node: Any, *names: str) -> Any:
    """What stands below these names, or None."""
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def _of_python(source: str) -> Iterator[Declared]:
    source = _MAGIC.sub("", source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes in texts are the notebook's business
            body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    comments = _comments(source)
    for node in body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, annotation = node.targets[0], ""
        elif isinstance(node, ast.AnnAssign):
            target, annotation = node.target, ast.unparse(node.annotation).strip("'\"")
        else:
            continue
        if isinstance(target, ast.Name) and node.value is not None:
            comment = comments.get(node.end_lineno or 0, "")
            typed = _TYPE.fullmatch(comment)
            kind, text = (typed[1], typed[2]) if typed else ("", comment)
            value = ast.get_source_segment(source, node.value) or ""
            yield Declared(target.id, value, annotation or kind or _kind(node.value), text)


def _comments(source: str) -> dict[int, str]:
    """For each line the comment that ends it."""
    found = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = token.string.lstrip("#").strip()
    except (tokenize.TokenError, SyntaxError):
        pass
    return found


def _kind(value: ast.expr) -> str:
    """The type of a plain value; empty for None and for what has to be worked out."""
    try:
        plain = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ""
    return "" if plain is None else type(plain).__name__


def _of_r(source: str) -> Iterator[Declared]:
    for line in source.splitlines():
        if found := _R.match(line.strip()):
            yield Declared(found[1], found[2], "", found[3] or "")
