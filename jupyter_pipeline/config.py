"""Configuration: one frozen object, one loader.

Settings come from ``jupyter_pipeline.toml`` in the project or, where that file is absent, from the table
``[tool.jupyter_pipeline]`` of its ``pyproject.toml``; the environment variables below and explicit arguments go
first. docs/configuration.md lists every setting. What a setting does is not here.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from . import person
from .errors import InvalidConfig
from .models import Limits

FILE = "jupyter_pipeline.toml"
STATE_FOLDER = ".jupyter_pipeline"
JOBS = "jobs"
"""In the folder of a backend: the folder that holds one for each job."""
EXPECTATIONS = "expectations"
"""The default backend: synthetic data (platform: OPENSAFELY_BACKEND of a local run)."""

NOT_BACKENDS = ("code", "reports")
"""Folders of the state folder that no backend's may be."""

ENV_STATE = "JUPYTER_PIPELINE_STATE"
ENV_CACHE = person.ENV_CACHE
ENV_JOBS = "JUPYTER_PIPELINE_JOBS"
ENV_EXECUTOR = "JUPYTER_PIPELINE_EXECUTOR"
ENV_SERVICE_URL = "JUPYTER_PIPELINE_SERVICE_URL"
ENV_SERVICE_TOKEN_FILE = "JUPYTER_PIPELINE_SERVICE_TOKEN_FILE"
"""Where the service of split mode is, and a person's token for it; set by their Jupyter server for its kernels."""
ENV_SETTINGS = "JUPYTER_PIPELINE_SETTINGS"
"""A file that takes the place of what projects set themselves; the service of split mode always has one."""
ENV_ACTION = "JUPYTER_PIPELINE_ACTION"
"""Set in jobs alone: the action that runs."""

DEFAULT_LIMITS = Limits(memory=4 * 1024**3)
"""4 GB a job as on the platform (job-runner: controller/config.py)."""

_LONGEST_NAME = 246
"""Bytes of a project's folder's name that one of ours begins with; no system takes more than 255 in all."""

T = TypeVar("T")

_SIZE = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_TIME = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class RuntimeSetting:
    """A runtime that the project defines or changes; None keeps what the extended definition says."""

    name: str
    extends: str | None = None
    kind: str | None = None
    program: str | None = None
    python: str | None = None
    packages: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    image: str | None = None
    """The container image that it is; the kind is then ``docker``."""


@dataclass(frozen=True, slots=True)
class NetworkGrant:
    """A network of the Docker Engine that some actions of a backend may use."""

    network: str
    actions: tuple[str, ...]
    """Names of actions, in which ``*`` stands for anything."""


@dataclass(frozen=True, slots=True)
class DockerSetting:
    """How jobs run in containers."""

    host: str | None = None
    """Where the Docker Engine is, such as ``unix:///run/docker.sock``; None looks for one."""
    images: str | None = None
    """What is put before a runtime's name to give its image, for those that name none."""
    cpus: float = 2.0
    """Processors that one job may use (platform: job-runner controller/config.py)."""
    pids: int = 4096
    """Processes and threads that one job may have."""
    networks: Mapping[str, NetworkGrant] = field(default_factory=lambda: MappingProxyType({}))
    """By backend."""

    def network_of(self, backend: str, action: str) -> str:
        """The network that an action may use on a backend; empty for none, which is what most may."""
        grant = self.networks.get(backend)
        if grant is None or not any(fnmatchcase(action, pattern) for pattern in grant.actions):
            return ""
        return grant.network


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one project on one backend."""

    root: Path
    """The project's folder, absolute."""
    state: Path
    """Where everything of ours is kept; absolute."""
    cache: Path
    """Where built runtimes are kept; absolute."""
    workspace: str
    backend: str = EXPECTATIONS
    organisation: str | None = None
    executor: str = "auto"
    jobs: int = 1
    """How many jobs run at once."""
    limits: Limits = DEFAULT_LIMITS
    action_limits: Mapping[str, Limits] = field(default_factory=lambda: MappingProxyType({}))
    runtimes: Mapping[str, RuntimeSetting] = field(default_factory=lambda: MappingProxyType({}))
    stata_program: str | None = None
    stata_license: str | None = None
    docker: DockerSetting = DockerSetting()

    @property
    def has_containers(self) -> bool:
        """Whether any job may run in a container."""
        return self.executor == "docker" or any(setting.image for setting in self.runtimes.values())

    @property
    def folder(self) -> Path:
        """The folder of this backend's store, jobs and lock."""
        return self.state / self.backend

    def limits_of(self, action: str) -> Limits:
        """The limits of one action: its own where it has any, else the project's."""
        return self.action_limits.get(action, self.limits)


