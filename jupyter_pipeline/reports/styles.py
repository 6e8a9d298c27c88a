"""The few styles that an output may bring: colours and weights of its own cells, nothing that loads or moves."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

_PROPERTIES = frozenset(
    "background background-color border border-bottom border-bottom-color border-collapse border-color border-left "
    "border-left-color border-radius border-right border-right-color border-style border-top border-top-color "
    "border-width color font-family font-size font-style font-variant font-weight height letter-spacing line-height "
    "list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width min-height "
    "min-width padding padding-bottom padding-left padding-right padding-top text-align text-decoration text-indent "
    "text-transform vertical-align white-space width word-break word-wrap".split()
)
_LOADS = re.compile(r"url|image|src|expression|@|\\|//|attr|env|element", re.IGNORECASE)
_NEGATIVE = re.compile(r"margin[\w-]*\s*:[^;]*-")
_SELECTOR = re.compile(r"\s*(#T_\w+(?:[ >]+[\w.#:()+ >-]+|[.:][\w.:()-]+)?)\s*")
_COLOURED = re.compile(r"(?:^|[;\s\"{])(?:background(?:-color)?|color)\s*:|\bbgcolor=", re.IGNORECASE)


class _Sanitizer:
    """bleach's sanitizer of style attributes, with less than it allows, and remembering what it has seen."""

    def __init__(self) -> None:
        from bleach.css_sanitizer import CSSSanitizer  # type: ignore[import-untyped]

        self._bleach = CSSSanitizer(allowed_css_properties=_PROPERTIES, allowed_svg_properties=())
        self.sanitize_css = lru_cache(maxsize=4096)(self._clean)

    def _clean(self, style: str) -> str:
        if _LOADS.search(style) or _NEGATIVE.search(style):
            return ""
        return str(self._bleach.sanitize_css(style))


@cache
def sanitizer() -> Any:
    """What bleach is given for style attributes."""
    return _Sanitizer()


def has_colours(html: str) -> bool:
    """Whether HTML brings colours of its own, which were chosen for white paper."""
    return _COLOURED.search(html) is not None


def of_table(sheet: str) -> str:
    """The rules of a style sheet that concern only one table of pandas' Styler, by its identifier; the rest is left."""
    rules = []
    for rule in sheet.split("}"):
        heads, brace, body = rule.partition("{")
        selectors = [_SELECTOR.fullmatch(head) for head in heads.split(",")]
        style = sanitizer().sanitize_css(" ".join(body.split())) if brace and all(selectors) else ""
        if style and "<" not in style and "{" not in style:
            rules.append(f"{','.join(match[1] for match in selectors if match)}{{{style}}}")
    return "\n".join(rules)
