"""What requests must look like, as openapi.yaml says it: that file is read here, and requests are checked by it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import parse_qs

import yaml

from ..errors import PipelineError

HEADERS = ("Idempotency-Key", "Range")
"""The headers that some route asks for."""
PREFIX = "jupyter_pipeline/v1"
"""What all routes are below, itself below the server's base url."""
METHODS = ("get", "post", "put", "delete")
MOST_FIELDS = 1000
"""Parts of a query string, as tornado has it too."""


class BadRequest(PipelineError):
    """A request that does not say what it must, in the form that it must."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    place: str
    """``path``, ``query`` or ``header``."""
    schema: Mapping[str, Any]
    required: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb of one path."""

    name: str
    """Its operationId."""
    template: str
    method: str
    """In small letters."""
    action: str
    """What is asked of Jupyter's authorizer: ``read`` or ``write``."""
    resource: str
    parameters: tuple[Parameter, ...]
    body: Mapping[str, Any] | None


def text() -> str:
    """The document as it is shipped."""
    return resources.files(__package__).joinpath("openapi.yaml").read_text(encoding="utf-8")


@functools.cache
def operations() -> Mapping[tuple[str, str], Operation]:
    """Every operation by path template and method in small letters."""
    document = yaml.load(text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    found = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                found[path, method] = _operation(document, path, method)
    return found


def operation(name: str) -> Operation:
    """The operation of that name. Raises KeyError."""
    return _by_name()[name]


def prepare() -> None:
    """Read the document, and load what requests are checked with, so that nobody has to wait for that later."""
    operations()
    import jsonschema  # noqa: F401 - up to seconds, where many checkers of formats are installed


@functools.cache
def _by_name() -> Mapping[str, Operation]:
    return {one.name: one for one in operations().values()}


@dataclass(frozen=True, slots=True)
class Given:
    """The parts of a request, as they came."""

    path: Mapping[str, str]
    """The variable parts of the path, by name."""
    query: str
    headers: Mapping[str, str]
    body: bytes


def read(operation: Operation, given: Given) -> Asked:
    """What a request asks for, with defaults filled in. Raises BadRequest with everything that is wrong with it."""
    wrong: list[str] = []
    values: dict[str, Any] = {}
    query = _query(given.query, wrong)
    for parameter in operation.parameters:
        found = _given(parameter, given, query)
        if found is None:
            if parameter.required:
                wrong.append(f"{parameter.name} is missing")
            values[parameter.name] = parameter.schema.get("default")
            continue
        value, fault = _parsed(found, parameter.schema)
        values[parameter.name] = value
        fault = fault or _mismatch(value, parameter.schema)
        if fault:
            wrong.append(f"{parameter.name}: {fault}")
    content = _content(given.body, operation.body, wrong) if operation.body is not None else None
    if wrong:
        raise BadRequest(
            f"The request cannot be understood: {'; '.join(wrong)}.", "The document openapi.yaml says what it may hold."
        )
    return Asked(values, content)


def taken(operation: Operation, values: Mapping[str, Any], body: Mapping[str, Any] | None) -> Asked:
    """What is asked for within one process, with defaults filled in; who calls functions is not checked."""
    defaults = {parameter.name: parameter.schema.get("default") for parameter in operation.parameters}
    content = dict(body) if body is not None else None
    if content is not None and operation.body is not None:
        for name, schema in operation.body.get("properties", {}).items():
            content.setdefault(name, schema.get("default"))
    return Asked({**defaults, **values}, content)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is as it should be."""

    values: Mapping[str, Any]
    """Every parameter of the operation by name; None where it is not given and has no default."""
    body: Any


def _operation(document: Any, path: str, method: str) -> Operation:
    item = document["paths"][path][method]
    shared = document["paths"][path].get("parameters", [])
    parameters = [_resolved(document, one) for one in (*shared, *item.get("parameters", []))]
    body = item.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return Operation(
        item.get("operationId", ""),
        path,
        method,
        item["x-authorization"]["action"],
        item["x-authorization"]["resource"],
        tuple(Parameter(one["name"], one["in"], one["schema"], one.get("required", False)) for one in parameters),
        _resolved(document, body) if body is not None else None,
    )


def _resolved(document: Any, node: Any) -> Any:
    """A part of the document with all its references replaced by what they refer to."""
    if isinstance(node, list):
        return [_resolved(document, one) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return _resolved(document, target)
    resolved = {key: _resolved(document, value) for key, value in node.items()}
    if isinstance(resolved.get("pattern"), str):  # in Python, $ lets a line end through
        resolved["pattern"] = re.sub(r"\$$", r"\\Z", resolved["pattern"])
    return resolved


def _query(text: str, wrong: list[str]) -> Mapping[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        wrong.append("the query is not UTF-8, or has too many parts")
        return {}


def _given(parameter: Parameter, given: Given, query: Mapping[str, list[str]]) -> Any:
    if parameter.place == "path":
        return given.path[parameter.name]
    if parameter.place == "header":
        return given.headers.get(parameter.name)
    values = query.get(parameter.name)
    if not values:
        return None
    return values if parameter.schema.get("type") == "array" else values[-1]


def _parsed(given: Any, schema: Mapping[str, Any]) -> tuple[Any, str]:
    """The value that a text stands for by its schema's type, and what is wrong with it or an empty text."""
    kind = schema.get("type")
    if kind == "integer":
        return (int(given), "") if re.fullmatch(r"-?[0-9]{1,18}", given) else (None, f"{given!r} is not a whole number")
    if kind == "number":
        number = re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", given)
        return (float(given), "") if number else (None, f"{given!r} is not a number")
    if kind == "boolean":
        known = {"true": True, "1": True, "false": False, "0": False}
        return (known[given], "") if given in known else (None, f"{given!r} is neither true nor false")
    return given, ""


def _content(body: bytes, schema: Mapping[str, Any], wrong: list[str]) -> Any:
    try:
        content = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        wrong.append(f"the body is not JSON: {str(error)[:200]}")
        return None
    fault = _mismatch(content, schema)
    if fault:
        wrong.append(f"the body: {fault}")
        return None
    for name, property_schema in schema.get("properties", {}).items():
        content.setdefault(name, property_schema.get("default"))
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _mismatch(value: Any, schema: Mapping[str, Any]) -> str:
    """What is wrong with a value, or an empty text."""
    try:
        import jsonschema

        found = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(value))
    except RecursionError:
        return "it is nested too deeply"
    if found is None:
        return ""
    where = "/".join(str(step) for step in found.absolute_path)
    message = found.message if len(found.message) <= 300 else f"{found.message[:300]}..."
    message = message.replace("\\\\Z", "$")
    return f"{where}: {message}" if where else message
