"""How long jobs took: the critical path against every chain there is, and what is expected of the next time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_pipeline.models import Job, State, StatusCode
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.rules import durations
from jupyter_pipeline.rules.durations import CriticalPath
from jupyter_pipeline.store.database import Store
from tests.helpers.faults import run, step
from tests.helpers.stored import job_row, request
from tests.helpers.support import make_project

JOB = Job("", "r", "", State.SUCCEEDED, StatusCode.SUCCEEDED, "", "", "", "", "")


def jobs(**elapsed: float | None) -> list[Job]:
    """Jobs whose identifiers are their actions' names in capitals."""
    return [replace(JOB, id=name.upper(), action=name, elapsed=seconds) for name, seconds in elapsed.items()]


def chains(waits: Mapping[str, Sequence[str]], end: str) -> Iterator[list[str]]:
    """Every chain that ends with a job."""
    yield [end]
    for needed in waits.get(end, ()):
        for chain in chains(waits, needed):
            yield [*chain, end]


def test_longest_chain_is_not_the_one_with_most_jobs() -> None:
    made = jobs(a=1.0, b=1.0, c=1.0, slow=9.0, end=2.0)
    waits = {"B": ["A"], "C": ["B"], "END": ["C", "SLOW"]}
    assert durations.critical_path(made, waits) == CriticalPath(("slow", "end"), 11.0)


@pytest.mark.parametrize("made", [[], jobs(a=None, b=None)])
def test_there_is_no_critical_path_before_a_job_has_run(made: list[Job]) -> None:
    assert durations.critical_path(made, {"B": ["A"]}) is None


def test_jobs_of_other_requests_and_those_that_did_not_run_are_no_part_of_it() -> None:
    waits = {"A": ["ELSEWHERE"], "B": ["A"], "C": ["B"]}
    assert durations.critical_path(jobs(a=1.0, b=2.0, c=None), waits) == CriticalPath(("a", "b"), 3.0)


def test_a_chain_may_be_as_long_as_a_pipeline() -> None:
    made = jobs(**{f"a{number}": 1.0 for number in range(10_000)})
    waits = {f"A{number}": [f"A{number - 1}"] for number in range(1, 10_000)}
    found = durations.critical_path(made, waits)
    assert found is not None
    assert (len(found.actions), found.seconds) == (10_000, 10_000.0)


@given(st.data())
def test_no_chain_is_longer_than_the_critical_path(data: st.DataObject) -> None:
    seconds = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=7))
    made = jobs(**{f"a{number}": float(each) for number, each in enumerate(seconds)})
    waits = {
        f"A{number}": [f"A{other}" for other in data.draw(st.sets(st.integers(0, number - 1)))]
        for number in range(1, len(seconds))
    }
    found = durations.critical_path(made, waits)
    assert found is not None
    by_name = {job.id: job.elapsed or 0.0 for job in made}
    lengths = {tuple(chain): sum(by_name[one] for one in chain) for end in by_name for chain in chains(waits, end)}
    assert found.seconds == max(lengths.values())
    assert lengths[tuple(name.upper() for name in found.actions)] == found.seconds


def test_expected_is_the_median() -> None:
    told = [("a", 1.0), ("a", 100.0), ("b", 4.0), ("a", 3.0), ("b", 5.0)]
    assert durations.expected(told) == {"a": 3.0, "b": 4.5}


def test_only_the_newest_jobs_that_succeeded_are_asked_for(tmp_path: Path) -> None:
    with contextlib.closing(Store.open(tmp_path / "state")) as store:
        for number in range(8):
            asked = request()
            made = [job_row(asked, action) for action in ("it", "other")]
            store.submit(asked, made, [])
            for row in made:
                ended = ("failed", "nonzero_exit") if number in (3, 7) else ("succeeded", "succeeded")
                store._db.execute(
                    "UPDATE jobs SET elapsed = ?, state = ?, code = ? WHERE id = ?", (number, *ended, row["id"])
                )
        assert sorted(store.elapsed(["it", "never"], 5)) == [("it", each) for each in (1, 2, 4, 5, 6)]
        assert store.elapsed([], 5) == []
        assert {action for action, _ in store.elapsed(["it", "other"], 5)} == {"it", "other"}


def test_request_knows_its_critical_path_and_the_project_what_to_expect(tmp_path: Path) -> None:
    slow = "sleep 0.3; echo a > output/slow.csv"
    folder = make_project(tmp_path, step("quick") + step("slow", slow) + step("end", needs="quick, slow"))
    view = run(folder)
    assert view.critical_path is not None
    assert view.critical_path.actions == ("slow", "end")
    assert view.wall_clock is not None
    assert 0.3 <= view.critical_path.seconds <= view.wall_clock
    expected = LocalProject.find(folder).expected(["slow", "end", "unknown"])
    assert sorted(expected) == ["end", "slow"]
    assert expected["slow"] >= 0.3
