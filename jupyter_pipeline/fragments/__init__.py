"""The server's documents as pieces of HTML and SVG: what notebooks show, also where nothing can run. Pure.

No scripts, no style sheets, nothing that is fetched, no links; colours that can be read on light and on dark. All that
comes from files is escaped. What is lost where a reader cleans HTML is looks, not sense. Documents are as the routes
answer them (api/openapi.yaml); who may see what is decided by whoever makes them.
"""

from __future__ import annotations

from .additions import addition
from .comparing import comparisons, differences
from .graph import graph, picture, pipeline
from .log import failure, log
from .outputs import outputs
from .plan import plan
from .problems import fault, problems
from .request import job, jobs, request, requests
from .status import status, summary

__all__ = [
    "addition",
    "comparisons",
    "differences",
    "failure",
    "fault",
    "graph",
    "job",
    "jobs",
    "log",
    "outputs",
    "picture",
    "pipeline",
    "plan",
    "problems",
    "request",
    "requests",
    "status",
    "summary",
]
