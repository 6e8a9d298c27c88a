"""The shim's part: laying out the container's folders, starting the client, and taking over what it found out."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import signal
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...config import printable
from ...errors import ExecutorUnavailable
from ...models import WORKSPACE, Ending
from ...outputs.job_folder import BASELINE, CONTAINER_END, TEMPORARY, UPPER, WORK
from ...outputs.staging import Baseline, copy_workspace
from ...runtimes import docker
from ...runtimes.docker import images
from .. import joining
from . import contract, kernels, mark, note_attempt, read_record, write_record
from .client import NOT_MOUNTED, Client
from .streams import LogStream

PLAIN = re.compile(r"[A-Za-z0-9/._@%+=-]+")
"""Paths that the Engine and the kernel's options take as they are; for others a link with a plain name stands in."""
COPIES = "copies"
"""Below the folder of all jobs' parent: a file whose presence says that this Engine cannot mount an overlay there."""


class NotThere(OSError):
    """No Engine, or not the image; the message is a sentence."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.strerror = str(error).rstrip(".")


@functools.lru_cache(maxsize=4)
def _engine(address: str) -> docker.DockerEngine:
    """What the Engine is; the shim serves many jobs, and asks once."""
    with contextlib.closing(docker.connect(address)) as api:
        return docker.look(api, address)


@functools.lru_cache(maxsize=64)
def _image(address: str, api_version: str, image: str) -> images.Image | None:
    with contextlib.closing(docker.connect(address, api_version)) as api:
        return images.find(api, image)


def prepare(order: dict[str, Any], folder: Path) -> Baseline | None:
    """Complete an order with what only the Engine knows, and lay out the workspace; what a copied one holds.

    Raises OSError whose text says why that cannot be done.
    """
    container = order["container"]
    try:
        engine = _engine(container["address"])
        image = _image(container["address"], engine.api, container["image"])
    except ExecutorUnavailable as error:
        raise NotThere(error) from None
    if image is None:
        raise NotThere(ValueError(f"The image {container['reference']} is not on this machine any more"))
    container["api"] = engine.api
    if engine.rootless:
        container["user"] = "0:0"  # root in there is the caller out here
    container["folder"] = image.folder if image.folder not in ("", "/") else WORKSPACE
    container["path"] = [part for part in image.environment.get("PATH", _PATH).split(":") if part]
    container["entry"] = [list(image.entrypoint), list(image.program)]
    for name in (UPPER, WORK, TEMPORARY):
        (folder / name).mkdir(exist_ok=True)
    if order.get("resumes"):
        note_attempt(folder)
        return _known_baseline(folder)
    if "notebook" in order and not kernels.has_ipykernel(
        container["address"], engine.api, image.id, folder.parent.parent
    ):
        del order["notebook"]
        order["note"] = order["note"] or kernels.NO_IPYKERNEL
    if "notebook" in order:
        kernels.lay_out(order, folder)
    is_unable = engine.rootless or engine.name != "Docker" or _copies(folder, engine).exists()
    container["copies"] = is_unable or "notebook" in order
    return copy(order, folder) if container["copies"] else None


_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def copy(order: dict[str, Any], folder: Path) -> Baseline:
    """Copy the workspace, where the Engine cannot mount an overlay; remembered for whoever attaches again."""
    order["container"]["copies"] = True
    (folder / UPPER).mkdir(exist_ok=True)
    baseline = copy_workspace(Path(order["code"]), Path(order["inputs"]), folder / UPPER)
    write_record(folder, BASELINE, baseline)
    mark(order)
    return baseline


def _known_baseline(folder: Path) -> Baseline | None:
    known = read_record(folder, BASELINE)
    return {path: tuple(one) for path, one in known.items()} if known is not None else None


def _copies(folder: Path, engine: docker.DockerEngine) -> Path:
    return folder.parent.parent / f"{COPIES}-{hashlib.sha256(engine.id.encode()).hexdigest()[:12]}"


def cannot_mount(order: Mapping[str, Any], folder: Path) -> bool:
    """Whether the client came back since the Engine could not mount the overlay; remembered for the next jobs."""
    record = read_record(folder, CONTAINER_END)
    if record is None or record.get("refused") != NOT_MOUNTED or order["container"]["copies"]:
        return False
    with contextlib.suppress(OSError, ExecutorUnavailable):
        _copies(folder, _engine(order["container"]["address"])).touch()
    (folder / CONTAINER_END).unlink()
    return True


def start(order: Mapping[str, Any], folder: Path, log: int, control: socket.socket | None = None) -> int:
    """Fork the client of a task; its pid.

    Through `control` it takes signals for the container and tells its end; when nobody is at the other end any more it
    ends the container. Without one it dies with us, and another attaches to the container.
    """
    (folder / CONTAINER_END).unlink(missing_ok=True)
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        if control is None:
            joining.die_with_parent()
        os.setpgid(0, 0)
        kept = {control.fileno()} if control is not None else set()
        joining.close_all_but({0, 1, 2, log, *kept})
        _be_client(order, folder, log, control)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(log, f"The container's client failed: {error!r}\n".encode())
    finally:
        os._exit(0)


def _be_client(order: Mapping[str, Any], folder: Path, log: int, control: socket.socket | None) -> None:
    container = order["container"]
    program = contract.program_of(container["program"], *container["entry"])
    secrets = [container.get("environment", {}).get(name, "") for name in container["secrets"]]
    with contextlib.closing(docker.connect(container["address"], container["api"])) as api:
        client = Client(api, order, places(order, folder), program, LogStream(log, secrets))
        record = client.run(control)
        if order.get("is_session"):  # nobody may be left to do it
            docker.remove(api, container["name"])
    write_record(folder, CONTAINER_END, record)
    if control is not None:
        with contextlib.suppress(OSError):
            control.send(str(record["exit_code"] if record["exit_code"] is not None else "").encode())


def result(folder: Path) -> dict[str, Any]:
    """What the client found out about the end; empty when it died before it could say."""
    record = read_record(folder, CONTAINER_END)
    if record is None:
        return {}
    record["ending"] = Ending(record["ending"])
    return record


# -- places ----------------------------------------------------------------------------------------


def places(order: Mapping[str, Any], folder: Path) -> contract.Places:
    """The folders that the container gets."""
    given = {
        "written": folder / UPPER,
        "temporary": folder / TEMPORARY,
        "work": folder / WORK,
        "inputs": Path(order["inputs"]),
        "code": Path(order["code"]),
    }
    plain = {name: _plain(folder, name, path) for name, path in given.items()}
    layers = () if order["container"]["copies"] else (plain["inputs"], plain["code"])
    return contract.Places(plain["written"], plain["temporary"], plain["work"], layers)


def _plain(folder: Path, name: str, path: Path) -> str:
    """The path, or that of a link to it whose own path is plain."""
    if PLAIN.fullmatch(str(path)):
        return str(path)
    links = links_of(folder)
    links.parent.mkdir(mode=0o700, exist_ok=True)
    if links.parent.lstat().st_uid != os.getuid():
        raise NotThere(PermissionError(f"{links.parent} belongs to somebody else"))
    links.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (links / name).symlink_to(path)
    return str(links / name)


def links_of(folder: Path) -> Path:
    """Where the links for a job's folder are, if its path needs any."""
    key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    temporary = tempfile.gettempdir()
    base = Path(temporary if PLAIN.fullmatch(temporary) else "/tmp")
    return base / f"jupyter-pipeline-{os.getuid()}" / key


def remove(address: str, name: str, folder: Path) -> None:
    """Remove what an ended task has at the Engine, and the links to its folders. Raises nothing.

    What is left while the Engine does not answer is found by its label when somebody cleans up.
    """
    from .attached import TROUBLE

    with contextlib.suppress(ExecutorUnavailable, *TROUBLE), contextlib.closing(docker.connect(address)) as api:
        found = api.inspect_container(name)  # its name alone does not make it ours
        if (found["Config"]["Labels"] or {}).get(docker.LABEL_JOBS) == printable(folder.parent):
            docker.remove(api, name)
    links = links_of(folder)
    with contextlib.suppress(OSError):
        for link in links.iterdir():
            link.unlink()
        links.rmdir()
