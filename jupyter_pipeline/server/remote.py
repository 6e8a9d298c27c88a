"""Split mode, seen from the person's server: requests are handed on to the service, and its bell is rung here."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from jupyter_server.utils import url_path_join
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPServerRequest

from .. import person
from ..api.contract import PREFIX
from ..api.exchange import UNTOLD, Reply, problem_of
from ..errors import InvalidConfig

LONGEST = 90.0
"""Seconds that an answer may take; the longest `wait` is 60."""
LARGEST = 80 * 1024**2
"""Bytes of the largest answer; files of more than 64 MB are not sent."""
WAIT = 25
"""Seconds of one slow poll for events."""
AGAIN = 5.0
"""Seconds until the service is asked again after it did not answer."""
_ASKED = ("Accept", "Content-Type", "Idempotency-Key", "If-None-Match", "Range")
_ANSWERED = (
    *("Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Range", "Content-Security-Policy", "Etag"),
    *("Accept-Ranges", "Log-After", "Log-Earliest", "Log-Ended", "Log-Job", "Log-Size", "Log-Start"),
)

_log = logging.getLogger(__name__)


class Remote:
    """The service that stands behind this server."""

    def __init__(self, url: str, token_file: str, emit: Callable[[dict[str, Any]], None], rest: float) -> None:
        if not url.startswith(("http://", "https://")):
            raise InvalidConfig(
                f"service_url = {url!r} is no address.", "Give one that begins with http:// or https://."
            )
        self._url, self._emit, self._rest = url_path_join(url, PREFIX), emit, rest
        try:
            self._token = person.expanded("service_token_file", token_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise InvalidConfig(
                f"The token for the service cannot be read from {token_file!r}: {error.strerror}.",
                "Set service_token_file to a file with your token in it, and nothing else.",
            ) from error
        self._client = AsyncHTTPClient(force_instance=True, max_clients=200, max_body_size=LARGEST)
        self._followed: dict[tuple[str, str], float] = {}
        """When each project on a backend was last asked about."""
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def answer(self, request: HTTPServerRequest, path: str) -> Reply:
        """What the service says to a request; `path` is below the prefix."""
        try:
            return _reply(await self._fetch(request, path))
        except HTTPClientError as error:
            if error.response is not None and not _is_stranger(error.response):
                return _reply(error.response)
            reason = "does not know this token" if error.response is not None else "does not answer in time"
        except OSError as error:
            reason = f"cannot be reached ({error.strerror or type(error).__name__})"
        return problem_of(
            HTTPStatus.BAD_GATEWAY,
            f"The pipelines' service {reason}.",
            "Ask whoever runs it; jobs that were running there go on.",
        )

    def follow(self, project: str, backend: str) -> None:
        """Ring the bell of this server when something happens to a project there."""
        place = (project, backend)
        self._followed[place] = time.monotonic()
        if place not in self._tasks or self._tasks[place].done():
            self._tasks[place] = asyncio.get_running_loop().create_task(self._follow(place))

    async def stop(self) -> None:
        """Ask the service nothing more."""
        for task in self._tasks.values():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._client.close()

    async def _fetch(self, request: HTTPServerRequest, path: str) -> HTTPResponse:
        assert request.method is not None
        headers = {name: request.headers[name] for name in _ASKED if name in request.headers}
        query = f"?{_without_token(request.query)}" if request.query else ""
        return await self._client.fetch(
            HTTPRequest(
                f"{self._url}{path}{query}",
                method=request.method,
                headers={**headers, "Authorization": f"token {self._token}"},
                body=request.body if request.method in ("POST", "PUT") else None,
                follow_redirects=False,
                decompress_response=False,
                request_timeout=LONGEST,
            )
        )

    async def _follow(self, place: tuple[str, str]) -> None:
        project, backend = place
        after: int | None = None
        while time.monotonic() - self._followed[place] < self._rest:
            try:
                if after is None:
                    after = int((await self._get(f"/projects/{project}", {"backend": backend}))["revision"])
                asked = {"backend": backend, "after": str(after), "wait": str(WAIT)}
                found = await self._get(f"/projects/{project}/events", asked)
            except (HTTPClientError, OSError, ValueError, KeyError) as error:
                _log.debug("The service did not answer: %s", error)
                await asyncio.sleep(AGAIN)
                continue
            after = found["revision"]
            for event in found["events"]:
                told = {name: event[name] for name in ("revision", "request", "job", "state", "code")}
                self._emit({"project": project, "backend": backend, **told})

    async def _get(self, path: str, query: Mapping[str, str]) -> Any:
        headers = {"Authorization": f"token {self._token}"}
        url = f"{self._url}{path}?{urlencode(query)}"
        return json.loads((await self._client.fetch(url, headers=headers, request_timeout=LONGEST)).body)


def _is_stranger(response: HTTPResponse) -> bool:
    """Whether the service has refused somebody whom it does not know; what it refuses to others has a type."""
    if response.code != HTTPStatus.FORBIDDEN:
        return False
    try:
        return bool(json.loads(response.body)["type"] == UNTOLD)
    except (ValueError, KeyError, TypeError):
        return False  # the page of an output that may not be viewed


def _reply(response: HTTPResponse) -> Reply:
    headers = {name: response.headers[name] for name in _ANSWERED if name in response.headers}
    media = response.headers.get("Content-Type", "application/octet-stream")
    return Reply(response.body or b"", media, HTTPStatus(response.code), headers)


def _without_token(query: str) -> str:
    """The query without the person's own token for this server, which is nobody else's business."""
    return "&".join(part for part in query.split("&") if not part.startswith("token="))
