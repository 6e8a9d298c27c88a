"""HTML of a notebook made safe: no script, nothing from elsewhere, nothing that reaches out of its place in the page.

nh3 does it, which parses as a browser does. Pictures and formulas are taken out first and put back into the clean text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from . import pictures, sheets, styles

if TYPE_CHECKING:
    import nh3

INTERACTIVE = "An interactive part was left out."
ELSEWHERE = "A style from elsewhere was left out."

_MARK = re.compile("\U0010fff0(\\d{1,9})\U0010fff1")
_MARKS = re.compile("[\U0010fff0\U0010fff1]")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<![^<>]*>|<\?[^<>]*>", re.DOTALL)
_ATTRIBUTES = r"(?:[^<>\"']|\"[^\"]*\"|'[^']*')*"
_SPECIAL = re.compile(
    r"<(?P<name>script|style|iframe|object|embed|canvas|video|audio|template|noscript|link|meta|base|title|svg|img|"
    rf"input|select|textarea|math|xmp|plaintext|noembed|noframes)\b(?P<attributes>{_ATTRIBUTES})>",
    re.IGNORECASE,
)
_VOID = frozenset("link meta base img input embed".split())
_QUIET = frozenset("meta base title noscript template xmp plaintext noembed noframes math".split())
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))")
_SVG_TAG = re.compile(r"<(/?)svg\b[^<>]*?(/?)>", re.IGNORECASE)

_ALLOWED = frozenset(
    "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del "
    "details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i ins kbd li main mark nav ol "
    "p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th thead time "
    "tr tt u ul var wbr".split()
)
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_OWN_CLASS = re.compile(r"(?:^|\s)report-")


class Pieces:
    """Finished HTML that waits beside a text while that is cleaned, under a mark that no cleaning changes."""

    def __init__(self) -> None:
        self._kept: list[str] = []

    def keep(self, piece: str) -> str:
        """The mark to put into the text instead."""
        self._kept.append(piece)
        return f"\U0010fff0{len(self._kept) - 1}\U0010fff1"

    def find(self, number: int) -> str:
        """A piece by the number in its mark; nothing if there is none."""
        return self._kept[number] if number < len(self._kept) else ""

    def put_back(self, text: str) -> str:
        """HTML with its pieces where their marks are; a mark inside a tag vanishes."""
        return _ITEM.sub(lambda match: self.find(int(match[3])) if match[3] else _MARK.sub("", match[0]), text)


def unmarked(text: str) -> str:
    """Text in which there is nothing that could be taken for a mark."""
    return _MARKS.sub("", text) if not text.isascii() else text


class Cleaner:
    """Cleans the HTML of one report, and remembers what a reader should know was left out."""

    def __init__(self, place: pictures.Place, pieces: Pieces, scope: str = "") -> None:
        """`scope` is the selector of what style sheets of the notebook may reach; empty for the whole page."""
        self._place, self._pieces, self._scope = place, pieces, scope
        self.is_coloured = False
        """Whether the notebook has brought a style sheet with colours, which suit white paper."""

    def clean(self, text: str, attachments: Mapping[str, Any], alternative: str) -> tuple[str, list[str]]:
        """Clean HTML with marks for its pictures and styles, and the remarks on what was left out, each once.

        `alternative` is the text for pictures that have none of their own.
        """
        remarks: list[str] = []
        text = self._without_special(_COMMENT.sub("", text), attachments, alternative, remarks)
        return _sanitizer().clean(_INVISIBLE.sub("?", text)), list(dict.fromkeys(remarks))

    def picture(self, address: str, attachments: Mapping[str, Any], alternative: str, sizes: Mapping[str, str]) -> str:
        """The mark of a picture, or of the note that says why it is not there."""
        try:
            found = pictures.element(pictures.data(address, self._place, attachments), unmarked(alternative), sizes)
        except pictures.NoPicture as error:
            found = f'<em class="report-note">{html.escape(unmarked(str(error)))}</em>'
        return self._pieces.keep(found)

    def _without_special(self, text: str, attachments: Mapping[str, Any], words: str, remarks: list[str]) -> str:
        pieces, at = [], 0
        while match := _SPECIAL.search(text, at):
            name = match["name"].lower()
            end = _end(name, text, match)
            pieces.append(text[at : match.start()])
            attributes = _attributes(match["attributes"])
            if name == "img":
                alternative = attributes.get("alt", words)
                pieces.append(self.picture(attributes.get("src", ""), attachments, alternative, attributes))
            elif name == "svg":
                pieces.append(self._drawing(text[match.start() : end], words))
            elif name == "style":
                # pandas sends the same sheet with every table; our page has one for all.
                is_pandas = "scoped" in match["attributes"] and bool(self._scope)
                pieces.append("" if is_pandas else self._style(text[match.end() : end]))
            elif name == "input" and attributes.get("type") == "checkbox":
                pieces.append("☑ " if "checked" in match["attributes"] else "☐ ")
            elif name == "link":
                remarks.append(ELSEWHERE)
            elif name not in _QUIET and "json" not in attributes.get("type", ""):
                remarks.append(INTERACTIVE)
            at = end
        return "".join((*pieces, text[at:]))

    def _drawing(self, text: str, alternative: str) -> str:
        try:
            return self._pieces.keep(pictures.element(pictures.svg(text), unmarked(alternative)))
        except pictures.NoPicture as error:
            return self._pieces.keep(f'<em class="report-note">{html.escape(str(error))}</em>')

    def _style(self, text: str) -> str:
        sheet = text[: text.rfind("</")]
        rules = styles.of_table(sheet) if "#T_" in sheet else ""
        if not rules:
            rules = sheets.kept(sheet, self._scope)
            self.is_coloured = self.is_coloured or sheets.has_colours(rules)
        return self._pieces.keep(f"<style>{rules}</style>") if rules else ""


_ANYWHERE = frozenset("class id style title dir lang align valign width height".split())
_SOMEWHERE = {
    "a": frozenset(("href", "name")),
    "td": frozenset("colspan rowspan headers bgcolor halign nowrap".split()),
    "th": frozenset("colspan rowspan headers bgcolor halign nowrap scope".split()),
    "table": frozenset("border cellpadding cellspacing bgcolor".split()),
    "ol": frozenset("start type reversed".split()),
    "font": frozenset(("color",)),
    "details": frozenset(("open",)),
    "col": frozenset(("span",)),
}


@cache
def _sanitizer() -> nh3.Cleaner:
    import nh3

    return nh3.Cleaner(
        tags=set(_ALLOWED),
        clean_content_tags={"script", "style"},
        attributes={tag: _ANYWHERE | _SOMEWHERE.get(tag, frozenset()) for tag in _ALLOWED},
        attribute_filter=_filtered,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


def _filtered(tag: str, name: str, value: str) -> str | None:
    """An attribute's value as it may stay, or None; what has the names of our page's own parts could pass for them."""
    if name == "style":
        return styles.sanitized(value) or None
    if name in ("class", "id", "name") and _OWN_CLASS.search(value):
        return None
    return value


@cache
def _closing(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}\s*>", re.IGNORECASE)


def _end(name: str, text: str, match: re.Match[str]) -> int:
    """Where an element that is taken out as a whole ends."""
    if name in _VOID or (name == "svg" and match["attributes"].endswith("/")):
        return match.end()
    if name != "svg":
        found = _closing(name).search(text, match.end())
        return found.end() if found else len(text)
    depth = 0
    for tag in _SVG_TAG.finditer(text, match.start()):
        depth += -1 if tag[1] else 0 if tag[2] else 1
        if depth <= 0:
            return tag.end()
    return len(text)


def _attributes(text: str) -> dict[str, str]:
    return {
        match[1].lower(): html.unescape(next((value for value in match.groups()[1:] if value is not None), ""))
        for match in _ATTRIBUTE.finditer(text)
    }


_ITEM = re.compile('<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>"]*(?:"[^"]*"[^>"]*)*>|\U0010fff0(\\d{1,9})\U0010fff1')


def finish(text: str, pieces: Pieces, label: str) -> str:
    """Clean text with its pieces put back, and each outermost table in a region that can be scrolled with the keyboard.

    A mark inside a tag vanishes: a piece may only stand where text may stand.
    """
    if "\U0010fff0" not in text and "<table" not in text:
        return text
    depth = 0

    def put(match: re.Match[str]) -> str:
        nonlocal depth
        if match[3] is not None:
            return pieces.find(int(match[3]))
        tag = _MARK.sub("", match[0])
        if match[2].lower() != "table":
            return tag
        depth += -1 if match[1] else 1
        if not match[1] and depth == 1:
            wide = " report-wide" if _columns(text, match.end()) > 12 else ""
            return (
                f'<div class="report-scroll{wide}" role="region" tabindex="0" aria-label="{html.escape(label)}">{tag}'
            )
        return f"{tag}</div>" if match[1] and depth == 0 else tag

    return _ITEM.sub(put, text)


def _columns(text: str, start: int) -> int:
    """How many cells the first row of a table has; wide ones are printed smaller."""
    end = text.find("</tr>", start)
    return text.count("<th", start, end) + text.count("<td", start, end) - text.count("<thead", start, end)
