"""The state folder as version 0.1.0.dev0 has left it is understood: nothing in it is lost, its jobs are gone on with.

tests/fixtures/state-0.1.0.dev0 was copied while its third request ran: jobs of every state, events, recorded looks,
outputs that were kept when they were made again, the kept code.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jupyter_pipeline.models import ViewKind
from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.faults import attend, run
from tests.helpers.places import REPOSITORY

KEPT = REPOSITORY / "tests" / "fixtures" / "state-0.1.0.dev0"


@pytest.fixture
def project(tmp_path: Path) -> LocalProject:
    shutil.copytree(KEPT, tmp_path / "study")
    (tmp_path / "study" / "state").rename(tmp_path / "study" / ".jupyter_pipeline")
    return LocalProject.find(tmp_path / "study")


def test_requests_and_jobs_are_there(project: LocalProject) -> None:
    found = {view.number: {job.action: str(job.code) for job in view.jobs} for view in project.requests()}
    assert found == {
        1: {"extract": "succeeded", "table": "succeeded", "broken": "nonzero_exit", "after": "dependency_failed"},
        2: {"extract": "succeeded", "table": "succeeded"},
        3: {"slow": "executing", "waiting": "waiting_on_dependencies"},
    }


def test_looks_events_and_kept_outputs_are_there(project: LocalProject) -> None:
    assert [record.kind for record in reversed(project.views(10))] == [
        ViewKind.SYNTHETIC_ON,
        ViewKind.OUTPUT,
        ViewKind.LOG,
        ViewKind.SYNTHETIC_OFF,
    ]
    assert [event.revision for event in project.events(0, 1000)] == list(range(1, project.revision() + 1))
    first, second = (next(view for view in project.requests() if view.number == number) for number in (1, 2))
    pairs = project.output_pairs(second.request.id, first.request.id)
    assert pairs


def test_what_ran_then_is_said_to_be_interrupted_and_can_be_run_again(project: LocalProject) -> None:
    root = project.config.root
    (root / "project.yaml").write_text((root / "project.yaml").read_text().replace("sleep 600", "sleep 0"))
    third = next(view for view in project.requests() if view.number == 3)
    attend(root, third.request.id)
    third = project.request(third.request.id)
    assert {job.action: str(job.code) for job in third.jobs} == {"slow": "interrupted", "waiting": "dependency_failed"}
    found = {job.action: str(job.code) for job in run(root, "waiting").jobs}
    assert (found["slow"], found["waiting"]) == ("succeeded", "succeeded")
