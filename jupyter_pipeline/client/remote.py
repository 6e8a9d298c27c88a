"""Answers by HTTP: from a Jupyter server with this extension, or from the service of split mode behind it."""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

from ..config import EXPECTATIONS
from ..errors import InvalidConfig, NotFound, PipelineError
from .source import Response, fail, put

PATIENCE = 90.0
"""Seconds that an answer may take; the longest `wait` is 60."""


class HttpSource:
    """A project of a server that is reached by HTTP. The token goes to that server alone, and is never shown."""

    def __init__(self, url: str, token: str, project: str | None = None, backend: str | None = None) -> None:
        """`url` is the server's base url; `project` a path below its folder, needed where it has several projects.

        Raises NotFound, InvalidConfig for what is no address, and PipelineError where it cannot be reached.
        """
        if not url.startswith(("http://", "https://")):
            raise InvalidConfig(
                f"{_without_secrets(url)!r} is no address.", "Give one that begins with http:// or https://."
            )
        self._url, self._token, self._backend = url.rstrip("/"), token, backend or EXPECTATIONS
        self._opener = _opener(url)
        found = self._named(project)
        self._id, self._path = found["id"], found["path"]

    def __repr__(self) -> str:
        return f"HttpSource({_without_secrets(self._url)!r}, project={self._path!r}, backend={self._backend!r})"

    @property
    def place(self) -> str:
        """The project's path, and the server that has it."""
        return f"{self._path} at {_without_secrets(self._url)}"

    def ask(self, operation: str, body: Any = None, **parameters: Any) -> Response:
        """The answer to an operation; as ``Source.ask``."""
        from ..api import contract

        found = contract.operation(operation)
        own = {"project": self._id, "backend": self._backend} if "{project}" in found.template else {}
        given = put(found, body, {**own, **parameters})
        path = found.template.format_map({name: quote(value, safe="") for name, value in given.path.items()})
        url = f"{self._url}/{contract.PREFIX}{path}{f'?{given.query}' if given.query else ''}"
        data = given.body if found.method in ("post", "put") else None
        return self._fetch(urllib.request.Request(url, data, self._headers(given.headers), method=found.method.upper()))

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {"Authorization": f"token {self._token}", "Content-Type": "application/json", **more}

    def _fetch(self, request: urllib.request.Request) -> Response:
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.read(), answer.headers.get_content_type(), headers)
        except urllib.error.HTTPError as error:
            with contextlib.closing(error):
                if error.code in (401, 403) and "problem" not in error.headers.get("Content-Type", ""):
                    raise self._stranger() from None
                fail(error.read(), error.code)
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or type(error).__name__
            raise PipelineError(
                f"The server at {_without_secrets(self._url)} does not answer ({reason}).",
                "Look whether it runs, and at its address.",
            ) from None

    def _stranger(self) -> PipelineError:
        return PipelineError(
            f"The server at {_without_secrets(self._url)} does not know this token.", "Look at url and token."
        )

    def _named(self, project: str | None) -> Mapping[str, Any]:
        """The project of that path, or the only one."""
        found = [*self.ask("projects", path=project).json()["projects"]]
        if len(found) == 1:
            only: Mapping[str, Any] = found[0]
            return only
        names = ", ".join(str(one["path"]) for one in found)
        where = f"at {_without_secrets(self._url)}"
        if not found:
            raise NotFound(f"There is no project{f' {project}' if project else ''} {where}.", "Name one by its path.")
        raise NotFound(f"There are several projects {where}: {names}.", "Name one of them: Project.find(NAME).")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A token is for one server only."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


def _opener(url: str) -> urllib.request.OpenerDirector:
    host = urlsplit(url).hostname or ""
    near = host in ("localhost", "::1") or host.startswith("127.")
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if near:  # nothing of this machine goes through a proxy
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _without_secrets(url: str) -> str:
    """An address without what could be a secret in it: a name, a password, a query."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"
    return "that address"
