"""Documents become JSON, and what JSON says becomes the same documents again."""

from __future__ import annotations

import dataclasses
import json

import pytest

from jupyter_pipeline.models import State
from jupyter_pipeline.models.documents import (
    CodeDifferencesDocument,
    Document,
    JobDocument,
    JobPageDocument,
    RowDocument,
    extended,
    plain,
    read,
)
from tests.helpers.documents import EVENT, JOB


def test_a_document_comes_back_from_json_as_it_was() -> None:
    page = extended(JobPageDocument, JOB, timeline=(EVENT,))
    sent = json.loads(json.dumps(plain(page)))
    assert read(JobPageDocument, sent) == page
    assert sent["timeline"][0]["code"] == "nonzero_exit"
    assert type(plain(JOB)["state"]) is str


def test_a_field_that_is_a_word_of_python_has_its_key() -> None:
    code = CodeDifferencesDocument(request="a", with_="b", number=1, reason="", files=())
    assert plain(code)["with"] == "b"
    assert read(CodeDifferencesDocument, plain(code)) == code


def test_a_field_that_has_its_default_is_left_out() -> None:
    assert plain(RowDocument(kind="gap", left=None, right=None, count=7))["count"] == 7
    assert "count" not in plain(RowDocument(kind="same", left=None, right=None))


def test_what_another_version_says_more_or_less_is_taken() -> None:
    sent = plain(JOB) | {"news": 1, "state": "resting"}
    del sent["notebook"], sent["elapsed"]
    found = read(JobDocument, sent)
    assert (found.notebook, found.elapsed, found.state) == (None, None, "resting")
    assert read(JobDocument, plain(JOB)).state is State.FAILED


def test_an_answer_without_what_must_be_there_is_refused_with_its_name() -> None:
    sent = {key: value for key, value in plain(JOB).items() if key != "action"}
    with pytest.raises(ValueError, match="'action', which a JobDocument needs"):
        read(JobDocument, sent)


def test_what_has_no_form_in_json_is_refused() -> None:
    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Odd(Document):
        held: object

    with pytest.raises(TypeError, match="object has no form in JSON"):
        plain(Odd(held=object()))


def test_documents_are_compared_and_shown_by_their_fields() -> None:
    same = read(JobDocument, plain(JOB))
    assert same == JOB
    assert dataclasses.replace(same, exit_code=2) != JOB
    assert extended(JobPageDocument, JOB, timeline=()) != JOB
    assert repr(EVENT).startswith("EventDocument(revision=9, at='2024-05-06T07:08:12+00:00', kind='job', ")
    assert {EVENT: 1}[dataclasses.replace(EVENT)] == 1
