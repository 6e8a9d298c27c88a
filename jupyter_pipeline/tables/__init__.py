"""Reading files just far enough to know the size and the columns of the tables in them.

Whether a file may be viewed is not decided here but in ``rules.levels``. No reading raises: what cannot be read is
told.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import os
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ..rules.levels import MAX_SIZE, TableFacts
from . import delimited
from .delimited import FIELD_BOUND as FIELD_BOUND

_Reader = Callable[[Path], TableFacts]


def facts(file: Path, name: str) -> TableFacts | None:
    """The facts of a CSV file (plain or gzipped, by its `name`); None for anything else.

    Rows do not count the header. Up to 16 MB are read exactly; of a larger file only the columns, and its rows where
    no quoted line break can hide among them.
    """
    lowered = name.lower()
    if not lowered.endswith((".csv", ".csv.gz")):
        return None
    return _checked(file, lambda file: delimited.facts(file, lowered.endswith(".gz")))


def facts_for_viewing(file: Path, name: str) -> TableFacts | None:
    """The facts that decide whether a file may be viewed, by the type that its `name` says.

    As `facts`; besides, tables in JSON, in pages and drawings, in texts and in feather files. None for images and for
    types that may not be viewed at all. Files of these types that are larger than 16 MB are not read: told as an error.
    """
    kind = PurePosixPath(name).suffix.lower()
    if kind == ".feather":
        from . import columnar

        return _checked(file, columnar.facts)
    if kind not in (".json", ".html", ".svg", ".svgz", ".md", ".txt", ".log"):
        return facts(file, name)
    return _checked(file, lambda file: facts_of_content(_content(file, kind == ".svgz"), kind))


def facts_of_content(data: bytes, kind: str) -> TableFacts:
    """The facts of the bytes of a file of that kind (``.json``, ``.html``, ``.svg``, ``.txt``, ...).

    Raises ValueError and RecursionError where they cannot be read.
    """
    from . import json_records, markup, texts

    if kind == ".json":
        return json_records.facts(data.decode("utf-8-sig"))
    text = texts.decode(data)
    if kind in (".html", ".svg", ".svgz"):
        return markup.facts(text)
    found = texts.facts(text)
    if kind == ".md" and not found.patients and "<t" in text.lower():
        with contextlib.suppress(ValueError):  # what is no page is text, and that was read
            return markup.facts(text)
    return found


def _content(file: Path, compressed: bool) -> bytes:
    with gzip.open(file) if compressed else file.open("rb") as stream:
        data = stream.read(MAX_SIZE + 1)
    if len(data) > MAX_SIZE:
        raise ValueError(f"it is larger than {MAX_SIZE // 1024**2} MB")
    return data


def _checked(file: Path, read: _Reader) -> TableFacts:
    """What `read` finds, or why that is not to be relied on."""
    try:
        before = _identity(file)
        found = read(file)
        if _identity(file) != before:
            return TableFacts(error="it changed while it was read")
    except (csv.Error, ValueError, OSError, EOFError, zlib.error, RecursionError) as error:
        return TableFacts(error=_reason(error))
    return found


def _identity(file: Path) -> tuple[int, ...]:
    status = os.stat(file)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _reason(error: Exception) -> str:
    """An error as a part of a sentence; without the file's place, which is of no use to whoever reads it."""
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (byte {error.start + 1})"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, gzip.BadGzipFile):
        return "it is not a gzipped file"  # the error's own text quotes it
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).strip(" .") or type(error).__name__
