from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.models import Cell
from jupyter_pipeline.notebooks.progress import Progress, read


def lines(*events: object) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def cell(number: object, state: str, **changes: object) -> dict[str, object]:
    return {"event": "cell", "number": number, "cells": 3, "state": state, "elapsed": 0.5, "line": "a = 1", **changes}


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([], ""),
        ([{"event": "begin", "cells": 3}], ""),
        ([cell(1, "started")], "Cell 1 of 3 is running."),
        ([{"event": "begin", "cells": 3}, cell(1, "started"), cell(1, "done")], "1 of 3 cells have run."),
        ([cell(1, "done"), cell(2, "started")], "Cell 2 of 3 is running."),
        (
            [cell(3, "done"), {"event": "exporting", "to": "html"}],
            "Its cells have run; the report (html) is being made.",
        ),
    ],
)
def test_how_far_it_is(events: list[object], sentence: str) -> None:
    assert read(lines(*events), Progress())[0].sentence == sentence


def test_lines_are_taken_in_as_they_come() -> None:
    data = lines(cell(1, "started"), cell(1, "done"), {"event": "end", "message": "It failed."})
    progress, used = read(data[:-5], Progress())
    assert progress.cells == {1: Cell(1, 3, "done", 0.5, "a = 1")}
    assert progress.message == ""
    progress, more = read(data[used:], progress)
    assert used + more == len(data)
    assert progress.message == "It failed."


@pytest.mark.parametrize(
    "event",
    [
        *(7, None, [], {}, {"event": 7}, {"event": "cell"}, {"event": "begin", "cells": "3"}),
        *(cell(1, "odd"), cell("1", "done"), cell(1, "done", cells=None)),
    ],
)
def test_what_does_not_fit_is_passed_over(event: object) -> None:
    assert read(lines(event, cell(2, "done")), Progress())[0].cells.keys() == {2}
    assert read(b"{\n" + lines(cell(2, "done")), Progress())[0].cells.keys() == {2}


def test_texts_are_cut() -> None:
    events = lines(cell(1, "done", line="x" * 9999), {"event": "end", "message": "y" * 99_999})
    progress, _ = read(events, Progress())
    assert len(progress.cells[1].line) == 120
    assert len(progress.message) == 1000


@given(data=st.binary(max_size=200) | st.text().map(str.encode) | st.from_type(object).map(lambda o: repr(o).encode()))
def test_anything_is_read(data: bytes) -> None:
    assert read(data, Progress())[1] <= len(data)
