"""The pipeline of a project.yaml, and its drawing."""

from __future__ import annotations

from dataclasses import dataclass

from ..pipeline import Level
from .base import Document


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PatternDocument(Document):
    """One output that an action declares."""

    level: Level
    name: str
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ActionDocument(Document):
    """One action of the pipeline."""

    name: str
    line: int | None
    """Where its name stands in project.yaml, from 1."""
    run: str
    runtime: str
    needs: tuple[str, ...]
    outputs: tuple[PatternDocument, ...]
    config: str | None
    notebook: bool
    """Whether its command executes a notebook."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class NodeDocument(Document):
    """Where an action is drawn, in pixels from the top left."""

    name: str
    x: float
    y: float
    width: float
    height: float
    layer: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EdgeDocument(Document):
    """The line from a needed action to one that needs it."""

    source: str
    target: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class GraphDocument(Document):
    """The drawing of a pipeline; the same picture everywhere."""

    width: float
    height: float
    nodes: tuple[NodeDocument, ...]
    edges: tuple[EdgeDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PipelineDocument(Document):
    """The actions of a project.yaml, in its order, and their drawing."""

    version: float
    population_size: int | None
    actions: tuple[ActionDocument, ...]
    graph: GraphDocument
