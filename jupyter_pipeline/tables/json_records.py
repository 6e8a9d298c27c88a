"""Tables in JSON: lists of records, objects of columns, and all that pandas writes; also JSON lines. Pure.

What is not seen: patients whose numbers are the keys of an object that nothing names; a name within a longer text.
"""

from __future__ import annotations

import contextlib
import json
import re

from ..rules.levels import (
    MAX_ROWS,
    TableFacts,
    names_patients,
    says_patient_id,
)

CONTAINERS = 1_000_000
"""Most objects and lists that are read, to bound time and memory."""
KEYS = 10_000
"""Most keys that are remembered as harmless."""
LONGEST_NAME = 200
"""Characters of the longest text that is compared with the name, where it is a value."""
_SUSPECT = re.compile(r"patient|\\u|[^\x00-\x7f]", re.IGNORECASE)
_NESTED_KEY = re.compile(r"""\\+["']\s*patient[ _.-]?id\s*\\+["']""", re.IGNORECASE)
_BLANK = " \t\r\n\x1e"
_HEADERS = frozenset(
    "columns column_names columnnames colnames fields header headers names index_names primarykey primary_key".split()
)
"""Keys whose lists are the names of columns (pandas: split, tight, table; DataTables; ag-grid)."""
_TABLES = frozenset("data rows values records".split())
"""Keys whose lists of lists are tables; elsewhere they are as likely the points of a map."""

_Value = object
"""What is kept of a value: texts and lists; True for numbers; an object as the number of its members, below 0 when a
text in it names patients."""


def facts(text: str) -> TableFacts:
    """The facts of all tables in a JSON text: the rows of the longest, and whether any names patients.

    Rows are the objects or columns' values that a list or an object holds, at any depth. Raises ValueError for what is
    no JSON and for more than `CONTAINERS` objects and lists, and RecursionError for deep nesting.
    """
    if text.count("{") + text.count("[") > CONTAINERS:
        raise ValueError(f"it holds more than {CONTAINERS:,} objects and lists")
    reading = _Reading(careful=bool(_SUSPECT.search(text)))
    decoder = json.JSONDecoder(
        object_pairs_hook=reading.take, parse_int=bool, parse_float=bool, parse_constant=bool, strict=False
    )
    values = _values(text, decoder)
    reading.weigh("", values, top=True)
    return TableFacts(rows=reading.rows, patients=reading.patients or bool(_NESTED_KEY.search(text)))


def _values(text: str, decoder: json.JSONDecoder) -> list[_Value]:
    """What is to be weighed as one list: the list that a text is, its lines, or its only object."""
    text = text.strip(_BLANK)
    if not text:
        return []
    value, end = decoder.raw_decode(text)
    if end == len(text):
        return value if isinstance(value, list) else [value] if type(value) is int else []
    lines = [line for line in text.split("\n") if line.strip(_BLANK)]
    with contextlib.suppress(ValueError):
        values: list[_Value] = decoder.decode(f"[{','.join(lines)}]")
        if set(map(type, values)) <= {int, list}:
            return values
    line = text.count("\n", 0, end) + 1
    raise ValueError(f"it is neither JSON nor lines of JSON: more follows the value that ends in line {line}")


class _Reading:
    """What has been seen so far. Objects are weighed as they end, and then forgotten."""

    def __init__(self, careful: bool) -> None:
        self.careful = careful
        """Whether any text can name patients at all."""
        self.rows = 0
        self.patients = False
        self.harmless: set[str] = set()

    def take(self, pairs: list[tuple[str, _Value]]) -> int:
        """Weigh an object that has been read; what is kept of it."""
        named = False
        sizes = []
        for key, value in pairs:
            kind = type(value)
            if kind is list:
                self.weigh(key, value)
            elif kind is int:
                sizes.append(_size(value))
                named = named or (value < 0 and not self.patients)  # type: ignore[operator]
            if self.careful and not self.patients:
                self.patients = self._names_patients(key)
                named = named or (kind is str and _is_name(value))
        if len(pairs) > MAX_ROWS:
            self._at_least(len(pairs))
        self._at_least(len(sizes))
        if sizes and len(sizes) == len(pairs) and min(sizes) == max(sizes):
            self._at_least(sizes[0])
        return -1 - len(pairs) if named else len(pairs)

    def weigh(self, key: str, value: _Value, *, top: bool = False) -> None:
        """Weigh a list, and all lists within it; `key` is what an object calls it."""
        if not isinstance(value, list):
            return
        plain = re.sub(r"[^a-z_]", "", key.lower()) if len(key) < LONGEST_NAME else ""
        if self.careful and plain in _HEADERS:
            self.patients = self.patients or _holds_name(value)
        pending, is_table = [value], top or plain in _TABLES
        outer = True
        while pending:
            found = pending.pop()
            kinds = set(map(type, found))
            if int in kinds:
                self._at_least(sum(type(one) is int for one in found))
            if list in kinds:
                inner = [one for one in found if type(one) is list]
                self.patients = self.patients or (self.careful and _holds_name(inner[0]))
                if is_table and outer:
                    self._at_least(len(inner))
                pending += inner
            elif outer and kinds:
                self._at_least(len(found))
            outer = False

    def _names_patients(self, key: str) -> bool:
        if key in self.harmless:
            return False
        if names_patients(key):
            return True
        if len(self.harmless) < KEYS:
            self.harmless.add(key)
        return False

    def _at_least(self, rows: int) -> None:
        self.rows = max(self.rows, rows)


def _size(value: _Value) -> int:
    assert isinstance(value, int)
    return value if value >= 0 else -1 - value


def _is_name(value: _Value) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_NAME and says_patient_id(value)


def _holds_name(values: list[_Value]) -> bool:
    """Whether a list of names, or of objects that each describe a column, names patients."""
    return any(_is_name(value) or (type(value) is int and value < 0) for value in values)
