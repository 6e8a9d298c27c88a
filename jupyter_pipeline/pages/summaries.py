"""The summary of a table's columns as HTML: figures, and in words what deserves a look."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ..tables.numbers import written
from ..tables.summary import ColumnSummary, remarks
from .document import joined
from .escaping import Html, shown

_HEADS = (
    *(
        ("Column", ""),
        ("Worth a look", ""),
        ("Type", ""),
        ("Cells", "number"),
        ("Numbers", "number"),
        ("Missing", "number"),
    ),
    *(("Redacted", "number"), ("Minimum", "number"), ("Smallest but 0", "number"), ("Maximum", "number")),
    *(("Sum", "number"), ("Multiples of 5", ""), ("Multiples of 6", ""), ("Midpoint 6", "")),
)
_LONGEST = 24
"""Characters of the longest number that is written in full."""


def summary_section(summary: Sequence[ColumnSummary]) -> Html:
    """The summary as a section that can be folded, open at first."""
    looks = sum(1 for column in summary if remarks(column))
    what = f"{looks:,} of {len(summary):,} columns are worth a look" if looks else "nothing stands out"
    head = "".join(f'<th scope="col"{_kind(kind)}>{name}</th>' for name, kind in _HEADS)
    return joined(
        [
            '<details class="summary" open>\n',
            f'<summary><h2 id="summary">Summary of the columns</h2> <span class="soft">{what}</span></summary>\n',
            '<div class="scroll" role="region" tabindex="0" aria-labelledby="summary">\n<table class="columns">\n',
            "<caption>Over all rows. It informs a reader, and decides nothing: counts may be fine, and figures that "
            f"look rounded may not be.</caption>\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n",
            *(_row(column, number) for number, column in enumerate(summary)),
            "</tbody>\n</table>\n</div>\n</details>\n",
        ]
    )


def column_name(name: str, number: int) -> Html:
    """A column's name as HTML, or its number where it has none; `number` counts from 0."""
    if not name.strip():
        return Html(f'<span class="hint">column {number + 1}, without a name</span>')
    return Html(f"<bdi>{shown(name)}</bdi>")


def _row(column: ColumnSummary, number: int) -> str:
    looks = remarks(column)
    cells = [
        f"<td>{_looks(looks, column.rounding)}</td>",
        f"<td>{column.type}</td>",
        *(f'<td class="number">{count:,}</td>' for count in (column.total, column.numeric)),
        *(_count(count) for count in (column.missing, column.redacted)),
        *map(_figure, (column.minimum, column.smallest_nonzero, column.maximum, column.sum)),
        *map(_answer, (column.divisible_by_5, column.divisible_by_6, column.midpoint6)),
    ]
    kind = ' class="look"' if looks else ""
    return f'<tr{kind}><th scope="row">{column_name(column.name, number)}</th>{"".join(cells)}</tr>\n'


def _looks(looks: Sequence[str], rounding: str) -> str:
    items = [f'<li class="look">{shown(look)}</li>' for look in looks]
    if rounding:
        items.append(f'<li class="soft">{shown(rounding)}</li>')
    return f"<ul>{''.join(items)}</ul>" if items else '<span class="soft">&ndash;</span>'


def _count(count: int) -> str:
    return f'<td class="number"><b>{count:,}</b></td>' if count else '<td class="number soft">0</td>'


def _figure(value: Decimal | None) -> str:
    if value is None:
        return '<td class="number soft">&ndash;</td>'
    text = written(value)
    return f'<td class="number">{text if len(text) <= _LONGEST else f"{value:.12E}"}</td>'


def _answer(value: bool | None) -> str:
    return "<td>yes</td>" if value else f'<td class="soft">{"&ndash;" if value is None else "no"}</td>'


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
