"""Asking by HTTP, of a real server: the same answers and the same errors as from the store itself."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline import Project
from jupyter_pipeline.client.remote import HttpSource
from jupyter_pipeline.errors import NotFound, OutputRefused, PipelineError
from tests.helpers.live import BASE, TOKEN, Live
from tests.helpers.served_study import SECRET, Study


def url(server: Live) -> str:
    return f"http://127.0.0.1:{server.port}{BASE}"


@pytest.fixture
def far(study: Study) -> Project:
    return Project.find("study", url=url(study.server), token=TOKEN)


@pytest.fixture
def near(study: Study) -> Project:
    return Project.find(study.folder)


@pytest.mark.parametrize(
    "operation", ["pipeline", "status", "plan", "problems", "outputs", "requests", "jobs", "events"]
)
def test_both_ways_answer_the_same(far: Project, near: Project, operation: str) -> None:
    assert far.source.ask(operation).json() == near.source.ask(operation).json()


def test_what_is_read_is_the_same(far: Project, near: Project) -> None:
    assert far.read("output/table.csv").equals(near.read("output/table.csv"))
    for name in ("facts.json", "notes.txt", "picture.png"):
        assert far.read(f"output/{name}") == near.read(f"output/{name}")
    assert str(far.log("table_csv")) == str(near.log("table_csv"))


def test_what_is_refused_is_refused_in_the_same_words(far: Project, near: Project) -> None:
    told = []
    for project in (far, near):
        with pytest.raises(OutputRefused) as caught:
            project.read("output/secret.csv")
        assert SECRET not in str(caught.value)
        told.append(str(caught.value))
        with pytest.raises(NotFound):
            project.request(999)
    assert told[0] == told[1]


def test_a_run_is_followed_from_afar(server: Live, new_study: Any) -> None:
    study = new_study(
        "a:\n  run: sh:v1 sh -c 'echo 1 > output/a.csv'\n  outputs: {moderately_sensitive: {a: output/a.csv}}\n"
    )
    path = study.folder.relative_to(server.root)
    project = Project.find(path, url=url(server), token=TOKEN)
    run = project.run(wait=False)
    assert [event.state for event in run.follow()][-1] == "succeeded"
    assert run.wait().status == "succeeded"


def test_the_token_is_never_shown(far: Project) -> None:
    for shown in (repr(far), repr(far.source), str(vars(far)), far._repr_html_()):
        assert TOKEN not in shown
    with pytest.raises(PipelineError, match="may not do this") as caught:
        Project.find(url=url_of(far), token="wrong-wrong-wrong")
    assert "wrong-wrong" not in str(caught.value)


def url_of(project: Project) -> str:
    assert isinstance(project.source, HttpSource)
    return project.source._url


def test_a_project_has_to_be_named_among_several(server: Live, study: Study) -> None:
    with pytest.raises(NotFound, match=r"several projects.*study"):
        Project.find(url=url(server), token=TOKEN)
    with pytest.raises(NotFound, match="no project nowhere"):
        Project.find("nowhere", url=url(server), token=TOKEN)


class Redirecting(http.server.BaseHTTPRequestHandler):
    """Sends whoever asks elsewhere, and notes what came."""

    seen: list[str] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization", ""))
        self.send_response(302)
        self.send_header("Location", f"http://localhost:{self.headers['Host'].partition(':')[2]}/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def redirecting() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}/"
        found.shutdown()
        thread.join()


def test_a_token_is_not_sent_elsewhere(redirecting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with pytest.raises(PipelineError):
        Project.find(url=redirecting, token="hush")
    assert Redirecting.seen == ["token hush"]


def test_notebooks_of_another_machine_are_not_read(far: Project, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("{}")
    with pytest.raises(PipelineError, match="not on this machine"):
        far.report(str(tmp_path / "a.ipynb"))
