"""CSV text to a table. Pure; whether it may be viewed is decided elsewhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from .summary import Table

FIELD_BOUND = 16 * 1024 * 1024
"""Characters of the longest cell; as in ``tables.delimited``."""
MOST_COLUMNS = 16_384
"""As many as the largest sheet of a spreadsheet has."""
MOST_CELLS = 20_000_000


def read_csv(text: str) -> Table:
    """The table of a CSV file, whose first line that is not empty names the columns.

    Short rows get empty cells, long ones columns without a name; empty lines are left out. `notes` tells of each.
    Names that occur twice are kept. Raises ValueError, with a sentence, if no table can be made of it.
    """
    return read_lines(io.StringIO(text.removeprefix("\ufeff"), newline=""))[0]


def read_lines(lines: Iterable[str], most_rows: int | None = None) -> tuple[Table, int]:
    """As `read_csv`, from lines with their ends: the first `most_rows` rows, and how many there are in all."""
    csv.field_size_limit(FIELD_BOUND)
    reader = csv.reader(iter(lines), strict=True)
    reading = _Reading(most_rows)
    line = 1
    try:
        for row in reader:
            reading.take(row, line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"Line {line} cannot be read as CSV: {error}.") from error
    return reading.table(), reading.total


class _Reading:
    """What has been read of a CSV file so far."""

    def __init__(self, most_rows: int | None) -> None:
        self.most = most_rows
        self.header: list[str] | None = None
        self.rows: list[list[str]] = []
        self.lines: list[int] = []
        self.total = self.empty = 0
        self.width = 0

    def take(self, row: list[str], line: int) -> None:
        """Take in what begins in this line."""
        if not row:
            self.empty += 1
            return
        self.width = max(self.width, len(row))
        if self.width > MOST_COLUMNS:
            raise ValueError(f"Line {line} has {len(row):,} cells; a table can have {MOST_COLUMNS:,} columns at most.")
        if self.header is None:
            self.header = row
            return
        self.total += 1
        if self.most is None or self.total <= self.most:
            self.rows.append(row)
            self.lines.append(line)

    def table(self) -> Table:
        """The table of all that was taken in. Raises ValueError if it has too many cells."""
        header = self.header or []
        width = max(map(len, (header, *self.rows)))
        if width * len(self.rows) > MOST_CELLS:
            raise ValueError(f"The table has {len(self.rows):,} rows and {width:,} columns, which is too much to show.")
        return Table(
            columns=tuple(_padded(header, width)),
            rows=[_padded(row, width) for row in self.rows],
            lines=self.lines,
            notes=tuple(self._notes(len(header), width)),
        )

    def _notes(self, named: int, width: int) -> Iterator[str]:
        short = [line for row, line in zip(self.rows, self.lines, strict=True) if len(row) < named]
        long = [line for row, line in zip(self.rows, self.lines, strict=True) if len(row) > named]
        if self.header is None:
            yield "The file is empty."
        if short:
            yield f"{_lines(short)} fewer cells than there are columns: empty ones were added."
        if long:
            yield f"{_lines(long)} more cells than there are names of columns: {width - named:,} without a name."
        if self.empty:
            yield f"{self.empty:,} empty line{'s are' if self.empty > 1 else ' is'} left out."


def _padded(row: list[str], width: int) -> list[str]:
    return row if len(row) == width else [*row, *[""] * (width - len(row))]


def _lines(lines: Sequence[int]) -> str:
    if len(lines) == 1:
        return f"Line {lines[0]:,} has"
    named = [f"{line:,}" for line in lines[:5]]
    if len(lines) > 5:
        return f"Lines {', '.join(named)} and {len(lines) - 5:,} more have"
    return f"Lines {', '.join(named[:-1])} and {named[-1]} have"
