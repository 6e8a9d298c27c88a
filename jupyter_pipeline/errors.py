"""The small tree of errors. Every message is a sentence for a researcher, with the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import Problem


class PipelineError(Exception):
    """Anything that this package reports on purpose: what is wrong, and how to mend it."""

    problems: tuple[Problem, ...] = ()
    """What is wrong with project.yaml, where that is why."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class InvalidProject(PipelineError):
    """A project.yaml that cannot be used, with every problem in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            f"project.yaml has {count} problem{'s' if count != 1 else ''}.",
            "`jupyter pipeline check` lists them with line, cause and cure.",
        )


class ProjectNotFound(PipelineError):
    """No project.yaml here or in any folder above."""


class InvalidConfig(PipelineError):
    """A setting of ours that cannot be used."""


class InvalidRequest(PipelineError):
    """A request that cannot be made: an unknown action, job or request, or nothing asked for."""


class InvalidAddition(InvalidRequest):
    """An action that cannot be added to project.yaml, with the problems that it would have."""

    def __init__(self, message: str, remedy: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message, remedy)
        self.problems = tuple(problems)


class NotFound(InvalidRequest):
    """A request, job or output that is asked for and is not there."""


class KeyUsed(InvalidRequest):
    """An idempotency key under which something else was asked for."""


class RuntimeUnavailable(PipelineError):
    """A runtime that cannot be had here."""


class ExecutorUnavailable(PipelineError):
    """A way of running jobs that does not work on this machine."""


class StoreUnavailable(PipelineError):
    """A store that cannot be opened, read or written."""


class OutputRefused(PipelineError):
    """An output that may not be collected or published; nothing was changed."""


class SnapshotFailed(PipelineError):
    """The project's code could not be read as it stands."""


class ReportFailed(PipelineError):
    """A notebook that cannot be turned into a report, or not in the form that was asked for."""
