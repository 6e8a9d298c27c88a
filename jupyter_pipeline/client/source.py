"""Where answers come from, and what an answer is; and how a question is put into the form of the contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol
from urllib.parse import urlencode

from .. import errors
from ..errors import (
    InvalidAddition,
    InvalidProject,
    InvalidRequest,
    PipelineError,
)

if TYPE_CHECKING:  # the contract needs YAML and JSON Schema, which is a while: only when something is asked
    from ..api.contract import Given, Operation

PROBLEM = "urn:jupyter_pipeline:"
"""How the types of problem objects begin; the name of the error follows."""


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered."""

    content: bytes
    type: str
    """The media type."""
    headers: Mapping[str, str]
    """By name in small letters."""

    def json(self) -> Any:
        """The document that was answered."""
        return json.loads(self.content)


class Source(Protocol):
    """Where answers come from: this machine's store, or a service by HTTP. One contract for both."""

    @property
    def place(self) -> str:
        """Where the project is, as a person would say it; without secrets."""

    def ask(self, operation: str, body: Any = None, **parameters: Any) -> Response:
        """Ask for an operation of the contract by its operationId, of this source's project and backend.

        `parameters` are those of the operation, with _ for the - of headers; those that are None are not sent. Raises
        PipelineError: the very error that the other side reports, or that it cannot be reached.
        """


def values_of(operation: Operation, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that are given, by the contract's names. Raises TypeError for one that the operation lacks."""
    names = {parameter.name.replace("-", "_"): parameter.name for parameter in operation.parameters}
    given = {name: value for name, value in parameters.items() if value is not None}
    if not names.keys() >= given.keys():
        raise TypeError(f"{operation.name} has no parameter {', '.join(given.keys() - names.keys())}")
    return {names[name]: value for name, value in given.items()}


def put(operation: Operation, body: Any, parameters: Mapping[str, Any]) -> Given:
    """A question as it is sent. Raises TypeError for a parameter that the operation does not have."""
    from ..api.contract import Given

    values = values_of(operation, parameters)
    path: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    for parameter in operation.parameters:
        value = values.get(parameter.name)
        if value is None:
            continue
        if parameter.place == "path":
            path[parameter.name] = str(value)
        elif parameter.place == "header":
            headers[parameter.name] = str(value)
        else:
            each = value if isinstance(value, list | tuple) else [value]
            query += [(parameter.name, _text(one)) for one in each]
    return Given(path, urlencode(query), headers, b"" if body is None else json.dumps(body).encode())


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def fail(content: bytes, status: int) -> NoReturn:
    """Raise the error that a problem object tells of (RFC 9457)."""
    try:
        told = json.loads(content)
        kind, detail, remedy = str(told["type"]).removeprefix(PROBLEM), str(told["detail"]), str(told["remedy"])
        problems = told.get("problems", ())
    except (ValueError, KeyError, TypeError):
        raise PipelineError(
            f"What answered is no pipelines' service (status {status}).", "Look at its address."
        ) from None
    found = [_problem(one) for one in problems]
    if kind == InvalidProject.__name__ and found:
        raise InvalidProject(found)
    if kind == InvalidAddition.__name__:
        raise InvalidAddition(detail, remedy, found)
    known = getattr(errors, kind, InvalidRequest if kind == "BadRequest" else PipelineError)
    error = known if isinstance(known, type) and issubclass(known, PipelineError) else PipelineError
    raise error(detail, remedy) if error is not InvalidProject else PipelineError(detail, remedy)


def _problem(told: Mapping[str, Any]) -> Any:
    from ..models import Problem, Severity

    return Problem(
        rule=told["rule"],
        message=told["what"],
        remedy=told["remedy"],
        severity=Severity(told["severity"]),
        action=told["action"],
        key=told["key"],
        line=told["line"],
        column=told["column"],
        history=told["history"],
    )
