"""Images of the Docker Engine: which one a reference means now, and pulling one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import RuntimeUnavailable

if TYPE_CHECKING:
    from docker import APIClient

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is present."""

    id: str
    """Its content's digest, ``sha256:...``: what a container is made from."""
    digests: tuple[str, ...]
    """The names under which registries know it."""
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: dict[str, str]
    folder: str
    """Its working directory; empty where it names none."""
    size: int
    labels: dict[str, str]

    @property
    def program(self) -> tuple[str, ...]:
        """The image's default program, for an image without an entry point (platform: base-docker entrypoint.sh)."""
        named = self.environment.get("ACTION_EXEC", "").split()
        return tuple(named) or self.command


def find(api: APIClient, reference: str) -> Image | None:
    """The image that a reference or an id means, or None where it is not present."""
    from docker.errors import APIError, ImageNotFound

    try:
        found = api.inspect_image(reference)
    except ImageNotFound:
        return None
    except APIError as error:
        raise RuntimeUnavailable(
            f"The Docker Engine does not know what to make of the image {reference!r}: {error.explanation}.",
            "Correct the image's name.",
        ) from None
    config = found.get("Config") or {}
    return Image(
        id=found["Id"],
        digests=tuple(found.get("RepoDigests") or ()),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        environment=dict(item.partition("=")[::2] for item in config.get("Env") or ()),
        folder=config.get("WorkingDir") or "",
        size=int(found.get("Size") or 0),
        labels=dict(config.get("Labels") or {}),
    )


def pull(api: APIClient, reference: str, progress: Progress) -> Image:
    """Fetch an image from its registry, telling how far that is. Raises RuntimeUnavailable."""
    from docker.errors import DockerException
    from docker.utils import parse_repository_tag
    from requests.exceptions import RequestException

    repository, tag = parse_repository_tag(reference)
    told = _Told(progress)
    try:
        for line in api.pull(repository, tag=tag or "latest", stream=True, decode=True):
            if "error" in line:
                raise RuntimeUnavailable(f"The image {reference} cannot be pulled: {line['error']}.", _PULL)
            told.take(line)
    except (DockerException, RequestException) as error:
        why = getattr(error, "explanation", None) or str(error)
        raise RuntimeUnavailable(f"The image {reference} cannot be pulled: {why}.", _PULL) from None
    image = find(api, reference)
    if image is None:
        raise RuntimeUnavailable(f"The image {reference} was pulled, but is not there.", _PULL)
    return image


_PULL = "Look at its name, the network, and whether you are logged in to its registry."


class _Told:
    """Progress of many layers at once, told as a line whenever a tenth more has come."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._layers: dict[str, tuple[int, int]] = {}
        self._tenths = -1

    def take(self, line: dict[str, Any]) -> None:
        """One line of the Engine's account."""
        detail, layer = line.get("progressDetail") or {}, str(line.get("id", ""))
        if line.get("status") == "Downloading" and detail.get("total"):
            self._layers[layer] = int(detail["current"]), int(detail["total"])
        elif line.get("status") in ("Download complete", "Pull complete") and layer in self._layers:
            total = self._layers[layer][1]
            self._layers[layer] = total, total
        elif not layer or str(line.get("status", "")).startswith("Pulling from"):
            self._progress(str(line.get("status", "")))
        done, total = (sum(numbers) for numbers in zip(*self._layers.values(), strict=True)) if self._layers else (0, 0)
        if total and done * 10 // total != self._tenths:
            self._tenths = done * 10 // total
            self._progress(f"{done / 1e6:.0f} of {total / 1e6:.0f} MB")
