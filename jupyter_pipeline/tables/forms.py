"""What a page shows, as plain JSON types for programmes: the same rows and figures, with numbers as exact texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from .numbers import written
from .paging import Page
from .summary import ColumnSummary, Table, remarks


def table_document(table: Table, page: Page, summary: Sequence[ColumnSummary]) -> dict[str, Any]:
    """Columns, the rows of the page, and the summary.

    Cells, minimum, smallest_nonzero, maximum and sum are texts, since they may be longer than a number of JSON can be
    read; how often something occurs is an integer. Columns are counted from 0, lines from 1.
    """
    return {
        "columns": list(table.columns),
        "rows": [{"line": row.line, "cells": list(row.cells)} for row in page.rows],
        "total_rows": page.total,
        "offset": page.offset,
        "limit": page.limit,
        "sort": None if page.sort is None else {"column": page.sort, "descending": page.descending},
        "notes": list(table.notes),
        "summary": [_column(column) for column in summary],
    }


def _column(column: ColumnSummary) -> dict[str, Any]:
    known = {field.name: _plain(getattr(column, field.name)) for field in fields(column)}
    return {**known, "rounding": column.rounding, "remarks": list(remarks(column))}


def _plain(value: object) -> object:
    return written(value) if isinstance(value, Decimal) else value
