"""Reading tables just far enough to know their size and their columns."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from .levels import MAX_SIZE, TableFacts

FIELD_BOUND = 16 * 1024 * 1024
"""Longest text in one cell; longer means a quote that was never closed."""


def facts(file: Path, name: str) -> TableFacts | None:
    """The facts of a CSV file (plain or gzipped, by its `name`); None for anything else.

    Rows do not count the header. Up to 16 MB are read exactly; of a larger file only the columns, and its rows where
    no quoted line break can hide among them.
    """
    lowered = name.lower()
    if not lowered.endswith((".csv", ".csv.gz")):
        return None
    try:
        with gzip.open(file) if lowered.endswith(".gz") else file.open("rb") as stream:
            return _facts(cast("IO[bytes]", stream), file.stat().st_size)
    except (csv.Error, UnicodeDecodeError, OSError, EOFError, zlib.error) as error:
        return TableFacts(error=str(error) or type(error).__name__)


def _facts(stream: IO[bytes], size: int) -> TableFacts:
    if size > MAX_SIZE:
        return _facts_of_large(stream)
    csv.field_size_limit(FIELD_BOUND)
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(_lines(text), strict=True)
        header = next((row for row in reader if row), None)  # whoever reads the table skips empty lines too
        if header is None:
            return TableFacts(rows=0, columns=())
        return TableFacts(rows=sum(1 for row in reader if row), columns=tuple(header))


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines of a text, none of which may fill the memory: a small archive can hold an endless one."""
    while line := text.readline(FIELD_BOUND):
        if len(line) == FIELD_BOUND and not line.endswith("\n"):
            raise csv.Error(f"a line is longer than {FIELD_BOUND // 1024**2} MB")
        yield line


def _facts_of_large(stream: IO[bytes]) -> TableFacts:
    first = stream.readline(1 << 20)
    columns = next(csv.reader([first.decode("utf-8-sig")]), [])
    rows, quoted, last = 0, b'"' in first, b"\n"
    while chunk := stream.read(1 << 20):
        quoted = quoted or b'"' in chunk
        rows += chunk.count(b"\n")
        last = chunk[-1:]
    return TableFacts(rows=None if quoted else rows + (last != b"\n"), columns=tuple(columns))
