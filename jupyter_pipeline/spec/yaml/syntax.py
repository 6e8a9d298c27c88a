"""What makes a text unreadable as YAML, said in words a researcher can act on.

Before parsing: size, encoding and forbidden characters. After it failed: the parser's complaint, translated.
The tree itself is built in ``tree``; what the keys mean is not known here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...models import Problem

MAX_SIZE = 8_000_000
"""Longest text read, in bytes or characters; 10,000 ordinary actions are about 2.5 million."""

MAX_DIRECTIVES = 100

# YAML 1.2 section 5.1 ("printable"), without the byte order mark, which libyaml refuses inside a text as well.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_NO_SPACE = re.compile(r"\s*(?:- +)?[\w-]+:[^\s:/]")


class Unreadable(Exception):
    """Ends the reading of a text; carries the problem and never leaves ``tree.read``."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def text_of(source: str | bytes) -> str:
    """Give the text of a YAML file without its byte order mark.

    Raises Unreadable when it is too long, not UTF-8, or holds characters that YAML forbids (YAML 1.2 section 5.1).
    """
    if len(source) > MAX_SIZE:
        raise Unreadable(
            Problem(
                "yaml-size",
                f"The file is too big: {len(source):,} {'bytes' if isinstance(source, bytes) else 'characters'}.",
                f"Keep project.yaml below {MAX_SIZE:,}; data belongs in other files.",
                line=1,
                column=1,
            )
        )
    text = _decode(source) if isinstance(source, bytes) else source
    text = text.removeprefix("\ufeff")
    if text.count("\n%") > MAX_DIRECTIVES:
        message = f"More than {MAX_DIRECTIVES} lines begin with `%`, which is for directives of YAML."
        raise Unreadable(Problem("yaml-syntax", message, "Take them out; none is needed here.", line=1, column=1))
    found = _FORBIDDEN.search(text)
    if found:
        line, column = place(text, found.start())
        message = f"The file holds a character that YAML does not allow, U+{ord(found[0]):04X}."
        remedy = "Delete it; it may be invisible in your editor."
        raise Unreadable(Problem("yaml-character", message, remedy, line=line, column=column))
    return text


def _decode(source: bytes) -> str:
    try:
        return source.decode()
    except UnicodeDecodeError as error:
        line, column = place(source[: error.start].decode(), error.start)
        utf16 = source.startswith((b"\xff\xfe", b"\xfe\xff"))
        message = (
            "The file is saved as UTF-16." if utf16 else f"The byte 0x{source[error.start]:02X} here is not UTF-8."
        )
        remedy = "Save the file with the encoding UTF-8."
        raise Unreadable(Problem("yaml-encoding", message, remedy, line=line, column=column)) from None


def place(text: str, index: int) -> tuple[int, int]:
    """Give the line and column, from 1, of the character at ``index``."""
    lines = _LINE_BREAK.split(text[:index])
    return len(lines), len(lines[-1]) + 1


# -- the parser's complaints -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Complaint:
    """What libyaml or PyYAML say (a part of it), and what we say instead."""

    said: str
    rule: str
    message: str
    remedy: str
    at_context: bool = False
    """Whether the place to look at is where the unfinished thing began."""


_QUOTE = "Close the quote on the same line, with the same kind of quote that opened it."
_INDENT = (
    "Give all keys that belong together the same indentation, in spaces; "
    "those of one action one step deeper than its name."
)
_COMPLAINTS = (
    _Complaint(
        "tab character",
        "yaml-tab",
        "This line is indented with a tab.",
        "Use spaces, two for each step; YAML forbids tabs here.",
    ),
    _Complaint(
        "could not find expected ':'",
        "yaml-colon",
        "A colon is missing after this key.",
        "Write `key: value`, or indent the line if it continues the one before.",
        at_context=True,
    ),
    _Complaint(
        "mapping values are not allowed",
        "yaml-mapping",
        "There is a colon here where none can stand.",
        "Begin a new line for a new key, see that the line before has its own colon and the right indentation, "
        "and put quotes around a text that holds a colon and a space.",
    ),
    _Complaint("unexpected end of stream", "yaml-quote", "This quote is never closed.", _QUOTE, at_context=True),
    _Complaint("unexpected document indicator", "yaml-quote", "This quote is never closed.", _QUOTE, at_context=True),
    _Complaint("or ']'", "yaml-bracket", "This list is not closed.", "Add the missing `]` or comma.", at_context=True),
    _Complaint(
        "or '}'", "yaml-bracket", "This mapping is not closed.", "Add the missing `}` or comma.", at_context=True
    ),
    _Complaint(
        "expected '-' indicator",
        "yaml-indentation",
        "This line stands where another list item, beginning with `-`, was expected.",
        _INDENT,
    ),
    _Complaint("expected key", "yaml-indentation", "The indentation of this line fits nothing above it.", _INDENT),
    _Complaint("<block end>", "yaml-indentation", "The indentation of this line fits nothing above it.", _INDENT),
    _Complaint(
        "cannot start any token",
        "yaml-quote-missing",
        "A value cannot begin with this character.",
        "Put the value in quotes.",
    ),
    _Complaint(
        "alphabetic or numeric",
        "yaml-quote-missing",
        "A value that begins with `*` or `&` means something else in YAML.",
        "Put the value in quotes, such as `'*.csv'`.",
        at_context=True,
    ),
    _Complaint(
        "escape",
        "yaml-escape",
        "There is a backslash in double quotes that YAML does not understand.",
        "Use single quotes, or write the backslash twice.",
    ),
    _Complaint(
        "tag", "yaml-tag", "There is an unknown tag, a word beginning with `!`.", "Take the tag out, or quote it."
    ),
)
_MORE = _Complaint(
    "",
    "yaml-mapping",
    "There is more on this line after its value.",
    "Begin a new line for a new key, and put quotes around a text that begins with a bracket or a quote.",
)
_OTHER = _Complaint("", "yaml-syntax", "This is not YAML", "Compare the line with the actions above it.")


