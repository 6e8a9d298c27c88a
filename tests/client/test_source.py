"""Where answers come from: every operation has its function, and who asks without a server is told the same."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline import Project, errors
from jupyter_pipeline.api import contract
from jupyter_pipeline.api.exchange import problem
from jupyter_pipeline.api.operations import answering
from jupyter_pipeline.client.finding import find_source
from jupyter_pipeline.client.local import InsideAction, LocalSource
from jupyter_pipeline.client.source import fail, put, values_of
from jupyter_pipeline.config import ENV_ACTION, ENV_SERVICE_TOKEN_FILE, ENV_SERVICE_URL
from jupyter_pipeline.errors import (
    InvalidAddition,
    InvalidConfig,
    InvalidProject,
    PipelineError,
    ProjectNotFound,
)
from tests.helpers.study import ran_study
from tests.helpers.support import make_project


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return ran_study(tmp_path_factory.mktemp("source") / "study")


@pytest.mark.parametrize("operation", contract.operations().values(), ids=lambda one: f"{one.method} {one.template}")
def test_every_operation_has_a_name_and_a_function(operation: contract.Operation) -> None:
    assert operation.name, "give it an operationId: the name of the function that answers"
    assert next(iter(inspect.signature(answering(operation.name)).parameters)) in ("call", "_")


def test_names_of_operations_are_unique() -> None:
    names = [one.name for one in contract.operations().values()]
    assert len(set(names)) == len(names)


def test_a_server_is_not_needed_nor_loaded(ran: Project) -> None:
    code = (
        "import sys; from jupyter_pipeline import Project; "
        f"p = Project.find({ran.source.place!r}); p.status(); p.read('output/table.csv'); p.log('table'); "
        "print([m for m in ('tornado', 'jupyter_server', 'jsonschema', 'nbformat', 'IPython') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_parameters_are_those_of_the_contract() -> None:
    plan = contract.operation("plan")
    assert values_of(plan, {"force": True, "revision": None}) == {"force": True}
    with pytest.raises(TypeError, match="no parameter speed"):
        values_of(plan, {"speed": 1})
    given = put(plan, None, {"project": "0" * 16, "actions": ["a", "ü b"], "force": True})
    assert given.path == {"project": "0" * 16}
    asked = contract.read(plan, given)
    assert (asked.values["actions"], asked.values["force"]) == (["a", "ü b"], True)
    submit = put(contract.operation("submit"), {"actions": ["a"]}, {"project": "0" * 16, "Idempotency_Key": "k"})
    assert submit.headers == {"Idempotency-Key": "k"}
    assert json.loads(submit.body) == {"actions": ["a"]}


def test_defaults_are_those_of_the_contract_also_within_a_process() -> None:
    for operation in contract.operations().values():
        given = {one.name: "0" * 16 for one in operation.parameters if one.place == "path"}
        taken = contract.taken(operation, given, None)
        assert set(taken.values) == {one.name for one in operation.parameters}
    assert contract.taken(contract.operation("submit"), {}, {"actions": ["a"]}).body == {
        "actions": ["a"],
        "force": False,
        "revision": None,
    }


@pytest.mark.parametrize(
    "error",
    [
        errors.NotFound("There is none.", "Look."),
        errors.OutputRefused("No.", ""),
        errors.KeyUsed("Used.", "Another."),
        contract.BadRequest("Wrong.", "Right."),
        errors.StoreUnavailable("Away.", "Wait."),
    ],
)
def test_an_error_comes_back_as_it_was(error: PipelineError) -> None:
    reply = problem(error, lambda text: text)
    with pytest.raises(PipelineError) as caught:
        fail(reply.body, reply.status)
    wanted = errors.InvalidRequest if isinstance(error, contract.BadRequest) else type(error)
    assert type(caught.value) is wanted
    assert (caught.value.message, caught.value.remedy) == (error.message, error.remedy)


def test_problems_come_back_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text("version: '4.0'\nactions:\n  a:\n    run: nothing\n")
    with pytest.raises(InvalidProject) as caught:
        Project.find(tmp_path).status()
    reply = problem(caught.value, lambda text: text)
    with pytest.raises(InvalidProject) as again:
        fail(reply.body, reply.status)
    assert again.value.problems == caught.value.problems
    added = problem(InvalidAddition("No.", "Mend.", caught.value.problems), lambda text: text)
    with pytest.raises(InvalidAddition, match="No"):
        fail(added.body, added.status)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"detail": "x"}'])
def test_what_is_no_problem_object_is_told(body: bytes) -> None:
    with pytest.raises(PipelineError, match="no pipelines' service"):
        fail(body, 502)


def test_waiting_ends_when_there_is_news_or_the_time_is_over(ran: Project) -> None:
    began = time.monotonic()
    events = ran.source.ask("events", after=0, wait=30).json()
    assert events["events"]
    job = ran.job("bad")
    assert ran.source.ask("log", job=job.id, wait=30).content
    assert time.monotonic() - began < 20
    nothing = ran.source.ask("events", after=events["revision"], wait=0.2).json()
    assert nothing == {"events": [], "revision": events["revision"]}


def test_a_project_is_found_from_within(ran: Project, tmp_path: Path) -> None:
    folder = Path(ran.source.place)
    (folder / "deep/er").mkdir(parents=True, exist_ok=True)
    found = find_source(folder / "deep/er")
    assert isinstance(found, LocalSource)
    assert found.root == folder
    with pytest.raises(ProjectNotFound):
        find_source(tmp_path)


def test_the_state_folder_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PIPELINE_STATE", str(tmp_path / "state"))
    actions = "a:\n  run: sh:v1 sh -c 'echo 1 > output/a.csv'\n  outputs: {moderately_sensitive: {a: output/a.csv}}\n"
    project = Project.find(make_project(tmp_path / "study", actions))
    project.run()
    assert not (tmp_path / "study/.jupyter_pipeline").exists()
    assert list((tmp_path / "state").glob("study-*/expectations/store.sqlite"))


def test_inside_an_action_nothing_can_be_asked(ran: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_ACTION, "report")
    for settings in ({"path": ran.source.place}, {"url": "http://127.0.0.1:1"}):
        with pytest.raises(InsideAction, match="runs as the action report"):
            Project.find(**settings)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"url": "ftp://host"}, "no address"),
        ({"url": "http://127.0.0.1:1", "token": "hush-hush-hush"}, "does not answer"),
    ],
)
def test_what_cannot_be_reached_is_told_without_secrets(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(PipelineError, match=told) as caught:
        Project.find(**settings)
    assert "hush" not in str(caught.value)
    with pytest.raises(PipelineError) as caught:
        Project.find(url="http://ann:hush-hush@127.0.0.1:1/?token=hush", token="hush-hush")
    assert "hush" not in str(caught.value)


def test_a_token_file_that_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_SERVICE_URL, "http://127.0.0.1:1/")
    monkeypatch.setenv(ENV_SERVICE_TOKEN_FILE, str(tmp_path / "none"))
    with pytest.raises(InvalidConfig, match="token for the pipelines' service cannot be read"):
        Project.find()
