"""Reads a page as a browser does, and fails unless it holds only the tags and attributes that our pages use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img"}
_EVERYWHERE = {"class", "id", "title", "style", "tabindex", "role", "aria-label", "aria-labelledby", "aria-hidden"}
_PLAIN = (
    "head title style body header main h1 h2 dl dt dd div p span b bdi ul li pre section nav figure table caption "
    "thead tbody tr summary del ins figcaption"
)
ALLOWED: dict[str, set[str]] = {
    **{tag: set() for tag in _PLAIN.split()},
    "html": {"lang"},
    "meta": {"charset", "http-equiv", "content", "name"},
    "details": {"open"},
    "a": {"href"},
    "img": {"src", "alt"},
    "th": {"scope", "aria-sort"},
    "td": {"colspan"},
}
_STYLE = re.compile(r"(--digits: \d+|--[ld]b?: #[0-9a-f]{6})(; --[ld]b?: #[0-9a-f]{6})*")
_LINK = re.compile(r"\?[\w=&%,.;-]*|#rows")
_IMAGE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/]+=*")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page:
    """What was found in a page: its elements in their order, and the text that a reader sees."""

    elements: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str, kind: str = "") -> list[Element]:
        return [
            element
            for element in self.elements
            if element.tag == tag and (not kind or kind in element.attributes.get("class", "").split())
        ]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, f"<{tag}> is no tag of ours"
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        strange = set(names) - ALLOWED[tag] - _EVERYWHERE - {"aria-current"}
        assert not strange, f"<{tag}> has {strange}"
        attributes = {name: value or "" for name, value in attrs}
        assert _STYLE.fullmatch(attributes.get("style", "--digits: 1")), attributes
        assert _LINK.fullmatch(attributes.get("href", "#rows")), attributes
        assert tag != "img" or _IMAGE.fullmatch(attributes["src"]), attributes
        element = Element(tag, attributes)
        self.page.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data
        if not any(element.tag in ("head", "style") for element in self.open):
            self.page.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"a processing instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def read(html: str) -> Page:
    """The page, after all that makes it safe was looked at."""
    html.encode("utf-8")  # no half characters
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open, "something is never closed"
    assert html.startswith("<!DOCTYPE html>")
    styles = reader.page.all("style")
    assert len(styles) == 1
    assert "url(" not in styles[0].text
    assert "@import" not in styles[0].text
    return reader.page
