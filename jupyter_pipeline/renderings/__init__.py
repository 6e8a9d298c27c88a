"""Safe renderings: what jobs wrote, as complete HTML pages without scripts that load nothing; and as plain JSON. Pure.

Whether a file may be viewed, and by whom, is decided in ``levels``; nothing here reads a file. All text of files is
escaped, and what cannot be seen in it is shown as marks.
"""

from __future__ import annotations

from .delimited import read_csv, read_lines
from .document import POLICY, Facts, document
from .escaping import Html
from .forms import table_document
from .json_pages import json_page
from .log_pages import log_page
from .pages import image_page, refusal_page, text_page
from .paging import Page, Row, TableQuery, page_of
from .summary import ColumnSummary, Table, remarks, summarise
from .table_pages import Link, table_page

__all__ = [
    "POLICY",
    "ColumnSummary",
    "Facts",
    "Html",
    "Link",
    "Page",
    "Row",
    "Table",
    "TableQuery",
    "document",
    "image_page",
    "json_page",
    "log_page",
    "page_of",
    "read_csv",
    "read_lines",
    "refusal_page",
    "remarks",
    "summarise",
    "table_document",
    "table_page",
    "text_page",
]
