"""Kernels that run in a runtime of a project, for JupyterLab's launcher: installing, listing and removing their specs.

How such a kernel is run is in ``sessions``.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import person, runtimes
from ..config import EXPECTATIONS, Config, printable
from ..errors import InvalidRequest, PipelineError
from ..models import RuntimeState
from ..planning import survey

PREFIX = "jupyter-pipeline-"
KEY = "jupyter_pipeline"
"""In a kernelspec's metadata: what it is for."""
LONGEST = 100
"""Characters of a project's folder's name that a kernel is named with."""
_GIVE_A_PLACE = "Set JUPYTER_DATA_DIR, for Jupyter as well, to a folder that you can write to."


@dataclass(frozen=True, slots=True)
class InstalledKernel:
    """A kernelspec of ours."""

    name: str
    title: str
    project: str
    runtime: str
    action: str | None
    folder: Path


def install(config: Config, runtime: str, action: str | None) -> InstalledKernel:
    """Register a kernel in a runtime, with the inputs of an action if one is named. Raises PipelineError.

    An empty `runtime` means that of the action.
    """
    if action is not None:
        check_synthetic(config)
        known = survey.pipeline_of(config, survey.read_project(config.root)).actions
        if action not in known:
            raise InvalidRequest(f"There is no action {action!r}.", f"The actions are {', '.join(known)}.")
        runtime = runtime or known[action].run.runtime
    if not runtime:
        raise InvalidRequest("Which runtime is the kernel to run in?", "Name one, or an action: --action NAME.")
    info = runtimes.describe(runtime, config)
    if info.state is RuntimeState.MISSING:
        raise PipelineError(f"No kernel can run in {runtime}.", info.message)
    project = printable(config.root.name)[:LONGEST]
    name = PREFIX + re.sub(r"[^a-z0-9._-]+", "-", "-".join(filter(None, (project, runtime, action))).lower())
    title = f"{runtime}{f' for {action}' if action else ''} ({project})"
    words = ["kernels", "start", runtime, "{connection_file}", "--project", str(config.root)]
    words += ["--state", str(config.state), "--backend", config.backend, *(["--action", action] if action else [])]
    spec = {
        "argv": [sys.executable, "-P", "-m", "jupyter_pipeline.cli", *words],
        "display_name": title,
        "language": "python",
        "interrupt_mode": "signal",
        "metadata": {KEY: {"project": str(config.root), "runtime": runtime, "action": action}},
    }
    if person.home() is None and not (os.environ.get("JUPYTER_DATA_DIR") or os.environ.get("XDG_DATA_HOME")):
        raise PipelineError("You have no home folder, so your Jupyter has no place for kernels.", _GIVE_A_PLACE)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kernel.json").write_text(json.dumps(spec, indent=1))
        try:
            place = _manager().install_kernel_spec(folder, name, user=True)
        except OSError as error:
            raise PipelineError(
                f"The kernel cannot be put among those of your Jupyter: {error.strerror or error}: {error.filename}.",
                _GIVE_A_PLACE,
            ) from None
    return InstalledKernel(name, title, str(config.root), runtime, action, Path(place))


def check_synthetic(config: Config) -> None:
    """Raises InvalidRequest where an action's inputs are of real people: in a kernel everything can be looked at."""
    if config.backend != EXPECTATIONS:
        raise InvalidRequest(
            f"A kernel gets inputs of synthetic data only, and not those of the {config.backend} backend.",
            "Leave --action out, or the backend.",
        )


def installed() -> tuple[InstalledKernel, ...]:
    """The kernels of ours that this user's Jupyter knows, of all projects."""
    found = []
    for name, entry in sorted(_manager().get_all_specs().items()):
        about = entry["spec"].get("metadata", {}).get(KEY)
        if isinstance(about, dict):
            facts = (str(about.get("project")), str(about.get("runtime")), about.get("action"))
            found.append(InstalledKernel(name, str(entry["spec"]["display_name"]), *facts, Path(entry["resource_dir"])))
    return tuple(found)


def remove(name: str) -> None:
    """Remove a kernel of ours. Raises InvalidRequest when there is none of that name."""
    if name not in {one.name for one in installed()}:
        raise InvalidRequest(f"There is no kernel {name!r} of ours.", "`jupyter pipeline kernels` lists them.")
    _manager().remove_kernel_spec(name)


def _manager() -> Any:
    person.ensure_home()
    from jupyter_client.kernelspec import KernelSpecManager

    manager = KernelSpecManager()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # IPython complains of a home that may not be written to
        manager.kernel_dirs  # noqa: B018
    return manager
