"""Tables of pandas: columns of numbers to the right, so that figures stand below each other."""

from __future__ import annotations

import re

_SIGN = r"[-+\u2212]?"
_NUMBER = (
    rf"\s*(?:\(?{_SIGN}[£$€]?{_SIGN}\d[\d,. \u202f]*(?:e[-+]?\d+)?\s?%?\)?|{_SIGN}inf|NaN|NaT|nan|&lt;NA&gt;|None)\s*"
)
_CELL = re.compile(rf"<td>(?={_NUMBER}</td>)")
_STYLED = re.compile(rf'(<td(?: id="[\w-]+")? class=")(?=(?:data )[^"]*"[^<>]*>{_NUMBER}</td>)')
_BODY = re.compile(r"<tbody>\s*<tr[^<>]*>(.*?)</tr>", re.DOTALL)
_ROW_CELL = re.compile(r"<(t[hd])([^<>]*)>(.*?)</t[hd]>", re.DOTALL)
_HEAD = re.compile(r"<thead>.*?</thead>", re.DOTALL)
_HEAD_ROW = re.compile(r"<tr[^<>]*>.*?</tr>", re.DOTALL)


def aligned(text: str) -> str:
    """Clean HTML with the numbers in the data frames marked, and the heads of their columns."""
    if "<td" not in text:
        return text
    text = _STYLED.sub(r"\1report-number ", _CELL.sub('<td class="report-number">', text))
    body = _BODY.search(text)
    if body is None or text.count("<table") != 1:
        return text
    cells = _ROW_CELL.findall(body[1])
    numbers = [kind == "td" and "report-number" in attributes for kind, attributes, _ in cells]
    return _HEAD.sub(lambda head: _HEAD_ROW.sub(lambda row: _row(row[0], numbers), head[0]), text, count=1)


def _row(row: str, numbers: list[bool]) -> str:
    cells = _ROW_CELL.findall(row)
    if len(cells) != len(numbers) or "colspan" in row:
        return row
    marks = iter(numbers)

    def mark(match: re.Match[str]) -> str:
        if not next(marks):
            return match[0]
        return f'<{match[1]} class="report-number{_classes(match[2])}>{match[3]}</{match[1]}>'

    return _ROW_CELL.sub(mark, row)


def _classes(attributes: str) -> str:
    """The other attributes of a cell, going on after our own class."""
    found = re.search(r'\s*class="([^"]*)"', attributes)
    if found is None:
        return f'"{attributes}'
    return f' {found[1]}"{attributes[: found.start()]}{attributes[found.end() :]}'
