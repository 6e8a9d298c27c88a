"""Notebooks side by side: cells are known again, and no output is ever shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.diffs.notebooks import CellDifference, compare_notebooks, sources_of
from tests.helpers.support import notebook

SECRET = "blood-pressure-of-no-one"
SOURCE = st.one_of(st.sampled_from(["import pandas", "x = 1", "x = 1\ny = 2", ""]), st.text(max_size=10))


def compare(left: dict[str, Any], right: dict[str, Any]) -> tuple[CellDifference, ...]:
    return compare_notebooks(json.dumps(left), json.dumps(right)).cells


def told(cells: tuple[CellDifference, ...]) -> list[tuple[str, int | None, int | None]]:
    return [(cell.kind, cell.left, cell.right) for cell in cells]


def without_ids(made: dict[str, Any]) -> dict[str, Any]:
    for cell in made["cells"]:
        cell.pop("id", None)
    return made


def test_cells_are_known_by_their_source_wherever_they_stand() -> None:
    left = notebook("import pandas", "table = read()", "plot(table)")
    right = notebook("import pandas", "limit = 5", "table = read(limit)", "plot(table)")
    for one, other in ((left, right), (without_ids(left), without_ids(right))):
        found = compare(one, other)
        assert told(found) == [("same", 1, 1), ("added", None, 2), ("changed", 2, 3), ("same", 3, 4)]
        assert [cell.rows for cell in found if cell.kind == "same"] == [(), ()]
        (row,) = found[2].rows
        assert row.right is not None
        assert (row.kind, row.right.marks) == ("changed", ((13, 18),))


def test_cell_that_was_written_anew_is_known_by_its_identifier() -> None:
    left, right = notebook("a = 1", "old()"), notebook("a = 1", "entirely + new")
    assert told(compare(left, right)) == [("same", 1, 1), ("changed", 2, 2)]
    assert told(compare(without_ids(left), without_ids(right))) == [
        ("same", 1, 1), ("removed", 2, None), ("added", None, 2)
    ]  # fmt: skip


def test_cell_of_another_type_is_another_cell() -> None:
    left, right = notebook("some text"), notebook("some text")
    right["cells"][0]["cell_type"] = "markdown"
    found = compare(left, right)
    assert [(cell.kind, cell.cell_type) for cell in found] == [("removed", "code"), ("added", "markdown")]


def test_of_outputs_only_whether_they_changed_is_told() -> None:
    left, right = notebook("show()", "b"), notebook("show()", "b")
    for made, text in ((left, f"{SECRET} 1"), (right, f"{SECRET} 2")):
        made["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
    found = compare_notebooks(json.dumps(left), json.dumps(right))
    assert [(cell.kind, cell.outputs_changed) for cell in found.cells] == [("same", True), ("same", False)]
    assert found.notes == ("Only outputs have changed, which are not shown here.",)
    assert SECRET not in repr(found)
    assert SECRET not in sources_of(json.dumps(left))


def test_how_often_something_was_run_is_no_change() -> None:
    left, right = notebook("show()"), notebook("show()")
    for made, number in ((left, 1), (right, 2)):
        made["cells"][0]["execution_count"] = number
        made["cells"][0]["outputs"] = [{"output_type": "execute_result", "execution_count": number, "data": {}}]
    found = compare_notebooks(json.dumps(left), json.dumps(right))
    assert [(cell.kind, cell.outputs_changed) for cell in found.cells] == [("same", False)]
    assert "metadata" in found.notes[0]


def test_notebook_of_the_format_before() -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["a = 1\n", "b = 2"], "outputs": []}]}]}
    assert told(compare(old, notebook("a = 1\nb = 2"))) == [("same", 1, 1)]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "3", "{}", '{"cells": 1}', '{"cells": [1]}', '{"worksheets": 1}', '{"worksheets": [1]}', "[" * 100_000],
    ids=lambda text: text[:20],
)
def test_what_is_no_notebook_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"It cannot be read as a notebook\."):
        compare_notebooks(text, json.dumps(notebook("a")))
    with pytest.raises(ValueError, match="notebook"):
        sources_of(text)


@given(st.lists(SOURCE, max_size=7), st.lists(SOURCE, max_size=7), st.booleans())
def test_every_cell_is_there_once_and_in_order(left: list[str], right: list[str], by_id: bool) -> None:
    books = [notebook(*left), notebook(*right)]
    found = compare(*(book if by_id else without_ids(book) for book in books))
    assert [cell.left for cell in found if cell.left] == list(range(1, len(left) + 1))
    assert [cell.right for cell in found if cell.right] == list(range(1, len(right) + 1))
    for cell in found:
        sources = (left[cell.left - 1] if cell.left else None, right[cell.right - 1] if cell.right else None)
        assert cell.kind == {(True, False): "removed", (False, True): "added"}.get(
            (sources[0] is not None, sources[1] is not None), "same" if sources[0] == sources[1] else "changed"
        )
