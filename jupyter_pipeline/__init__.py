"""Run OpenSAFELY-style research pipelines: actions in isolated jobs, outputs by sensitivity level."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0.dev0"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the front end, once it is built (``make labextension``)."""
    return [{"src": "labextension", "dest": "jupyter-pipeline"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What Jupyter servers ask of a package that extends them."""
    from .server.extension import PipelineExtension

    return [{"module": "jupyter_pipeline", "app": PipelineExtension}]
