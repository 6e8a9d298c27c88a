"""Tables in HTML pages and in drawings, and the data that their scripts and attributes carry. Pure.

A page is taken apart by one regular expression that follows the standard's rules for tags, and never looks at a
character twice: html.parser needs some 8 s for 16 MB of small cells, and its versions before 2025 much longer for
malformed ones. Comments are read too: whoever sees a page can see its source.

A page is withheld for the name patient_id as any <th>, as a cell of a table's first row, as a column's header by role;
anywhere as a word in a script, in an attribute data-*, in attributes of cells; in <pre> as ``texts`` says; and as a key
of JSON wherever it stands. Pages and data within attributes (srcdoc, data:) are read too.

Not caught: the name in sentences and in code that is shown, in other rows of a table, in the text of a drawing (an
axis may be called so); tables that a script builds from data that do not say the name; data that a script decodes.
"""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse
from dataclasses import dataclass
from html import unescape

from ..rules.levels import TableFacts, says_patient_id
from . import json_records, texts

DEPTH = 4
"""How deep pages within pages are read."""
EFFORT = 600_000
"""Most tags that are looked at one by one, to bound the time; one with attributes that need a look counts as four."""
_ATTRIBUTE = r"""[\s/]*+[^\s/>][^\s/>=]*+(?>(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])[^\s>]*+))?)"""
_REST = rf"(?>(?:{_ATTRIBUTE})*)[\s/]*+"
_RAW = "script|style|textarea|title|xmp|iframe|noembed|noframes"


def _token(names: str) -> re.Pattern[str]:
    """What finds the next comment, element that holds no tags, tag with attributes, or plain tag of certain `names`."""
    return re.compile(
        rf"""[^<]*+(?>(?:<+(?=<)|<(?:/?(?!(?:{names}|{_RAW})>)[a-z][a-z0-9]*+>|(?!!--|/?[a-z]))[^<]*+)*)(?:
        (?P<start>)<(?:!--(?:-?>|(?P<comment>.*?)(?:--!?>|\Z))
        |(?P<raw>{_RAW})(?=[\s/>])(?P<rawrest>{_REST})(?<!/)>(?P<body>.*?)(?:</(?P=raw)(?=[\s/>])|\Z)
        |(?P<name>/?[a-z][^\s/>]*+)(?P<rest>{_REST})>
        |(?P<open>/?[a-z].*)))""",
        re.IGNORECASE | re.DOTALL | re.VERBOSE,
    )


_ANY = _token("table|tr|th|td|thead|pre")
_PAST_HEADER = _token("table|tr|th|thead|pre")
_TAG = re.compile(rf"<!--.*?-->|<(?:{_RAW})(?=[\s/>]){_REST}>|</?[a-z][^\s/>]*+{_REST}>", re.IGNORECASE | re.DOTALL)
_ATTRIBUTES = re.compile(
    r"""[\s/]*+([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|(?!["'])([^\s>]*+)))?""", re.DOTALL
)
_SUSPECT = re.compile(
    r"patient|&\#|&(?:lowbar|UnderBar|shy|Zero)|srcdoc|data:|columnheader|[^\x00-\x7f]", re.IGNORECASE
)
_WORD = re.compile(
    r"""p(?:(?:(?<!\w.)|(?<=\\[nrt].)|(?<=\\u[0-9a-f]{4}.))atient[_.-]?id(?!\w)
        |(?<=["'>].)atient\s{0,3}id\s{0,3}["'<\\])""",
    re.VERBOSE,
)
"""In `texts.normalised` text: the name as a word of a script."""
_NEXT_CELL = re.compile(r"<t[dhr][\s/>]", re.IGNORECASE)
_CELLS = frozenset("td th tr col colgroup table thead tbody".split())
_STRUCTURE = frozenset("table /table tr /tr th /th td /td thead /thead".split())


@dataclass(slots=True)
class _Table:
    rows: int = 0
    heads: int = 0
    """Rows within <thead>."""
    in_head: bool = False
    cells: int = 0
    """Cells of the present row, while the header is looked for."""
    wide: bool = False
    """Whether the present row holds a cell over several columns, as a title is."""
    past_header: bool = False

    def begin_row(self) -> None:
        self.end_row()
        self.rows += 1
        self.heads += self.in_head

    def end_row(self) -> None:
        if self.cells > 1 or (self.cells and not self.wide):
            self.past_header = True
        self.cells = 0
        self.wide = False

    @property
    def length(self) -> int:
        """Rows without the header: the first one, where no other is said to be it."""
        return max(0, self.rows - (self.heads or 1))


def facts(text: str, depth: int = 0) -> TableFacts:
    """The facts of all tables in a page: the rows of the longest, and whether any names patients.

    Raises ValueError for a tag that never ends, for pages nested too deeply, and for too many tags.
    """
    if depth > DEPTH:
        raise ValueError("pages are nested too deeply in it")
    reading = _Reading(text, depth)
    reading.run()
    if not reading.patients and "patient" in text.lower():
        reading.patients = bool(texts.KEY.search(texts.normalised(unescape(text))))
    return TableFacts(rows=reading.rows, patients=reading.patients)


