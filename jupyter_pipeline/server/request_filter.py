"""Stands before all handlers of a Jupyter server, for those of other extensions: they read files in ways of their own.

A request to a route that is not the server's own is refused when its URL, an argument or a text in its JSON body names
a protected file. What is encrypted, packed, sent through a websocket or only meant is not seen. The server's own routes
are guarded where they reach for files (``contents_guard``), and ours ask ``rules.levels.can_view``.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from jupyter_server.base.handlers import APIHandler
from tornado import httputil
from tornado.routing import Router
from tornado.web import Application, HTTPError, RequestHandler, authenticated

from ..protection import Protection, moment

OWN = (
    *("api/contents", "api/notebooks", "api/kernels", "api/kernelspecs", "api/sessions", "api/terminals", "api/config"),
    *("api/events", "api/status", "api/me", "api/nbconvert", "api/security", "api/shutdown", "api/spec.yaml"),
    *("files", "view", "nbconvert", "static", "custom", "kernelspecs", "metrics", "login", "logout", "terminals"),
    *("lab", "tree", "notebooks", "edit", "consoles", "jupyter_pipeline"),
)
"""Routes of the server, of JupyterLab and Notebook, and ours. Their pages only frame what the guarded routes give."""
RESOLVE = "api/resolvePath"
"""Tells whether a file is there."""
ARCHIVES = ("directories", "archive", "download-folder")
"""How routes begin, or arguments, that pack a whole folder (jupyter-archive: ``directories``, ``archiveFormat``)."""

LONGEST_BODY = 1024 * 1024
"""Bytes of a body that is looked through."""
MOST_TEXTS, LONGEST_TEXT, MOST_BASES = 1000, 1024, 10


class EarlyRouter(Router):
    """Answers the requests that must not reach their handlers, and no others."""

    def __init__(self, application: Application, protection: Protection, folder: str) -> None:
        self._application = application
        self._protection = protection
        self._folder = os.path.abspath(folder)
        self._base = unquote(application.settings["base_url"]).strip("/")

    def find_handler(self, request: httputil.HTTPServerRequest, **_: Any) -> httputil.HTTPMessageDelegate | None:
        """What answers a refused request; None for all that the other rules are to find a handler for."""
        route = self._route(request.path)
        if request.method == "OPTIONS" or getattr(request, "_jupyter_pipeline_passed", False) or _is_own(route):
            return None
        values = list(_values(request.query_arguments))
        texts = [*_pieces(route), *values, *self._folders_of_kernels(request)]
        is_archive = any(name.lower().startswith(ARCHIVES) for name in (route, *request.query_arguments))
        why = self.reason(texts) or (self.reason_within([*_pieces(route, 0), *values]) if is_archive else None)
        if why is not None:
            handler = Unresolved if route == RESOLVE else Refused
            return self._refusing(request, handler, why)
        if request.method in ("POST", "PUT", "PATCH"):
            request._jupyter_pipeline_passed = True  # type: ignore[attr-defined]
            found = self._application.find_handler(request)
            if not getattr(found, "stream_request_body", False):  # such a one begins before the body is there
                return _Inspected(found, lambda body: self._look_through(request, texts, body))
        return None

    def reason(self, texts: Iterable[str]) -> str | None:
        """Why none of these texts may be sent to a handler that takes them for paths; None if all may.

        A path may be meant as seen from the server's folder, from a project, or from a folder that another text names.
        """
        forms = list(dict.fromkeys(itertools.chain.from_iterable(map(_forms, texts))))
        with moment():
            bases = [self._folder, *map(str, self._protection.projects()[:MOST_BASES])]
            named = [place for place in _places(bases[:1], forms) if os.path.isdir(place)]
            bases = list(dict.fromkeys([*bases, *named[:MOST_BASES]]))
            for place in _places(bases, forms):
                why = self._protection.reason(Path(place))
                if why is not None:
                    return f"{os.path.relpath(place, self._folder)} may not be viewed. {why}"
        return None

    def reason_within(self, texts: Iterable[str]) -> str | None:
        """Why none of these texts may be sent to a handler that packs the folders that they name; None if all may."""
        for text in texts:
            place = os.path.join(self._folder, text.lstrip("/"))
            why = self._protection.reason_within(Path(place)) if "\0" not in place else None
            if why is not None:
                return f"{text} may not be packed as a whole. {why}"
        return None

    def _route(self, path: str) -> str:
        """A request's path below the base url, decoded."""
        route = unquote(path).strip("/")
        return route[len(self._base) :].strip("/") if f"{route}/".startswith(f"{self._base}/") else route

    def _folders_of_kernels(self, request: httputil.HTTPServerRequest) -> Iterator[str]:
        """The folders of the kernels that a request names: `RESOLVE` has them look for a path as seen from there."""
        for kernel in request.query_arguments.get("kernel", ()):
            with contextlib.suppress(HTTPError, KeyError):
                found = self._application.settings["kernel_manager"].get_kernel(kernel.decode(errors="replace"))
                yield str(getattr(found.provisioner, "cwd", None) or "")

    def _refusing(
        self, request: httputil.HTTPServerRequest, handler: type[RequestHandler], why: str
    ) -> httputil.HTTPMessageDelegate:
        return self._application.get_handler_delegate(request, handler, {"why": why})

    def _look_through(self, request: httputil.HTTPServerRequest, texts: list[str], body: bytes) -> Any:
        why = self.reason([*texts, *_texts(body, request.headers.get("Content-Type", ""))])
        return None if why is None else self._refusing(request, Refused, why)


