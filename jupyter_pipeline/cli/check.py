"""``jupyter pipeline check``: everything that is wrong with project.yaml."""

from __future__ import annotations

import argparse
import os
from collections import Counter

from . import FAILED, OK, find_project
from .documents import problem_list, write
from .text import Out, plural, print_problem, safe


def run(options: argparse.Namespace, out: Out) -> int:
    """Print all problems and a summary; 1 when one of them is an error."""
    project = find_project(options)
    file = _shown(project.config.root / "project.yaml")
    problems = project.check()
    counts = Counter(str(problem.severity) for problem in problems)
    code = FAILED if counts["error"] else OK
    if options.json:
        numbers = {f"{name}s": counts[name] for name in ("error", "warning", "hint")}
        write({"file": file, "valid": not counts["error"], **numbers, "problems": problem_list(problems, file)})
        return code
    for problem in problems:
        print_problem(out, problem, file)
    if problems:
        out.line()
    found = ", ".join(plural(counts[name], name) for name in ("error", "warning", "hint") if counts[name])
    if code:
        out.line(out.paint(f"{out.symbol('bad')} {safe(file)}: {found}. It cannot run like this.", "bad"))
    else:
        actions = plural(len(project.pipeline().actions), "action")
        end = f"; {found}." if found else "; no problems."
        out.line(out.paint(f"{out.symbol('good')} {safe(file)} is valid: {actions}{end}", "good"))
    return code


def _shown(file: os.PathLike[str]) -> str:
    """The file as a person would name it from here."""
    relative = os.path.relpath(file)
    return os.fspath(file) if relative.startswith("../..") else relative
