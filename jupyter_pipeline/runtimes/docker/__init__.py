"""The Docker Engine of this machine: where it is, what it is, and which of its containers are ours.

The SDK is imported when it is first needed, which takes a quarter of a second. Running a job's container is not here
(``executors.containers``), nor what an image means to a project (``runtimes.images``).
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import person
from ...config import printable
from ...errors import ExecutorUnavailable

if TYPE_CHECKING:
    from docker import APIClient

NAME = "jupyter-pipeline-"
"""What the names of our containers begin with; the job's id follows."""
LABEL_JOB, LABEL_WORKSPACE, LABEL_PROJECT, LABEL_JOBS = (
    f"jupyter-pipeline.{word}" for word in ("job", "workspace", "project", "jobs")
)
"""Labels of our containers: the job, the workspace, the project's folder, and the folder of its backend's jobs."""
PATIENCE = 30.0
"""Seconds that the Engine may take for an answer."""
_CURE = "Start it, or say where it is: [docker] host, or DOCKER_HOST."


def socket_of(host: str | None) -> str:
    """The address of the Engine: the setting, DOCKER_HOST, docker's own context, or the first socket that is there.

    Podman's socket, which speaks the same language, is taken last.
    """
    return host or os.environ.get("DOCKER_HOST") or _of_context() or _first_socket()


def connect(host: str | None = None, version: str = "auto", patience: float = PATIENCE) -> APIClient:
    """A connection to the Engine. Raises ExecutorUnavailable, with the reason and the cure."""
    address = socket_of(host)
    try:
        knock(address)  # first, since the SDK takes long to load and says little of why it cannot connect
        from docker import APIClient
        from docker.errors import DockerException
    except PermissionError:
        raise ExecutorUnavailable(
            f"The Docker Engine at {address} may not be used by you.",
            "Ask the machine's administrator to add you to its group, or use rootless Docker or Podman.",
        ) from None
    except OSError as error:
        raise ExecutorUnavailable(f"No Docker Engine answers at {address} ({error.strerror}).", _CURE) from None
    try:
        return APIClient(base_url=address, version=version, timeout=patience)
    except (DockerException, OSError, ValueError) as error:
        raise ExecutorUnavailable(f"No Docker Engine answers at {address}{_why(error)}.", _CURE) from None


def knock(address: str) -> None:
    """Raises OSError where a socket of this machine takes no connections; others are not tried."""
    if not address.startswith("unix://"):
        return
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.connect(address.removeprefix("unix://"))


@dataclass(frozen=True, slots=True)
class DockerEngine:
    """What is known of a Docker Engine."""

    address: str
    id: str
    name: str
    """``Docker`` or ``Podman``."""
    version: str
    api: str
    rootless: bool
    limits_memory: bool
    keeps_running: bool
    """Whether containers go on while the Engine itself is restarted (its setting ``live-restore``)."""
    local: bool
    """Whether its containers are processes of this very system, so that our folders can be theirs."""

    @property
    def title(self) -> str:
        """What it is, in a few words."""
        return f"{'rootless ' if self.rootless else ''}{self.name} {self.version} at {self.address}"


def look(api: APIClient, host: str | None) -> DockerEngine:
    """What the Engine at `host` says of itself. Raises ExecutorUnavailable when it does not answer."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        info, version = api.info(), api.version()
    except (DockerException, RequestException) as error:
        raise ExecutorUnavailable(f"The Docker Engine does not answer{_why(error)}.", _CURE) from None
    parts = {part.get("Name") for part in version.get("Components") or ()}
    system = str(info.get("OperatingSystem", ""))
    return DockerEngine(
        address=socket_of(host),
        id=str(info.get("ID", "")),
        name="Podman" if "Podman Engine" in parts else "Docker",
        version=str(version.get("Version", "")),
        api=str(api._version),
        rootless=any("rootless" in str(option) for option in info.get("SecurityOptions") or ()),
        limits_memory=info.get("MemoryLimit") is not False,
        keeps_running=bool(info.get("LiveRestoreEnabled")),
        local=info.get("KernelVersion") == os.uname().release and "Desktop" not in system,
    )


def containers_of(api: APIClient, jobs: Path) -> dict[str, dict[str, Any]]:
    """Our containers for the jobs in a folder, by the job's id."""
    found = api.containers(all=True, filters={"label": f"{LABEL_JOBS}={printable(jobs)}"})
    return {one["Labels"][LABEL_JOB]: one for one in found if LABEL_JOB in (one.get("Labels") or {})}


def remove(api: APIClient, name: str) -> None:
    """Remove a container of ours with its volume, running or not; one that is not there is fine."""
    from docker.errors import APIError, NotFound

    with contextlib.suppress(NotFound):
        try:
            api.remove_container(name, v=True, force=True)
        except APIError as error:
            if error.status_code != 409:  # somebody else removes it at this moment
                raise


def remove_volumes(api: APIClient, jobs: Path) -> None:
    """Remove the volumes that somebody left who removed our containers without them; those in use stay."""
    from docker.errors import APIError

    found = api.volumes(filters={"label": f"{LABEL_JOBS}={printable(jobs)}"}).get("Volumes") or ()
    for one in found:
        with contextlib.suppress(APIError):
            api.remove_volume(one["Name"])


def _why(error: Exception) -> str:
    """The innermost reason of an error of the SDK, as far as it says something to a person."""
    found: BaseException | None = error
    reason = ""
    while found is not None:
        for one in _arguments(found):
            if isinstance(one, OSError) and one.strerror:
                reason = one.strerror
        found = found.__cause__ or found.__context__
    return f" ({reason})" if reason else ""


def _arguments(error: BaseException) -> Iterator[object]:
    yield error
    for one in error.args:
        if isinstance(one, BaseException):
            yield from _arguments(one)


def _of_context() -> str:
    """The address that the `docker` command line would use, where a person has chosen a context."""
    home = person.home()
    folder = os.environ.get("DOCKER_CONFIG") or (home / ".docker" if home is not None else None)
    if folder is None or not os.path.isfile(os.path.join(folder, "config.json")):
        return ""
    from docker.context import ContextAPI

    with contextlib.suppress(Exception):  # a context that cannot be read is none
        context = ContextAPI.get_current_context()
        if context is not None and context.Name != "default":
            return str(context.Host)
    return ""


def _first_socket() -> str:
    own = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    places = ("/var/run/docker.sock", f"{own}/docker.sock", f"{own}/podman/podman.sock", "/run/podman/podman.sock")
    found = next((place for place in places if os.access(place, os.R_OK | os.W_OK)), places[0])
    return f"unix://{found}"
