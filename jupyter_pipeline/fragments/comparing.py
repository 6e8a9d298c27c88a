"""What differs between two requests' code."""

from __future__ import annotations

from collections.abc import Sequence

from ..models.documents import CodeDifferencesDocument, ComparisonDocument, FileChangeDocument
from ..models.looks import Look
from ..wording import plural
from .markup import Html, block, dim, heading, joined, mark, note, shown, table, word

LISTED = 100
"""Paths of one kind of change that are listed."""
_CHANGES = {
    "added": Look("good", "good", "added"),
    "changed": Look("warn", "warn", "changed"),
    "removed": Look("bad", "bad", "removed"),
}
_NAMES = {"previous": "the previous request", "previous_successful": "the previous request that succeeded"}


def comparisons(documents: Sequence[ComparisonDocument]) -> Html:
    """The comparisons of a request's code with that of earlier ones."""
    return block(joined(_comparison(one) for one in documents))


def differences(document: CodeDifferencesDocument) -> Html:
    """A ``differences`` document: which files differ between two requests, and by how many lines."""
    files = document.files
    number = document.number
    other = f"request {number}" if number is not None else "an earlier request"
    if document.reason and not files:
        return block(note(document.reason))
    if not files:
        return block(note(f"The code is the same as that of {other}."))
    return block(
        heading("Code comparison", dim(f"with {other}: {plural(len(files), 'file')} differ{'s' * (len(files) == 1)}.")),
        table(("File", "Change", "Lines"), [_file(one) for one in files[:LISTED]]),
        note(f"And {len(files) - LISTED} more.") if len(files) > LISTED else "",
    )


def _file(one: FileChangeDocument) -> list[str]:
    counts = [f"+{one.added}" if one.added else "", f"-{one.removed}" if one.removed else ""]
    return [word(one.path), mark(_CHANGES[one.change]), shown(" ".join(part for part in counts if part))]


def _comparison(one: ComparisonDocument) -> Html:
    name = _NAMES.get(one.kind, one.kind)
    if one.added is None:
        return Html(f"{heading(f'With {name}')}{note(one.reason)}")
    rows = [(word(path), mark(look)) for kind, look in _CHANGES.items() for path in getattr(one, kind)[:LISTED]]
    head = heading(f"With {name}", dim(f"({one.number})"))
    return Html(f"{head}{table(('File', 'Change'), rows) if rows else note('The code is the same.')}")
