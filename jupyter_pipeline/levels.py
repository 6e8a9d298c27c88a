"""Who may see what, and why not: the one gate for viewing. Pure.

Inside a person's own kernel this guards against accident, not intent; only the operating system guards against
intent. ``can_view`` answers with the sentence that ``check_view`` raises, so that a page can grey out what the server
would refuse, in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from .errors import OutputRefused
from .models import STRICTNESS, Level, OutputFile

MAX_SIZE = 16 * 1024 * 1024
"""Bytes of the largest file that may be viewed (platform: job-runner controller/config.py)."""
MAX_ROWS = 5000
"""Rows of the largest table that may be viewed (platform: the same)."""
PATIENT_COLUMN = "patient_id"
VIEWABLE_TYPES = frozenset("csv jpg jpeg png svg svgz html txt log json md".split())
"""Extensions that may be viewed, in any case (platform: pipeline/constants.py, which is case-sensitive)."""


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What reading a table told: its size, its columns, or why it cannot be read."""

    rows: int | None = None
    columns: tuple[str, ...] | None = None
    error: str | None = None


def strictest(levels: Iterable[Level]) -> Level:
    """The level that holds where several claim one file."""
    return min(levels, key=STRICTNESS.index)


def reason_withheld(path: str, size: int, table: TableFacts | None) -> str | None:
    """Why a moderately sensitive file may not be viewed all the same, or None.

    `size` is in bytes; `table` holds what is known of a CSV file. A file that cannot be checked is withheld.
    Platform: job-runner agent/executors/local.py check_l4_file, which passes what it cannot read.
    """
    kind = PurePosixPath(path).suffix.lower().lstrip(".")
    if kind not in VIEWABLE_TYPES:
        return f"Files {f'of type .{kind}' if kind else 'without an extension'} are not viewable."
    if size > MAX_SIZE:
        return f"It is larger than {MAX_SIZE // 1024**2} MB ({size / 1024**2:.1f} MB)."
    if table is None:
        return None
    if table.error:
        return f"It cannot be checked as a table, so it is withheld: {table.error}."
    if table.columns and any(map(_names_patients, table.columns)):
        return f"It has a column {PATIENT_COLUMN}, so it may hold one row for each patient."
    if table.rows is not None and table.rows > MAX_ROWS:
        return f"It has {table.rows} rows; at most {MAX_ROWS} may be viewed."
    return None


def _names_patients(column: str) -> bool:
    """Whether a column, or one of several that another separator than the comma parts, identifies patients."""
    return any(part.strip(" \"'").lower() == PATIENT_COLUMN for part in re.split(r"[;|\t,]", column))


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no, and the sentence that says why."""

    allowed: bool
    reason: str


def can_view(output: OutputFile) -> Answer:
    """Whether this output may be viewed, with the reason."""
    if output.level is not Level.MODERATELY:
        return Answer(False, f"It is {output.level}: only code may read it.")
    if output.message is not None:
        return Answer(False, output.message)
    return Answer(True, "It is moderately_sensitive and passes the checks for viewing.")


def check_view(output: OutputFile) -> None:
    """Raises OutputRefused, with the sentence of `can_view`, unless this output may be viewed."""
    answer = can_view(output)
    if not answer.allowed:
        raise OutputRefused(f"{output.path} may not be viewed. {answer.reason}")