def load(root: Path, **arguments: Any) -> Config:
    """The configuration of the project in `root`; `arguments` that are not None win over files and environment.

    Raises InvalidConfig, which names the setting, what is wrong with it and what it may be.
    """
    root = root.resolve()
    table = _Table(*_read(root))
    limits = _limits(table.sub("limits"), DEFAULT_LIMITS)
    state = arguments.pop("state", None) or os.environ.get(ENV_STATE) or table.text("state")
    jobs = os.environ.get(ENV_JOBS)
    config = Config(
        root=root,
        state=_state(root, state),
        cache=person.cache(),
        workspace=table.text("workspace") or printable(root.name),
        organisation=table.text("organisation"),
        executor=os.environ.get(ENV_EXECUTOR) or table.text("executor") or "auto",
        jobs=_Table({"jobs": jobs}, ENV_JOBS).get("jobs", _jobs, 1) if jobs else table.get("jobs", _jobs, cores()),
        limits=limits,
        action_limits=_freeze({name: _limits(sub, limits) for name, sub in table.tables("actions")}),
        runtimes=_freeze({name: _runtime(name, sub) for name, sub in table.tables("runtimes")}),
        stata_program=table.sub("stata").text("program"),
        stata_license=table.sub("stata").text("license"),
        docker=_docker(table.sub("docker")),
    )
    table.sub("stata").refuse_unknown("program", "license")
    table.refuse_unknown(
        "state", "workspace", "organisation", "executor", "jobs", "limits", "actions", "runtimes", "stata", "docker"
    )
    config = replace(config, **{name: value for name, value in arguments.items() if value is not None})
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", config.backend):
        raise InvalidConfig(f"{config.backend!r} cannot be a backend's name.", "Use letters, digits, - and _.")
    if config.backend in NOT_BACKENDS:
        raise InvalidConfig(f"A backend cannot be called {config.backend}: that folder is ours.", "Name it otherwise.")
    if config.jobs < 1:
        raise InvalidConfig(f"{config.jobs} jobs at once make no sense.", "Give a whole number from 1 on.")
    return config


def parse_size(value: object) -> int:
    """Bytes from ``"4G"``, ``"512M"`` or a plain number; raises ValueError with the forms that are understood."""
    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", str(value).lower())
    if not match or float(match[1]) * _SIZE[match[2]] < 1:
        raise ValueError('a size such as 4G, 512M or a number of bytes above 0, for example memory = "4G"')
    return int(float(match[1]) * _SIZE[match[2]])


def parse_duration(value: object) -> float:
    """Seconds from ``"90s"``, ``"30m"``, ``"2h"``, ``"1d"`` or a plain number; raises ValueError likewise."""
    match = re.fullmatch(r"\s*(\d{1,9}(?:\.\d+)?)\s*([smhd]?)\s*", str(value).lower())
    if not match or float(match[1]) <= 0:
        raise ValueError('a time such as 90s, 30m, 2h or a number of seconds above 0, for example timeout = "2h"')
    return float(match[1]) * _TIME[match[2] or "s"]


