"""What each route does, with real runs: planning, asking, following, and looking at what came out."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.faults import run, step, wait_for
from tests.helpers.live import API, BASE, Answer, Live, assert_problem, finished, has_begun, live, project_id, submit
from tests.helpers.served_study import SECRET, SVG, NewStudy, Study, write_study
from tests.helpers.support import SETTINGS, make_project

LINES = 150
COUNTING = f"i=0; while [ $i -lt {LINES} ]; do echo line $i; i=$((i+1)); sleep 0.02; done; echo a > output/{{name}}.csv"
COUNTED = "".join(f"line {number}\n" for number in range(LINES)).encode()
LONG_LOG = "seq 5000; echo a > output/long.csv"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def counting(name: str) -> str:
    """An action that prints its lines one after the other."""
    return step(name, COUNTING.format(name=name))


def look(study: Study, name: str, what: str, **query: Any) -> Answer:
    """Look at an output by its file's name."""
    return study.server.ask(f"{study.path}/outputs/{study.output(name)['id']}/{what}", query=query)


def switch(study: Study, on: bool, **query: Any) -> Answer:
    return study.server.ask(f"{study.path}/synthetic", "PUT", content={"shown": on}, query=query)


def policy(answer: Answer) -> dict[str, list[str]]:
    """The content security policy by directive."""
    parts = [part.split() for part in answer.headers["content-security-policy"].split(";") if part.strip()]
    return {part[0]: part[1:] for part in parts}


def assert_confined(answer: Answer, scripts: bool = False) -> None:
    """A page that nothing can come out of, nor be loaded into; whose scripts run only if told so."""
    found = policy(answer)
    assert found["default-src"] == ["'none'"]
    assert found["frame-ancestors"] == ["'self'"]
    assert ("script-src" in found) is scripts
    assert "connect-src" not in found
    assert "allow-same-origin" not in found.get("sandbox", [])
    assert found.get("sandbox", []) == (["allow-scripts"] if scripts else [])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]


# -- projects, pipelines, plans --------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["study", "study/", "/study", "study/output/table.csv", "study/no/such/file", "study/./output/../output"]
)
def test_project_is_found_from_any_path_below(study: Study, path: str) -> None:
    assert study.server.get("projects", path=path) == {
        "projects": [{"id": study.id, "path": "study", "workspace": "study"}]
    }


def test_server_shows_several_projects_by_path(study: Study) -> None:
    found = study.server.get("projects")["projects"]
    paths = [one["path"] for one in found]
    assert {"study", "other folder/ünder"} <= set(paths)
    assert paths == sorted(paths)
    assert len({one["id"] for one in found}) == len(found)
    other = project_id(study.server, "other folder/ünder")
    assert [one["path"] for one in study.server.get(f"projects/{other}/outputs")["outputs"]] == ["output/a.csv"]


@pytest.mark.parametrize("path", ["", "other folder", "..", "../..", "/", "study/../..", "\0", "a\0b", "x" * 3000])
def test_path_outside_of_every_project_has_none(study: Study, path: str) -> None:
    assert study.server.get("projects", path=path) == {"projects": []}


def test_project_that_is_unknown(study: Study) -> None:
    assert "0" * 16 in assert_problem(study.server.ask(f"projects/{'0' * 16}"), 404)


def test_project_says_how_jobs_are_run_and_on_which_backends(study: Study) -> None:
    found = study.get("")
    assert (found["path"], found["workspace"], found["backend"]) == ("study", "study", "expectations")
    assert found["backends"] == ["expectations"]
    assert found["executor"]["name"]
    assert found["revision"] == study.get("events")["revision"]
    assert found["synthetic"] == {"allowed": True, "shown": False}


def test_pipeline_comes_with_its_drawing(new_study: NewStudy) -> None:
    own = new_study(step("first") + step("second", needs="first") + step("third", needs="first, second"))
    found = own.get("pipeline")
    assert [one["name"] for one in found["actions"]] == ["first", "second", "third"]
    assert found["actions"][2]["needs"] == ["first", "second"]
    assert [one["line"] for one in found["actions"]] == [3, 8, 14]
    nodes = {one["name"]: one for one in found["graph"]["nodes"]}
    assert [nodes[name]["layer"] for name in ("first", "second", "third")] == [0, 1, 2]
    assert len({(one["x"], one["y"]) for one in nodes.values()}) == 3
    for one in nodes.values():
        assert 0 <= one["x"] <= found["graph"]["width"]
        assert 0 <= one["y"] <= found["graph"]["height"]
    edges = {(one["source"], one["target"]) for one in found["graph"]["edges"]}
    assert edges >= {("first", "second"), ("second", "third")}
    assert all(len(one["points"]) >= 2 for one in found["graph"]["edges"])


def test_pipeline_with_errors_is_answered_with_all_of_them(new_study: NewStudy) -> None:
    own = new_study(step("a") + step("b", needs="nobody") + step("c", needs="noone"))
    for route in ("pipeline", "status", "plan"):
        found = own.server.ask(f"{own.path}/{route}")
        assert_problem(found, 422)
        assert len(found.json["problems"]) >= 2, route
    checked = own.get("problems")
    assert (checked["valid"], checked["file"], checked["rules"]) == (False, "project.yaml", "native")
    assert checked["errors"] == 2
    assert all(one["line"] and one["what"] for one in checked["problems"])
    made = own.server.ask(f"{own.path}/requests", "POST", content={"actions": ["a"]})
    assert_problem(made, 422)


