"""What is wrong with a project.yaml, and lines that could be added to it."""

from __future__ import annotations

from dataclasses import dataclass

from ..pipeline import Severity
from .base import Document


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ProjectProblemDocument(Document):
    """One thing that is wrong with project.yaml."""

    file: str
    line: int | None
    """From 1."""
    column: int | None
    """From 1, in characters."""
    severity: Severity
    what: str
    """What is wrong, as a sentence."""
    remedy: str
    """How to mend it, as a sentence."""
    rule: str
    """The rule's short stable name."""
    history: str
    """Since when the platform refuses this; empty where it always did, or never does."""
    action: str | None
    key: str | None
    """The dotted path of the key, such as ``actions.plot.needs``."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ReasonDocument(Document):
    """The problems of one rule, told by the first of them."""

    rule: str
    lines: tuple[int | None, ...]
    what: str
    remedy: str
    history: str
    mechanical: bool
    """Whether ``check --fix`` mends it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PlatformDocument(Document):
    """What one of the platform's rule sets says of the project."""

    rules: str
    title: str
    valid: bool
    reasons: int
    groups: tuple[ReasonDocument, ...]
    warnings: tuple[ReasonDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CheckedDocument(Document):
    """All that ``check`` says."""

    file: str
    rules: str
    """The rule set by which it was judged."""
    valid: bool
    errors: int
    warnings: int
    hints: int
    problems: tuple[ProjectProblemDocument, ...]
    platform: tuple[PlatformDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class LineDocument(Document):
    """A line of project.yaml."""

    line: int
    """From 1."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class AddedDocument(Document):
    """An action that is, or could be, in project.yaml."""

    text_before_lines: tuple[LineDocument, ...]
    """The last lines above."""
    added: tuple[LineDocument, ...]
    problems: tuple[ProjectProblemDocument, ...]
    """Warnings and hints about the action."""
    written: bool
    seen: str
    """The SHA-256 of the file as it is now."""
