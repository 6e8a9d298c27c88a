"""Answers from this machine's store, worked out here by the very functions that the server's workers call."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import person
from ..config import ENV_ACTION, EXPECTATIONS
from ..errors import InvalidRequest
from .source import Response, values_of

LOOK = 0.1
"""Seconds between two looks while waiting for something new."""


class InsideAction(InvalidRequest):
    """Something that is asked for from within a running action."""


class LocalSource:
    """A project on this machine. No server is needed; where there is one, both see the same store."""

    def __init__(self, path: Path | str = ".", backend: str | None = None, **settings: Any) -> None:
        """`path` is the project's folder or anything in it; `settings` as for ``config.load``.

        Raises ProjectNotFound, InvalidConfig, and InsideAction within a running action.
        """
        refuse_inside_action()
        from ..api.projects import Projects
        from ..project.facade import LocalProject

        found = LocalProject.find(path, backend=backend, **settings)
        self._root, self._backend = found.config.root, backend or EXPECTATIONS
        self._projects = Projects(self._root, settings)
        self._id = self._projects.nearest(".").id

    def __repr__(self) -> str:
        return f"LocalSource({str(self._root)!r}, backend={self._backend!r})"

    @property
    def place(self) -> str:
        """The project's folder."""
        return str(self._root)

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self._root

    def ask(self, operation: str, body: Any = None, **parameters: Any) -> Response:
        """The answer to an operation; as ``Source.ask``."""
        deadline = time.monotonic() + float(parameters.get("wait") or 0)
        while True:
            answer = self._ask(operation, body, parameters)
            if time.monotonic() >= deadline or _is_news(operation, answer):
                return answer
            time.sleep(LOOK)

    def _ask(self, operation: str, body: Any, parameters: Mapping[str, Any]) -> Response:
        from ..api import contract
        from ..api.exchange import Call
        from ..api.operations import MORE, answering

        found = contract.operation(operation)
        own = {"project": self._id, "backend": self._backend} if "{project}" in found.template else {}
        asked = contract.taken(found, values_of(found, {**own, **parameters}), body)
        project = self._projects.open(self._id, self._backend)
        call = Call(asked, person.name(), None, self._projects, project)
        reply = answering(operation)(call, *MORE.get(operation, ()))
        return Response(reply.body, reply.media, {name.lower(): value for name, value in reply.headers.items()})


def _is_news(operation: str, answer: Response) -> bool:
    """Whether whoever waits has waited long enough for it."""
    if operation == "events":
        return bool(answer.json()["events"])
    return operation != "log" or bool(answer.content) or answer.headers.get("log-ended") != "false"


def refuse_inside_action() -> None:
    """Raises InsideAction where this process is part of a running action: a pipeline does not run itself."""
    action = os.environ.get(ENV_ACTION)
    if action is not None:
        raise InsideAction(
            f"This notebook runs as the action {action} of its own pipeline, which it cannot steer from within.",
            "Take the cell out of the notebook, or keep it in another one that is not run as an action.",
        )
