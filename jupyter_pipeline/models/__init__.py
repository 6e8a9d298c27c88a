"""The nouns that every other folder speaks: frozen dataclasses and enums. Imports nothing else of this package.

Nothing here does anything beyond deriving one value from another: no input, no output, no clock.
Times are ISO 8601 in UTC, durations seconds, sizes bytes, paths relative to the project with ``/``.
"""

from __future__ import annotations

from .jobs import Cell, Event, Job, JobRequest, Now, OutputFile, RequestStatus, State, StatusCode, Verdict
from .pipeline import RUN_ALL, STRICTNESS, Action, Command, Level, OutputPattern, Pipeline, Problem, Severity
from .runtimes import Runtime, RuntimeDefinition, RuntimeInfo, RuntimeState
from .tasks import WORKSPACE, Ending, Limits, Phase, Result, TaskStatus, WrittenFile
from .views import ViewKind, ViewRecord

__all__ = [
    "RUN_ALL",
    "STRICTNESS",
    "WORKSPACE",
    "Action",
    "Cell",
    "Command",
    "Ending",
    "Event",
    "Job",
    "JobRequest",
    "Level",
    "Limits",
    "Now",
    "OutputFile",
    "OutputPattern",
    "Phase",
    "Pipeline",
    "Problem",
    "RequestStatus",
    "Result",
    "Runtime",
    "RuntimeDefinition",
    "RuntimeInfo",
    "RuntimeState",
    "Severity",
    "State",
    "StatusCode",
    "TaskStatus",
    "Verdict",
    "ViewKind",
    "ViewRecord",
    "WrittenFile",
]
