"""The first rows of tables in files that are no text, for showing synthetic data: feather, parquet, arrow, dta, csv.gz.

Whether a file may be shown is not decided here but in ``rules.levels``: the platform shows none of these types.
"""

from __future__ import annotations

import gzip
import importlib
import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple

from .rows import read_lines
from .summary import Table

MOST_TEXT = 10_000
"""Characters of a cell that are kept: one value may be a list of any length."""
MOST_UNPACKED = 1024**3
"""Bytes up to which a compressed file is unpacked: a small one can hold an endless text."""
_LONGEST_LINE = 16 * 1024**2


class Frame(NamedTuple):
    """The first rows of a table, and how many it has in all."""

    table: Table
    total: int


def read_frame(file: Path, name: str, most_rows: int) -> Frame:
    """At most `most_rows` rows of the table in a file, each cell as text, and how many rows the file has.

    What the file holds is told by its `name`: .feather, .parquet, .arrow, .dta or .csv.gz. Missing values are empty.
    Files are read in pieces, never whole. Raises ValueError, with a sentence, for a file of another type, one that
    cannot be read, and where a library is missing that reads it.
    """
    read = next((read for ending, read in _READERS.items() if name.lower().endswith(ending)), None)
    if read is None:
        raise ValueError(f"Tables are read from files of the types {', '.join(_READERS)}, and {name} is none of them.")
    try:
        with file.open("rb"):
            pass  # what is not there, or may not be read, is told without the place of the file
        return read(file, max(0, most_rows))
    except (OSError, EOFError, zlib.error, struct.error, ArithmeticError, LookupError, TypeError) as error:
        raise ValueError(f"The file cannot be read: {_reason(error)}.") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"The file cannot be read: it is not UTF-8 (byte {error.start + 1}).") from error


def _read_csv(file: Path, most_rows: int) -> Frame:
    with gzip.open(file) as packed, io.TextIOWrapper(packed, encoding="utf-8-sig", newline="") as text:
        return Frame(*read_lines(_lines(text), most_rows))


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines of a text, as long as neither one of them nor all together are too long."""
    left = MOST_UNPACKED
    while line := text.readline(_LONGEST_LINE):
        left -= len(line)
        if left < 0:
            raise ValueError(f"The file is larger than {MOST_UNPACKED // 1024**3} GB when it is unpacked.")
        if len(line) == _LONGEST_LINE and not line.endswith("\n"):
            raise ValueError(f"The file has a line of more than {_LONGEST_LINE // 1024**2} MB.")
        yield line


def _read_arrow(file: Path, most_rows: int) -> Frame:
    arrow, ipc = _library("pyarrow", "Arrow and feather"), _library("pyarrow.ipc", "Arrow and feather")
    try:
        with arrow.memory_map(str(file)) as source:
            if source.read(6) != b"ARROW1":
                source.seek(0)
                with ipc.open_stream(source) as stream:
                    return _from_batches(stream.schema.names, stream, most_rows)
        with arrow.memory_map(str(file)) as source, ipc.open_file(source) as reader:
            batches = map(reader.get_batch, range(reader.num_record_batches))
            return _from_batches(reader.schema.names, batches, most_rows)
    except (arrow.ArrowException, ValueError) as error:
        raise ValueError(f"The file cannot be read: {_reason(error)}.") from error


def _read_parquet(file: Path, most_rows: int) -> Frame:
    arrow, parquet = _library("pyarrow", "Parquet"), _library("pyarrow.parquet", "Parquet")
    try:
        with parquet.ParquetFile(file, memory_map=True) as reader:
            names = reader.schema_arrow.names
            first = reader.iter_batches(batch_size=max(1, most_rows)) if most_rows else ()
            table, _ = _from_batches(names, first, most_rows, count=False)
            return Frame(table, reader.metadata.num_rows)
    except (arrow.ArrowException, ValueError) as error:
        raise ValueError(f"The file cannot be read: {_reason(error)}.") from error


def _from_batches(names: Sequence[str], batches: Iterable[Any], most_rows: int, count: bool = True) -> Frame:
    """The first rows of what comes in pieces; with `count` all pieces are gone through, one at a time."""
    columns: list[list[str]] = [[] for _ in names]
    total = 0
    for batch in batches:
        wanted = most_rows - total
        if wanted > 0:
            batch.validate(full=True)  # a damaged file could else make the library read where nothing is
            part = batch.slice(0, wanted)
            for texts, column in zip(columns, part.columns, strict=True):
                texts.extend(map(_text, _values(column)))
        total += batch.num_rows
        if not count and total >= most_rows:
            break
    rows = list(zip(*columns, strict=True)) if columns else []
    return Frame(Table(tuple(map(str, names)), rows), total)


def _values(column: Any) -> Iterable[object]:
    """The values of a column; moments as texts, since Python's have no nanoseconds and end with the year 9999."""
    arrow, types = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.types")
    found: list[object]
    if types.is_temporal(column.type) and not types.is_duration(column.type):
        try:
            found = column.cast(arrow.string()).to_pylist()
            return found
        except arrow.ArrowException:  # an unknown time zone
            column = column.cast(arrow.int64())
    elif types.is_duration(column.type):
        column = column.cast(arrow.int64())
    found = column.to_pylist()
    return found


def _read_stata(file: Path, most_rows: int) -> Frame:
    pandas = _library("pandas", "Stata")
    try:
        return _from_stata(pandas, file, most_rows, labels=True)
    except (ValueError, AttributeError) as error:  # pandas does not look for damage
        if "labels" not in str(error):
            raise ValueError(f"The file cannot be read: {_reason(error)}.") from error
    return _from_stata(pandas, file, most_rows, labels=False)  # two values have one label


def _from_stata(pandas: Any, file: Path, most_rows: int, labels: bool) -> Frame:
    size = max(1, min(most_rows, 10_000))
    rows: list[list[str]] = []
    total = 0
    with warnings.catch_warnings(), pandas.read_stata(file, chunksize=size, convert_categoricals=labels) as reader:
        warnings.simplefilter("ignore")  # that labels may differ from piece to piece: each is a text here
        names = tuple(map(str, reader.variable_labels()))
        for chunk in reader:
            wanted = chunk.iloc[: max(0, most_rows - total)]
            texts = [
                ["" if missing else _text(value) for value, missing in zip(column, column.isna(), strict=True)]
                for column in (wanted.iloc[:, number] for number in range(len(names)))
            ]
            rows += map(list, zip(*texts, strict=True))
            total += len(chunk)
    return Frame(Table(names, rows), total)


def _text(value: object) -> str:
    """A value as text: nothing for a missing one, the shortest exact digits for a number, ISO 8601 for a date."""
    if value is None or (isinstance(value, float) and isnan(value)):
        return ""
    if isinstance(value, datetime):
        return str(value).removesuffix(" 00:00:00")
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]} ... ({len(text):,} characters)"


def _library(name: str, kind: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ValueError(
            f"{kind} files can only be shown where the Python package {package} is installed. "
            f"Install it with `pip install {package}`."
        ) from error


def _reason(error: BaseException) -> str:
    """An error as the end of a sentence, without the file's place."""
    if isinstance(error, OSError) and error.strerror and error.errno:
        return error.strerror
    return (str(error).strip().splitlines() or [type(error).__name__])[0].strip(" .")


_READERS: dict[str, Callable[[Path, int], Frame]] = {
    ".feather": _read_arrow,
    ".arrow": _read_arrow,
    ".parquet": _read_parquet,
    ".dta": _read_stata,
    ".csv.gz": _read_csv,
}