def explain(error: Exception, text: str) -> Problem:
    """Translate what the YAML parser raised for ``text`` into a problem with line, column and remedy.

    Knows the wording of libyaml and of PyYAML's own parser; says the parser's words where it knows no better.
    """
    said = str(getattr(error, "problem", None) or error)
    mark = getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    if mark is not None and "cannot start any token" in said and text[mark.index : mark.index + 1] == "\t":
        said = "tab character"
    complaint = next((each for each in _COMPLAINTS if each.said in said), _OTHER)
    chosen = context if complaint.at_context and context is not None else mark or context
    line, column = (chosen.line + 1, chosen.column + 1) if chosen is not None else (1, 1)
    # libyaml counts more line breaks than stand in a file, so the line may not be there.
    before = "".join(_LINE_BREAK.split(text)[line - 1 : line])[: column - 1]
    if complaint.rule == "yaml-indentation" and before.strip(" -"):
        complaint = _MORE
    message = complaint.message if complaint is not _OTHER else f"{_OTHER.message}: {said[:200]}."
    remedy = complaint.remedy
    if complaint.rule in ("yaml-colon", "yaml-mapping") and (crowded := _lacking_space(text, line)):
        line, column = crowded
        return Problem(
            complaint.rule, "There is no space after this colon.", "Write `key: value`.", line=line, column=column
        )
    return Problem(complaint.rule, message, remedy, line=line, column=column)


def _lacking_space(text: str, line: int) -> tuple[int, int] | None:
    """Where a key at or above a line has its value right behind the colon, or None."""
    lines = _LINE_BREAK.split(text)
    for number in range(line, max(line - 2, 0), -1):
        if found := _NO_SPACE.match("".join(lines[number - 1 : number])):
            return number, found.end() - 1
    return None


# -- tabs ------------------------------------------------------------------------------------------

MAX_TABS = 100
"""Lines with tabs reported one by one."""
_COMMENT = re.compile(r"(?<!\S)#")


def tab_problems(text: str, scalars: Iterable[Any]) -> Iterator[Problem]:
    """Yield, for each line, the first tab that is not in quotes, a block of text or a comment.

    ``scalars`` are PyYAML's scalar events, with their marks. YAML and libyaml allow a tab where blanks may stand; the
    platform's parser, which is all in Python, never does.
    """
    spans = [
        (text.find("\n", each.start_mark.index) if each.style in "|>" else each.start_mark.index, each.end_mark.index)
        for each in scalars
        if each.style
    ]
    begins = [begin for begin, _ in spans]
    start = index = count = 0
    above, ending = "x", "x"  # the line above, and the last character of the last line that was not empty
    for number, line in enumerate(_LINE_BREAK.split(text), 1):
        index = text.find("\t", start, start + len(line))
        while index != -1:
            span = bisect_right(begins, index) - 1
            quoted_until = spans[span][1] if span >= 0 else 0
            if index >= quoted_until:
                # The platform's parser takes tabs alone in a line after an empty one, and after these only.
                is_taken = not line.strip() and not above.strip() and ending in "]}\"':"
                if not is_taken and not _COMMENT.search(text, max(start, quoted_until), index):
                    count += 1
                    message = "There is a tab here, which the platform's YAML parser refuses."
                    remedy = "Write a space instead, or delete it at the end of a line."
                    yield Problem("yaml-tab-blank", message, remedy, line=number, column=index - start + 1)
                break
            index = text.find("\t", quoted_until, start + len(line))
        if count == MAX_TABS:
            return
        above, ending = line, line.rstrip()[-1:] or ending
        start += len(line) + (2 if text.startswith("\r\n", start + len(line)) else 1)
