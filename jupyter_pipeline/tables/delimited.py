"""Tables in CSV files, also those with another separator than the comma."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from ..rules.levels import MAX_SIZE, TableFacts, names_patients

FIELD_BOUND = 16 * 1024 * 1024
"""Longest text in one cell; longer means a quote that was never closed."""
LEADING = 50
"""Rows among which a header is looked for, when remarks or a title precede it."""
_REMARK = re.compile(r"\s*(?:#|%|//|\*)|\s*$")
_OTHER_KINDS = (
    (rb"\x1f\x8b", "a gzip archive"),
    (rb"PK[\x03\x05]", "a zip archive or a workbook"),
    (rb"BZh\d1AY|\xfd7zXZ|\x28\xb5\x2f\xfd|7z\xbc\xaf", "an archive"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*", "an image"),
    (rb"%PDF-", "a PDF document"),
    (rb"\xd0\xcf\x11\xe0", "a workbook"),
    (rb"PAR1[\0-\x1f]|ARROW1\0|FEA1\0|\x89HDF|SQLite format 3|<stata_dta>|RD[AX]\d\n", "a data file of another kind"),
    (rb"(?i:(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|table|svg|\?xml)[\s>])", "a page or a drawing"),
    (rb"\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0", "UTF-16 text; write it as UTF-8"),
)


def facts(file: Path, compressed: bool) -> TableFacts:
    """The facts of a CSV file. Raises csv.Error, ValueError, OSError, EOFError or zlib.error when it cannot be read."""
    with _opened(file, compressed) as stream:
        first = stream.read(1 << 16)
    for magic, kind in _OTHER_KINDS:
        if re.match(magic, first, re.DOTALL):
            raise csv.Error(f"it is {kind}")
    if file.stat().st_size > MAX_SIZE:
        with _opened(file, compressed) as stream:
            return _facts_of_large(stream)
    separator = _other_separator(first)
    if separator is not None:
        with contextlib.suppress(csv.Error), _opened(file, compressed) as stream:
            return _facts(stream, separator)
    with _opened(file, compressed) as stream:
        return _facts(stream, ",")


def _opened(file: Path, compressed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file)) if compressed else file.open("rb")


def _other_separator(first: bytes) -> str | None:
    """What parts the columns where the first line has no comma; its commonest one of ``;``, tab and ``|``."""
    line = next((line for line in first.splitlines() if line.strip()), b"")
    bare = re.sub(rb'"[^"]*"', b"", line)
    found = max(b";\t|", key=bare.count)
    return chr(found) if b"," not in bare and found in bare else None


def _facts(stream: IO[bytes], separator: str) -> TableFacts:
    csv.field_size_limit(FIELD_BOUND)
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        rows = (row for row in csv.reader(_lines(text), strict=True, delimiter=separator) if row)
        header = next(rows, None)  # whoever reads the table skips empty lines too
        if header is None:
            return TableFacts(rows=0, columns=())
        seen = itertools.count()
        leading = (row for row, _ in zip(rows, seen, strict=False))
        named = _is_named_below(header, itertools.islice(leading, LEADING))
        return TableFacts(next(seen) + sum(1 for _ in rows), tuple(header), patients=named)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines of a text, none of which may fill the memory: a small archive can hold an endless one."""
    while line := text.readline(FIELD_BOUND):
        if len(line) == FIELD_BOUND and not line.endswith("\n"):
            raise csv.Error(f"a line is longer than {FIELD_BOUND // 1024**2} MB")
        if "\0" in line:
            raise csv.Error("it holds zero bytes, which no text does")
        yield line


def _is_named_below(header: list[str], rows: Iterable[list[str]]) -> bool:
    """Whether patients are named by a later row than the first: below remarks or a title, or as the name of an index.

    A name that stands in a column below a header, as in a list of the columns of another table, is no header.
    """
    below_remarks = _is_remark(header)
    for row in rows:
        if any(map(names_patients, row)) and (below_remarks or (len(row) > 1 and sum(map(bool, row)) == 1)):
            return True
        below_remarks = below_remarks and _is_remark(row)
    return False


def _is_remark(row: list[str]) -> bool:
    """Whether a row is a remark or a title: a sentence with no other cell beside it."""
    return bool(_REMARK.match(row[0])) or (" " in row[0] and not any(row[1:]))


def _facts_of_large(stream: IO[bytes]) -> TableFacts:
    first = stream.readline(1 << 20)
    columns = next(csv.reader([first.decode("utf-8-sig")]), [])
    rows, quoted, last = 0, b'"' in first, b"\n"
    while chunk := stream.read(1 << 20):
        quoted = quoted or b'"' in chunk
        rows += chunk.count(b"\n")
        last = chunk[-1:]
    return TableFacts(rows=None if quoted else rows + (last != b"\n"), columns=tuple(columns))
