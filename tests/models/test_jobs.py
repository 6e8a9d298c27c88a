from __future__ import annotations

import dataclasses
import inspect

import pytest

from jupyter_pipeline import models
from jupyter_pipeline.models import Command, Level, OutputFile, RequestStatus, State, StatusCode


def test_the_nouns_do_not_change() -> None:
    kinds = [kind for _, kind in inspect.getmembers(models, inspect.isclass) if dataclasses.is_dataclass(kind)]
    assert len(kinds) > 10
    for kind in kinds:
        assert kind.__dataclass_params__.frozen, kind  # type: ignore[attr-defined]
        assert "__slots__" in vars(kind), kind


def test_the_full_name_of_a_runtime() -> None:
    assert Command("python:v2 a.py", "python", "v2", ("a.py",)).runtime == "python:v2"


@pytest.mark.parametrize("state", State)
def test_final_states(state: State) -> None:
    assert state.is_final == (state in (State.SUCCEEDED, State.FAILED))


def test_the_platforms_words_are_kept() -> None:
    assert {str(state) for state in State} == {"pending", "running", "succeeded", "failed"}
    theirs = (
        "created waiting_on_dependencies waiting_on_workers executing finalizing succeeded nonzero_exit "
        "unmatched_patterns dependency_failed cancelled_by_user internal_error"
    )
    assert set(theirs.split()) <= {str(code) for code in StatusCode}
    assert {str(status) for status in RequestStatus} == {"pending", "running", "failed", "succeeded", "nothing_to_do"}
    assert {str(level) for level in Level} == {"highly_sensitive", "moderately_sensitive", "minimally_sensitive"}


@pytest.mark.parametrize(("message", "excluded"), [(None, False), ("It is large.", True), ("", True)])
def test_a_file_with_a_reason_is_withheld(message: str | None, excluded: bool) -> None:
    assert OutputFile("a", "a", "j", "r", Level.MODERATELY, 1, 1, "00", message=message).excluded is excluded


def test_a_word_looks_like_the_text_that_it_is() -> None:
    assert repr(State.FAILED) == "'failed'"
    assert f"{Level.HIGHLY}" == "highly_sensitive"
