"""Live widgets for notebooks: the graph of a pipeline, jobs, progress, logs and outputs.

Importing this needs ipywidgets and anywidget, so nothing else imports it before a widget is made. Every widget carries
a static twin, made of `fragments`, for all places in which widgets cannot live.
"""

from __future__ import annotations

from .job_widgets import JobProgress, JobTable
from .log_widget import LogView
from .outputs_widget import OutputsView
from .pipeline_widget import PipelineView

__all__ = ["JobProgress", "JobTable", "LogView", "OutputsView", "PipelineView"]
