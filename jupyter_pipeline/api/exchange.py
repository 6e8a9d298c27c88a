"""What a request brings to whoever answers it, and what they give back. Nothing of tornado is known here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from .. import errors
from ..errors import PipelineError
from ..models.documents import Json, plain
from ..project.documents import problem_documents
from ..project.facade import LocalProject
from .contract import Asked, BadRequest
from .projects import Projects

LOCAL, SERVICE = "local", "service"
"""Where the engines and outputs are: on the person's own server, or behind the service of split mode."""
UNTOLD = "about:blank"
"""The type of a problem that its status tells all about (RFC 9457)."""
STATUS: tuple[tuple[type[PipelineError], HTTPStatus], ...] = (
    (BadRequest, HTTPStatus.BAD_REQUEST),
    (errors.ProjectNotFound, HTTPStatus.NOT_FOUND),
    (errors.NotFound, HTTPStatus.NOT_FOUND),
    (errors.KeyUsed, HTTPStatus.CONFLICT),
    (errors.InvalidProject, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.InvalidConfig, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.InvalidRequest, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.SnapshotFailed, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.OutputRefused, HTTPStatus.FORBIDDEN),
    (errors.ReportFailed, HTTPStatus.UNPROCESSABLE_ENTITY),
    (PipelineError, HTTPStatus.SERVICE_UNAVAILABLE),
)
"""The status of each error; the first that fits. What this machine cannot do now is a 503."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, understood: whose project, what is asked, by whom."""

    asked: Asked
    who: str
    """The person's name, for the record of views."""
    named: str | None
    """The same where Jupyter's identity is a person's own; None where it is an anonymous one."""
    projects: Projects
    _project: LocalProject | None

    def __getitem__(self, name: str) -> Any:
        """A parameter of the operation."""
        return self.asked.values[name]

    @property
    def project(self) -> LocalProject:
        """The project that the path names."""
        assert self._project is not None
        return self._project


@dataclass(frozen=True, slots=True)
class About:
    """What a server says of itself."""

    mode: str
    protected: bool
    guarded: bool

    @property
    def is_local(self) -> bool:
        """Whether the projects are a person's own, to be written into."""
        return self.mode == LOCAL


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    body: bytes
    media: str = "application/json"
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(document: object, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    """An answer for programs; a success has an ETag, so that it need not be sent again."""
    body = json.dumps(plain(document), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if status != HTTPStatus.OK:
        return Reply(body, status=status)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Reply(body, headers={"Etag": etag, "Cache-Control": "private, no-cache"})


def status_of(error: PipelineError) -> HTTPStatus:
    """The status that tells of an error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def problem(error: PipelineError, hide: Callable[[str], str]) -> Reply:
    """An error as a problem object (RFC 9457); `hide` takes out of its texts what is not to be told."""
    status = status_of(error)
    more = {"problems": problem_documents(error.problems, "project.yaml")} if error.problems else {}
    return problem_of(status, hide(error.message), hide(error.remedy), type(error).__name__, more)


def problem_of(
    status: HTTPStatus, detail: str, remedy: str, kind: str = "", more: Json = MappingProxyType({})
) -> Reply:
    """A problem object; `kind` tells apart what the status does not."""
    document = {
        "type": f"urn:jupyter_pipeline:{kind}" if kind else UNTOLD,
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "message": f"{detail} {remedy}".strip(),
        "remedy": remedy,
        **more,
    }
    return Reply(as_json(document, status).body, "application/problem+json", status)
