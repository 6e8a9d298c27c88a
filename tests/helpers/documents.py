"""Documents as the program makes them, for those who read or draw them."""

from __future__ import annotations

from jupyter_pipeline.models import Level, State, StatusCode
from jupyter_pipeline.models.documents import EventDocument, JobDocument, NotebookCellDocument, NotebookDocument

NOTEBOOK = NotebookDocument(
    path="analysis/report.ipynb",
    tool="papermill",
    note="",
    parameters={"threshold": 5},
    level=Level.MODERATELY,
    total=3,
    done=1,
    cells=(
        NotebookCellDocument(number=1, state="done", elapsed=0.5, line="import pandas"),
        NotebookCellDocument(number=2, state="failed", elapsed=0.1, line="1 / 0"),
    ),
)
JOB = JobDocument(
    id="abcdefghijklmnop",
    request="ponmlkjihgfedcba",
    action="report",
    state=State.FAILED,
    code=StatusCode.NONZERO_EXIT,
    message="Cell 2 failed.",
    reason="It has not run before.",
    run_command="python:v2 papermill analysis/report.ipynb output/report.ipynb",
    runtime="python:v2",
    executor="sandbox",
    exit_code=1,
    created_at="2024-05-06T07:08:09+00:00",
    started_at="2024-05-06T07:08:10+00:00",
    completed_at="2024-05-06T07:08:12+00:00",
    elapsed=2.0,
    cpu_time=1.5,
    peak_memory=50_000_000,
    cancelled=False,
    updated_at="2024-05-06T07:08:12+00:00",
    revision=9,
    notebook=NOTEBOOK,
)
EVENT = EventDocument(
    revision=9,
    at="2024-05-06T07:08:12+00:00",
    kind="job",
    request=JOB.request,
    job=JOB.id,
    action="report",
    state="failed",
    code="nonzero_exit",
    message="Cell 2 failed.",
)