def test_problems_are_judged_by_the_rules_that_are_named(study: Study) -> None:
    assert study.get("problems")["valid"] is True
    assert study.get("problems", rules="2021")["rules"] == "2021"
    assert_problem(study.server.ask(f"{study.path}/problems", query={"rules": "1066"}), 422)


def test_plan_starts_nothing(new_study: NewStudy) -> None:
    own = new_study(step("a") + step("b", needs="a"))
    found = own.get("plan", actions=["b"])
    assert [(one["action"], one["verdict"]) for one in found["actions"]] == [("a", "run"), ("b", "run")]
    assert own.get("plan", actions=["a", "b"], force="true")["force"] is True
    assert_problem(own.server.ask(f"{own.path}/plan", query={"actions": "nobody"}), 422)
    assert_problem(own.server.ask(f"{own.path}/plan", query={"revision": "HEAD"}), 422)
    assert own.get("requests") == {"requests": [], "next": None}
    assert own.get("events") == {"events": [], "revision": 0}
    assert not list(own.folder.glob("**/store.sqlite"))


def test_status_tells_of_each_action_its_newest_job(new_study: NewStudy) -> None:
    own = new_study(step("good") + step("bad", "exit 3") + step("after", needs="bad"))
    assert [one["now"] for one in own.get("status")["actions"]] == ["to_run"] * 3
    finished(own.server, own.id, submit(own.server, own.id, "run_all")["id"])
    found = {one["action"]: one for one in own.get("status")["actions"]}
    assert list(found) == ["good", "bad", "after"]
    assert found["good"]["now"] == "up_to_date"
    assert (found["bad"]["job"]["code"], found["bad"]["job"]["exit_code"]) == ("nonzero_exit", 3)
    assert found["after"]["job"]["code"] == "dependency_failed"
    assert own.get("status")["unfinished"] == []


def test_runtimes_do_not_say_where_they_are_built(study: Study) -> None:
    found = {one["name"]: one for one in study.get("runtimes")["runtimes"]}
    assert found["sh:v1"]["used"] is True
    assert all("folder" not in one for one in found.values())


# -- requests and jobs -----------------------------------------------------------------------------


def test_request_that_is_made_runs_by_itself(new_study: NewStudy) -> None:
    own = new_study(step("a") + step("b", needs="a"))
    made = submit(own.server, own.id, "b")
    assert made["requested_actions"] == ["b"]
    assert [job["action"] for job in made["jobs"]] == ["a", "b"]
    done = finished(own.server, own.id, made["id"])
    assert done["status"] == "succeeded"
    assert done["project_yaml"] == (own.folder / "project.yaml").read_text()
    for name in (made["id"], made["id"][:8], str(made["number"])):
        assert own.get(f"requests/{name}")["id"] == made["id"]
    job = own.get(f"jobs/{done['jobs'][0]['id']}")
    assert [event["state"] for event in job["timeline"]][-1] == "succeeded"
    assert [job["id"] for job in own.get("jobs", action="b")["jobs"]] == [done["jobs"][1]["id"]]
    assert own.get("jobs", state="failed")["jobs"] == []
    again = submit(own.server, own.id, "run_all")
    assert (again["status"], again["jobs"]) == ("nothing_to_do", [])
    kinds = [one["kind"] for one in own.get(f"requests/{again['id']}/comparisons")["comparisons"]]
    assert kinds == ["previous", "previous_successful"]


@pytest.mark.parametrize("name", ["zzzzzzzzzzzzzzzz", "99999", "zz"])
def test_request_and_job_that_are_unknown(study: Study, name: str) -> None:
    for path in (f"requests/{name}", f"requests/{name}/comparisons", f"jobs/{name:z<4}", f"jobs/{name:z<4}/log"):
        assert_problem(study.server.ask(f"{study.path}/{path}"), 404)
    assert_problem(study.server.ask(f"{study.path}/requests/{name}/cancel", "POST"), 404)
    assert_problem(study.server.ask(f"{study.path}/outputs", query={"job": f"{name:z<4}"}), 404)


def test_jobs_are_never_named_by_their_action(new_study: NewStudy) -> None:
    own = new_study(step("table"))
    finished(own.server, own.id, submit(own.server, own.id, "table")["id"])
    assert_problem(own.server.ask(f"{own.path}/jobs/table"), 404)