def printable(name: str | Path) -> str:
    """A name of the system's as text that the store and every program take, also where it is not valid Unicode."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _jobs(value: object) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"[1-9]\d{0,3}", str(value)):
        raise ValueError("a whole number from 1 to 9999")
    return int(str(value))


def _state(root: Path, given: object) -> Path:
    """The state folder: outside the project each project has one of its own below the given one."""
    if not given:
        return root / STATE_FOLDER
    state = (root / person.expanded("state", str(given))).resolve()
    name = root.name if len(os.fsencode(root.name)) <= _LONGEST_NAME else root.name[: _LONGEST_NAME // 4]
    own = f"{name}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:8]}"
    return state if state.is_relative_to(root) or state.name == own else state / own


def _read(root: Path) -> tuple[dict[str, Any], str]:
    """The settings table and the name of the file it came from."""
    given = os.environ.get(ENV_SETTINGS)
    own = ((root / FILE, ()), (root / "pyproject.toml", ("tool", "jupyter_pipeline")))
    for file, keys in ((Path(given), ()),) if given else own:
        name = file.name
        try:
            data = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise InvalidConfig(f"{name} cannot be read: {error.strerror}.", "Make the file readable.") from None
        if keys and b"jupyter_pipeline" not in data:
            continue
        import tomllib

        try:
            table = tomllib.loads(data.decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidConfig(f"{name} is not valid TOML: {error}.", "Mend the file at that place.") from None
        for key in keys:
            table = table.get(key, {}) if isinstance(table, dict) else {}
        return table, name
    return {}, FILE


class _Table:
    """A settings table that answers wrong types with the setting's name and what it may be."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, dict):
            raise InvalidConfig(f"{where} is not a table.", "Write it as a TOML table.")
        self.data, self.where = data, where

    def get(self, key: str, parse: Callable[[object], T], default: T) -> T:
        if key not in self.data:
            return default
        try:
            return parse(self.data[key])
        except ValueError as error:
            raise InvalidConfig(f"{self.where}: {key} = {self.data[key]!r} is not valid.", f"Give {error}.") from None

    def text(self, key: str) -> str | None:
        return self.get(key, _text, None)

    def sub(self, key: str) -> _Table:
        return _Table(self.data.get(key, {}), f"{self.where}: {key}")

    def tables(self, key: str) -> list[tuple[str, _Table]]:
        sub = self.sub(key)
        return [(name, sub.sub(name)) for name in sub.data]

    def refuse_unknown(self, *known: str) -> None:
        for key in self.data:
            if key not in known:
                raise InvalidConfig(
                    f"{self.where}: there is no setting {key!r}.", f"The settings here are {', '.join(known)}."
                )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts")
    return tuple(value)


def _mapping(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError("a table of texts")
    return _freeze(value)


def _limits(table: _Table, default: Limits) -> Limits:
    table.refuse_unknown("timeout", "memory", "log")
    return Limits(
        timeout=table.get("timeout", parse_duration, default.timeout),
        memory=table.get("memory", parse_size, default.memory),
        log=table.get("log", parse_size, default.log),
    )


def _runtime(name: str, table: _Table) -> RuntimeSetting:
    table.refuse_unknown("extends", "kind", "program", "python", "packages", "environment", "image")
    return RuntimeSetting(
        name=name,
        extends=table.text("extends"),
        kind=table.text("kind"),
        program=table.text("program"),
        python=table.text("python"),
        packages=table.get("packages", _texts, ()),
        environment=table.get("environment", _mapping, MappingProxyType({})),
        image=table.text("image"),
    )


def _docker(table: _Table) -> DockerSetting:
    table.refuse_unknown("host", "images", "cpus", "pids", "networks")
    default = DockerSetting()
    return DockerSetting(
        host=table.text("host"),
        images=table.text("images"),
        cpus=table.get("cpus", _cpus, default.cpus),
        pids=table.get("pids", _pids, default.pids),
        networks=_freeze({backend: _grant(sub) for backend, sub in table.tables("networks")}),
    )


def _grant(table: _Table) -> NetworkGrant:
    table.refuse_unknown("network", "actions")
    grant = NetworkGrant(table.text("network") or "", table.get("actions", _texts, ()))
    if not grant.network or not grant.actions:
        raise InvalidConfig(
            f"{table.where} names no network, or no actions that may use it.",
            'Give both, as in network = "database", actions = ["extract_*"].',
        )
    return grant


def _cpus(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1024:
        raise ValueError("a number above 0, for example cpus = 2")
    return float(value)


def _pids(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 8 <= value <= 4_194_304:
        raise ValueError("a whole number from 8 on")
    return value


def _freeze(data: dict[str, T]) -> Mapping[str, T]:
    return MappingProxyType(data)
