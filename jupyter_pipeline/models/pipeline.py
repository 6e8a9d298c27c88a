"""What project.yaml says, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .words import Word

RUN_ALL = "run_all"
"""The built-in action that stands for all actions (platform: pipeline/constants.py)."""


class Level(Word):
    """How sensitive an output is; the strictest first."""

    HIGHLY = "highly_sensitive"
    MODERATELY = "moderately_sensitive"
    MINIMALLY = "minimally_sensitive"


STRICTNESS = (Level.HIGHLY, Level.MINIMALLY, Level.MODERATELY)
"""Levels from strictest to least strict; minimally sensitive files are kept like highly sensitive ones."""


@dataclass(frozen=True, slots=True)
class OutputPattern:
    """One output of an action: a level, a label and a path in which ``*`` stays within one folder."""

    level: Level
    name: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Command:
    """A ``run`` line: ``raw`` as written, and the same split as a shell would."""

    raw: str
    image: str
    version: str
    args: tuple[str, ...]

    @property
    def runtime(self) -> str:
        """The full runtime name, such as ``python:v2``."""
        return f"{self.image}:{self.version}"


@dataclass(frozen=True, slots=True)
class Action:
    """One named step of a pipeline."""

    name: str
    run: Command
    needs: tuple[str, ...] = ()
    outputs: tuple[OutputPattern, ...] = ()
    config: str | None = None
    """The ``config`` mapping as JSON text, as it is appended to the command."""
    dummy_data_file: str | None = None
    line: int | None = None
    """Where its name stands in project.yaml, counted from 1."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The valid content of project.yaml; actions in the file's order."""

    version: float
    actions: Mapping[str, Action]
    population_size: int | None = None
    """``expectations.population_size``: how many synthetic patients to make."""


class Severity(Word):
    """How bad a problem is: errors stop a run, warnings and hints do not."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a project: what, where, and how to mend it."""

    rule: str
    """The rule's short stable name, such as ``needs-cycle``."""
    message: str
    """What is wrong, as a sentence."""
    remedy: str
    """How to mend it, as a sentence."""
    severity: Severity = Severity.ERROR
    action: str | None = None
    key: str | None = None
    """The dotted path of the key, such as ``actions.plot.needs``."""
    line: int | None = None
    column: int | None = None
    """Line and column count from 1, columns in characters."""
    history: str = ""
    """Since when, or in which versions, the platform refuses this; empty where it always did, or never does."""