def test_request_of_one_key_is_made_once_though_asked_for_at_once(new_study: NewStudy) -> None:
    own = new_study(step("a"))
    ready = threading.Barrier(6)

    def asked(_: int) -> Answer:
        ready.wait(20)
        return own.server.ask(
            f"{own.path}/requests", "POST", content={"actions": ["a"]}, headers={"Idempotency-Key": "once"}
        )

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(asked, range(6)))
    assert {answer.status for answer in answers} <= {200, 201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(own.get("requests")["requests"]) == 1
    finished(own.server, own.id, answers[0].json["id"])
    assert len(own.get("jobs")["jobs"]) == 1
    late = own.server.ask(
        f"{own.path}/requests", "POST", content={"actions": ["a"]}, headers={"Idempotency-Key": "once"}
    )
    assert (late.json["id"], late.json["status"]) == (answers[0].json["id"], "succeeded")


@pytest.mark.parametrize("other", [{"actions": ["b"]}, {"actions": ["a"], "force": True}, {"actions": ["a", "b"]}])
def test_key_cannot_be_used_for_something_else(new_study: NewStudy, other: Any) -> None:
    own = new_study(step("a") + step("b"))
    key = {"Idempotency-Key": "k" * 200}
    own.server.ask(f"{own.path}/requests", "POST", content={"actions": ["a"]}, headers=key)
    found = own.server.ask(f"{own.path}/requests", "POST", content=other, headers=key)
    assert assert_problem(found, 409)
    assert len(own.get("requests")["requests"]) == 1
    again = own.server.ask(f"{own.path}/requests", "POST", content=other, headers={"Idempotency-Key": "another"})
    assert again.status == 201
    finished(own.server, own.id, again.json["id"])


def test_job_and_request_are_cancelled(new_study: NewStudy) -> None:
    own = new_study(step("a", "sleep 600") + step("b", "sleep 600") + step("c", needs="a"))
    made = submit(own.server, own.id, "run_all")
    jobs = {job["action"]: job["id"] for job in made["jobs"]}
    wait_for(lambda: has_begun(own.server, own.id, jobs["a"]), "the job begins")
    assert own.server.ask(f"{own.path}/jobs/{jobs['b']}/cancel", "POST").json == {"cancelled": 1}
    wait_for(lambda: bool(own.get(f"jobs/{jobs['b']}")["state"] == "failed"), "the job stops")
    assert own.get(f"jobs/{jobs['a']}")["state"] == "running"
    assert own.server.ask(f"{own.path}/requests/{made['id']}/cancel", "POST").json["cancelled"] >= 1
    done = finished(own.server, own.id, made["id"])
    codes = {job["action"]: job["code"] for job in done["jobs"]}
    assert codes["a"] == codes["b"] == "cancelled_by_user"
    assert own.server.ask(f"{own.path}/requests/{made['id']}/cancel", "POST").json == {"cancelled": 0}


# -- logs ------------------------------------------------------------------------------------------


def read_on(server: Live, path: str, **query: Any) -> Iterator[Answer]:
    """A log from its beginning to its end, as it grows."""
    start = 0
    while True:
        found = server.ask(path, query={"start": start, "wait": 10, **query})
        assert found.status == 200, found.text
        yield found
        assert int(found.headers["log-start"]) == start
        assert int(found.headers["log-after"]) == start + len(found.body)
        start = int(found.headers["log-after"])
        if found.headers["log-ended"] == "true" and start == int(found.headers["log-size"]):
            return


@pytest.mark.parametrize("limit", [7, 65536])
def test_log_is_followed_while_the_job_runs_with_nothing_lost_or_doubled(new_study: NewStudy, limit: int) -> None:
    own = new_study(counting("a"))
    job = submit(own.server, own.id, "a")["jobs"][0]["id"]
    parts = list(read_on(own.server, f"{own.path}/jobs/{job}/log", limit=limit))
    assert b"".join(part.body for part in parts) == COUNTED
    assert sum(bool(part.body) for part in parts) > 5
    assert {part.headers["log-ended"] for part in parts} == {"false", "true"}
    assert own.server.ask(f"{own.path}/jobs/{job}/log").body == COUNTED


def test_log_that_has_more_is_answered_at_once(study: Study, new_study: NewStudy) -> None:
    own = new_study(step("a", "echo here; sleep 600"))
    made = submit(own.server, own.id, "a")
    job = made["jobs"][0]["id"]
    wait_for(lambda: own.server.ask(f"{own.path}/jobs/{job}/log").body == b"here\n", "the job prints")
    found = own.server.ask(f"{own.path}/jobs/{job}/log", query={"start": 0, "wait": 60})
    assert (found.body, found.headers["log-ended"]) == (b"here\n", "false")
    none = own.server.ask(f"{own.path}/jobs/{job}/log", query={"start": 5, "wait": 0.1})
    assert (none.status, none.body, none.headers["log-after"]) == (200, b"", "5")
    own.server.ask(f"{own.path}/requests/{made['id']}/cancel", "POST")
    end = own.server.ask(f"{own.path}/jobs/{job}/log", query={"start": 5, "wait": 60})
    assert (end.body, end.headers["log-ended"]) == (b"", "true")


@pytest.mark.parametrize(
    ("asked", "given", "said"),
    [
        ("bytes=0-4", b"line ", "bytes 0-4/{size}"),
        ("bytes=5-", COUNTED[5:], "bytes 5-{last}/{size}"),
        ("bytes=-4", COUNTED[-4:], "bytes {fourth}-{last}/{size}"),
        ("bytes=10-99999999", COUNTED[10:], "bytes 10-{last}/{size}"),
        ("bytes=-99999999", COUNTED, "bytes 0-{last}/{size}"),
    ],
)
def test_log_is_given_by_ranges_of_bytes(counted: Study, asked: str, given: bytes, said: str) -> None:
    job = counted.get("jobs")["jobs"][0]["id"]
    found = counted.server.ask(f"{counted.path}/jobs/{job}/log", headers={"Range": asked})
    size = len(COUNTED)
    assert (found.status, found.body) == (206, given)
    assert found.headers["content-range"] == said.format(size=size, last=size - 1, fourth=size - 4)
    assert found.media == "text/plain"


@pytest.fixture(scope="module")
def counted(server: Live) -> Study:
    run(make_project(server.root / "counted", counting("a")))
    return Study(server, server.root / "counted", project_id(server, "counted"))


def test_range_beyond_the_log_says_how_long_it_is(counted: Study) -> None:
    job = counted.get("jobs")["jobs"][0]["id"]
    found = counted.server.ask(f"{counted.path}/jobs/{job}/log", headers={"Range": "bytes=9999999-"})
    assert_problem(found, 416)
    assert found.headers["content-range"] == f"bytes */{len(COUNTED)}"


def test_only_the_end_of_a_log_may_be_seen_unless_synthetic_data_are_shown(new_study: NewStudy) -> None:
    own = new_study(step("long", LONG_LOG))
    job = submit(own.server, own.id, "long")
    finished(own.server, own.id, job["id"])
    path = f"{own.path}/jobs/{job['jobs'][0]['id']}/log"
    whole = "".join(f"{number}\n" for number in range(1, 5001)).encode()
    for query in ({"start": 0, "limit": 1048576}, {"limit": 1048576}, {"start": 100, "limit": 1048576}):
        found = own.server.ask(path, query=query)
        assert len(found.body) <= 10_000
        assert whole.endswith(b"\n" + found.body)
        assert found.headers["log-start"] == found.headers["log-earliest"] == str(len(whole) - len(found.body))
    assert_problem(own.server.ask(path, headers={"Range": "bytes=0-99"}), 416)
    ranged = own.server.ask(path, headers={"Range": "bytes=0-"})
    assert (ranged.status, ranged.body) == (206, found.body)
    page = own.server.ask(f"{path}/view").text
    assert "\n5000" in page or ">5000" in page
    assert "\n1234\n" not in page
    assert switch(own, True).status == 200
    assert own.server.ask(path, query={"start": 0, "limit": 1048576}).body == whole
    assert own.server.ask(path, headers={"Range": "bytes=0-9"}).body == whole[:10]
    assert switch(own, False).status == 200
    assert len(own.server.ask(path, query={"start": 0, "limit": 1048576}).body) <= 10_000


@pytest.fixture(scope="module")
def cut(server: Live) -> Study:
    """A project with a job whose log was longer than is kept."""
    folder = make_project(
        server.root / "cut",
        step("a", "seq 200000; sleep 3; echo a > output/a.csv"),
        SETTINGS + '\n[limits]\nlog = "64k"\n',
    )
    run(folder)
    study = Study(server, folder, project_id(server, "cut"))
    assert switch(study, True).status == 200
    return study


def test_log_whose_middle_was_cut_out_is_read_on_to_its_end(cut: Study) -> None:
    path, start, parts = f"{cut.path}/jobs/{cut.get('jobs')['jobs'][0]['id']}/log", 0, []
    while True:
        found = cut.server.ask(path, query={"start": start, "limit": 5000})
        parts.append(found.text)
        assert len(found.body) <= 5000
        if int(found.headers["log-after"]) == start:
            break
        start = int(found.headers["log-after"])
    assert start == int(found.headers["log-size"]) > 1_000_000
    whole = "".join(parts)
    assert whole.startswith("1\n2\n3\n")
    assert whole.endswith("199999\n200000\n")
    assert whole.count("left out here") == 1


@pytest.mark.parametrize("asked", [(100_000, 100_009), (16_000, 1_100_000), (0, 99)])
def test_range_within_what_was_cut_out_is_never_more_than_was_asked_for(cut: Study, asked: tuple[int, int]) -> None:
    first, last = asked
    path = f"{cut.path}/jobs/{cut.get('jobs')['jobs'][0]['id']}/log"
    found = cut.server.ask(path, headers={"Range": f"bytes={first}-{last}"})
    if found.status == 416:
        return
    assert found.status == 206
    begins, ends = map(int, re.findall(r"\d+", found.headers["content-range"])[:2])
    assert first <= begins <= ends <= last
    assert len(found.body) == ends - begins + 1
    whole = "".join(f"{number}\n" for number in range(1, 200_001)).encode()
    assert found.body == whole[begins : ends + 1]


def test_log_as_a_page_is_safe(new_study: NewStudy) -> None:
    script = "<script>alert(1)</script>"
    own = new_study(step("a", f'printf "\\033[31mred\\033[0m {script}"; echo a > output/a.csv'))
    job = submit(own.server, own.id, "a")
    finished(own.server, own.id, job["id"])
    found = own.server.ask(f"{own.path}/jobs/{job['jobs'][0]['id']}/log/view")
    assert (found.status, found.media) == (200, "text/html")
    assert script not in found.text
    assert html.escape(script) in found.text
    assert "\033" not in found.text
    assert "script-src" not in policy(found)


# -- outputs ---------------------------------------------------------------------------------------


def test_outputs_say_their_level_and_whether_and_why_they_may_be_viewed(study: Study) -> None:
    found = {one["path"].removeprefix("output/"): one for one in study.get("outputs")["outputs"]}
    assert list(found) == sorted(found)
    levels = {name: one["level"] for name, one in found.items()}
    assert (levels["secret.csv"], levels["kept.csv"]) == ("highly_sensitive", "minimally_sensitive")
    assert {name for name, one in found.items() if not one["viewable"]} == {
        "secret.csv",
        "kept.csv",
        "patients.csv",
        "broken.svgz",
    }
    assert all(one["reason"] and one["present"] for one in found.values())
    for one in found.values():
        assert study.get(f"outputs/{one['id']}") == one
        for job in (one["job"], one["job"][:8]):
            assert one in study.get("outputs", job=job)["outputs"]
        assert study.get("outputs", action=one["action"])["outputs"] == [one]


def test_withheld_file_gives_its_reason_and_a_text_in_its_place(study: Study) -> None:
    found = study.output("patients.csv")
    assert found["withheld"] == found["reason"]
    assert "patient_id" in found["reason"]
    assert found["stand_in"] == f"output/patients.csv is withheld from viewing. {found['reason']}\n"
    assert study.output("secret.csv")["stand_in"] is None
    assert study.output("table.csv")["stand_in"] is None


def test_reason_says_nothing_of_what_is_in_the_file(study: Study) -> None:
    found = study.output("broken.svgz")
    assert found["viewable"] is False
    assert "no" not in re.findall(r"b'(.*?)'", found["reason"])


MEDIA = {
    "table.csv": "text/csv; charset=utf-8",
    "page.html": "text/html; charset=utf-8",
    "drawing.svg": "image/svg+xml",
    "packed.svgz": "image/svg+xml",
    "facts.json": "application/json",
    "notes.log": "text/plain; charset=utf-8",
    "notes.txt": "text/plain; charset=utf-8",
    "picture.png": "image/png",
}


@pytest.mark.parametrize("name", MEDIA)
def test_content_is_the_file_itself(study: Study, name: str) -> None:
    found = look(study, name, "content")
    assert (found.status, found.headers["content-type"]) == (200, MEDIA[name])
    assert found.body == (study.folder / "output" / name).read_bytes()
    assert_confined(found)
    assert found.headers.get("content-encoding") == ("gzip" if name == "packed.svgz" else None)


@pytest.mark.parametrize("name", ["secret.csv", "kept.csv", "patients.csv", "broken.svgz"])
@pytest.mark.parametrize("what", ["content", "view", "table"])
def test_what_may_not_be_viewed_is_refused_with_the_sentence_of_the_list(study: Study, name: str, what: str) -> None:
    found, listed = look(study, name, what), study.output(name)
    assert SECRET not in found.text
    if what == "view":
        assert (found.status, found.media) == (403, "text/html")
        assert html.escape(listed["reason"], quote=False) in html.unescape(found.text).replace("&", "&amp;")
        assert "script-src" not in policy(found)
    elif name.endswith(".csv") or what == "content":
        assert listed["reason"] in assert_problem(found, 403)
    else:
        assert_problem(found, 400)


def test_scripts_of_what_may_not_be_viewed_cannot_be_allowed(study: Study) -> None:
    for name in ("secret.csv", "broken.svgz", "table.csv"):
        where = f"{study.path}/outputs/{study.output(name)['id']}/scripts"
        assert_problem(study.server.ask(where, "POST"), 400, 403)


@pytest.mark.parametrize("name", ["aaaaaaaaaaaaaaaa-0", "{job}-1", "{job}-99999999"])
@pytest.mark.parametrize("what", ["", "/content", "/view", "/table"])
def test_output_that_is_unknown(study: Study, name: str, what: str) -> None:
    output = name.format(job=study.output("table.csv")["job"])
    assert_problem(study.server.ask(f"{study.path}/outputs/{output}{what}"), 404)


def overwrite(path: Path) -> None:
    path.write_text("name,count\nplanted,1\n")


def overwrite_unseen(path: Path) -> None:
    """Other content of the same length, and the same time."""
    status = path.stat()
    path.write_text("planted".ljust(status.st_size, "x"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def put_a_link(path: Path) -> None:
    other = path.parent.parent / "planted.txt"
    path.rename(other)
    path.symlink_to(other)


def put_a_hard_link_to_a_secret(path: Path) -> None:
    path.unlink()
    os.link(path.parent / "secret.csv", path)


def link_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("planted"))
    path.parent.symlink_to("planted")


def put_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def take_away(path: Path) -> None:
    path.unlink()


CHANGES = [
    overwrite,
    overwrite_unseen,
    put_a_link,
    put_a_hard_link_to_a_secret,
    link_the_folder,
    put_a_pipe,
    put_a_folder,
    take_away,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_file_that_is_not_as_the_job_made_it_is_not_shown(new_study: NewStudy, change: Callable[[Path], None]) -> None:
    own = new_study("", "table.csv", "page.html", "secret.csv")
    for name in ("table.csv", "page.html"):
        change(own.folder / "output" / name)
        if change is link_the_folder:
            break
    for name in ("table.csv", "page.html"):
        for what in ("content", "view", *(["table"] if name == "table.csv" else [])):
            found = look(own, name, what)
            assert found.status in (403, 404), (name, what, found.text)
            assert "planted" not in found.text
            assert SECRET not in found.text
    assert own.get("views")["views"] == []


# -- synthetic data, and backends whose data are real ----------------------------------------------


def test_switch_shows_synthetic_data_is_recorded_and_turned_back(new_study: NewStudy) -> None:
    own = new_study("", "table.csv", "secret.csv", "kept.csv", "patients.csv", "broken.svgz")
    assert switch(own, True).json == {"allowed": True, "shown": True}
    assert own.get("synthetic") == {"allowed": True, "shown": True}
    assert all(one["viewable"] for one in own.get("outputs")["outputs"])
    for name in ("secret.csv", "kept.csv", "patients.csv"):
        assert SECRET in look(own, name, "content").text
        page = look(own, name, "view")
        assert page.status == 200
        assert "Synthetic data" in page.text
        assert SECRET in json.dumps(look(own, name, "table").json)
    assert look(own, "broken.svgz", "view").status < 500
    assert switch(own, True).status == 200
    assert switch(own, False).json == {"allowed": True, "shown": False}
    assert look(own, "secret.csv", "content").status == 403
    kinds = [one["kind"] for one in own.get("views")["views"]]
    assert (kinds[0], kinds[-1]) == ("synthetic_off", "synthetic_on")
    assert kinds.count("synthetic_on") == 1
    assert "Synthetic data" not in look(own, "table.csv", "view").text


def test_data_of_other_backends_are_never_shown_beyond_their_level(new_study: NewStudy) -> None:
    own = new_study("", "table.csv", "secret.csv", "patients.csv")
    run(own.folder, backend="tpp")
    assert_problem(switch(own, True, backend="tpp"), 403)
    assert switch(own, True).status == 200
    assert own.get("synthetic", backend="tpp") == {"allowed": False, "shown": False}
    assert own.get("", backend="tpp")["backends"] == ["expectations", "tpp"]
    outputs = {one["path"]: one for one in own.get("outputs", backend="tpp")["outputs"]}
    assert {path for path, one in outputs.items() if one["viewable"]} == {"output/table.csv"}
    for name in ("secret.csv", "patients.csv"):
        for what in ("content", "view", "table"):
            where = f"{own.path}/outputs/{outputs[f'output/{name}']['id']}/{what}"
            found = own.server.ask(where, query={"backend": "tpp"})
            assert found.status == 403
            assert SECRET not in found.text
            assert_problem(own.server.ask(where), 404)  # the identifier is that of the other backend
    assert [one["kind"] for one in own.get("views", backend="tpp")["views"]] == []


def test_refused_switch_leaves_nothing_behind(new_study: NewStudy) -> None:
    own = new_study(step("a"))
    assert_problem(switch(own, True, backend="tpp"), 403)
    assert own.get("")["backends"] == ["expectations"]


# -- the record ------------------------------------------------------------------------------------


def test_every_look_is_recorded_with_who_what_and_when(new_study: NewStudy) -> None:
    own = new_study("", "table.csv", "page.html", "notes.txt", "secret.csv")
    job = own.output("table.csv")["job"]
    look(own, "table.csv", "content")
    look(own, "table.csv", "view", offset=100, limit=25)
    look(own, "table.csv", "table", limit=10)
    look(own, "notes.txt", "view")
    look(own, "secret.csv", "view")
    own.server.ask(f"{own.path}/jobs/{job}/log", query={"start": 0})
    own.server.ask(f"{own.path}/jobs/{job}/log/view")
    found = own.get("views")["views"]
    told = [(one["kind"], one["path"], one["detail"]) for one in reversed(found)]
    assert told == [
        ("output", "output/table.csv", "the file"),
        ("output", "output/table.csv", "rows 101-125"),
        ("output", "output/table.csv", "rows 1-10"),
        ("output", "output/notes.txt", "a page"),
        ("log", None, ""),
    ]
    assert [one["number"] for one in found] == [5, 4, 3, 2, 1]
    assert found[0]["job"] == found[-1]["job"] == job
    assert all(one["who"] and TIME.fullmatch(one["at"]) for one in found)


# -- pages -----------------------------------------------------------------------------------------


def test_html_is_shown_without_scripts(study: Study) -> None:
    found = look(study, "page.html", "view")
    assert (found.status, found.media) == (200, "text/html")
    assert found.body == (study.folder / "output/page.html").read_bytes()
    assert_confined(found)


def test_scripts_run_once_for_who_asks_and_never_in_an_origin(new_study: NewStudy) -> None:
    own = new_study("", "page.html", "drawing.svg")
    where = f"{own.path}/outputs/{own.output('page.html')['id']}"
    ticket = own.server.ask(f"{where}/scripts", "POST").json["ticket"]
    other = look(own, "drawing.svg", "view", ticket=ticket)
    assert (other.status, other.media) == (403, "text/html")
    ticket = own.server.ask(f"{where}/scripts", "POST").json["ticket"]
    assert_confined(own.server.ask(f"{where}/view"))
    page = own.server.ask(f"{where}/view", query={"ticket": ticket})
    assert page.status == 200
    assert_confined(page, scripts=True)
    for used in (ticket, "made up", ""):
        again = own.server.ask(f"{where}/view", query={"ticket": used})
        assert again.status == 403
        assert b"document.title" not in again.body
    assert_confined(own.server.ask(f"{where}/view"))
    assert [one["kind"] for one in own.get("views")["views"]].count("output_with_scripts") >= 1


@pytest.mark.parametrize("name", ["drawing.svg", "packed.svgz"])
def test_drawings_are_shown_confined(study: Study, name: str) -> None:
    found = look(study, name, "view")
    assert (found.status, found.media, found.text.strip()) == (200, "image/svg+xml", SVG)
    assert "content-encoding" not in found.headers
    assert_confined(found)


@pytest.mark.parametrize(
    ("name", "seen", "unseen"),
    [
        ("facts.json", "&lt;b&gt;x&lt;/b&gt;", "<b>x"),
        ("notes.txt", "&lt;script&gt;alert(1)", "<script"),
        ("notes.log", "&lt;i&gt;line", "<i>line"),
        ("picture.png", "data:image/png;base64,iVBOR", "<script"),
    ],
)
def test_files_are_drawn_as_safe_pages(study: Study, name: str, seen: str, unseen: str) -> None:
    found = look(study, name, "view")
    assert (found.status, found.media) == (200, "text/html")
    assert seen in found.text
    assert unseen not in found.text
    assert "script-src" not in policy(found)
    assert policy(found)["default-src"] == ["'none'"]
    assert policy(found)["frame-ancestors"] == ["'self'"]


def test_picture_that_is_none_is_a_page_that_says_so(study: Study) -> None:
    found = look(study, "broken.png", "view")
    assert (found.status, found.media) == (403, "text/html")


def names(page: Answer) -> list[str]:
    """The row names that a page shows, in their order."""
    return re.findall(r"<td>(row\d+)</td>", page.text)


def links(page: Answer) -> dict[str, str]:
    """The links of a page below the base url, by their text."""
    found = {}
    for match in re.finditer(r'<a href="([^"]*)"([^>]*)>(.*?)</a>', page.text, re.DOTALL):
        label = re.search(r'aria-label="([^"]*)"', match[2])
        text = label[1] if label else re.sub(r"<[^>]*>", "", match[3])
        url = urljoin(page.url, html.unescape(match[1]))
        if not match[1].startswith("#"):
            assert url.startswith(f"{BASE}{API}/"), url
            found[html.unescape(text).strip()] = url.removeprefix(BASE)
    return found


def follow(study: Study, page: Answer, text: str) -> Answer:
    """The page behind a link, by a part of its text."""
    url = next(url for label, url in links(page).items() if text in label)
    found = study.server.fetch(url)
    assert found.status == 200, found.text
    return found


def test_links_of_a_table_lead_on(study: Study) -> None:
    first = look(study, "table.csv", "view")
    assert names(first) == [f"row{number:03}" for number in range(100)]
    second = follow(study, first, "Next")
    assert names(second)[0] == "row100"
    last = follow(study, second, "Last")
    assert names(last)[-1] == "row249"
    assert names(follow(study, follow(study, last, "First"), "Next")) == names(second)
    few = follow(study, second, "25")
    assert names(few) == [f"row{number:03}" for number in range(25)]
    seen = names(few)
    while any("Next" in label for label in links(few)):
        few = follow(study, few, "Next")
        seen += names(few)
    assert seen == [f"row{number:03}" for number in range(250)]


def test_links_of_a_table_sort_and_hide(study: Study) -> None:
    first = look(study, "table.csv", "view", limit=25)
    rows = [f"row{number:03}" for number in sorted(range(250), key=lambda number: number * 7 % 251)]
    up = follow(study, first, "count")
    assert names(up) == rows[:25]
    assert names(follow(study, up, "Next")) == rows[25:50]
    down = follow(study, up, "largest first")
    assert names(down) == rows[::-1][:25]
    assert names(follow(study, down, "Next")) == rows[::-1][25:50]
    assert names(follow(study, down, "order of the file")) == names(first)
    hidden = follow(study, down, "Hide column name")
    assert names(hidden) == []
    assert names(follow(study, hidden, "show all")) == names(down)


def test_every_link_of_every_page_of_the_server_works(study: Study) -> None:
    for one in study.get("outputs")["outputs"]:
        page = study.server.ask(f"{study.path}/outputs/{one['id']}/view")
        if page.media == "text/html" and "page.html" not in one["path"]:
            for url in links(page).values():
                assert study.server.fetch(url).status == 200, url


def test_table_as_json(study: Study) -> None:
    found = look(study, "table.csv", "table", sort=1, descending="true", limit=2, offset=1).json
    assert found["columns"] == ["name", "count"]
    assert len(found["rows"]) == 2
    assert [row["cells"][1] for row in found["rows"]] == ["249", "248"]


# -- caching and paging ----------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["", "pipeline", "status", "outputs", "requests", "jobs", "problems", "runtimes"])
def test_answer_that_has_not_changed_is_not_sent_again(study: Study, route: str) -> None:
    path = f"{study.path}/{route}".rstrip("/")
    first = study.server.ask(path)
    again = study.server.ask(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert study.server.ask(path, headers={"If-None-Match": '"other"'}).body == first.body


def test_answer_that_has_changed_is_sent(new_study: NewStudy) -> None:
    own = new_study(step("a"))
    before = own.server.ask(f"{own.path}/requests")
    finished(own.server, own.id, submit(own.server, own.id, "a")["id"])
    after = own.server.ask(f"{own.path}/requests", headers={"If-None-Match": before.headers["etag"]})
    assert after.status == 200
    assert len(after.json["requests"]) == 1


def test_what_jobs_made_is_kept_by_no_browser(study: Study) -> None:
    for what in ("content", "view"):
        found = look(study, "table.csv", what)
        assert "etag" not in found.headers
        assert "no-store" in found.headers["cache-control"]


def pages(study: Study, route: str, limit: int) -> list[Any]:
    """All of a list, page by page."""
    found: list[Any] = []
    before: dict[str, int] = {}
    while True:
        page = study.get(route, limit=limit, **before)
        assert len(page[route]) <= limit
        found += page[route]
        if page["next"] is None:
            return found
        assert page["next"] < before.get("before", 1 << 60), "it goes round in circles"
        before = {"before": page["next"]}


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000])
def test_paging_is_complete_and_without_doubles(many: Study, limit: int) -> None:
    requests = pages(many, "requests", limit)
    assert [one["number"] for one in requests] == [7, 6, 5, 4, 3, 2, 1]
    jobs = pages(many, "jobs", limit)
    assert [one["id"] for one in jobs] == [job["id"] for one in requests for job in reversed(one["jobs"])]
    assert len(jobs) == 14
    assert [one["number"] for one in pages(many, "views", limit)] == [6, 5, 4, 3, 2, 1]


def test_paging_goes_on_where_it_was_while_more_is_asked(many: Study) -> None:
    first = many.get("requests", limit=3)
    again = many.get("requests", limit=3, before=first["next"])
    assert [one["number"] for one in again["requests"]] == [4, 3, 2]
    assert many.get("requests", before=1) == {"requests": [], "next": None}
    assert many.get("requests", before=0)["requests"] == []


@pytest.fixture(scope="module")
def many(server: Live) -> Study:
    folder = make_project(server.root / "many", step("a") + step("b", needs="a"))
    for _ in range(7):
        run(folder, force=True)
    study = Study(server, folder, project_id(server, "many"))
    for _ in range(6):
        look(study, "a.csv", "content")
    return study


# -- what is broken --------------------------------------------------------------------------------


def test_store_that_is_damaged_is_told_without_saying_where_it_is(new_study: NewStudy) -> None:
    own = new_study("", "table.csv")
    (own.folder / ".jupyter_pipeline/expectations/store.sqlite").write_bytes(b"no database" * 1000)
    for route in ("requests", "jobs", "outputs", "views", "events", "status", ""):
        found = own.server.ask(f"{own.path}/{route}".rstrip("/"))
        assert_problem(found, 503)
        assert found.json["remedy"]
    assert own.server.get("version")


def test_settings_that_are_wrong_are_told_to_who_asks_for_that_project_only(new_study: NewStudy) -> None:
    own = new_study(step("a"), settings="jbos = 3\n")
    assert "jbos" in assert_problem(own.server.ask(own.path), 422)
    assert len(own.server.get("projects")["projects"]) > 1


# -- a server that is killed -----------------------------------------------------------------------


def test_jobs_logs_and_events_survive_the_server(tmp_path: Path) -> None:
    root = tmp_path / "root"
    make_project(root / "study", counting("a") + counting("b") + step("c", needs="a, b"))
    first = Live(tmp_path / "jupyter", root)
    try:
        first.wait_until_it_answers()
        key = project_id(first, "study")
        made = submit(first, key, "run_all")
        jobs = {job["action"]: job["id"] for job in made["jobs"]}
        wait_for(lambda: len(first.ask(f"projects/{key}/jobs/{jobs['a']}/log").body) > 50, "the job prints")
        known = first.get(f"projects/{key}/events")
    finally:
        first.stop(signal.SIGKILL)
    assert LocalProject.find(root / "study").engine() is not None
    with live(tmp_path / "jupyter", root) as second:
        assert project_id(second, "study") == key
        done = finished(second, key, made["id"])
        assert {job["action"]: job["id"] for job in done["jobs"]} == jobs
        assert done["status"] == "succeeded"
        for name in ("a", "b"):
            assert second.ask(f"projects/{key}/jobs/{jobs[name]}/log").body == COUNTED
        later = second.get(f"projects/{key}/events", after=known["revision"])
        revisions = [event["revision"] for event in (*known["events"], *later["events"])]
        assert revisions == list(range(1, len(revisions) + 1))
        assert later["events"][-1]["state"] == "succeeded"


def test_server_that_starts_sees_to_jobs_that_nobody_sees_to(tmp_path: Path) -> None:
    root = tmp_path / "root"
    project = LocalProject.find(write_study(root / "study", "table.csv"))
    request = project.submit(["table_csv"])
    assert project.engine() is None
    with live(tmp_path / "jupyter", root):
        wait_for(lambda: project.request(request.id).status == "succeeded", "the job is run")


def test_projects_routes_begin_where_the_contract_says(study: Study) -> None:
    found = study.server.fetch(f"{API}/version")
    assert found.json["api"] == 1
