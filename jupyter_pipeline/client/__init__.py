"""The Python interface of a project, for notebooks and programs: ``from jupyter_pipeline import Project``.

Everything is asked of a `Source`: this machine's store, or the service of split mode. What is answered are frozen
objects with a repr for terminals and one for notebooks.
"""

from __future__ import annotations

from .project import Project
from .runs import Run, RunFailed
from .source import Response, Source

__all__ = ["Project", "Response", "Run", "RunFailed", "Source"]
