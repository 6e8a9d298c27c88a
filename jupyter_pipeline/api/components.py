"""The contract's schemas of answers, rendered from the typed documents: ``openapi.yaml`` says what the classes say.

``python -m jupyter_pipeline.api.components`` writes them anew between their marks in ``openapi.yaml``. Nothing of it
is needed to answer.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union

import yaml

from ..models import documents
from ..models.documents import Document

SENT: tuple[type[Document], ...] = (
    documents.VersionDocument,
    documents.ProjectNameDocument,
    documents.ProjectDocument,
    documents.SyntheticDocument,
    documents.PipelineDocument,
    documents.ProjectProblemDocument,
    documents.CheckedDocument,
    documents.AddedDocument,
    documents.StatusDocument,
    documents.PlanDocument,
    documents.ServedRuntimeDocument,
    documents.RequestDocument,
    documents.RequestPageDocument,
    documents.ComparisonDocument,
    documents.CodeDifferencesDocument,
    documents.FileChangeDocument,
    documents.FileDifferencesDocument,
    documents.JobDocument,
    documents.JobPageDocument,
    documents.ServedOutputDocument,
    documents.OutputPairsDocument,
    documents.ViewDocument,
    documents.EventDocument,
)
"""What routes answer; what these are made of is found from them."""
BEGIN, END = "    # -- from models.documents, by api/components.py: do not edit", "    # -- until here"
_PLAIN: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def name_of(kind: type[Document]) -> str:
    """The name that the contract has for a document: that of its class, such as ``Job`` for `JobDocument`."""
    return kind.__name__.removeprefix("Served").removesuffix("Document")


def schemas() -> dict[str, Any]:
    """The schema of each answer, and of each part of one, by name."""
    found: dict[str, Any] = {}
    waiting = list(SENT)
    while waiting:
        kind = waiting.pop(0)
        if name_of(kind) not in found:
            found[name_of(kind)] = _schema(kind)
            waiting += _parts(kind)
    return found


def rendered(text: str) -> str:
    """A contract with the schemas between its marks made anew. Raises ValueError where the marks are not there."""
    before, begin, rest = text.partition(BEGIN + "\n")
    _, end, after = rest.partition(END + "\n")
    if not begin or not end:
        raise ValueError("The contract has no marks between which schemas could be written.")
    body = yaml.safe_dump(schemas(), sort_keys=False, width=116, allow_unicode=True)
    return before + begin + textwrap.indent(body, "    ") + end + after


def _schema(kind: type[Document]) -> dict[str, Any]:
    hints, said = typing.get_type_hints(kind), _descriptions(kind)
    properties, required = {}, []
    for field in fields(kind):
        key = field.name.removesuffix("_")
        properties[key] = _of_type(hints[field.name])
        if field.name in said:
            properties[key] = _described(properties[key], said[field.name])
        if field.default is MISSING:
            required.append(key)
    about = inspect.cleandoc(kind.__doc__ or "").replace("``", "`")
    return {"description": about, "type": "object", "required": required, "properties": properties}


def _described(schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"anyOf": [schema], "description": text} if "$ref" in schema else {**schema, "description": text}


def _of_type(hint: Any) -> dict[str, Any]:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if origin in (Union, types.UnionType):
        return _either([_of_type(each) for each in inner])
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"type": "string", "enum": [str(member) for member in hint]}
    if isinstance(hint, type) and issubclass(hint, Document):
        return {"$ref": f"#/components/schemas/{name_of(hint)}"}
    if hint is Any:
        return {}
    return _of_several(origin, inner)


def _of_several(origin: Any, inner: tuple[Any, ...]) -> dict[str, Any]:
    """The schema of a literal, a tuple or a mapping."""
    if origin is Literal:
        return {"type": "string", "enum": list(inner)}
    if origin is tuple and inner[-1] is Ellipsis:
        return {"type": "array", "items": _of_type(inner[0])}
    if origin is tuple:
        count = len(inner)
        return {"type": "array", "items": _of_type(inner[0]), "minItems": count, "maxItems": count}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of_type(inner[1]) or True}
    raise TypeError(f"There is no schema for {origin}.")


def _either(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    """One of several; with null it stays one schema where it can."""
    first, *rest = schemas
    if rest == [{"type": "null"}] and "$ref" not in first and "enum" not in first:
        return {**first, "type": [first["type"], "null"]}
    return {"anyOf": schemas}


def _parts(kind: type[Document]) -> Iterator[type[Document]]:
    """The documents that one is made of."""
    waiting = list(typing.get_type_hints(kind).values())
    while waiting:
        hint = waiting.pop(0)
        if isinstance(hint, type) and issubclass(hint, Document):
            yield hint
        waiting += typing.get_args(hint)


def _descriptions(kind: type[Document]) -> dict[str, str]:
    """What stands below the fields of a class and of those that it has fields from."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__[:-1]):
        tree = ast.parse(textwrap.dedent(inspect.getsource(each)))
        (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef))
        for field, text in itertools.pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                found[field.target.id] = inspect.cleandoc(str(ast.literal_eval(text.value))).replace("``", "`")
    return found


def main() -> None:
    """Write the schemas into the contract."""
    file = Path(__file__).with_name("openapi.yaml")
    file.write_text(rendered(file.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
