"""Which files a Stata script visibly reads and writes, told from its lines, because no parser is at hand.

The same care as in ``python``: names without macros in known commands only, and nothing that is conditional. Time
grows with the length of the text only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import splitext

from .uses import Mode, Uses

_NAME = r"""(?:"(?P<quoted>[^"\n]*)"|(?P<bare>[^\s",`$()]+))"""
_USING = re.compile(rf"\busing\s+{_NAME}")
_ALONE = re.compile(rf"\s+{_NAME}\s*(?:,|$)")
_IMPORT = "imp(?:ort)?"
_EXPORT = "exp(?:ort)?"
_COMMANDS: tuple[tuple[re.Pattern[str], Mode, str, bool], ...] = (
    (re.compile(rf"{_IMPORT}\s+delim(?:ited)?\b"), "read", ".csv", True),
    (re.compile(rf"{_IMPORT}\s+excel\b"), "read", ".xls", True),
    (re.compile(r"ins(?:heet)?\b"), "read", "", False),
    (re.compile(r"use\b"), "read", ".dta", True),
    (re.compile(r"(?:mer(?:ge)?|joinby|app(?:end)?)\b"), "read", ".dta", False),
    (re.compile(rf"{_EXPORT}\s+delim(?:ited)?\b"), "write", ".csv", True),
    (re.compile(rf"{_EXPORT}\s+excel\b"), "write", ".xls", True),
    (re.compile(r"outs(?:heet)?\b"), "write", ".out", False),
    (re.compile(r"(?:save|saveold)\b"), "write", ".dta", True),
    (re.compile(r"gr(?:aph)?\s+export\b"), "write", "", True),
    (re.compile(r"log\b"), "write", ".log", False),
)
"""Commands, what they do, the type Stata adds to a name without one, and whether they take a name without `using`."""

_TRIVIA = re.compile(
    r'"[^"\n]*"|/\*(?>(?:[^*]|\*(?!/))*)(?:\*/)?|///[^\n]*(?:\n|$)|(?:^|(?<=[ \t]))//[^\n]*', re.MULTILINE
)
_DIRECTIVE = re.compile(r"\s*#d\w*\s+(;|cr)")
_QUIET = re.compile(r"(?:(?:qui(?:et(?:ly)?)?|noi(?:sily)?)\b[ \t:]*)+")
_CAPTURE = re.compile(r"cap(?:t(?:ure)?)?\b[ \t:]*")
_CONDITION = re.compile(r"(?:if|else|while)\b")
_BODY = re.compile(r"(?:program|prog|pr)\s+(?!drop\b|list\b|dir\b)|(?:mata|python)\s*:?\s*$|input\s+\S")
_TESTED = re.compile(rf"(?:conf(?:irm)?\s+(?:new\s+)?file|erase|rm)\s+{_NAME}")
_QUOTED = re.compile(r'"([^"\n]*)"')
_CLOSING = re.compile(r"(?:\}[ \t]*)+")
MAX_STATEMENT = 5_000
"""Characters; longer statements are not looked at."""
_JOINED = "\v"
"""Stands for an end of line within a statement."""


def read_stata(text: str, uses: Uses) -> None:
    """Give `uses` what a Stata script reads and writes."""
    blocks: list[bool] = []
    conditions = 0
    is_body = False
    for line, raw in _statements(text):
        statement = raw.replace(_JOINED, " ").strip()
        if is_body:
            is_body = statement != "end"
            continue
        if len(statement) > MAX_STATEMENT:
            continue
        closing = _CLOSING.match(statement)
        if closing is not None:
            for _ in range(min(closing[0].count("}"), len(blocks))):
                conditions -= blocks.pop()
            statement = statement[closing.end() :]
        words, is_captured = _without_prefixes(statement)
        is_conditional = bool(_CONDITION.match(words))
        if words.endswith("{"):
            blocks.append(is_conditional or is_captured)
            conditions += blocks[-1]
        elif _BODY.match(words):
            is_body = True
        elif re.match(r"(?:cd|chdir)\s+\S", words):
            uses.moves = True
        elif re.match(r"exit\b", words) and not blocks:
            return
        elif words and not words.startswith("*"):
            _command(words, line, uses, is_captured, not conditions and not is_conditional)


def _command(words: str, line: int, uses: Uses, is_captured: bool, is_sure: bool) -> None:
    for command, mode, ending, alone in _COMMANDS:
        start = command.match(words)
        if start is None:
            continue
        found = _USING.search(words, start.end()) or (_ALONE.match(words, start.end()) if alone else None)
        if found is not None:
            # What may fail without harm may well not be there.
            is_sure = is_sure and not (is_captured and mode == "read")
            uses.add(_named(found, ending, words), line, mode, is_sure=is_sure, scope=0, cell=None)
        return
    tested = _TESTED.match(words)
    if tested is not None:
        uses.touched.add(_named(tested, "", words) or "")
    uses.touched.update(_QUOTED.findall(words))


def _named(found: re.Match[str], ending: str, words: str) -> str | None:
    """The name of the file, with the type that Stata adds; None where the type depends on a setting."""
    name = found["quoted"] if found["quoted"] is not None else found["bare"]
    if splitext(name)[1]:
        return name
    if ending == ".log" and not re.search(r"\btext\b", words.partition(",")[2]):
        return None
    return name + ending if ending else None


def _without_prefixes(statement: str) -> tuple[str, bool]:
    """A statement without ``quietly`` and the like, and whether ``capture`` was among them."""
    is_captured = False
    for _ in range(4):
        statement = _QUIET.sub("", statement, count=1) if _QUIET.match(statement) else statement
        captured = _CAPTURE.match(statement)
        if captured is None:
            break
        is_captured = True
        statement = statement[captured.end() :]
    return statement, is_captured


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The statements without comments, each with the line on which it begins."""
    line = begun = 1
    held: list[str] = []
    is_by_semicolon = False
    for raw in _TRIVIA.sub(_trivia, text).split("\n"):
        directive = _DIRECTIVE.match(raw)
        if directive is not None:
            is_by_semicolon = directive[1] == ";"
            held = []
        elif is_by_semicolon:
            *whole, last = raw.split(";")
            for piece in whole:
                yield (begun if held else line), " ".join([*held, piece])
                held = []
            if held or last.strip():
                begun = begun if held else line
                held.append(last)
        else:
            yield line, raw
        line += 1 + raw.count(_JOINED)


def _trivia(found: re.Match[str]) -> str:
    text = found[0]
    if text.startswith('"'):
        return text
    return " " + _JOINED * text.count("\n")
