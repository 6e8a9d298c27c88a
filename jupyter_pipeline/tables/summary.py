"""A table of texts, and what an output checker needs to know of each of its columns. Pure.

It informs and never blocks: whether a file may be viewed is decided in ``rules.levels``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from itertools import compress
from operator import mul
from typing import Any

from . import numbers

_Values = Sequence[Any]
"""All int or all Decimal, which calculate alike."""
SMALL = 7
"""Counts up to this are to be redacted (platform: docs/outputs/sdc.md)."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it stands in a file, each cell a text. Raises ValueError unless all rows are as long as `columns`."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int] = ()
    """For each row the line of the file where it begins, from 1; empty where a file has no lines."""
    notes: tuple[str, ...] = ()
    """Sentences about what had to be mended to make a table of the file."""

    def __post_init__(self) -> None:
        width = len(self.columns)
        if any(len(row) != width for row in self.rows):
            raise ValueError("A row of the table has another number of cells than the table has columns.")
        if self.lines and len(self.lines) != len(self.rows):
            raise ValueError("The table has another number of lines than of rows.")


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """One column in figures. ``total == numeric + missing + redacted + other texts``; numbers are exact.

    What is said of numbers is None where there are none.
    """

    name: str
    type: str
    """Of the cells that are neither missing nor redacted: integer, float, text, mixed, or empty if there are none."""
    total: int
    numeric: int
    missing: int
    redacted: int
    minimum: Decimal | None = None
    smallest_nonzero: Decimal | None = None
    """The number nearest to zero that is not zero."""
    maximum: Decimal | None = None
    sum: Decimal | None = None
    divisible_by_5: bool | None = None
    divisible_by_6: bool | None = None
    midpoint6: bool | None = None
    """Whether every number is 0, 3, 9, 15 ...: 1 to 6 become 3, 7 to 12 become 9 (platform: docs/outputs/sdc.md)."""
    whole: bool | None = None
    """Whether every number is a whole one, also if it is written as 5.0."""
    redacted_otherwise: int = 0
    """How many of the redacted cells hold a mark that the platform does not know."""

    @property
    def texts(self) -> int:
        """How many cells hold text that is neither a number nor a mark."""
        return self.total - self.numeric - self.missing - self.redacted

    @property
    def rounding(self) -> str:
        """How all counts are rounded, as the end of a sentence; empty if they are not, or are no counts."""
        if not self.whole or self.minimum is None or self.minimum < 0:
            return ""
        if not self.maximum:
            return "all counts are 0"
        if self.divisible_by_5:
            also = " (and midpoint-6 rounded)" if self.midpoint6 else " (and of 6)" if self.divisible_by_6 else ""
            return f"all counts are multiples of 5{also}"
        if self.midpoint6:
            return "all counts are midpoint-6 rounded"
        return "all counts are multiples of 6" if self.divisible_by_6 else ""


def summarise(table: Table) -> tuple[ColumnSummary, ...]:
    """The summary of each column, in the order of the columns (platform: airlock/utils.py has such a table)."""
    columns = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.columns)
    return tuple(_summary(name, cells) for name, cells in zip(table.columns, columns, strict=True))


def remarks(summary: ColumnSummary) -> tuple[str, ...]:
    """What of a column deserves a look, in words, without full stops; none if nothing does."""
    found = []
    smallest = summary.smallest_nonzero
    if summary.whole and smallest is not None and abs(smallest) <= SMALL:
        why = " (midpoint-6 rounding makes 3 of 1 to 6)" if summary.midpoint6 else ""
        found.append(f"the smallest number but 0 is {numbers.written(smallest)}, at most {SMALL}{why}")
    if summary.whole and not summary.rounding:
        found.append("whole numbers that are not rounded")
    if summary.whole is False:
        found.append("fractions: look whether they come from rounded counts")
    if summary.type == "mixed":
        found.append(f"{_counted(summary.texts, 'text')} among the numbers")
    if summary.missing:
        found.append(f"{summary.missing:,} missing")
    if summary.redacted_otherwise:
        found.append(
            f"{_counted(summary.redacted_otherwise, 'cell')} redacted with a mark that the platform takes as text"
        )
    return tuple(found)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _summary(name: str, cells: Sequence[str]) -> ColumnSummary:
    counts = Counter(cells)
    missing = counts.pop("", 0) + sum(counts.pop(text) for text in list(filter(str.isspace, counts)))
    texts, found, others = _parted(list(counts))
    marks = list(filter(numbers.may_be_mark, others))
    redacted = sum(counts[text] for text in marks if numbers.is_platform_mark(text))
    otherwise = sum(counts[text] for text in marks if numbers.is_other_mark(text))
    numeric = sum(map(counts.__getitem__, texts))
    left = len(cells) - numeric - missing - redacted - otherwise
    summary = ColumnSummary(
        name=name,
        type=_type(texts, found, left),
        total=len(cells),
        numeric=numeric,
        missing=missing,
        redacted=redacted + otherwise,
        redacted_otherwise=otherwise,
    )
    if not found:
        return summary
    weights = None if numeric == len(texts) else [counts[text] for text in texts]
    with localcontext(numbers.exact(texts)):
        return _with_figures(summary, found, weights)


def _parted(texts: list[str]) -> tuple[list[str], _Values, list[str]]:
    """The texts that are numbers, these numbers, and the other texts."""
    found = numbers.all_numbers(texts)
    if found is not None:
        return texts, found, []
    begins = list(map(numbers.may_be_number, texts))
    others = [text for text, may_be in zip(texts, begins, strict=True) if not may_be]
    texts = list(compress(texts, begins))
    found = numbers.all_numbers(texts)
    if found is not None:
        return texts, found, others
    read = [(text, numbers.number(text)) for text in texts]
    others += [text for text, value in read if value is None]
    known = [(text, value) for text, value in read if value is not None]
    return [text for text, _ in known], [value for _, value in known], others


def _type(numeric: Sequence[str], found: _Values, left: int) -> str:
    if not numeric:
        return "text" if left else "empty"
    if left:
        return "mixed"
    return "integer" if isinstance(found[0], int) or all(map(numbers.is_integer, numeric)) else "float"


def _with_figures(summary: ColumnSummary, values: _Values, weights: Sequence[int] | None) -> ColumnSummary:
    """The summary with all that it says of numbers; each value occurs as often as `weights` says, or once."""
    lowest = min(values)
    zero_left_out = [value for value in values if value] if lowest <= 0 else values
    nearest = min(zero_left_out, key=_size if lowest < 0 else None, default=None)
    whole = isinstance(lowest, int) or all(value == value.to_integral_value() for value in values)
    return replace(
        summary,
        minimum=_unsigned(lowest),
        smallest_nonzero=None if nearest is None else _unsigned(nearest),
        maximum=_unsigned(max(values)),
        sum=_unsigned(sum(values) if weights is None else sum(map(mul, values, weights))),
        divisible_by_5=whole and all(value % 5 == 0 for value in values),
        divisible_by_6=whole and all(value % 6 == 0 for value in values),
        midpoint6=whole and all(value == 0 or abs(value) % 6 == 3 for value in values),
        whole=whole,
    )


def _unsigned(value: int | Decimal) -> Decimal:
    """A number as a Decimal; zero without a sign."""
    return Decimal(value) if value else Decimal(0)


def _size(value: Any) -> Any:
    """Orders numbers by how near they are to zero; of two that are equally near the positive one comes first."""
    return abs(value), value < 0
