"""Who may see what, and why not: the one gate for viewing. Pure.

Inside a person's own kernel this guards against accident, not intent; only the operating system guards against
intent. ``can_view`` answers with the sentence that ``check_view`` raises, so that a page can grey out what the server
would refuse, in the same words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..config import EXPECTATIONS
from ..errors import OutputRefused
from ..models import STRICTNESS, Level, OutputFile

MAX_SIZE = 16 * 1024 * 1024
"""Bytes of the largest file that may be viewed (platform: job-runner controller/config.py)."""
MAX_ROWS = 5000
"""Rows of the largest table that may be viewed (platform: the same)."""
PATIENT_COLUMN = "patient_id"
VIEWABLE_TYPES = frozenset("csv jpg jpeg png svg svgz html txt log json md".split())
"""Extensions that may be viewed, in any case (platform: pipeline/constants.py, which is case-sensitive)."""
LOG_SHOWN = 10_000
"""Bytes of a log that may be viewed: its last ones (platform: airlock/settings.py)."""


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What reading a table, or a file that may hold tables, told: its size, its columns, or why it cannot be read."""

    rows: int | None = None
    """Without the header; of several tables the longest."""
    columns: tuple[str, ...] | None = None
    """Of a file that is one table."""
    error: str | None = None
    patients: bool = False
    """Whether a table within names its patients, where `columns` does not say so."""


def strictest(levels: Iterable[Level]) -> Level:
    """The level that holds where several claim one file."""
    return min(levels, key=STRICTNESS.index)


def reason_withheld(path: str, size: int, table: TableFacts | None) -> str | None:
    """Why a moderately sensitive file may not be viewed all the same, or None.

    `size` is in bytes; `table` holds what ``tables.facts_for_viewing`` found. A file that cannot be checked is
    withheld. Platform: job-runner agent/executors/local.py check_l4_file, which passes what it cannot read.
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
    if table.patients or (table.columns and any(map(names_patients, table.columns))):
        return f"It has a column {PATIENT_COLUMN}, so it may hold one row for each patient."
    if table.rows is not None and table.rows > MAX_ROWS:
        return f"It has {table.rows} rows; at most {MAX_ROWS} may be viewed."
    return None


def names_patients(column: str) -> bool:
    """Whether a column, or one of several that another separator than the comma parts, identifies patients."""
    if column.isascii() and not ("patient" in (folded := column.lower()) and "id" in folded):
        return False  # quickly: there may be a million
    return any(map(says_patient_id, _SEPARATORS.split(column)))


def says_patient_id(name: str) -> bool:
    """Whether a single name is patient_id, in any case and spelling: ``Patient ID``, ``PATIENT-ID``, ``patientid``.

    Only letters and digits count, wide ones as narrow ones (NFKC): blanks, marks and invisible characters do not. The
    platform knows only the very name ``patient_id``. Letters of other alphabets that look the same are not seen.
    """
    folded = name.lower() if name.isascii() else unicodedata.normalize("NFKC", name).casefold()
    if "p" not in folded or "d" not in folded:
        return False
    return _MARKS.sub("", folded) == PATIENT_COLUMN.replace("_", "")


_SEPARATORS = re.compile(r"[;|\t,]")
_MARKS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no, and the sentence that says why."""

    allowed: bool
    reason: str


def may_show_synthetic(backend: str) -> bool:
    """Whether the files of a backend may be shown whatever their level, if a person asks: only if all is synthetic."""
    return backend == EXPECTATIONS


def can_view(output: OutputFile, synthetic: bool = False) -> Answer:
    """Whether this output may be viewed, with the reason.

    `synthetic` says that it is made from synthetic data and that somebody has asked to be shown those.
    """
    if synthetic:
        return Answer(True, "It is made from synthetic data, which somebody has asked to be shown.")
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


def shown_log(log: bytes | str, *, omitted: int = 0, most: int = LOG_SHOWN) -> str:
    """What may be viewed of a log: at most its last `most` bytes, from a line's beginning, below a line that says so.

    Give the log without the summary that follows it in ``metadata/``, or only its end: then `omitted` is how many bytes
    came before. Bytes that are not UTF-8 are replaced. (Platform: airlock/utils.py.)
    """
    data = log.encode("utf-8", errors="replace") if isinstance(log, str) else log
    start = start_of_line(data, len(data) - most) if len(data) > most else 0
    text = data[start:].decode("utf-8", errors="replace")
    omitted += start
    return f"[... {omitted:,} bytes of log left out here ...]\n{text}" if omitted else text


def start_of_line(data: bytes, earliest: int) -> int:
    """Where the first line begins that begins no earlier; in a line without an end, where a character does."""
    for end in (b"\n", b"\r"):
        found = data.find(end, earliest - 1, len(data) - 1)
        if found >= 0:
            return found + 1
    while earliest < len(data) and data[earliest] & 0xC0 == 0x80:
        earliest += 1
    return earliest
