"""``jupyter pipeline doctor``: what works here, what is missing, and the cure."""

from __future__ import annotations

import argparse

from ..project.facade import LocalProject
from ..wording import plural
from . import FAILED, OK
from .documents import write
from .text import Cell, Out, safe

LOOKS = {"ok": ("good", "good", "ok"), "note": ("warn", "warn", "note"), "missing": ("bad", "bad", "missing")}
"""Health: symbol, style, word."""


def run(options: argparse.Namespace, out: Out) -> int:
    """Print every check; 1 when this project needs something that is missing."""
    checks = LocalProject.diagnose(options.project, backend=options.backend, state=options.state)
    missing = sum(1 for check in checks if check.health == "missing")
    code = FAILED if missing else OK
    if options.json:
        listed = [
            {"name": check.name, "state": str(check.health), "message": check.message, "cure": check.cure}
            for check in checks
        ]
        write({"healthy": not missing, "checks": listed})
        return code
    rows: list[list[Cell]] = []
    for check in checks:
        symbol, style, word = LOOKS[check.health]
        rows.append([(f"{out.symbol(symbol)} {word}", style), f"{safe(check.name)}: {safe(check.message)}"])
        if check.cure:
            rows.append(["", (f"To mend it: {safe(check.cure)}", "bold" if style == "bad" else "dim")])
    out.table(("", ""), rows)
    out.line()
    if missing:
        out.line(out.paint(f"{out.symbol('bad')} {plural(missing, 'thing')} to mend; the cure is below each.", "bad"))
    else:
        out.line(out.paint(f"{out.symbol('good')} Everything that this project needs works here.", "good"))
    return code