class _Inspected(httputil.HTTPMessageDelegate):
    """Hands a request on to its handler as it comes, but its end only if nothing is wrong with its body."""

    def __init__(self, handler: httputil.HTTPMessageDelegate, look: Callable[[bytes], Any]) -> None:
        self._handler, self._look = handler, look
        self._body: list[bytes] = []
        self._size = 0

    def headers_received(self, start_line: Any, headers: httputil.HTTPHeaders) -> Awaitable[None] | None:
        """Hand the headers on."""
        return self._handler.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Hand a piece of the body on, and keep it."""
        self._size += len(chunk)
        if self._size <= LONGEST_BODY:
            self._body.append(chunk)
        return self._handler.data_received(chunk)

    def finish(self) -> None:
        """Let the handler begin, or another one refuse."""
        refusing = self._look(b"".join(self._body)) if self._size <= LONGEST_BODY else None
        (refusing or self._handler).finish()

    def on_connection_close(self) -> None:
        """Hand on that nobody waits any more."""
        self._handler.on_connection_close()


# -- texts that may be paths -----------------------------------------------------------------------


def _is_own(route: str) -> bool:
    return route.startswith(OWN) and any(route == each or route.startswith(f"{each}/") for each in OWN)


def _pieces(route: str, verbs: int = 2) -> Iterator[str]:
    """The parts of a route that may be a path: what follows its first segments, also without some verbs at its end."""
    segments = [each for each in route.split("/") if each][:40]
    for start in range(len(segments)):
        for end in range(len(segments), max(start, len(segments) - 1 - verbs), -1):
            yield "/".join(segments[start:end])


def _values(arguments: dict[str, list[bytes]]) -> Iterator[str]:
    for values in arguments.values():
        yield from (value.decode("utf-8", errors="replace") for value in values)


def _texts(body: bytes, media: str) -> Iterator[str]:
    """The texts in a JSON body or a form that are short enough for a path."""
    if media.startswith("application/x-www-form-urlencoded"):
        yield from (value for _, value in parse_qsl(body.decode("utf-8", errors="replace"))[:MOST_TEXTS])
        return
    try:
        left = deque([json.loads(body)] if body.lstrip()[:1] in (b"{", b"[", b'"') else [])
    except (ValueError, RecursionError):
        return
    count = 0
    while left and count < MOST_TEXTS:
        found = left.popleft()  # the shallow ones first
        if isinstance(found, dict):
            left += found.values()
        elif isinstance(found, list):
            left += found
        elif isinstance(found, str) and found and len(found) <= LONGEST_TEXT:
            count += 1
            yield found


def _forms(text: str) -> Iterator[str]:
    """The paths that a text may stand for: as it is, decoded once more, after a scheme or a drive, with ``\\``."""
    if not text or len(text) > LONGEST_TEXT or "\n" in text:
        return
    found = [text, *([unquote(text)] if "%" in text else [])]
    found += [each.rpartition(":")[2] for each in found if ":" in each]
    found += [each.replace("\\", "/") for each in found if "\\" in each]
    for each in found:
        yield each
        if each.startswith("~"):
            yield os.path.expanduser(each)


def _places(bases: Iterable[str], forms: Iterable[str]) -> Iterator[str]:
    """The files and folders that are there under these names, as seen from these folders."""
    for form in forms:
        for base in (*bases, "/"):
            place = os.path.normpath(os.path.join(base, form.lstrip("/")))
            if "\0" not in place and os.path.lexists(place) and place != base:
                yield place


# -- what answers ----------------------------------------------------------------------------------


class Refused(APIHandler):
    """Says why, to those who are logged in."""

    def initialize(self, why: str) -> None:
        """What tornado calls with the reason."""
        self._why = why

    def _refuse(self) -> None:
        raise HTTPError(403, self._why)

    head = get = post = put = patch = delete = authenticated(_refuse)


class Unresolved(APIHandler):
    """Answers as for a file that is not there."""

    def initialize(self, why: str) -> None:
        """What tornado calls; that there is a reason is not told."""

    @authenticated
    def get(self) -> None:
        """No scope knows such a file."""
        self.finish({"resolved": []})
