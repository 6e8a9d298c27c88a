"""Tables in texts: Markdown, logs, what a program printed. Pure.

A text is withheld for a line that is the header of a table and names patient_id as one of its columns. Headers are told
by what stands below: a row of as many pieces, parted by ``|``, tab, ``;`` or ``,`` (Markdown, CSV, Stata, polars), or
words that begin or end where those of the header do (pandas, R). So is a text that shows JSON with the key.

Not caught, on purpose: the name in a sentence, in code, or as a row of a list of columns; nor, since a program cannot
tell it from those, a header with no row below, numbers of patients that nothing names, and shortened names (Stata's
``patien~d``).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator

from ..rules.levels import PATIENT_COLUMN, TableFacts, says_patient_id

EFFORT = 3_000_000
"""Most characters in lines that mention the name, each line counted as `LINE` more, before the text counts as
unreadable; this bounds the time."""
LINE = 200
LONGEST_PRINTED = 20_000
"""Characters of the longest line that can be of a table printed in columns."""
BELOW = 6
"""Lines below a header among which its first row is looked for."""
INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
MENTION = re.compile(r"patient(?:[^\w\n]|_){0,3}id")
KEY = re.compile(
    r"""p(?<=["'\s].)atient(?:[^\w\n"']|_){0,3}id\s{0,3}\\{0,3}["']\s{0,3}:"""
    r"""[\[{(\s"'\\]{0,40}+(?!u?int\d|float\d)[\w.-]{0,80}\d"""
)
"""In `normalised` text: the name as a key of JSON, with a value in which there is a digit, and not that of a type."""
_BARS = str.maketrans(dict.fromkeys("│┃║┆┇┊┋╎╏", "|"))
_RULE = re.compile(r"[\s|+:=*~.\u2500-\u257f-]*")
_TYPES = re.compile(
    r"\s*+(?>(?:<\w+>\s*+)+)|[\s|]*+(?>(?:(?:str|cat|u?[if]\d+|bool|datetime[^\s|]*+|date)(?:[\s|]++|$))+)"
)
_NO_NAME = re.compile(r"[\d.,%]+|u?int\d*|float\d*|object|bool|string|category|datetime\S*|str")
_ITEM = re.compile(r"\s*[-*+>•#]+\s")
_CODE = re.compile(r"[()\[\]{}=<>$@:]")


def decode(data: bytes) -> str:
    """A text for people, as whatever shows it would decode it. Raises ValueError for what is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    if b"\0" in data:
        raise ValueError("it holds zero bytes, which no text does")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def normalised(text: str) -> str:
    """A text in small letters, wide ones made narrow, and without invisible characters."""
    return (text if text.isascii() else INVISIBLE.sub("", unicodedata.normalize("NFKC", text))).lower()


def facts(text: str) -> TableFacts:
    """Whether any table in a text names patients. Raises ValueError when too many lines mention the name."""
    return TableFacts(patients=has_patients(text))


def has_patients(text: str) -> bool:
    """Whether any table in a text names patients. Raises ValueError when too many lines mention the name."""
    plain = normalised(text).replace("\r\n", "\n").replace("\r", "\n").translate(_BARS)
    if KEY.search(plain):
        return True
    position, effort = 0, 0
    while found := MENTION.search(plain, position):
        start = plain.rfind("\n", 0, found.start()) + 1
        position = _end(plain, start)
        if _is_header(plain, plain[start:position], start, position):
            return True
        effort += position - start + LINE
        if effort > EFFORT and MENTION.search(plain, position):
            raise ValueError(f"too many lines mention {PATIENT_COLUMN}")
    return False


def _end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _is_header(text: str, line: str, start: int, end: int) -> bool:
    above = text[text.rfind("\n", 0, start - 1) + 1 : start - 1] if start else ""
    below = list(_below(text, end))
    if not below:
        return False
    return (
        any(_is_parted(line, above, below, separator) for separator in "|\t;,")
        or _is_aligned(line.replace("|", " "), [row.replace("|", " ") for row in below])
        or _is_alone(line, below[0])
    )


def _below(text: str, end: int) -> Iterator[str]:
    """The first lines below that may be rows: no rules, no types of columns, not empty."""
    for _ in range(BELOW):
        start = end + 1
        if start >= len(text):
            return
        end = _end(text, start)
        line = text[start:end]
        if not _RULE.fullmatch(line) and not _TYPES.fullmatch(line):
            yield line


def _pieces(line: str, separator: str) -> list[str]:
    line = line.strip().strip("|") if separator == "|" else line.rstrip().rstrip(separator)
    try:
        return next(csv.reader([line.replace("\\|", " ")], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return line.split(separator)


def _is_parted(line: str, above: str, below: list[str], separator: str) -> bool:
    if separator not in line:
        return False
    names = _pieces(line, separator)
    places = [
        place
        for place, name in enumerate(names)
        if "patient" in name and says_patient_id(name) and not _CODE.search(name)
    ]
    if len(names) < 2 or not places:
        return False
    is_first = separator not in above or len(_pieces(above, separator)) != len(names)
    for row in below[:2]:
        cells = _pieces(row, separator)
        surplus = len(cells) - len(names)
        if surplus == 0 and is_first:
            return True
        beneath = [cells[place + shift] for place in places for shift in (0, surplus) if place + shift < len(cells)]
        if surplus in (0, 1) and any(map(_has_digit, beneath)):
            return True
    return False


def _is_aligned(line: str, below: list[str]) -> bool:
    if len(line) > LONGEST_PRINTED or _ITEM.match(line):
        return False
    names = list(re.finditer(r"\S+", line.rstrip(" \\")))
    named = [found for found in names if says_patient_id(found[0]) and not _CODE.search(found[0])]
    if len(names) < 2 or not named or any(_NO_NAME.fullmatch(found[0]) for found in names):
        return False
    return any(_stands_beneath(row, names, named) for row in below[:3] if len(row) <= LONGEST_PRINTED)


def _stands_beneath(row: str, names: list[re.Match[str]], named: list[re.Match[str]]) -> bool:
    """Whether a row's words begin or end where those of a header do, and one with a digit where the name does."""
    if not any(_has_digit(row[max(0, name.start() - 1) : name.end() + 1]) for name in named):
        return False  # quickly
    cells = list(re.finditer(r"\S+", row))
    starts, ends = {cell.start() for cell in cells}, {cell.end() for cell in cells}
    if not all(name.start() in starts or name.end() in ends for name in names):
        return False
    beneath = (cell for name in named for cell in cells if name.start() == cell.start() or name.end() == cell.end())
    return any(_has_digit(cell[0]) for cell in beneath)


def _is_alone(line: str, row: str) -> bool:
    """Whether a line is the name alone, above a column of values or of an index."""
    name = line.strip()
    if not says_patient_id(name) or _CODE.search(name) or " " in name or name.startswith(("#", "*", "-", "=")):
        return False
    first = re.match(r"\s*\S+", row)
    if first is None or not _has_digit(first[0]):
        return False
    indented = len(line) - len(line.lstrip()) == len(row) - len(row.lstrip())
    return row.strip() == first[0].strip() or (indented and re.search(r"\S {2,}\S", row) is not None)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))
