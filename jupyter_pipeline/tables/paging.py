"""Which rows of a table are shown: sorted by a column, from one row on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from . import numbers
from .summary import Table

MOST_ROWS = 5000
"""The longest page; also the longest table that may be viewed (platform: job-runner controller/config.py)."""
USUAL_ROWS = 100


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row, with the line of the file where it begins; where a file has no lines, its number, from 1."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a table, and how they were chosen. Columns are counted from 0."""

    rows: tuple[TableRow, ...]
    total: int
    """Rows of the whole table."""
    offset: int
    limit: int
    sort: int | None
    descending: bool


@dataclass(frozen=True, slots=True)
class TableQuery:
    """What the parameters of a URL ask for; what they say wrongly is left as usual. Columns are counted from 0."""

    sort: int | None = None
    descending: bool = False
    offset: int = 0
    limit: int = USUAL_ROWS
    hidden: frozenset[int] = frozenset()

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> TableQuery:
        """From ``sort``, ``descending`` (1 or 0), ``offset``, ``limit`` and ``hide`` (columns, parted by commas)."""
        offset, limit = (_whole(parameters.get(name, "")) for name in ("offset", "limit"))
        hidden = map(_whole, parameters.get("hide", "")[:100_000].split(","))
        return cls(
            sort=_whole(parameters.get("sort", "")),
            descending=parameters.get("descending", "") == "1",
            offset=offset or 0,
            limit=limit or USUAL_ROWS,
            hidden=frozenset(number for number in hidden if number is not None),
        )


def page_of(table: Table, sort: int | None, descending: bool, offset: int, limit: int) -> Page:
    """At most `limit` rows from row `offset` on (from 0), of the table sorted by column `sort`.

    Numbers come first, in their order; then texts, by their letters without regard to case; redacted and missing cells
    last, whatever the direction. Rows that are alike keep the order of the file. A `sort` that is no column is taken as
    none; `limit` is held between 1 and 5000, and `offset` to where the last page begins.
    """
    total = len(table.rows)
    limit = max(1, min(limit, MOST_ROWS))
    offset = max(0, min(offset, (total - 1) // limit * limit))
    if sort is not None and not 0 <= sort < len(table.columns):
        sort = None
    order = range(total) if sort is None else _order([row[sort] for row in table.rows], descending)
    lines = table.lines or range(1, total + 1)
    rows = tuple(TableRow(lines[at], table.rows[at]) for at in order[offset : offset + limit])
    return Page(rows, total, offset, limit, sort, descending and sort is not None)


def _order(cells: Sequence[str], descending: bool) -> Sequence[int]:
    """The places of the cells in their order."""
    values: list[tuple[Decimal, int]] = []
    texts: list[tuple[str, int]] = []
    last: list[int] = []
    for place, cell in enumerate(cells):
        value = numbers.number(cell)
        if value is not None:
            values.append((value, place))
        elif numbers.is_missing(cell) or numbers.is_redacted(cell):
            last.append(place)
        else:
            texts.append((cell.casefold(), place))
    values.sort(key=lambda pair: pair[0], reverse=descending)
    texts.sort(key=lambda pair: pair[0], reverse=descending)
    return [place for _, place in values] + [place for _, place in texts] + last


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
