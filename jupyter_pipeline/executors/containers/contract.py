"""What a container is given: the platform's contract, and stricter. No I/O.

Platform: job-runner agent/executors/local.py and agent/lib/docker.py; base-docker entrypoint.sh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...models import WORKSPACE

PAGE = 4096
LEAST_MEMORY = 6 * 1024**2
"""Bytes below which the Engine takes no limit."""


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of this machine that the container gets."""

    written: str
    """The upper layer or, where the workspace was copied, the workspace itself."""
    temporary: str
    work: str
    layers: tuple[str, ...] = ()
    """The read-only layers of the workspace, the uppermost first; none where it was copied."""


@dataclass(frozen=True, slots=True)
class Program:
    """What an image does with the words of a command."""

    entrypoint: tuple[str, ...]
    default: tuple[str, ...]
    """What runs when the first word is no program; empty where there is no such thing."""

    def words(self, args: Sequence[str], is_program: bool) -> list[str]:
        """The words for the image: an entry point judges by itself, else the rule is ours."""
        if self.entrypoint or is_program or not self.default:
            return list(args)
        return [*self.default, *args]


def program_of(named: str, entrypoint: Sequence[str], default: Sequence[str]) -> Program:
    """The program of an image; `named` is what the project's setting wants in its place, or empty."""
    return Program((), (named,)) if named else Program(tuple(entrypoint), tuple(default))


def cannot_be_program(word: str) -> bool:
    """Whether a command's first word is no program of any image: a flag, or a path within the workspace."""
    return not word or word.startswith(("-", f"{WORKSPACE}/")) or ("/" in word and not word.startswith("/"))


def is_surely_program(word: str) -> bool:
    """Whether it is a path of a program, which is run whether it is there or not."""
    return word.startswith("/") and not cannot_be_program(word)


def body(container: Mapping[str, Any], places: Places, program: Program, words: Sequence[str]) -> dict[str, Any]:
    """The request that makes a container, as the Engine's API reads it."""
    config: dict[str, Any] = {
        "Image": container["image"],
        "Cmd": list(words),
        "User": container["user"],
        "Env": [f"{name}={value}" for name, value in container["environment"].items()],
        "Labels": container["labels"],
        "WorkingDir": container["folder"],
        "Hostname": "workspace",
        "OpenStdin": False,
        "Tty": False,
        "NetworkDisabled": not container["network"],
        "HostConfig": _host(container) | {"Mounts": _mounts(container, places)},
    }
    if not program.entrypoint:
        config["Entrypoint"] = []
    return config


def _host(container: Mapping[str, Any]) -> dict[str, Any]:
    memory = container["memory"]
    limits = {}
    if memory is not None:
        whole = max(-(-memory // PAGE) * PAGE, LEAST_MEMORY)
        limits = {"Memory": whole, "MemorySwap": whole, "ShmSize": whole}
    return {
        **limits,
        "NanoCpus": int(container["cpus"] * 1e9),
        "PidsLimit": container["pids"],
        "NetworkMode": container["network"] or "none",
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "ReadonlyRootfs": True,
        "Init": True,
        "Privileged": False,
        "IpcMode": "private",
        # What it prints goes to us and is bounded there; the Engine would need fifteen times as long to keep it too.
        "LogConfig": {"Type": "none", "Config": {}},
        "RestartPolicy": {"Name": "no"},
    }


def _mounts(container: Mapping[str, Any], places: Places) -> list[dict[str, Any]]:
    temporary = {"Type": "bind", "Source": places.temporary, "Target": "/tmp"}
    if not places.layers:
        return [{"Type": "bind", "Source": places.written, "Target": WORKSPACE}, temporary]
    options = f"lowerdir={':'.join(places.layers)},upperdir={places.written},workdir={places.work}"
    overlay = {
        "Type": "volume",
        "Target": WORKSPACE,
        "VolumeOptions": {
            "NoCopy": True,
            "Labels": container["labels"],
            "DriverConfig": {"Name": "local", "Options": {"type": "overlay", "device": "overlay", "o": options}},
        },
    }
    return [overlay, temporary]
