"""Runtimes of kind ``docker``: images of the Docker Engine, looked at where they are and pulled only when asked.

The identity is that of the image's content, so a name that means another image by now makes what depends on it stale,
and a job gets the very image that was there when it was asked for.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from ..config import Config
from ..errors import ExecutorUnavailable
from ..models import Runtime, RuntimeState
from . import definitions, docker, stata
from .availability import Availability, missing, short_hash
from .definitions import Choice
from .docker import images
from .uv_program import Progress

AND = "+"
"""Between the image's id and the hash of what the project changes, in an identity."""


def look(choice: Choice, config: Config) -> Availability:
    """Ready when the image is present, and for Stata a licence too; nothing is pulled."""
    definition = choice.definition
    assert definition.image is not None
    secrets = (stata.LICENSE,) if definition.name.partition(":")[0] == "stata-mp" else ()
    try:
        with contextlib.closing(docker.connect(config.docker.host)) as api:
            image = images.find(api, definition.image)
    except ExecutorUnavailable as error:
        return missing(error.message, error.remedy)
    if image is None:
        return missing(
            f"The image {definition.image} is not present.",
            f"Fetch it with `jupyter pipeline runtimes pull {definition.name}`.",
        )
    if secrets and (problem := stata.lacks_license(config)) is not None:
        return missing(*problem)
    changes = (*choice.changes, *(f"{name}={value}" for name, value in sorted(definition.environment.items())))
    identity = f"{image.id}{AND}{short_hash(*changes)}" if changes else image.id
    runtime = Runtime(
        name=definition.name,
        identity=identity,
        program=definition.program,
        path=(),
        environment=definition.environment,
        secrets=secrets,
        image=image.id,
    )
    return Availability(RuntimeState.READY, identity, message=f"{definition.image}.", runtime=runtime, size=image.size)


def as_recorded(runtime: Runtime, identity: str) -> Runtime:
    """The runtime with the image that a request recorded; one that is no image stays as it is."""
    if not runtime.image or not identity:
        return runtime
    return replace(runtime, image=identity.partition(AND)[0], identity=identity)


def pull(name: str, config: Config, progress: Progress) -> str:
    """Fetch the image of a runtime from its registry; its id. Raises RuntimeUnavailable and ExecutorUnavailable."""
    reference = definitions.image_of(name, config)
    with contextlib.closing(docker.connect(config.docker.host, patience=600.0)) as api:
        return images.pull(api, reference, progress).id
