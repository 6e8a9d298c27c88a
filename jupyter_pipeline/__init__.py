"""Run OpenSAFELY-style research pipelines: actions in isolated jobs, outputs by sensitivity level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from .client import Project as Project


def __getattr__(name: str) -> Any:
    """``Project``, which is loaded when it is first asked for."""
    if name == "Project":
        from .client import Project

        return Project
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """What ``%load_ext jupyter_pipeline`` calls."""
    from .magics import register

    register(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the front end, once it is built (``make labextension``)."""
    return [{"src": "labextension", "dest": "jupyter-pipeline"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What Jupyter servers ask of a package that extends them."""
    from .server.extension import PipelineExtension

    return [{"module": "jupyter_pipeline", "app": PipelineExtension}]
