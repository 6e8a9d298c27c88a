"""Notebooks whose kernel runs in a container, while what drives it runs in a sandbox of ours with the same files.

The container's command is the kernel. Its connection file is made beforehand, in the folder that is /tmp on both sides,
where the kernel then makes its sockets: a path is all that a network-less container and a network-less sandbox need to
meet. Whatever the kernel writes or links there, the driver sees no more than the kernel does.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ...models import WORKSPACE
from ...notebooks.driver.driving import HAS_IPYKERNEL
from ...notebooks.driver.kernel import QUIET, connection_of
from ...notebooks.driver.kernelspecs import QUICKER, START
from ...outputs.job_folder import TEMPORARY
from ...runtimes import docker

NO_IPYKERNEL = "The command runs word for word, since the image has no ipykernel."
_KNOWN = "kernels.json"
"""Beside the folder of all jobs: which images have ipykernel."""


def lay_out(order: dict[str, Any], folder: Path) -> None:
    """Make the kernel the container's command, with its connection file; `give_up` undoes it."""
    container, wanted = order["container"], order["notebook"]
    container["word_for_word"] = {name: container[name] for name in ("args", "environment", "folder", "program")}
    place = Path(tempfile.mkdtemp(prefix="jp-", dir=folder / TEMPORARY))
    seen, key = f"/tmp/{place.name}", os.urandom(16).hex()
    (place / "connection.json").write_text(json.dumps(connection_of(seen, key, "python3")))
    (place / "connection.json").chmod(0o600)
    wanted["kernel"] = {"folder": seen, "key": key, "descriptor": -1}
    container["args"] = [wanted["python"], "-c", START, "-f", f"{seen}/connection.json", *QUICKER]
    variables = {**wanted["run"]["environment"], **QUIET, "IPYTHONDIR": f"{seen}/ipython"}
    container["environment"] = container["environment"] | variables
    container["folder"] = os.path.normpath(f"{WORKSPACE}/{wanted['run']['folder']}")
    container["program"] = container["program"] and wanted["python"]


def give_up(order: dict[str, Any], reason: str) -> None:
    """Make the container's command again what the project wrote, since nothing can drive the kernel."""
    del order["notebook"]
    order["container"] |= order["container"].pop("word_for_word")
    order["note"] = reason


def has_ipykernel(address: str, version: str, image: str, folder: Path) -> bool:
    """Whether an image has a Python with ipykernel: one is asked, once for each image."""
    known = _read(folder / _KNOWN)
    if image not in known:
        known[image] = _ask(address, version, image)
        part = folder / f".{_KNOWN}-{os.getpid()}"
        with contextlib.suppress(OSError):
            part.write_text(json.dumps({**_read(folder / _KNOWN), **known}))
            part.replace(folder / _KNOWN)
    return known[image]


def _read(file: Path) -> dict[str, bool]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _ask(address: str, version: str, image: str) -> bool:
    from .attached import TROUBLE

    body = {
        "Image": image,
        "Cmd": ["python3", "-c", HAS_IPYKERNEL],
        "User": f"{os.getuid()}:{os.getgid()}",
        "HostConfig": {
            "NetworkMode": "none",
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "PidsLimit": 64,
            "ReadonlyRootfs": True,
        },
    }
    with contextlib.closing(docker.connect(address, version)) as api:
        made = ""
        try:
            made = api.create_container_from_config(body, None)["Id"]
            api.start(made)
            return bool(api.wait(made)["StatusCode"] == 0)
        except TROUBLE:
            return False
        finally:
            if made:
                docker.remove(api, made)
