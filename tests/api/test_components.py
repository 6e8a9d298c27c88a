"""The contract's schemas are those of the typed documents."""

from __future__ import annotations

import re

import jsonschema
import pytest

from jupyter_pipeline.api import components, contract
from jupyter_pipeline.models import documents
from jupyter_pipeline.models.documents import Document, plain
from tests.helpers.documents import EVENT, JOB


def test_the_contract_says_what_the_documents_say() -> None:
    text = contract.text()
    assert components.rendered(text) == text, "run: python -m jupyter_pipeline.api.components"


def test_what_is_written_by_hand_has_other_names() -> None:
    by_hand = contract.text().partition(components.BEGIN)[0].partition("\n  schemas:\n")[2]
    assert not set(re.findall(r"^    (\w+):", by_hand, re.MULTILINE)) & components.schemas().keys()


def test_a_contract_without_marks_is_not_written_over() -> None:
    with pytest.raises(ValueError, match="no marks"):
        components.rendered("openapi: 3.1.0\n")


def test_a_schema_takes_its_document_and_nothing_less() -> None:
    schemas = components.schemas()
    for name, document in (("Job", JOB), ("Event", EVENT)):
        whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        sent = plain(document)
        jsonschema.validate(sent, whole)
        for key in sent:
            with pytest.raises(jsonschema.ValidationError, match=key):
                jsonschema.validate({other: value for other, value in sent.items() if other != key}, whole)


def test_what_stands_below_a_field_is_its_description() -> None:
    properties = components.schemas()["Job"]["properties"]
    assert properties["peak_memory"] == {"type": ["integer", "null"], "description": "Bytes."}
    assert properties["notebook"] == {"anyOf": [{"$ref": "#/components/schemas/Notebook"}, {"type": "null"}]}
    assert components.schemas()["JobPage"]["properties"]["elapsed"]["description"] == "Seconds that it ran."


def test_every_document_is_in_the_contract_but_what_only_the_terminal_says() -> None:
    kinds = [kind for kind in vars(documents).values() if isinstance(kind, type) and issubclass(kind, Document)]
    unsent = {kind for kind in kinds if components.name_of(kind) not in components.schemas()}
    assert unsent == {Document}
    assert {kind.__name__ for kind in kinds if kind.__name__.startswith("Served")} == {
        "ServedOutputDocument",
        "ServedRuntimeDocument",
    }, "these stand in the place of what the terminal says"
