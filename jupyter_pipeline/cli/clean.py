"""``jupyter pipeline clean``: what is kept on disk, and removing what is not needed."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ..config import parse_duration
from ..errors import InvalidRequest
from ..wording import size
from . import OK, find_project
from .documents import write
from .text import Cell, Out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..models.documents import Json
    from ..project.housekeeping import Holding


def run(options: argparse.Namespace, out: Out) -> int:
    """Tell, ask and remove."""
    project = find_project(options)
    scope = options.all, _seconds(options.older_than)
    found = project.holdings(*scope)
    total = sum(one.removable for one in found)
    if not options.json:
        _print(out, found)
    goes_on = bool(total) and not options.dry_run and (options.yes or _is_agreed(options, out, found))
    if goes_on:
        found = project.clean(*scope)
    if options.json:
        write({"removed": goes_on, "holdings": [_document(one) for one in found]})
    elif goes_on:
        freed = sum(one.removable_bytes for one in found)
        out.line(out.paint(f"{out.symbol('good')} Removed; {size(freed)} are free again.", "good"))
    elif not total:
        out.line("There is nothing to remove.")
    else:
        out.line("Nothing was removed.")
    return OK


def _seconds(text: str | None) -> float:
    if text is None:
        return 0.0
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InvalidRequest(f"--older-than {text} is not a time.", f"Give {error}.") from None


def _is_agreed(options: argparse.Namespace, out: Out, found: Sequence[Holding]) -> bool:
    if options.json or not (sys.stdin.isatty() and out.is_terminal):
        raise InvalidRequest(
            "Nothing was removed, since there is nobody to ask.", "Add --yes, or --dry-run to see what would be."
        )
    freed = size(sum(one.removable_bytes for one in found))
    out.stream.write(f"Remove what the third column says ({freed})? [y/N] ")
    out.stream.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _print(out: Out, found: Sequence[Holding]) -> None:
    if not found:
        out.line("Nothing is kept.")
        return
    rows: list[list[Cell]] = []
    for one in found:
        doomed = f"{one.removable}, {size(one.removable_bytes)}" if one.removable else "-"
        style = "warn" if one.removable else "dim"
        rows.append([one.title, f"{one.count}, {size(one.bytes)}", (doomed, style), (one.note, "dim")])
    out.table(("KEPT", "IN ALL", "TO REMOVE", "WHY THE REST STAYS"), rows)
    out.line()


def _document(one: Holding) -> Json:
    return {
        "kind": one.kind,
        "title": one.title,
        "count": one.count,
        "bytes": one.bytes,
        "removable": one.removable,
        "removable_bytes": one.removable_bytes,
        "note": one.note,
    }
