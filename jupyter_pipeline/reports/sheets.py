"""Style sheets that a notebook's author brings in outputs: kept, but for what loads, covers the page or escapes.

They say how the notebook's own parts look, which many reports rely on. In our template they reach no further than the
notebook's content: what surrounds it, such as where the report comes from, is not theirs to hide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

_UNWANTED = re.compile(r"url|image-set|src\s*\(|expression|behavior|-moz-binding|attr\s*\(|element\s*\(", re.IGNORECASE)
_OVER = re.compile(r"^\s*(?:fixed|sticky)", re.IGNORECASE)
_PAGE = re.compile(r"(?:^|(?<=[\s,>+~]))(?::root|html|body)(?![\w-])", re.IGNORECASE)
_COLOURS = re.compile(r"(?:^|[;{\s])(?:background|background-color|color)\s*:", re.IGNORECASE)
_NESTED = frozenset({"media", "supports"})
MAX_SHEET = 200_000
"""Characters; a longer one is left out."""


def kept(sheet: str, scope: str = "") -> str:
    """The rules of a style sheet that may stay, confined to the elements within `scope` (a selector; empty: the page).

    What cannot be read as rules, and rules that load something, are left out.
    """
    import tinycss2  # type: ignore[import-untyped]

    if len(sheet) > MAX_SHEET:
        return ""
    rules = "\n".join(_rules(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True), scope))
    return f"{scope} {{\n{rules}\n}}" if scope and rules else rules


def has_colours(sheet: str) -> bool:
    """Whether rules choose colours, which they do for white paper."""
    return _COLOURS.search(sheet) is not None


def _rules(nodes: Iterable[Any], scope: str) -> Iterator[str]:
    import tinycss2

    for node in nodes:
        if node.type == "qualified-rule":
            selector = tinycss2.serialize(node.prelude).strip()
            body = "; ".join(_declarations(node.content))
            if body and _is_tame(selector):
                yield f"{_PAGE.sub('&', selector) if scope else selector} {{ {body} }}"
        elif node.type == "at-rule" and node.lower_at_keyword in _NESTED and node.content is not None:
            condition = tinycss2.serialize(node.prelude).strip()
            inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            body = "\n".join(_rules(inner, scope))
            if body and _is_tame(condition):
                yield f"@{node.lower_at_keyword} {condition} {{\n{body}\n}}"


def _declarations(content: Iterable[Any]) -> Iterator[str]:
    import tinycss2

    for node in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if node.type != "declaration":
            continue
        value = tinycss2.serialize(node.value).strip()
        moves = node.lower_name == "position" and _OVER.match(value)
        if _is_tame(f"{node.name}:{value}") and not moves and not _UNWANTED.search(value):
            yield f"{node.name}: {value}{' !important' if node.important else ''}"


def _is_tame(text: str) -> bool:
    """Whether a part of a rule can end neither its rule nor the sheet, nor hide what it is."""
    return not any(each in text for each in "<{}\\;@") and "\0" not in text