class _Reading:
    """One pass through a page."""

    def __init__(self, text: str, depth: int) -> None:
        self.text, self.depth = text, depth
        self.rows: int | None = None
        self.patients = False
        self.tables: list[_Table] = []
        self.cell: int | None = None
        """Where the content of a cell begins that may be a header."""
        self.pre: int | None = None

    def run(self) -> None:
        position, effort = 0, 0
        while token := (_PAST_HEADER if self._is_past_header() else _ANY).match(self.text, position):
            position = token.end()
            effort += 1
            name, rest = token.group("name", "rest")
            if name is None:
                self._take_other(token)
            else:
                self._take_tag(name.lower(), rest, token)
                if rest and not self.patients and _SUSPECT.search(rest):
                    effort += 3
                    self._take_attributes(name.lower(), rest, token)
            if effort > EFFORT:
                raise ValueError(f"it has more than {EFFORT:,} tags that need a look")
        self._end_cell(len(self.text))
        self._take_pre(len(self.text))
        while self.tables:
            self._end_table()

    def _is_past_header(self) -> bool:
        return bool(self.tables) and self.tables[-1].past_header

    def _take_tag(self, name: str, rest: str, token: re.Match[str]) -> None:
        if name in _STRUCTURE:
            if self.cell is not None:
                self._end_cell(token.start("start"))
            self._take_structure(name, rest, token)
        elif name == "pre" and self.pre is None:
            self.pre = token.end()
        elif name == "/pre" and self.pre is not None:
            self._take_pre(token.start("start"))

    def _take_structure(self, name: str, rest: str, token: re.Match[str]) -> None:
        table = self.tables[-1] if self.tables else None
        if name == "table":
            self.tables.append(_Table())
        elif name == "th" or (name == "td" and not (table and table.past_header)):
            self.cell = token.end()
            if table:
                table.cells += 1
                table.wide = table.wide or "colspan" in rest.lower()
        elif table and name == "tr":
            table.begin_row()
        elif table and name in ("thead", "/thead"):
            table.in_head = name == "thead"
        elif table and name == "/table":
            self._end_table()

    def _end_table(self) -> None:
        table = self.tables.pop()
        table.end_row()
        self.rows = max(self.rows or 0, table.length)

    def _end_cell(self, end: int) -> None:
        if self.cell is not None and not self.patients:
            content = self.text[self.cell : end]
            if "<" in content:
                content = _NEXT_CELL.split(content, maxsplit=1)[0]
            self.patients = _may_name(content) and says_patient_id(_visible(content))
        self.cell = None

    def _take_pre(self, end: int) -> None:
        if self.pre is not None and not self.patients:
            self.patients = texts.has_patients(_visible(self.text[self.pre : end]))
        self.pre = None

    def _take_other(self, token: re.Match[str]) -> None:
        if token["open"] is not None:
            line = self.text.count("\n", 0, token.start("start")) + 1
            raise ValueError(f"the tag that begins in line {line} never ends")
        if token["raw"] is not None:
            self._take_raw(token["raw"].lower(), token)
        elif "<" in (token["comment"] or "") and not self.patients:
            self._take_comment(token["comment"].replace("<!--", ""))

    def _take_comment(self, content: str) -> None:
        try:
            self._take_facts(facts(content, self.depth))
        except ValueError:
            self.patients = bool(_WORD.search(texts.normalised(content)))

    def _take_raw(self, name: str, token: re.Match[str]) -> None:
        rest, body = token["rawrest"], token["body"]
        if _SUSPECT.search(rest):
            self._take_attributes(name, rest, token)
        if self.patients:
            return
        if name == "script":
            self.patients = bool(_WORD.search(texts.normalised(body))) or ("json" in rest and _is_named_in_json(body))
        elif name in ("textarea", "xmp"):
            self.patients = texts.has_patients(unescape(body))

    def _take_attributes(self, name: str, rest: str, token: re.Match[str]) -> None:
        for found in _ATTRIBUTES.finditer(rest):
            key = found[1].lower()
            value = unescape(found[2] or found[3] or found[4] or "")
            if key == "role" and value.strip().lower() == "columnheader" and self.cell is None:
                self.cell = token.end()
            elif key.startswith("data-"):
                self.patients = says_patient_id(key[5:]) or bool(_WORD.search(texts.normalised(value)))
                self.patients = self.patients or says_patient_id(value)
            elif key == "srcdoc":
                self._take_facts(facts(value, self.depth + 1))
            elif value.lstrip()[:5].lower() == "data:":
                self._take_embedded(value)
            elif name in _CELLS:
                self.patients = any(map(says_patient_id, [value, *value.split()]))
            if self.patients:
                return

    def _take_facts(self, found: TableFacts) -> None:
        self.patients = self.patients or found.patients
        if found.rows is not None:
            self.rows = max(self.rows or 0, found.rows)

    def _take_embedded(self, address: str) -> None:
        """Read data that an address holds itself; images and sounds are left."""
        head, _, payload = address.partition(",")
        kind = head.lower()
        if any(other in kind for other in ("image/png", "image/jpeg", "image/gif", "image/webp", "font", "audio")):
            return
        data = urllib.parse.unquote_to_bytes(payload)
        if "base64" in kind:
            try:
                data = base64.b64decode(data + b"==")
            except binascii.Error:
                raise ValueError("data in one of its addresses cannot be decoded") from None
        if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return  # no text
        text = texts.decode(data)
        if "html" in kind or "svg" in kind:
            self._take_facts(facts(text, self.depth + 1))
        else:
            self.patients = self.patients or bool(_WORD.search(texts.normalised(text))) or texts.has_patients(text)


def _may_name(content: str) -> bool:
    return "&" in content or not content.isascii() or "patient" in content.lower()


def _visible(content: str) -> str:
    """The text of a piece of a page, without tags."""
    return unescape(_TAG.sub("", content)) if "<" in content else unescape(content)


def _is_named_in_json(body: str) -> bool:
    try:
        return json_records.facts(body).patients
    except (ValueError, RecursionError):
        return False  # as a script it was read already
