"""Which files an R script or document visibly reads and writes, told from its words, because no parser is at hand.

The same care as in ``python``: constants in known calls only, and nothing that is conditional. Time grows with
the length of the text only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from posixpath import join

from ..models import WORKSPACE
from .uses import (
    HOLE,
    MAX_PATH,
    Mode,
    Uses,
)

# -- what calls do ---------------------------------------------------------------------------------

_READERS = frozenset(
    "read_csv read_csv2 read_tsv read_delim read_table read_rds read_feather read_parquet read_dta read_excel read_xlsx"
    " read_lines read_file read_csv_arrow read_ipc_file read.csv read.csv2 read.table read.delim read.dta read.dta13"
    " fread readRDS readLines load vroom readPNG".split()
)
_WRITERS = {
    **dict.fromkeys(
        "write_csv write_csv2 write_tsv write_delim write_excel_csv write_csv_arrow write_rds write_feather write_dta"
        " write_parquet write_ipc_file write_xlsx write_json write_lines write.csv write.csv2 write.table fwrite"
        " saveRDS gtsave writeLines write_file".split(),
        1,
    ),
    **dict.fromkeys("ggsave pdf png jpeg svg tiff sink save.image".split(), 0),
    **dict.fromkeys(("save", "cat"), 99),  # by name only
}
_KEYWORDS = ("file", "path", "filename", "con", "filepath", "sink")
_DATA = frozenset({"x", "data", "object", "text"})
_DEVICES = frozenset({"ggsave", "gtsave"})
"""Where ``path`` is a folder for ``filename``."""
_SAME = frozenset({"as.character", "normalizePath", "path.expand"})
_PATHS = frozenset({"here", "file.path", "path", "paste0", "str_c", "glue", "str_glue"}) | _SAME
_CONDITIONAL = frozenset("switch ifelse if_else case_when tryCatch try possibly safely quietly".split())
_HEADS = frozenset({"if", "while", "for", "function", "\\"})

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>[rR]"\((?>(?:[^)]|\)(?!"))*)(?:\)")? | "(?>(?:[^"\\]|\\.)*)"? | '(?>(?:[^'\\]|\\.)*)'?)
    |(?P<name>(?:[^\W\d]|\.)[\w.]*(?:::?:?(?:[^\W\d]|\.)[\w.]*)?|`[^`\n]*`)
    |(?P<number>\d[\w.]*)
    |(?P<operator>%[^%\n]*%|\|>|<<-|<-|->>|->|[=!<>]=|[-+*/^<>=!&|~?:$@,;\\])
    |(?P<bracket>[()\[\]{}])
    |(?P<newline>\n)""",
    re.VERBOSE | re.DOTALL,
)
_FIELD = re.compile(r"\{[^{}]*\}")
_CHUNK = re.compile(r"^[ \t>]*```+[ \t]*\{[ \t]*[rR]\b([^}\n]*)\}|^[ \t>]*```+.*$|^#\|[ \t]*eval[ \t]*:[ \t]*(.*)$")
_NOT_RUN = re.compile(r"\beval\s*[=:]\s*(?!TRUE|T\b|true)")


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    line: int


@dataclass(slots=True)
class _Frame:
    """An open bracket, or (``line``) the one statement after a head without braces."""

    kind: str
    at: int
    is_sure: bool
    scope: int
    commas: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Call:
    name: str
    at: int
    """The place of its opening bracket."""
    is_sure: bool
    scope: int


def read_r(text: str, uses: Uses, *, is_document: bool = False) -> None:
    """Give `uses` what R code reads and writes; of a `document` the chunks that are run."""
    if is_document:
        if "root.dir" in text:
            uses.moves = True
            return
        text = "\n".join(_chunks(text))
    reader = _R(uses, text)
    reader.walk()
    for call in reader.calls:
        reader.use(call)


def _chunks(text: str) -> Iterator[str]:
    """The lines of a document, all but those of R chunks that are run emptied."""
    is_code = False
    for line in text.split("\n"):
        found = _CHUNK.match(line)
        if found is None:
            yield line if is_code else ""
        elif found[2] is not None:
            is_code = is_code and found[2].strip().lower() == "true"
            yield ""
        else:
            is_code = found[1] is not None and not _NOT_RUN.search(found[1])
            yield ""


