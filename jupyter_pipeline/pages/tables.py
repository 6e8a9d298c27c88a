"""The page of a table: a summary of its columns above its rows, sorted, leafed through and hidden by links."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from ..tables import numbers
from ..tables.paging import Page, TableRow
from ..tables.summary import SMALL, ColumnSummary, Table
from .document import (
    Facts,
    document,
    joined,
    remarked,
)
from .escaping import (
    Html,
    attribute,
    plain,
    shown,
)
from .summaries import column_name, summary_section

Link = Callable[[Mapping[str, str]], str]
"""Gives the URL of this page with some query parameters changed; an empty value takes a parameter out.

Parameters: ``sort`` (a column, from 0), ``descending`` (1), ``offset`` and ``limit`` (rows), ``hide`` (columns, parted
by commas). ``paging.TableQuery.read`` reads them.
"""
SIZES = (25, 100, 500, 2000)
"""Rows of a page that are offered."""


def table_page(
    title: str,
    table: Table,
    page: Page,
    summary: Sequence[ColumnSummary],
    *,
    link: Link | None = None,
    hidden: Set[int] = frozenset(),
    notices: Sequence[str] = (),
    facts: Facts = (),
) -> str:
    """The page of the rows in `page` below the `summary` of all of the table.

    Columns in `hidden` are left out of the rows, never out of the summary. Without `link` there is nothing to click.
    """
    body = _Rows(table, page, summary, link, hidden).section()
    skip = '<p class="skip"><a href="#rows">Skip to the rows</a></p>\n'
    return document(title, joined([skip, remarked(table.notes), summary_section(summary), body]), notices, facts)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows and their controls."""

    table: Table
    page: Page
    summary: Sequence[ColumnSummary]
    link: Link | None
    hidden: Set[int]

    def section(self) -> Html:
        return joined(
            [
                f'<section aria-labelledby="rows">\n<h2 id="rows" tabindex="-1">{self._range()}</h2>\n',
                self._controls(),
                '<div class="scroll" role="region" tabindex="0" aria-labelledby="rows">\n<table class="rows">\n',
                f"<caption>{self._caption()}</caption>\n<thead>\n<tr>{self._heads()}</tr>\n</thead>\n<tbody>\n",
                *map(self._row, self.page.rows),
                "</tbody>\n</table>\n</div>\n",
                self._turning("Pages, below the rows") if len(self.page.rows) > 20 else "",
                "</section>",
            ]
        )

    def _shown(self) -> list[int]:
        return [number for number in range(len(self.table.columns)) if number not in self.hidden]

    def _range(self) -> str:
        page = self.page
        if not page.total:
            return "No rows"
        last = page.offset + len(page.rows)
        whole = f"of {page.total:,}" if len(page.rows) < page.total else "(all)"
        return f"Rows {page.offset + 1:,} to {last:,} {whole}"

    def _caption(self) -> str:
        page = self.page
        order = "In the order of the file."
        if page.sort is not None:
            order = (
                f"Sorted by {column_name(self.table.columns[page.sort], page.sort)}, "
                f"{'largest' if page.descending else 'smallest'} first; redacted and missing cells last."
            )
        return f"{order} Whole numbers from 1 to {SMALL}, also negative ones, are underlined and bold."

    def _heads(self) -> Html:
        first = f'<th scope="col" class="number">{"Line" if self.table.lines else "Row"}</th>'
        return joined([first, *map(self._head, self._shown())])

    def _head(self, column: int) -> str:
        page = self.page
        name = column_name(self.table.columns[column], column)
        sorted_ = page.sort == column
        state = ("descending" if page.descending else "ascending") if sorted_ else "none"
        numeric = ' class="number"' if self._is_number(column) else ""
        if self.link is None:
            return f'<th scope="col" aria-sort="{state}"{numeric}>{name}</th>'
        then = {"none": (str(column), ""), "ascending": (str(column), "1"), "descending": ("", "")}[state]
        does = {"none": "sort, smallest first", "ascending": "sort, largest first", "descending": "order of the file"}
        arrow = {"none": "↕", "ascending": "↑", "descending": "↓"}[state]
        sort = self._anchor(
            f'{name} <span class="arrow" aria-hidden="true">{arrow}</span><span class="unseen">, {does[state]}</span>',
            {"sort": then[0], "descending": then[1], "offset": ""},
            title=does[state],
        )
        label = attribute(f"Hide column {self.table.columns[column] or column + 1}")
        hide = self._anchor("&times;", {"hide": _listed(self.hidden | {column})}, "hide", title=label, label=label)
        return f'<th scope="col" aria-sort="{state}"{numeric}><span class="head">{sort} {hide}</span></th>'

    def _is_number(self, column: int) -> bool:
        return self.summary[column].type in ("integer", "float")

    def _row(self, row: TableRow) -> str:
        if not self.hidden:
            cells = "".join(map(_cell, row.cells))
        else:
            cells = "".join(_cell(row.cells[column]) for column in self._shown())
        return f'<tr><th scope="row" class="number">{row.line}</th>{cells}</tr>\n'

    def _controls(self) -> Html:
        if self.link is None:
            return Html("")
        parts = [self._turning("Pages"), self._sizes(), self._hidden(), self._unsorted()]
        return joined(['<div class="steering">\n', *parts, "</div>\n"])

    def _turning(self, label: str) -> str:
        page = self.page
        if self.link is None or len(page.rows) >= page.total:
            return ""
        last = (page.total - 1) // page.limit * page.limit
        steps = (
            ("&laquo; First", 0, page.offset > 0),
            ("&lsaquo; Previous", max(0, page.offset - page.limit), page.offset > 0),
            ("Next &rsaquo;", page.offset + page.limit, page.offset + page.limit < page.total),
            ("Last &raquo;", last, page.offset + page.limit < page.total),
        )
        items = (
            self._anchor(name, {"offset": str(offset)}, "step") if possible else f'<span class="step">{name}</span>'
            for name, offset, possible in steps
        )
        return f'<nav class="controls" aria-label="{label}">{" ".join(items)}</nav>\n'

    def _sizes(self) -> str:
        if self.page.total <= SIZES[0]:
            return ""
        items = (
            f'<span class="step" aria-current="true">{size:,}</span>'
            if size == self.page.limit
            else self._anchor(f"{size:,}", {"limit": str(size), "offset": ""}, "step")
            for size in SIZES
            if size == self.page.limit or size == SIZES[0] or _below(size) < self.page.total
        )
        return (
            f'<nav class="controls" aria-label="Rows of a page"><span>Rows of a page:</span> {" ".join(items)}</nav>\n'
        )

    def _hidden(self) -> str:
        hidden = [number for number in sorted(self.hidden) if number < len(self.table.columns)]
        if not hidden:
            return ""
        items = (
            self._anchor(
                f"{column_name(self.table.columns[number], number)}",
                {"hide": _listed(self.hidden - {number})},
                "step",
                title="Show this column",
            )
            for number in hidden
        )
        everything = self._anchor("show all", {"hide": ""}, "step")
        return (
            f'<nav class="controls" aria-label="Hidden columns"><span>Hidden columns, to be shown by a click:</span> '
            f"{' '.join(items)} {everything}</nav>\n"
        )

    def _unsorted(self) -> str:
        if self.page.sort is None:
            return ""
        anchor = self._anchor("Back to the order of the file", {"sort": "", "descending": "", "offset": ""}, "step")
        return f'<nav class="controls" aria-label="Order">{anchor}</nav>\n'

    def _anchor(self, inner: str, changes: Mapping[str, str], kind: str = "", title: str = "", label: str = "") -> str:
        assert self.link is not None
        more = "".join(
            f' {name}="{value}"' for name, value in (("class", kind), ("title", title), ("aria-label", label)) if value
        )
        return f'<a href="{_checked(self.link(changes))}"{more}>{inner}</a>'


def _checked(url: str) -> Html:
    """A URL as an attribute. Raises ValueError for one that is neither relative nor of the web."""
    scheme, colon, _ = url.partition(":")
    if colon and not any(mark in scheme for mark in "/?#") and scheme not in ("http", "https"):
        raise ValueError(f"A link of a page cannot lead to {plain(url)[:100]}.")
    return attribute(url)


def _listed(columns: Set[int]) -> str:
    return ",".join(map(str, sorted(columns)))


def _below(size: int) -> int:
    """The size that is offered before this one: what shows all rows already needs no larger one beside it."""
    return max((other for other in SIZES if other < size), default=0)


def _cell(cell: str) -> str:
    if numbers.is_missing(cell):
        return '<td class="hint">missing</td>'
    value = numbers.number(cell)
    if value is not None:
        small = " small" if -SMALL <= value <= SMALL and value and value == value.to_integral_value() else ""
        return f'<td class="number{small}">{shown(cell)}</td>'
    if numbers.is_redacted(cell):
        return f'<td class="redacted">{shown(cell)}</td>'
    return f"<td>{shown(cell)}</td>"
