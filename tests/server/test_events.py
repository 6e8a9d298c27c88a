"""What browsers hear while jobs run: Jupyter's bell, the slow poll, and that the server is not idle."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import websocket

from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.faults import HELD, release, run, step, wait_for
from tests.helpers.live import BASE, TOKEN, Live, assert_problem, finished, has_begun, live, project_id, submit
from tests.helpers.served_study import NewStudy, Study
from tests.helpers.support import make_project

SCHEMA = "urn:jupyter_pipeline:job:v1"
FIELDS = {"project", "backend", "revision", "request", "job", "state", "code"}


@contextlib.contextmanager
def listening(server: Live) -> Iterator[websocket.WebSocket]:
    """Jupyter's own stream of events."""
    stream = websocket.create_connection(
        f"ws://127.0.0.1:{server.port}{BASE}api/events/subscribe",
        header=[f"Authorization: token {TOKEN}"],
        timeout=30,
    )
    try:
        yield stream
    finally:
        stream.close()


def heard(stream: websocket.WebSocket, project: str) -> Iterator[dict[str, Any]]:
    """What is told of one project."""
    while True:
        event = json.loads(stream.recv())
        if event.get("project") == project:
            yield event


def heard_until_the_end(stream: websocket.WebSocket, project: str, jobs: int) -> list[dict[str, Any]]:
    """What is told of one project until so many jobs have ended."""
    told: list[dict[str, Any]] = []
    for event in heard(stream, project):
        told.append(event)
        if sum(one["state"] in ("succeeded", "failed") and one["job"] is not None for one in told) == jobs:
            return told
    raise AssertionError("the stream ended")


# -- the bell --------------------------------------------------------------------------------------


def test_bell_says_which_job_is_now_in_which_state(new_study: NewStudy) -> None:
    own = new_study(step("a") + step("b", "exit 3", "a"))
    assert own.get("events")["revision"] == 0
    with listening(own.server) as stream:
        made = submit(own.server, own.id, "run_all")
        told = heard_until_the_end(stream, own.id, 2)
    known = own.get("events")["events"]
    assert [(one["revision"], one["job"], one["state"], one["code"]) for one in told] == [
        (one["revision"], one["job"], one["state"], one["code"]) for one in known[: len(told)]
    ]
    assert all(one["request"] == made["id"] and one["backend"] == "expectations" for one in told)
    assert all(one["schema_id"] == SCHEMA for one in told)
    jobs = {job["action"]: job["id"] for job in made["jobs"]}
    assert [one["code"] for one in told if one["job"] == jobs["b"]][-1] == "nonzero_exit"


def test_bell_tells_no_name_no_path_and_nothing_of_what_is_in_a_file(new_study: NewStudy) -> None:
    own = new_study(step("telltale", "echo telltale; echo telltale > output/telltale.csv"))
    own.get("events")
    with listening(own.server) as stream:
        submit(own.server, own.id, "telltale")
        told = heard_until_the_end(stream, own.id, 1)
    for event in told:
        own_fields = {
            name for name in event if not name.startswith("__") and name not in ("schema_id", "schema_version")
        }
        assert own_fields == FIELDS
        text = json.dumps(event)
        for word in ("telltale", own.folder.name, str(own.server.root), "output/", TOKEN):
            assert word not in text


def test_bell_is_not_rung_for_who_has_no_token(study: Study) -> None:
    with pytest.raises(websocket.WebSocketException):  # it is sent to where one logs in
        websocket.create_connection(f"ws://127.0.0.1:{study.server.port}{BASE}api/events/subscribe", timeout=30)


def test_bell_is_rung_for_what_is_asked_in_a_terminal(new_study: NewStudy) -> None:
    own = new_study(step("a"))
    own.get("events")
    with listening(own.server) as stream, ThreadPoolExecutor(1) as pool:
        pool.submit(run, own.folder)
        assert heard_until_the_end(stream, own.id, 1)[-1]["state"] == "succeeded"


def test_bell_is_rung_for_each_project_by_its_identifier(new_study: NewStudy) -> None:
    one, two = new_study(step("a")), new_study(step("a"))
    assert one.id != two.id
    with listening(one.server) as stream:
        submit(one.server, one.id, "a")
        heard_until_the_end(stream, one.id, 1)
        submit(two.server, two.id, "a")
        heard_until_the_end(stream, two.id, 1)


# -- the slow poll ---------------------------------------------------------------------------------


