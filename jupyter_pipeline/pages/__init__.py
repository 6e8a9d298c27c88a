"""Safe renderings: what jobs wrote, as complete HTML pages without scripts that load nothing; and as plain JSON. Pure.

Whether a file may be viewed, and by whom, is decided in ``rules.levels``; nothing here reads a file. All text of files
is escaped, and what cannot be seen in it is shown as marks.
"""

from __future__ import annotations

from ..diffs.tables import TableDifferences, compare_tables
from ..tables.forms import table_document
from ..tables.paging import Page, TableQuery, TableRow, page_of
from ..tables.rows import read_csv, read_lines
from ..tables.summary import (
    ColumnSummary,
    Table,
    remarks,
    summarise,
)
from .comparisons import TYPES as COMPARED
from .comparisons import (
    PageHead,
    image_comparison_page,
    json_comparison_page,
    table_comparison_page,
    text_comparison_page,
)
from .document import POLICY, Facts, document
from .escaping import Html
from .json_tree import json_page
from .logs import log_page
from .tables import Link, table_page
from .texts import image_page, refusal_page, text_page

__all__ = [
    "COMPARED",
    "POLICY",
    "ColumnSummary",
    "Facts",
    "Html",
    "Link",
    "Page",
    "PageHead",
    "Table",
    "TableDifferences",
    "TableQuery",
    "TableRow",
    "compare_tables",
    "document",
    "image_comparison_page",
    "image_page",
    "json_comparison_page",
    "json_page",
    "log_page",
    "page_of",
    "read_csv",
    "read_lines",
    "refusal_page",
    "remarks",
    "summarise",
    "table_comparison_page",
    "table_document",
    "table_page",
    "text_comparison_page",
    "text_page",
]
