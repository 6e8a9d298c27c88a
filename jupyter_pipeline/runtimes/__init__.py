"""Runtimes: what an image name such as ``python:v2`` means here: an environment of this machine, or a container image.

`describe` tells how it stands with a runtime and starts nothing, `installed` gives a ready one, `prepare` builds.
Definitions are data (definitions.toml, locks/); each kind of runtime has its own module. Running jobs is not here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..config import Config
from ..errors import RuntimeUnavailable
from ..models import Runtime, RuntimeInfo, RuntimeState
from . import definitions, environments, images, interpreters, standins, stata, system
from .availability import Availability, missing, unavailable
from .definitions import Choice
from .environments import KeptEnvironment, held, remove
from .images import pull
from .uv_program import Progress

__all__ = [
    "Described",
    "KeptEnvironment",
    "describe",
    "describe_all",
    "held",
    "installed",
    "prepare",
    "pull",
    "remove",
    "secrets",
]

_LOOK = {"system": system.look, "stata": stata.look, "docker": images.look}


@dataclass(frozen=True, slots=True)
class Described:
    """One line of the list of runtimes."""

    info: RuntimeInfo
    kind: str
    """``python``, ``system``, ``stata`` or ``docker``; empty where a project's setting makes no sense."""
    aliases: tuple[str, ...] = ()
    program: str = ""
    python: str | None = None
    """The interpreter's full version."""
    packages: tuple[str, ...] = ()
    """As the definition asks for them."""
    folder: Path | None = None
    """Where it is built or would be built; for programs of this machine, their folder."""
    size: int | None = None
    """Bytes on disk, counting files that are shared with uv's cache in full; None unless built here."""
    only_stands_in: bool = False
    """Whether it is one of ours that no project names: it is there to stand in for others."""


def describe(name: str, config: Config) -> RuntimeInfo:
    """How it stands with the runtime `name`; starts no process once it is built, and raises nothing.

    A missing one comes with the sentence that says what is missing and how to get it.
    """
    try:
        choice, look = _look(name, config)
    except RuntimeUnavailable as error:
        return RuntimeInfo(name, name, RuntimeState.MISSING, "", str(error))
    return _info(name, choice, look)


def describe_all(config: Config) -> tuple[Described, ...]:
    """Every runtime known to the project, ours first, with where it is and how large."""
    return tuple(_described(name, config) for name in definitions.names(config))


def installed(name: str, config: Config) -> Runtime | None:
    """The runtime if it is ready now, without building anything."""
    try:
        return _ready(*_look(name, config))
    except RuntimeUnavailable:
        return None


def prepare(name: str, config: Config, progress: Progress, patience: float = 0.0) -> Runtime:
    """The runtime, built first where needed, which may take minutes; `progress` gets lines about how far it is.

    A download that failed is tried again unless that was less than `patience` seconds ago. Safe to call from several
    processes at once. Raises RuntimeUnavailable.
    """
    choices = definitions.choices(name, config)
    for choice in choices:
        if choice.definition.kind == "python":
            environments.look_again(choice, config)
    failed: dict[int, Availability] = {}
    errors: list[RuntimeUnavailable] = []
    while True:
        number, look = standins.first(name, choices, partial(_look_at, config=config, patience=patience), failed)
        if look.state is RuntimeState.MISSING:
            raise errors[0] if errors else unavailable(look)
        if look.message:
            progress(look.message)
        runtime = _ready(choices[number], look)
        if runtime is not None:
            return runtime
        try:
            environments.build(choices[number], config, progress)
        except interpreters.CannotDownload as error:
            # What others remember is that the last try failed; here it is passed over, whatever they do meanwhile.
            errors.append(error)
            failed[number] = environments.not_downloaded(choices[number])


def secrets(runtime: Runtime, config: Config) -> dict[str, str]:
    """The values of the variables that `runtime.secrets` names, for the job that is about to start and nothing else.

    Raises RuntimeUnavailable when one is gone.
    """
    return stata.secrets(config) if runtime.secrets else {}


def _look(name: str, config: Config) -> tuple[Choice, Availability]:
    """The first choice that can be had, else the first one with what it lacks; raises RuntimeUnavailable."""
    choices = definitions.choices(name, config)
    number, look = standins.first(name, choices, partial(_look_at, config=config), {})
    return choices[number], look


def _look_at(choice: Choice, config: Config, patience: float = math.inf) -> Availability:
    if choice.definition.kind == "python":
        return environments.look(choice, config, patience)
    return _LOOK[choice.definition.kind](choice, config)


def _ready(choice: Choice, look: Availability) -> Runtime | None:
    """The runtime of a look, with what its start needs on disk."""
    if look.runtime is not None and choice.definition.kind == "stata":
        stata.install_wrapper(look.runtime)
    return look.runtime


def _info(name: str, choice: Choice, look: Availability) -> RuntimeInfo:
    message = look.message
    if look.state is RuntimeState.MISSING:
        message = str(unavailable(look))
    return RuntimeInfo(name, choice.definition.name, look.state, look.identity, message, look.stand_in)


def _described(name: str, config: Config) -> Described:
    try:
        choice, look = _look(name, config)
    except RuntimeUnavailable as error:
        look = missing(error.message, error.remedy)
        return Described(RuntimeInfo(name, name, look.state, "", str(error)), kind="")
    definition = choice.definition
    return Described(
        info=_info(name, choice, look),
        kind=definition.kind,
        aliases=definitions.aliases(name),
        program=definition.program,
        python=look.python,
        packages=(*definition.packages, *choice.added),
        folder=look.folder,
        size=look.size,
        only_stands_in=definitions.only_stands_in(name),
    )
