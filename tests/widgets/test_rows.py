"""Rows and what has to be sent of them."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_pipeline import fragments
from jupyter_pipeline.models.documents import EventDocument, JobDocument, PipelineDocument, StatusDocument
from jupyter_pipeline.models.looks import state_of
from jupyter_pipeline.widgets.rows import FEW, Sent, cells_of, drawing, patched
from tests.helpers.documents import JOB, filled

ROWS = st.dictionaries(st.text(max_size=3), st.lists(st.integers(0, 3), max_size=2), max_size=60)


def shown(sent: Sent) -> dict[str, Any]:
    """What a front end makes of it (labextension/src/widget/model.ts, rowsOf)."""
    return {key: row for key, row in {**sent.base, **sent.changes}.items() if row is not None}


@given(st.lists(ROWS, max_size=6))
@settings(deadline=None)
def test_whatever_is_sent_shows_the_newest_rows(states: list[dict[str, list[int]]]) -> None:
    sent = Sent()
    for rows in states:
        sent = sent.after(rows)
        assert shown(sent) == rows


def test_one_change_of_many_is_sent_alone() -> None:
    rows = {f"a{n}": [n] for n in range(1000)}
    first = Sent().after(rows)
    second = first.after({**rows, "a7": [-1]})
    assert second.base is first.base
    assert second.changes == {"a7": [-1]}
    assert second.after({**rows, "a7": [-1]}) is second


def test_many_changes_make_a_new_base() -> None:
    rows = {f"a{n}": [n] for n in range(FEW * 2)}
    sent = Sent().after(rows).after({key: [0] for key in rows})
    assert not sent.changes
    assert sent.base == {key: [0] for key in rows}


def status(**states: str) -> StatusDocument:
    return filled(StatusDocument, {"actions": [{"action": name, "now": now} for name, now in states.items()]})


def event(action: str, state: str, code: str = "", at: str = "2026-01-01T00:00:00Z", **more: str) -> EventDocument:
    told = {"kind": "job", "request": "r", "job": f"j{action}", "action": action, "revision": 2}
    return filled(EventDocument, {**told, "state": state, "code": code, "at": at, **more})


def test_events_are_shown_before_the_documents_come() -> None:
    before = status(a="to_run", b="to_run", c="up_to_date")
    events = [
        event("a", "running", "executing"),
        event("b", "running", "executing"),
        event("b", "failed", "nonzero_exit", "2026-01-01T00:00:05Z"),
    ]
    after = patched(patched(before, events[:2]), events[2:])
    assert [state_of(one) for one in after.actions] == ["running", "failed", "up_to_date"]
    failed = after.actions[1].job
    assert failed
    assert failed.elapsed == 5
    assert after.actions[2] is before.actions[2]
    assert before.actions[0].job is None


def test_what_is_no_job_changes_nothing() -> None:
    before = status(a="to_run")
    assert patched(before, [event("a", "running", kind="request")]) is before


def test_cells_are_counted() -> None:
    """A cell that failed is not done: the same number in the live widget, its twin, the panel and the documents."""
    cells = [{"state": "done", "line": "x"}, {"state": "failed", "line": "y"}, {"state": "started", "line": "fit()"}]
    assert cells_of(filled(JobDocument, {"notebook": {"cells": cells, "done": 1, "total": 7}})) == (1, 7, "fit()")
    assert cells_of(JOB) == (1, 3, "")
    assert "1 of 3 cells done." in fragments.job(JOB)
    assert cells_of(filled(JobDocument, {})) == (0, None, "")


def test_a_drawing_has_lines_by_number_and_levels_as_bits() -> None:
    node = {"x": 0, "y": 0, "width": 10, "height": 5, "layer": 0}
    edges = [{"source": "b", "target": "a", "points": [[1, 2], [3, 4]]}]
    facts = {"runtime": "sh:v1", "notebook": False}
    pipeline = {
        "graph": {"width": 1, "height": 2, "nodes": [{"name": "a", **node}, {"name": "b", **node}], "edges": edges},
        "actions": [
            {"name": "b", "outputs": [{"level": "minimally_sensitive"}], **facts},
            {"name": "a", "outputs": [{"level": "highly_sensitive"}, {"level": "moderately_sensitive"}], **facts},
        ],
    }
    drawn = drawing(filled(PipelineDocument, pipeline))
    assert drawn["edges"] == [[1, 0, [1, 2, 3, 4]]]
    assert [one[2] for one in drawn["actions"]] == [3, 1]
