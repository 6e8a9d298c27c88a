"""Importing what a driver needs, and filling the caches that would otherwise be filled in each driver."""

from __future__ import annotations

import importlib
import logging
import warnings

from .imports import lean_imports

MODULES = (
    "zmq",
    "nbformat",
    "nbclient.client",
    "jupyter_client.session",
    "papermill.execute",
    "papermill.inspection",
)

OWN = ("client", "driving", "engine", "writing")
SCHEMAS = ((4, 5), (4, 4), (4, 2))
"""The versions of the notebook format that are common; a validator is made for each when it is first wanted."""


def preload() -> None:
    """Import what executes notebooks, and make the validators of the common formats."""
    lean_imports()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in MODULES:
            importlib.import_module(module)
        for module in OWN:
            importlib.import_module(f"{__package__}.{module}")
        _make_validators()


def preload_reports() -> None:
    """Import what makes reports."""
    from ... import reports

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reports.preload()


def silence() -> None:
    """Libraries say nothing in the log of a job but what is wrong there."""
    warnings.simplefilter("ignore")
    for name in (
        "papermill",
        "papermill.utils",
        "papermill.translators",
        "traitlets",
        "nbformat",
        "asyncio",
        "jupyter_pipeline.notebooks.driver",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _make_validators() -> None:
    import nbformat
    from nbformat.validator import get_validator

    for major, minor in SCHEMAS:
        get_validator(major, minor)  # type: ignore[no-untyped-call]
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]))  # type: ignore[no-untyped-call]
