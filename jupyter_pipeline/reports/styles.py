"""The few styles that an output may bring: colours and weights of its own cells, nothing that loads or moves."""

from __future__ import annotations

import re
from functools import lru_cache

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


@lru_cache(maxsize=4096)
def sanitized(style: str) -> str:
    """The declarations of a style attribute that may stay; nothing of one that could load or reach out of its place."""
    import tinycss2  # type: ignore[import-untyped]

    if _LOADS.search(style) or _NEGATIVE.search(style):
        return ""
    kept = [
        f"{node.name}: {tinycss2.serialize(node.value).strip()}{' !important' if node.important else ''};"
        for node in tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)
        if node.type == "declaration" and node.lower_name in _PROPERTIES
    ]
    return " ".join(kept)


def has_colours(html: str) -> bool:
    """Whether HTML brings colours of its own, which were chosen for white paper."""
    return _COLOURED.search(html) is not None


def of_table(sheet: str) -> str:
    """The rules of a style sheet that concern only one table of pandas' Styler, by its identifier; the rest is left."""
    rules = []
    for rule in sheet.split("}"):
        heads, brace, body = rule.partition("{")
        selectors = [_SELECTOR.fullmatch(head) for head in heads.split(",")]
        style = sanitized(" ".join(body.split())) if brace and all(selectors) else ""
        if style and "<" not in style and "{" not in style:
            rules.append(f"{','.join(match[1] for match in selectors if match)}{{{style}}}")
    return "\n".join(rules)
