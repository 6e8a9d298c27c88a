"""Tables in feather files, through pyarrow where that is installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..rules.levels import TableFacts, names_patients


def facts(file: Path) -> TableFacts:
    """The facts of a feather file (version 2). Raises ValueError or OSError when it cannot be read."""
    try:
        arrow: Any = importlib.import_module("pyarrow")
        ipc: Any = importlib.import_module("pyarrow.ipc")
    except ImportError:
        return TableFacts(error="reading feather files needs the package pyarrow, which is not installed")
    try:
        with arrow.OSFile(str(file)) as source, ipc.open_file(source) as reader:
            rows = sum(reader.get_batch(number).num_rows for number in range(reader.num_record_batches))
            named = any(map(names_patients, _names(reader.schema)))
            return TableFacts(rows, tuple(reader.schema.names), patients=named)
    except arrow.ArrowException as error:
        raise ValueError(str(error)) from error


def _names(schema: Any) -> Iterator[str]:
    """The names of all columns, also of those within columns."""
    fields = list(schema)
    while fields:
        field = fields.pop()
        yield field.name
        fields.extend(field.type.field(number) for number in range(field.type.num_fields))
