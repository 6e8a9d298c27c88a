"""Which source serves a project: in this order, what was said, what split mode has set, what is on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import person
from ..config import ENV_SERVICE_TOKEN_FILE, ENV_SERVICE_URL
from ..errors import InvalidConfig, PipelineError, ProjectNotFound
from .local import LocalSource, refuse_inside_action
from .remote import HttpSource
from .source import Source

SERVICE = "service"
"""What a server says of its mode in split mode."""


def find_source(
    path: Path | str = ".", url: str | None = None, token: str | None = None, backend: str | None = None
) -> Source:
    """The source for the project at a path; the path is one below the server's folder where a server is asked.

    A server is asked where `url` names it, and in split mode: then the project is another user's, and its service is
    known from the environment that Jupyter's server gives its kernels, or is found behind that server. Everywhere else
    the store is used directly: it is the same that a server uses. Raises PipelineError.
    """
    refuse_inside_action()
    if url is not None:
        return HttpSource(url, token or "", _below(path), backend)
    service = os.environ.get(ENV_SERVICE_URL)
    if service:
        return HttpSource(service, _token(), _below(path), backend)
    try:
        return LocalSource(path, backend)
    except ProjectNotFound:
        for server in _servers():
            found = _behind(server, path, backend)
            if found is not None:
                return found
        raise


def _below(path: Path | str) -> str | None:
    """A path for a server; none where nothing was said."""
    return None if str(path) == "." else str(path)


def _token() -> str:
    """The person's own token for the service of split mode."""
    file = os.environ.get(ENV_SERVICE_TOKEN_FILE, "")
    try:
        return person.expanded(ENV_SERVICE_TOKEN_FILE, file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise InvalidConfig(
            f"The token for the pipelines' service cannot be read from {file!r}: {error.strerror}.",
            f"Set {ENV_SERVICE_TOKEN_FILE} to a file with your token in it, and nothing else.",
        ) from None


def _behind(server: dict[str, Any], path: Path | str, backend: str | None) -> Source | None:
    """The project of the service that stands behind a Jupyter server, if one does."""
    try:
        source = HttpSource(server["url"], server["token"], _below(path), backend)
        return source if source.ask("version").json()["mode"] == SERVICE else None
    except (PipelineError, KeyError):
        return None


def _servers() -> Iterator[dict[str, Any]]:
    """The Jupyter servers of this person: the one that started this kernel, those around this folder, a hub's."""
    person.ensure_home()
    from jupyter_core.paths import jupyter_runtime_dir

    folder = Path(jupyter_runtime_dir())
    parent = os.environ.get("JPY_PARENT_PID", "")
    if parent.isdecimal():
        yield from _read(folder / f"jpserver-{parent}.json")
    here = Path.cwd()
    running = [one for file in sorted(folder.glob("jpserver-*.json")) for one in _read(file)]
    around = [one for one in running if here.is_relative_to(one.get("root_dir") or "/nowhere")]
    yield from sorted(around, key=lambda one: -len(one["root_dir"]))
    if hub := os.environ.get("JUPYTERHUB_SERVICE_URL"):
        yield {"url": hub, "token": os.environ.get("JUPYTERHUB_API_TOKEN", "")}


def _read(file: Path) -> Iterator[dict[str, Any]]:
    """What a server has written of itself; it may be gone since."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if isinstance(found, dict) and isinstance(found.get("url"), str) and not found.get("sock"):
        yield found