def test_poll_comes_back_when_something_happens(new_study: NewStudy) -> None:
    own = new_study(step("a"))
    after = own.get("events")["revision"]
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(own.get, "events", after=after, wait=60) for _ in range(4)]
        made = submit(own.server, own.id, "a")
        answers = [one.result() for one in waiting]
    assert all(answer["events"][0]["request"] == made["id"] for answer in answers)
    assert all(answer["revision"] == answer["events"][-1]["revision"] for answer in answers)


def test_polling_on_tells_everything_once(new_study: NewStudy) -> None:
    own = new_study(step("a") + step("b", needs="a"))
    made = submit(own.server, own.id, "run_all")
    told: list[Any] = []
    while sum(event["state"] in ("succeeded", "failed") for event in told) < 2:
        answer = own.get("events", after=told[-1]["revision"] if told else 0, wait=30, limit=2)
        assert len(answer["events"]) <= 2
        told += answer["events"]
    finished(own.server, own.id, made["id"])
    assert told == own.get("events")["events"][: len(told)]
    assert [event["revision"] for event in told] == list(range(1, len(told) + 1))


def test_poll_for_nothing_keeps_the_revision(study: Study) -> None:
    newest = study.get("events")["revision"]
    assert study.get("events", after=newest, wait=0.2) == {"events": [], "revision": newest}
    assert study.get("events", after=newest + 1000) == {"events": [], "revision": newest + 1000}


def test_server_answers_others_while_many_wait(new_study: NewStudy) -> None:
    """Whoever waits takes none of the few threads."""
    own = new_study(step("a"))
    after = own.get("events")["revision"]
    with ThreadPoolExecutor(30) as pool:
        waiting = [pool.submit(own.get, "events", after=after, wait=60) for _ in range(30)]
        for _ in range(5):
            assert own.get("jobs")["jobs"] == []
        assert not any(one.done() for one in waiting)
        submit(own.server, own.id, "a")
        assert all(one.result()["events"] for one in waiting)


def test_poll_for_a_project_that_cannot_be_read(new_study: NewStudy) -> None:
    own = new_study(step("a"), settings="jbos = 3\n")
    assert_problem(own.server.ask(f"{own.path}/events", query={"wait": 60}), 422)
    assert_problem(own.server.ask(f"projects/{'0' * 16}/events", query={"wait": 60}), 404)


# -- activity, and the engine ----------------------------------------------------------------------


def last_activity(server: Live) -> datetime:
    """What a hub looks at before it stops an idle server; asking for it counts for nothing."""
    return datetime.fromisoformat(server.fetch("api/status").json["last_activity"])


def is_more_active(server: Live, before: datetime) -> bool:
    return last_activity(server) > before


def test_server_is_not_idle_while_jobs_run_and_is_after(tmp_path: Path) -> None:
    root = tmp_path / "root"
    project = LocalProject.find(make_project(root / "study", step("slow", "sleep 600")))
    with live(tmp_path / "jupyter", root) as server:
        key = project_id(server, "study")
        made = submit(server, key, "slow")
        wait_for(lambda: has_begun(server, key, made["jobs"][0]["id"]), "the job begins")
        for _ in range(3):
            seen = last_activity(server)
            wait_for(functools.partial(is_more_active, server, seen), "activity is shown again and again")
        project.cancel(made["id"])
        wait_for(lambda: project.request(made["id"]).status == "failed", "the job ends")
        idle = timedelta(seconds=6)
        wait_for(lambda: datetime.now(UTC) - last_activity(server) > idle, "the server is idle")


def test_engine_is_started_on_demand_and_outlives_the_server(tmp_path: Path) -> None:
    root = tmp_path / "root"
    project = LocalProject.find(make_project(root / "study", step("a", f"{HELD}; echo a > output/a.csv")))
    with live(tmp_path / "jupyter", root) as server:
        key = project_id(server, "study")
        assert server.get(f"projects/{key}")["engine"] == {"running": False}
        made = submit(server, key, "a")
        wait_for(lambda: has_begun(server, key, made["jobs"][0]["id"]), "the job begins")
        assert server.get(f"projects/{key}")["engine"] == {"running": True}
    assert project.request(made["id"]).status == "running"
    assert project.engine() is not None
    release(root / "study", "a")
    wait_for(lambda: project.request(made["id"]).status == "succeeded", "the job goes on without a server")
