"""Pages of two versions of a file: texts line by line, tables cell by cell, images beside one another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..diffs.tables import (
    ColumnPair,
    RowDifference,
    TableDifferences,
    compare_tables,
)
from ..diffs.texts import Row, Side, compare_texts
from ..tables import numbers
from ..tables.summary import Table
from .document import (
    Facts,
    document,
    joined,
    remarked,
)
from .escaping import Html, shown, shown_lines
from .summaries import column_name
from .texts import image_figure

TYPES = frozenset((".csv", ".png", ".jpg", ".jpeg", ".txt", ".md", ".yaml", ".yml", ".log", ".json"))
"""The types of files for which there is such a page."""
MOST_LINES = 5_000
"""Lines of a text that a page shows."""
MOST_ROWS = 2_000
"""Rows of a table that a page shows."""
MOST_CELLS = 100_000
"""Cells of a table that a page shows."""
ALL_COLUMNS = 16
"""Columns up to which all are shown; of wider tables only those in which something differs."""
LONGEST_LINE, LONGEST_CELL = 2_000, 500
"""Characters that are shown of a line, and of a cell."""
_LONG_LINE = 300
_MARKS = 10
"""Marks in one piece of text that say which character they stand for: a page has many pieces."""
_SIGNS = {"same": "", "changed": "~", "added": "+", "removed": "\N{MINUS SIGN}"}
EARLIER, LATER = "Earlier", "Later"


@dataclass(frozen=True, slots=True)
class PageHead:
    """What stands above a comparison: a title, what is known of both files, and what nobody should miss."""

    title: str
    facts: Facts = ()
    notices: Sequence[str] = ()


def text_comparison_page(head: PageHead, left: str, right: str) -> str:
    """The page of two texts, equal lines left out but for a few around what differs."""
    found = compare_texts(left, right, most_rows=MOST_LINES)
    if not found.rows:
        return _page(head, [remarked(found.notes) if found.notes else _all_same()])
    told = f"{_counted(found.removed, 'line')} of the earlier file and {found.added:,} of the later differ."
    rows = joined(map(_line, found.rows))
    return _page(head, [remarked(found.notes), _summary(told), _table("lines", _LINE_HEADS, rows, "Lines")])


def json_comparison_page(head: PageHead, left: str, right: str) -> str:
    """The page of two JSON files; such with very long lines are laid out anew, so that there are lines to compare."""
    if max((len(line) for text in (left, right) for line in text.splitlines()), default=0) > _LONG_LINE:
        try:
            laid_out = [json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n" for text in (left, right)]
        except (ValueError, RecursionError):
            return text_comparison_page(head, left, right)
        notice = "Both files were laid out anew, so that their lines can be compared."
        return text_comparison_page(PageHead(head.title, head.facts, (*head.notices, notice)), *laid_out)
    return text_comparison_page(head, left, right)


def image_comparison_page(head: PageHead, left: bytes, right: bytes, media_types: tuple[str, str]) -> str:
    """The page of two images beside one another. Raises ValueError as ``pages.image_page``."""
    told = _all_same() if left == right else Html("")
    figures = [
        image_figure(image, media, f"{name} version of {head.title}", name)
        for name, image, media in zip((EARLIER, LATER), (left, right), media_types, strict=True)
    ]
    return _page(head, [told, '<div class="beside">\n', *figures, "</div>"])


def table_comparison_page(head: PageHead, left: Table, right: Table) -> str:
    """The page of two tables: how many rows differ, then these. Raises ValueError for what is too large."""
    return _page(head, _Comparison(left, right, compare_tables(left, right)).parts())


# -- texts -----------------------------------------------------------------------------------------

_LINE_HEADS = (("", ""), ("Line", "number"), (EARLIER, ""), ("Line", "number"), (LATER, ""))


def _line(row: Row) -> str:
    if row.kind == "gap":
        return f'<tr class="gap"><td colspan="5">{_counted(row.count, "equal line")}</td></tr>\n'
    sides = _side(row.left, "del", row.kind) + _side(row.right, "ins", row.kind)
    return f'<tr class="{row.kind}">{_sign(row.kind)}{sides}</tr>\n'


def _side(side: Side | None, tag: str, kind: str) -> str:
    if side is None:
        return '<td class="none"></td><td class="none"></td>'
    text, whole = side.text[:LONGEST_LINE], kind in ("added", "removed")
    parts, at = [], 0
    for begin, end in ((0, len(text)),) if whole else side.marks:
        if marked := text[begin:end]:
            parts += [shown_lines(text[at:begin], _MARKS), f"<{tag}>{shown_lines(marked, _MARKS)}</{tag}>"]
            at = end
    parts += [shown_lines(text[at:], _MARKS), _left_out(len(side.text) - len(text))]
    return f'<td class="number">{side.line}</td><td>{"".join(parts)}</td>'


def _left_out(characters: int) -> str:
    return f' <span class="hint">{_counted(characters, "more character")}</span>' if characters > 0 else ""


def _sign(kind: str) -> str:
    if kind == "same":
        return "<td></td>"
    return f'<td class="sign"><span aria-hidden="true">{_SIGNS[kind]}</span><span class="unseen">{kind}</span></td>'


# -- tables ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Two tables and what differs between them."""

    left: Table
    right: Table
    found: TableDifferences

    def parts(self) -> list[str]:
        notes = remarked([*self.left.notes, *self.right.notes, *self.found.notes])
        told: list[str] = [notes, _summary(*self._told())]
        if not self.found.rows:
            return told if self._columns_told() else [*told, _all_same()]
        places = self._shown()
        most = min(MOST_ROWS, max(MOST_CELLS // max(len(places), 1), 1))
        rows = self.found.rows[:most]
        left_out = (
            [f"{_counted(len(self.found.rows) - most, 'more row')} left out here."] if rows != self.found.rows else []
        )
        if len(places) < len(self.found.columns):
            left_out.append("Only the columns in which something differs are shown.")
        return [
            *told,
            *(f'<p class="hint">{sentence}</p>\n' for sentence in left_out),
            _table("cells", self._heads(places), joined(self._row(row, places) for row in rows), "Rows that differ"),
        ]

    def _told(self) -> list[str]:
        found = self.found
        kinds = [(kind, found.counted(kind)) for kind in ("changed", "added", "removed")]
        rows = ", ".join(f"{number:,} {kind}" for kind, number in kinds if number) or "none differs"
        cells = sum(len(row.changed) for row in found.rows)
        how = f"by {', '.join(found.key)}" if found.key else "by their order"
        changed = f" ({_counted(cells, 'cell')} changed)" if cells else ""
        return [f"Rows: {rows}{changed}, {found.same:,} the same. Matched {how}.", *self._columns_told()]

    def _columns_told(self) -> list[str]:
        added = [one.name for one in self.found.columns if one.left is None]
        removed = [one.name for one in self.found.columns if one.right is None]
        named = (("added", added), ("removed", removed))
        return [f"Columns {kind}: {_some(names)}." for kind, names in named if names]

    def _shown(self) -> list[int]:
        """The columns to be shown."""
        columns = self.found.columns
        if len(columns) <= ALL_COLUMNS:
            return list(range(len(columns)))
        differ = {place for row in self.found.rows for place in row.changed}
        keys = set(self.found.key)
        wanted = (place for place, one in enumerate(columns) if place in differ or one.name in keys or _is_single(one))
        return list(wanted) or list(range(ALL_COLUMNS))

    def _heads(self, places: Sequence[int]) -> list[tuple[str, str]]:
        heads = [("", ""), ("Line, earlier", "number"), ("Line, later", "number")]
        for place in places:
            one = self.found.columns[place]
            kind = "" if not _is_single(one) else " (added)" if one.left is None else " (removed)"
            heads.append((f"{column_name(one.name, place)}{kind}", ""))
        return heads

    def _row(self, row: RowDifference, places: Sequence[int]) -> str:
        older = self.left.rows[row.left] if row.left is not None else None
        newer = self.right.rows[row.right] if row.right is not None else None
        changed = set(row.changed)
        cells = (_cell(self.found.columns[place], older, newer, place in changed) for place in places)
        lines = _place(self.left, row.left) + _place(self.right, row.right)
        return f'<tr class="{row.kind}">{_sign(row.kind)}{lines}{"".join(cells)}</tr>\n'


def _is_single(column: ColumnPair) -> bool:
    return column.left is None or column.right is None


def _place(table: Table, row: int | None) -> str:
    line = "" if row is None else table.lines[row] if table.lines else row + 1
    return f'<td class="number soft">{line}</td>'


def _cell(column: ColumnPair, older: Sequence[str] | None, newer: Sequence[str] | None, changed: bool) -> str:
    before = older[column.left] if older is not None and column.left is not None else None
    after = newer[column.right] if newer is not None and column.right is not None else None
    if changed and before is not None and after is not None:
        kind = "changed number" if all(numbers.number(one) is not None for one in (before, after)) else "changed"
        return f'<td class="{kind}"><del>{_value(before)}</del> <ins>{_value(after)}</ins></td>'
    value = after if after is not None else before
    if value is None:
        return '<td class="none"></td>'
    return f"<td{_class('number' if numbers.number(value) is not None else '')}>{_value(value)}</td>"


def _value(cell: str) -> Html:
    if numbers.is_missing(cell):
        return Html('<span class="hint">missing</span>')
    return Html(shown(cell[:LONGEST_CELL], _MARKS) + _left_out(len(cell) - LONGEST_CELL))


# -- parts -----------------------------------------------------------------------------------------


def _page(head: PageHead, parts: Iterable[str]) -> str:
    return document(head.title, joined(parts), head.notices, head.facts)


def _summary(*sentences: str) -> Html:
    return joined(f"<p>{shown(sentence)}</p>\n" for sentence in sentences)


def _all_same() -> Html:
    return Html('<p class="hint">Both are the same.</p>\n')


def _table(kind: str, heads: Sequence[tuple[str, str]], rows: Html, label: str) -> Html:
    """A table; its heads are HTML, with their classes."""
    head = "".join(f'<th scope="col"{_class(name)}>{text or _EMPTY_HEAD}</th>' for text, name in heads)
    return Html(
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">\n<table class="comparison {kind}">\n'
        f"<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )


_EMPTY_HEAD = '<span class="unseen">What happened</span>'


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _some(names: Sequence[str]) -> str:
    shown_names = [name or "one without a name" for name in names[:10]]
    return ", ".join([*shown_names, f"{len(names) - 10} more"] if len(names) > 10 else shown_names)