class _R:
    """The tokens of one R source, its brackets, its calls and its constants."""

    def __init__(self, uses: Uses, text: str) -> None:
        self.uses = uses
        self.tokens: list[_Token] = []
        self.calls: list[_Call] = []
        self.parts: dict[int, list[tuple[int, int]]] = {}
        """The arguments of a call, by the place of its bracket: where each begins and ends."""
        self.close: dict[int, int] = {}
        self.assigned: Counter[str] = Counter()
        self.values: dict[str, int] = {}
        self.known: dict[str, str | None] = {}
        line = 1
        for found in _TOKEN.finditer(text):
            kind = found.lastgroup or ""
            if kind not in ("comment", "newline"):
                self.tokens.append(_Token(kind, found[0], line))
            line += found[0].count("\n") if kind in ("newline", "string") else 0

    def text(self, place: int) -> str:
        """The token at a place, empty beyond the ends."""
        return self.tokens[place].text if 0 <= place < len(self.tokens) else ""

    # -- structure ---------------------------------------------------------------------------------

    def walk(self) -> None:
        """Match the brackets; note calls, and which of them surely happen; count what is assigned."""
        stack = [_Frame("", -1, True, 0)]
        body: _Frame | None = None
        for at, token in enumerate(self.tokens):
            while stack[-1].kind == "line" and self._ends_statement(at, stack[-1]):
                stack.pop()
            if body is not None:
                body.kind, body.at = ("{" if token.text == "{" else "line"), at
                stack.append(body)
                body = None
                if token.text == "{":
                    continue
            if token.text == "else" and token.kind == "name":
                body = _Frame("line", at, False, stack[-1].scope)
            elif token.kind == "bracket" and token.text in "([{":
                stack.append(self._open(at, stack[-1]))
            elif token.kind == "bracket":
                if len(stack) > 1:
                    frame = stack.pop()
                    body = self._close(at, frame)
            elif token.text == "," and token.kind == "operator":
                stack[-1].commas.append(at)
            else:
                self._word(at, token, stack[-1])

    def _ends_statement(self, at: int, frame: _Frame) -> bool:
        """Whether a statement that began at the frame is over before this token."""
        token, before = self.tokens[at], self.tokens[at - 1]
        if token.text in (")", "]", "}", ",", ";", "else") and token.kind != "string":
            return True
        is_open = before.kind == "operator" and before.text not in (";",)
        is_head = before.text in ("else", "repeat") or at == frame.at
        return token.line > before.line and not is_open and not is_head and token.text != "{"

    def _open(self, at: int, outer: _Frame) -> _Frame:
        before = self.tokens[at - 1] if at else None
        frame = _Frame(self.text(at), at, outer.is_sure, outer.scope)
        if frame.kind != "(" or before is None:
            return frame
        if before.text in _HEADS and before.kind != "string":
            frame.kind = before.text
        elif before.kind == "name":
            name = before.text.rpartition(":")[2].strip("`")
            self.calls.append(_Call(name, at, outer.is_sure, outer.scope))
            frame.is_sure = outer.is_sure and name not in _CONDITIONAL
        return frame

    def _close(self, at: int, frame: _Frame) -> _Frame | None:
        """Finish a bracket; gives what comes after the head of an ``if``, a loop or a function."""
        self.close[frame.at] = at
        edges = [frame.at, *frame.commas, at]
        self.parts[frame.at] = [(start + 1, end) for start, end in pairwise(edges) if end > start + 1]
        if frame.kind not in _HEADS:
            return None
        if frame.kind in ("for", "function", "\\"):
            self.assigned.update(self.text(start) for start, _ in self.parts[frame.at])
        scope = frame.scope
        is_named = self.text(frame.at - 2) in ("<-", "=", "<<-") and frame.at >= 3
        if frame.kind == "function" and is_named:
            scope = self.uses.scope(self.text(frame.at - 3))
        return _Frame("line", at, frame.is_sure and frame.kind not in ("if", "while"), scope)

    def _word(self, at: int, token: _Token, frame: _Frame) -> None:
        if token.kind == "name" and frame.is_sure and self.text(at + 1) not in ("<-", "="):
            self.uses.name(frame.scope, token.text)
        is_assigned = token.text in ("<-", "<<-") or (token.text == "=" and frame.kind not in ("(", "["))
        if token.kind == "operator" and is_assigned and at:
            self.assigned[self.text(at - 1)] += 1
            self.values[self.text(at - 1)] = at + 1
        elif token.kind == "operator" and token.text in ("->", "->>"):
            self.assigned[self.text(at + 1)] += 2

    # -- calls -------------------------------------------------------------------------------------

    def use(self, call: _Call) -> None:
        """Say what one call reads or writes."""
        parts = self.parts.get(call.at, [])
        if call.name == "setwd":
            self.uses.moves = True
        elif call.name in _READERS or call.name in _WRITERS:
            mode: Mode = "write" if call.name in _WRITERS else "read"
            path = self._file(call, parts, _WRITERS.get(call.name, 0))
            line = self.tokens[call.at].line
            self.uses.add(path, line, mode, is_sure=call.is_sure, scope=call.scope, cell=None)
        elif call.name not in _PATHS and call.name not in ("print", "message", "library", "c"):
            self.uses.touched.update(path for start, end in parts if (path := self._value(start, end)))

    def _file(self, call: _Call, parts: list[tuple[int, int]], place: int) -> str | None:
        """The path among the arguments of a call that reads or writes."""
        named = {self.text(start): (start + 2, end) for start, end in parts if self.text(start + 1) == "="}
        plain = [part for part in parts if self.text(part[0] + 1) != "="]
        folder = named.pop("path", None) if call.name in _DEVICES else None
        found = next((named[name] for name in _KEYWORDS if name in named), None)
        if found is None:
            # What is piped in, or given by its name, takes the first place.
            is_piped = self.text(call.at - 2) in ("%>%", "|>", "%T>%")
            place -= bool(is_piped or named.keys() & _DATA)
            if not 0 <= place < len(plain):
                return None
            found = plain[place]
        path = self._value(*found)
        if folder is not None:
            above = self._value(*folder)
            return None if above is None or path is None else join(above, path)
        return path

    # -- paths -------------------------------------------------------------------------------------

    def _value(self, start: int, end: int, depth: int = 0) -> str | None:
        """The path that the tokens from `start` up to `end` give, with holes; None when it is no such thing."""
        if depth > 20:
            return None
        if self.text(start + 1) == "=":
            start += 2
        first = self.tokens[start] if start < end else None
        found: str | None = None
        if first is None:
            return None
        if end == start + 1:
            found = _unquoted(first.text) if first.kind == "string" else self._constant(first.text, depth)
        elif first.kind == "name" and self.text(start + 1) == "(" and self.close.get(start + 1) == end - 1:
            found = self._made(first.text.rpartition(":")[2], self.parts.get(start + 1, []), depth + 1)
        return found if found is None or len(found) <= MAX_PATH else None

    def _constant(self, name: str, depth: int) -> str | None:
        """The value of a name that is assigned once in the whole file, remembered."""
        if name not in self.known:
            self.known[name] = None
            start = self.values.get(name)
            if start is not None and self.assigned[name] == 1:
                end = self.close[start + 1] + 1 if start + 1 in self.close else start + 1
                is_whole = end >= len(self.tokens) or (
                    self.tokens[end].line > self.tokens[end - 1].line and self.tokens[end].kind != "operator"
                )
                self.known[name] = self._value(start, end, depth + 1) if is_whole else None
        return self.known[name]

    def _made(self, name: str, parts: list[tuple[int, int]], depth: int) -> str | None:
        if name not in _PATHS:
            return None
        texts = [self._value(start, end, depth) for start, end in parts]
        known = [text for text in texts if text is not None]
        if name in ("paste0", "str_c") and known:
            return "".join(HOLE if text is None else text for text in texts)
        if len(known) < len(texts) or (not known and name != "here"):
            return None
        if name == "here":
            return join(WORKSPACE, *known)
        if name in ("glue", "str_glue"):
            return _FIELD.sub(HOLE, known[0]) if len(known) == 1 else None
        return known[0] if name in _SAME else "/".join(known)


def _unquoted(text: str) -> str | None:
    if text[0] in "rR":
        return text[3:-2]
    return None if "\\" in text or len(text) < 2 or text[-1] != text[0] else text[1:-1]
