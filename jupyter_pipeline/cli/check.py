"""``jupyter pipeline check``: everything that is wrong with project.yaml, and what the platform says of it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from ..models import Problem, Severity
from ..project import checking
from ..project.checking import CheckResult, Compatibility, by_rule
from ..spec import rulesets
from ..wording import plural
from . import FAILED, OK, find_project
from .documents import write
from .fix import mend, read_file
from .text import Out, print_problem, safe

HEADS = {Severity.ERROR: "Errors", Severity.WARNING: "Warnings", Severity.HINT: "Hints"}
MAX_LINES = 12
"""Lines named for one reason."""


def run(options: argparse.Namespace, out: Out) -> int:
    """Print all problems, a summary and what the platform says; 1 when one of the problems is an error."""
    if options.fix:
        mend(options, out)
    if options.file is None:
        project = find_project(options)
        file = shown(project.config.root / "project.yaml")
        checked = project.check(options.rules)
    else:
        file = "standard input" if options.file == "-" else options.file
        checked = checking.check(read_file(options.file), checking.rule_set(options.rules))
    code = OK if checked.valid else FAILED
    if options.json:
        from ..project.documents import checked_document

        write(checked_document(checked, file))
        return code
    _print_problems(out, checked.problems, file)
    _print_summary(out, checked, file)
    if checked.rules is rulesets.NATIVE:
        _print_platform(out, checked)
    return code


def shown(file: os.PathLike[str]) -> str:
    """The file as a person would name it from here."""
    relative = os.path.relpath(file)
    return os.fspath(file) if relative.startswith("../..") else relative


def _count(problems: Sequence[Problem], severity: Severity) -> int:
    return sum(problem.severity is severity for problem in problems)


def _print_problems(out: Out, problems: Sequence[Problem], file: str) -> None:
    for severity, head in HEADS.items():
        found = [problem for problem in problems if problem.severity is severity]
        if found:
            out.line(out.paint(head, "head"))
            for problem, following in zip(found, [*found[1:], None], strict=True):
                # Where several in a row have the same remedy, it stands below the last of them.
                is_last = following is None or (following.rule, following.remedy) != (problem.rule, problem.remedy)
                print_problem(out, problem, file, with_remedy=is_last or severity is not Severity.HINT)
            out.line()


def _print_summary(out: Out, checked: CheckResult, file: str) -> None:
    counts = {severity: _count(checked.problems, severity) for severity in HEADS}
    found = ", ".join(plural(count, str(severity)) for severity, count in counts.items() if count)
    by = "" if checked.rules is rulesets.NATIVE else f" by the rules {checked.rules.name} ({checked.rules.title})"
    if checked.valid:
        end = f"; {found}." if found else "; no problems."
        text = f"{out.symbol('good')} {safe(file)} is valid{by}: {plural(checked.actions, 'action')}{end}"
        out.wrapped(text, indent=2, first=0, style="good")
    else:
        end = "" if by else " It cannot run like this."
        text = f"{out.symbol('bad')} {safe(file)} is not valid{by}: {found}.{end}"
        out.wrapped(text, indent=2, first=0, style="bad")


def _print_platform(out: Out, checked: CheckResult) -> None:
    today, *others = checked.platform
    out.line()
    here = "Runs here" if checked.valid else "Does not run here"
    if not today.reasons:
        out.line(f"{here}; the platform takes it today ({today.rules.name}).")
    else:
        count = plural(len(today.reasons), "reason")
        but = "but" if checked.valid else "and"
        out.wrapped(f"{here}, {but} the platform would refuse it today, for {count}:", indent=2, first=0, style="bold")
        for rule, found in today.groups().items():
            _print_reason(out, rule, found)
    warned = by_rule(today.warnings)
    if warned:
        out.line("It would warn of:")
        for rule, found in warned.items():
            _print_reason(out, rule, found)
    for other in others:
        text = f"{_capital(other.rules.title)}: {_verdict(other)} (--rules {other.rules.name})"
        out.wrapped(text, indent=2, first=0)
    if any(rule in rulesets.MECHANICAL for rule in today.groups()):
        out.line("`jupyter pipeline check --fix` makes the edits marked with *; it shows them first.")


def _print_reason(out: Out, rule: str, found: Sequence[Problem]) -> None:
    mark = "*" if rule in rulesets.MECHANICAL else " "
    lines = [str(problem.line) for problem in found[:MAX_LINES]]
    more = f" and {len(found) - MAX_LINES} more" if len(found) > MAX_LINES else ""
    where = f"line{'s' if len(found) > 1 else ''} {', '.join(lines)}{more}"
    history = f"; {found[0].history}" if found[0].history else ""
    out.line(f" {mark}{len(found):>4} x {out.paint(rule, 'bold')}: {where}{history}")
    such = "Such as: " if len(found) > 1 else ""
    out.wrapped(safe(f"{such}{found[0].message}"), indent=9)
    out.wrapped(safe(found[0].remedy), indent=9, style="dim")


def _verdict(said: Compatibility) -> str:
    if not said.reasons:
        return "takes it."
    return f"refuses it, for {plural(len(said.reasons), 'reason')}: {', '.join(said.groups())}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
