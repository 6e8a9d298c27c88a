"""The headings of a report: one title, levels without gaps, addresses for links, and the table of contents."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from urllib.parse import quote

_HEADING = re.compile(r"<h([1-6])((?:\s[^<>\"]*(?:\"[^\"]*\"[^<>\"]*)*)?)>(.*?)</h\1>", re.DOTALL)
_ID = re.compile(r"\bid=\"([^\"]*)\"")
_TAG = re.compile(r"<[^<>\"]*(?:\"[^\"]*\"[^<>\"]*)*>")
_HIDDEN = re.compile(r"<annotation\b.*?</annotation>", re.DOTALL)
_BLANKS = re.compile(r"[\s\"'<>&`]+")


@dataclass(slots=True)
class Heading:
    """A heading: its level in the notebook and in the report, its text (plain), and its address in the page."""

    given: int
    text: str
    address: str
    level: int = 2


@dataclass(slots=True)
class Entry:
    """A heading in the table of contents with what stands below it."""

    text: str
    href: str
    below: list[Entry] = field(default_factory=list)


class Headings:
    """Collects the headings of a report in their order."""

    def __init__(self) -> None:
        self.found: list[Heading] = []
        self._taken: set[str] = {""}

    def collect(self, text: str) -> None:
        """Take up the headings in clean HTML; those of parts that have been collected in their order come first."""
        for match in _HEADING.finditer(text):
            words = plain(match[3])
            if words:
                self.found.append(Heading(int(match[1]), words, self._address(match[2], words)))

    def _address(self, attributes: str, words: str) -> str:
        given = _ID.search(attributes)
        base = html.unescape(given[1]) if given else _BLANKS.sub("-", words).strip("-")
        base = "section" if not base or base.startswith("report-") else base
        address, number = base, 1
        while address in self._taken:
            address, number = f"{base}-{number}", number + 1
        self._taken.add(address)
        return address

    def title(self) -> Heading | None:
        """The heading that is the title of it all: the first one, if it is of level 1 or alone at the top."""
        if not self.found:
            return None
        first = self.found[0]
        rivals = [heading for heading in self.found[1:] if heading.given <= first.given]
        return first if first.given == 1 or not rivals else None

    def level(self, title: Heading | None) -> None:
        """Give each heading its level: below the title, never two deeper than the one before."""
        above: list[int] = []
        for heading in self.found:
            if heading is title:
                heading.level = 1
                continue
            while above and above[-1] >= heading.given:
                above.pop()
            above.append(heading.given)
            heading.level = min(len(above) + 1, 6)

    def contents(self, title: Heading | None) -> list[Entry]:
        """The table of contents."""
        top: list[Entry] = []
        stack: list[tuple[int, list[Entry]]] = [(1, top)]
        for heading in self.found:
            if heading is title:
                continue
            while stack[-1][0] >= heading.level:
                stack.pop()
            entry = Entry(heading.text, "#" + quote(heading.address, safe=""))
            stack[-1][1].append(entry)
            stack.append((heading.level, entry.below))
        return top


class Writer:
    """Writes levels and addresses into the HTML of a report, part after part, in the order they were collected in."""

    def __init__(self, headings: Headings, title: Heading | None, sign: str = "#") -> None:
        self._rest = iter(headings.found)
        self._title, self._sign = title, sign

    def write(self, text: str) -> str:
        """The part with its headings as they are to be; the title is taken out, as it stands at the top."""
        return _HEADING.sub(self._one, text) if "<h" in text else text

    def _one(self, match: re.Match[str]) -> str:
        if not plain(match[3]):
            return match[3]
        heading = next(self._rest)
        if heading is self._title:
            return ""
        address = html.escape(heading.address)
        link = f'<a class="anchor-link" href="#{quote(heading.address, safe="")}" aria-hidden="true" tabindex="-1">'
        return f'<h{heading.level} id="{address}">{match[3]}{link}{self._sign}</a></h{heading.level}>'


def plain(text: str) -> str:
    """The words of clean HTML."""
    return " ".join(html.unescape(_TAG.sub("", _HIDDEN.sub("", text))).split())


def demoted(text: str) -> str:
    """Clean HTML of an output whose headings do not stand beside the report's own title."""
    return re.sub(r"<(/?)h1\b", r"<\1h2", text) if "h1" in text else text
