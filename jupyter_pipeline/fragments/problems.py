"""What is wrong, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence

from ..models.documents import CheckedDocument, PlatformDocument, ProjectProblemDocument
from ..models.looks import Look
from ..wording import plural
from .markup import Html, block, dim, heading, mark, note, shown, table

SEVERITIES = {
    "error": Look("bad", "bad", "error"),
    "warning": Look("warn", "warn", "warning"),
    "hint": Look("wait", "busy", "hint"),
}


def problems(document: CheckedDocument) -> Html:
    """A ``problems`` document: all that `check` says."""
    found = document.problems
    good = "project.yaml is valid." if document.valid else "project.yaml cannot be used as it is."
    counted = (("error", document.errors), ("warning", document.warnings), ("hint", document.hints))
    counts = [plural(count, kind) for kind, count in counted if count]
    look = Look("good", "good", good) if document.valid else Look("bad", "bad", good)
    return block(
        heading("Check", mark(look)),
        f"<div>{dim(', '.join(counts) + '.')}</div>" if counts else "",
        _listed(found) if found else "",
        *(_platform(one) for one in document.platform),
    )


def fault(message: str, remedy: str, found: Sequence[ProjectProblemDocument] = ()) -> Html:
    """Something that went wrong: one sentence, how to mend it, and the problems of project.yaml if those are it."""
    return block(note(message, "bad"), note(remedy) if remedy else "", _listed(found) if found else "")


def _listed(found: Sequence[ProjectProblemDocument]) -> Html:
    return table(("Line", "", "What is wrong", "How to mend it"), [_row(one) for one in found])


def _row(one: ProjectProblemDocument) -> list[str]:
    line = shown(str(one.line)) if one.line is not None else ""
    return [line, mark(SEVERITIES[one.severity]), shown(one.what), shown(one.remedy)]


def _platform(one: PlatformDocument) -> Html:
    if one.valid:
        accepted = Look("good", "good", f"{one.title}: would be accepted.")
        return Html(f"<div>{mark(accepted)}</div>")
    reasons = "".join(f"<li>{shown(group.what)} {dim(group.remedy)}</li>" for group in one.groups)
    told = f"{one.title}: would be refused, for {plural(one.reasons, 'reason')}."
    return Html(f"<details><summary>{mark(Look('warn', 'warn', told))}</summary><ul>{reasons}</ul></details>")
