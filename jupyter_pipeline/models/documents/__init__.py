"""The answers that programs are given: typed documents, the one source of ``--json``, the routes and the contract.

``project`` builds them, ``api`` renders the contract's components from them and sends them, ``client`` reads them back.
Names of fields are the keys of the JSON; one that is a word of Python ends with an underscore. Keys are only added.
"""

from __future__ import annotations

from .base import Document, Json, extended, plain, read
from .comparisons import (
    CellDocument,
    CellKind,
    CellType,
    ChangeWord,
    CodeDifferencesDocument,
    ComparisonDocument,
    FileChangeDocument,
    FileDifferencesDocument,
    FileKind,
    OutputPairDocument,
    OutputPairsDocument,
    RowDocument,
    RowKind,
    SideDocument,
)
from .events import EventDocument, ViewDocument
from .jobs import JobDocument, JobPageDocument, NotebookCellDocument, NotebookDocument
from .outputs import OutputDocument, ServedOutputDocument
from .pipelines import (
    ActionDocument,
    EdgeDocument,
    GraphDocument,
    NodeDocument,
    PatternDocument,
    PipelineDocument,
)
from .plans import (
    BuildDocument,
    DeclaredDocument,
    PlanCodeDocument,
    PlanDocument,
    PlannedActionDocument,
    PlannedDocument,
    PlannedNotebookDocument,
    StandInDocument,
)
from .problems import (
    AddedDocument,
    CheckedDocument,
    LineDocument,
    PlatformDocument,
    ProjectProblemDocument,
    ReasonDocument,
)
from .projects import (
    EngineDocument,
    ExecutorDocument,
    ProjectDocument,
    ProjectNameDocument,
    RuntimeDocument,
    ServedRuntimeDocument,
    SyntheticDocument,
    VersionDocument,
)
from .requests import CriticalPathDocument, RequestDocument, RequestPageDocument
from .status import ActionStatusDocument, StatusDocument

__all__ = [
    "ActionDocument",
    "ActionStatusDocument",
    "AddedDocument",
    "BuildDocument",
    "CellDocument",
    "CellKind",
    "CellType",
    "ChangeWord",
    "CheckedDocument",
    "CodeDifferencesDocument",
    "ComparisonDocument",
    "CriticalPathDocument",
    "DeclaredDocument",
    "Document",
    "EdgeDocument",
    "EngineDocument",
    "EventDocument",
    "ExecutorDocument",
    "FileChangeDocument",
    "FileDifferencesDocument",
    "FileKind",
    "GraphDocument",
    "JobDocument",
    "JobPageDocument",
    "Json",
    "LineDocument",
    "NodeDocument",
    "NotebookCellDocument",
    "NotebookDocument",
    "OutputDocument",
    "OutputPairDocument",
    "OutputPairsDocument",
    "PatternDocument",
    "PipelineDocument",
    "PlanCodeDocument",
    "PlanDocument",
    "PlannedActionDocument",
    "PlannedDocument",
    "PlannedNotebookDocument",
    "PlatformDocument",
    "ProjectDocument",
    "ProjectNameDocument",
    "ProjectProblemDocument",
    "ReasonDocument",
    "RequestDocument",
    "RequestPageDocument",
    "RowDocument",
    "RowKind",
    "RuntimeDocument",
    "ServedOutputDocument",
    "ServedRuntimeDocument",
    "SideDocument",
    "StandInDocument",
    "StatusDocument",
    "SyntheticDocument",
    "VersionDocument",
    "ViewDocument",
    "extended",
    "plain",
    "read",
]
