"""The base of all handlers: requests are worked out by other processes; errors are problem objects."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from jupyter_server.base.handlers import APIHandler
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from .. import person
from ..api import contract
from ..api.contract import Asked, Given
from ..api.exchange import (
    About,
    Reply,
    problem,
    problem_of,
)
from ..api.projects import Projects
from ..api.worker import Answer, Order
from ..config import EXPECTATIONS
from ..errors import PipelineError
from .tickets import Tickets
from .workers import WorkerFailed, Workers

if TYPE_CHECKING:
    from .event_stream import Tail
    from .remote import Remote

T = TypeVar("T")
THREADS = 2
"""For what is small and cannot be done elsewhere: reading what is new in the stores that are followed."""
ANONYMOUS = "Anonymous "
"""How the names begin that Jupyter invents for people it does not know (jupyter_server: auth/identity.py)."""


class Services:
    """What all handlers share."""

    def __init__(self, projects: Projects, workers: int, about: About) -> None:
        self.projects = projects
        self.about = about
        self.tickets = Tickets()
        self.updates = False
        """Whether people may have checkouts updated."""
        self.remote: Remote | None = None
        """The service that answers in split mode, on the person's side."""
        self._most = workers
        self._workers: Workers | None = None
        self._tail: Tail | None = None
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="jupyter_pipeline")

    @property
    def workers(self) -> Workers:
        """The processes that work out answers."""
        if self._workers is None:
            self._workers = Workers(self.projects.folder, self.projects.settings, self._most)
        return self._workers

    @property
    def tail(self) -> Tail:
        """What follows the stores; there from the moment that the server runs."""
        assert self._tail is not None
        return self._tail

    def follow(self, tail: Tail) -> None:
        """Let this one follow the stores."""
        self._tail = tail
        tail.start()

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run something small beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    async def stop(self) -> None:
        """Let go of everything; engines and jobs go on by themselves."""
        for part in (self.remote, self._tail, self._workers):
            if part is not None:
                await part.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)


class Handler(APIHandler):
    """One path of the contract; a verb's method names the function that answers, which knows nothing of HTTP."""

    template = ""
    """The path as the contract writes it."""

    def initialize(self, services: Services) -> None:
        """What tornado calls with what the route was made with."""
        self.services = services

    async def reply(self, function: Answer, *more: Any, shared: bool = False, **path: str) -> None:
        """Answer with what a function, or in split mode the service, says to this request.

        `more` is given to the function besides the call. `shared` says that all who ask the same get the same.
        """
        if not await self.is_handed_on(**path):
            self.send(await self.answer(function, *more, shared=shared, **path))

    async def is_handed_on(self, **path: str) -> bool:
        """Whether the service of split mode has answered this request."""
        remote = self.services.remote
        if remote is None:
            return False
        asked = self.asked(**path)
        if "project" in path:
            remote.follow(path["project"], asked.values["backend"])
        below = self.template.format_map({name: quote(value, safe="") for name, value in path.items()})
        self.send(await remote.answer(self.request, below))
        return True

    async def answer(self, function: Answer, *more: Any, shared: bool = False, **path: str) -> Reply:
        """What a function says to this request."""
        if "project" in path:
            backend = self.request.query_arguments.get("backend", [EXPECTATIONS.encode()])[-1]
            with contextlib.suppress(PipelineError):  # told by whoever answers; what is asked is read there too
                await self.services.tail.watch(path["project"], backend.decode(errors="replace"))
        given, named = self._given(path), self._named()
        order = Order(function, self.template, self._method(), given, named or person.name(), named, more)
        return await self.services.workers.answer(order, shared)

    def asked(self, **path: str) -> Asked:
        """What this request asks for. Raises BadRequest."""
        return contract.read(contract.operations()[self.template, self._method()], self._given(path))

    def send(self, reply: Reply) -> None:
        """Send an answer; one that the browser has already is not sent again."""
        self.set_status(reply.status)
        self.set_header("X-Content-Type-Options", "nosniff")
        for name, value in {"Cache-Control": "no-store", **reply.headers}.items():
            self.set_header(name, value)
        if "Etag" in reply.headers and self.request.method == "GET" and self.check_etag_header():
            self.set_status(HTTPStatus.NOT_MODIFIED)
            super().finish()
            return
        self.finish(reply.body, set_content_type=reply.media)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Errors that are not ours, as problem objects; what went wrong inside stays in the server's log."""
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, PipelineError):
            self.send(problem(error, self.services.projects.without_places))
            return
        status = HTTPStatus(status_code) if status_code in set(HTTPStatus) else HTTPStatus.INTERNAL_SERVER_ERROR
        told = error.log_message if isinstance(error, HTTPError) and error.log_message and status < 500 else ""
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            verbs = [verb.upper() for path, verb in contract.operations() if path == self.template]
            self.set_header("Allow", ", ".join(verbs))
        detail, remedy = _SENTENCES.get(status, (f"{status.phrase}.", ""))
        self.send(problem_of(status, (told % error.args if told and error.args else told) or detail, remedy))

    def update_api_activity(self) -> None:
        """Note that somebody is there, also where the query is not to be read."""
        with contextlib.suppress(HTTPError):
            super().update_api_activity()

    def log_exception(self, *info: Any) -> None:
        """What we report on purpose needs no traceback in the server's log; what a worker found is there already."""
        if not isinstance(info[1], PipelineError | StreamClosedError | WorkerFailed):
            super().log_exception(*info)

    def compute_etag(self) -> str | None:
        """The answer has its own, where it has one."""
        return None

    def _method(self) -> str:
        assert self.request.method is not None
        return self.request.method.lower()

    def _given(self, path: dict[str, str]) -> Given:
        headers = {name: self.request.headers[name] for name in contract.HEADERS if name in self.request.headers}
        return Given(path, self.request.query, headers, self.request.body)

    def _named(self) -> str | None:
        """The person's name, where Jupyter knows it."""
        user = self.current_user
        name = user.display_name or user.name or user.username
        return None if name.startswith(ANONYMOUS) else str(name)


_SENTENCES = {
    HTTPStatus.FORBIDDEN: ("You may not do this.", "Log in, or ask whoever runs this server."),
    HTTPStatus.NOT_FOUND: ("There is nothing here.", ""),
    HTTPStatus.METHOD_NOT_ALLOWED: ("This cannot be done here.", "The document openapi.yaml says what can."),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "Something went wrong in the server, and it is not your fault.",
        "The server's log says more; please report it.",
    ),
}
