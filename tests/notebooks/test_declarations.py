"""Parameters that notebooks declare: as papermill would read them, and nothing at all of what cannot be read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.notebooks.declarations import Declared, declared


def notebook(source: Any, language: str = "python", **changes: Any) -> str:
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source} | changes
    other = {"cell_type": "code", "metadata": {}, "source": "not_this = 1"}
    return json.dumps({"cells": [other, cell, cell], "metadata": {"kernelspec": {"language": language}}, "nbformat": 4})


def test_values_types_and_comments() -> None:
    source = """\
%matplotlib inline
start = "2020-01-01"  # first day
end: str = '2021'
limit = 5  # type: int how many
ages = [
    1, 2,
]  # in years
rate = -0.5
nothing = None
worked_out = limit * 2
a = b = 3
limit = 6
"""
    assert declared(notebook(source)) == (
        Declared("start", '"2020-01-01"', "str", "first day"),
        Declared("end", "'2021'", "str", ""),
        Declared("limit", "6", "int", ""),
        Declared("ages", "[\n    1, 2,\n]", "list", "in years"),
        Declared("rate", "-0.5", "float", ""),
        Declared("nothing", "None", "", ""),
        Declared("worked_out", "limit * 2", "", ""),
    )


def test_source_may_be_lines() -> None:
    assert declared(notebook(["a = 1\n", "b = 2"])) == (Declared("a", "1", "int", ""), Declared("b", "2", "int", ""))


def test_notebook_in_r() -> None:
    source = 'start <- "2020" # first day\nlimit = 5\nf <- function(x) {\nplot(1)\n'
    assert declared(notebook(source, "R"))[:2] == (
        Declared("start", '"2020"', "", "first day"),
        Declared("limit", "5", "", ""),
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{}", "not json", '{"cells": 3}', '{"cells": [null, 1, {"metadata": []}]}', "[" * 100_000),
        notebook("a = ("),
        notebook("a = 1\0"),
        notebook(None),
        notebook("a = 1", cell_type="markdown"),
        notebook("a = 1", metadata={"tags": ["other"]}),
        notebook("-" * 100_000 + "1"),
    ],
    ids=lambda text: text[:20],
)
def test_what_cannot_be_read_declares_nothing(text: str) -> None:
    assert declared(text) == ()


@given(st.text(), st.sampled_from(["python", "R"]))
def test_no_source_is_too_odd(source: str, language: str) -> None:
    for one in declared(notebook(source, language)):
        assert one.name
