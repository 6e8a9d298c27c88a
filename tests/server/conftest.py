"""One server for many tests, with a study that has been run; who changes something makes a project of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.faults import run, step
from tests.helpers.live import Live, live, project_id
from tests.helpers.served_study import NewStudy, Study, write_study
from tests.helpers.support import SETTINGS, make_project


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[Live]:
    """A server with the study of all kinds of files, run, and one more project beside it."""
    root = home / "root"
    run(write_study(root / "study"))
    run(make_project(root / "other folder/ünder", step("a")))
    with live(home / "jupyter", root) as running:
        yield running


@pytest.fixture(scope="session")
def study(server: Live) -> Study:
    return Study(server, server.root / "study", project_id(server, "study"))


@pytest.fixture
def new_study(server: Live, request: pytest.FixtureRequest) -> NewStudy:
    """Makes projects that only this test uses: of actions, or by default of files that are named, which are run."""
    made: list[str] = []

    def new(actions: str = "", *files: str, settings: str = SETTINGS) -> Study:
        name = re.sub(r"\W+", "-", f"{request.node.name[:80]}-{len(made)}")
        made.append(name)
        folder = server.root / "own" / name
        if actions:
            make_project(folder, actions, settings)
        else:
            run(write_study(folder, *files))
        return Study(server, folder, project_id(server, f"own/{name}"))

    return new
