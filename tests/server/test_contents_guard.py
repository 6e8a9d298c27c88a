"""The guard: every way to a protected file through a real server, and the same ways through one without it.

Each probe says what an open server does with it, so that it is known to be able to fail.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from jupyter_pipeline.models import Level
from tests.helpers.guard_server import (
    Answer,
    Server,
    copies,
    running,
    shows,
)
from tests.helpers.protected_study import (
    HIGHLY,
    SECRET,
    WITHHELD,
    record,
    show_synthetic,
)

LEAKS, OWN_REFUSAL = True, False
"""What an open server does with a probe: it serves what it should not, or refuses it by itself."""


@dataclass(frozen=True)
class Probe:
    """A request, and what it does to an open server."""

    method: str
    path: str
    body: Any = None
    open: bool = LEAKS
    status: int = 403
    tells: str = ""
    """What must not be in a success either, such as the name of the file."""
    headers: tuple[tuple[str, str], ...] = ()
    says: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path} {str(self.body)[:60] if self.body else ''}".rstrip()


def get(path: str, **more: Any) -> Probe:
    return Probe("GET", path, **more)


CSV, BOOK, WIDE = "study/output/patients.csv", "study/output/secret.ipynb", "study/output/wide.csv"
STATE_LOG = "study/.jupyter_pipeline/expectations/jobs/abc/log"
FILE = {"type": "file", "format": "text", "content": "mine"}
CHECKPOINT = "study/output/.ipynb_checkpoints/patients-checkpoint.csv"
NEW = "study/output/patients_2.csv"
UP = "study/free/../output/patients.csv"
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)

READING = [
    *(get(f"api/contents/{path}", says=HIGHLY) for path in (CSV, BOOK, "study/alias.csv", "study/hard.csv")),
    get(f"api/contents/{WIDE}", says=WITHHELD),
    get(f"api/contents/{CSV}?content=0&hash=1", tells="sha256"),
    get(f"api/contents/{CSV}?content=0", tells='"size"'),
    get(f"api/contents/{CSV}?type=file&format=base64"),
    get(f"api/contents/{BOOK}?type=file"),
    get("api/contents/study/free/linked/patients.csv"),
    get("api/contents/study/metadata/extract.log", says="full log"),
    get(f"api/contents/{STATE_LOG}", says="records"),
    get("api/contents/study/.jupyter_pipeline", tells="expectations"),
    get(f"api/contents/{CHECKPOINT}"),
    get("api/contents/study/output//patients.csv", open=OWN_REFUSAL, status=404),
    get("api/contents/study/./output/./patients.csv"),
    get("api/contents/study/free/%2e%2e/output/patients.csv"),
    get(f"api/contents/{UP}"),
    get("api/contents/study%2Foutput%2Fpatients.csv"),
    get("api/contents/study/output/patients%2ecsv"),
    get(f"api/contents/{CSV}/", open=OWN_REFUSAL, status=302),
    get("api/contents/study%5Coutput%5Cpatients.csv", open=OWN_REFUSAL, status=404),
    get(f"api/contents/{CSV}.", open=OWN_REFUSAL, status=404),
    get(f"api/contents/{CSV}%20", open=OWN_REFUSAL, status=404),
    get(f"api/contents/{CSV}%00", open=OWN_REFUSAL, status=404),
    get(f"api/notebooks/{BOOK}", open=OWN_REFUSAL, status=302),
    *(get(f"api/contents/{CSV}/checkpoints", tells=each) for each in ("last_modified",)),
    get(f"api/resolvePath?path={CSV}", status=200, tells=CSV),
    get(f"api/resolvePath?path={UP}", status=200, tells="study"),
]
FILES = [
    *(get(f"files/{path}") for path in (CSV, BOOK, WIDE, STATE_LOG, CHECKPOINT, UP)),
    get(f"files/{CSV}?download=1"),
    get(f"files/{CSV}", headers=(("Range", "bytes=0-40"),)),
    get("files/study/alias.csv"),
    get("files/study/hard.csv"),
    get("files/study/free/linked/patients.csv"),
    get("files/study/metadata/extract.log"),
    get("files//study/output/patients.csv", open=OWN_REFUSAL),
    get("files/study//output///patients.csv"),
    get("files/study/./output/patients.csv"),
    get("files/study/free/%2e%2e/output/patients.csv"),
    get("files/study%2Foutput%2Fpatients.csv"),
    get("files/study/output/patients%2ecsv"),
    get("files/study%5Coutput%5Cpatients.csv", open=OWN_REFUSAL, status=404),
    get(f"files/{CSV}%2e", open=OWN_REFUSAL, status=404),
    get(f"files/{CSV}%20", open=OWN_REFUSAL, status=404),
    get(f"files/{CSV}%00", open=OWN_REFUSAL, status=403),
    Probe("HEAD", f"files/{CSV}"),
    Probe("HEAD", "files/study/alias.csv"),
    get(f"view/{CSV}", tells="files/study/output/patients.csv"),
    *(get(f"nbconvert/{kind}/{BOOK}") for kind in ("html", "notebook", "script", "markdown", "rst", "slides")),
    get(f"nbconvert/html/{BOOK}?download=true"),
    get(f"nbconvert/html/{CSV}", open=OWN_REFUSAL, status=403),
    get("nbconvert/html/study/free/linked/secret.ipynb"),
]
ACTING = [
    Probe("POST", "api/contents/study/free", {"copy_from": CSV}),
    Probe("POST", "api/contents/study/free", {"copy_from": "study/alias.csv"}),
    Probe("POST", "api/contents/study/free", {"copy_from": "study/hard.csv"}),
    Probe("POST", "api/contents/study/free", {"copy_from": "study/output"}, says="It holds"),
    Probe("POST", "api/contents/", {"copy_from": "study"}, says="as a whole"),
    Probe("POST", "api/contents/study/free", {"copy_from": "study/.jupyter_pipeline"}),
    Probe("POST", "api/contents/study/output", {"copy_from": "study/free"}),
    Probe("PUT", f"api/contents/{CSV}", FILE),
    Probe("PUT", "api/contents/study/alias.csv", FILE),
    Probe("PUT", f"api/contents/{CSV}", {**FILE, "chunk": 1}),
    Probe("PUT", f"api/contents/{CSV}", {**FILE, "chunk": -1}),
    Probe("PUT", f"api/contents/{NEW}", FILE, open=OWN_REFUSAL),
    Probe("PUT", f"api/contents/{STATE_LOG}", FILE),
    Probe("PATCH", f"api/contents/{CSV}", {"path": "study/free/mine.csv"}),
    Probe("PATCH", "api/contents/study/output", {"path": "study/free/out"}, says="as a whole"),
    Probe("PATCH", "api/contents/study", {"path": "other"}),
    Probe("PATCH", "api/contents/study/.jupyter_pipeline", {"path": "study/state"}),
    Probe("PATCH", "api/contents/study/free/note.txt", {"path": CSV}, open=OWN_REFUSAL),
    Probe("PATCH", "api/contents/study/free/note.txt", {"path": NEW}, open=OWN_REFUSAL),
    Probe("DELETE", f"api/contents/{CSV}"),
    Probe("DELETE", "api/contents/study/output"),
    Probe("DELETE", "api/contents/study"),
    Probe("POST", f"api/contents/{CSV}/checkpoints"),
    Probe("POST", f"api/contents/{WIDE}/checkpoints"),
    Probe("POST", f"api/contents/{CSV}/checkpoints/checkpoint"),
    Probe("DELETE", f"api/contents/{CSV}/checkpoints/checkpoint"),
    Probe("POST", f"api/contents/{BOOK}/trust", open=OWN_REFUSAL),
]
OTHERS = [
    get("directories/study/output?archiveFormat=zip"),
    get("directories/study"),
    get(f"directories/{CSV}"),
    get("directories/study%252Foutput%252Fpatients.csv", open=OWN_REFUSAL),
    get(f"nbdime?base={CSV}"),
    get(f"nbdime?base={quote(CSV, safe='')}"),
    get("nbdime?base=study/alias.csv"),
    get("nbdime?folder=study/output&base=patients.csv"),
    get("nbdime?folder=study&base=.jupyter_pipeline/expectations/jobs/abc/log"),
    Probe("POST", "nbdime", {"what": [{"base": f"git:{CSV}"}]}),
    Probe("POST", "nbdime", {"what": [{"base": CSV}], "more": ["x"] * 900}),
    Probe("POST", "nbdime", {"what": [{"base": "output/../output/patients.csv"}]}, open=OWN_REFUSAL),
    Probe("POST", "nbdime", f"base={quote(CSV, safe='')}".encode(), headers=FORM),
    Probe("POST", "git/study/content", {"filename": "output/patients.csv"}),
]
PROBES = [*READING, *FILES, *ACTING, *OTHERS]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    yield from running(tmp_path_factory.mktemp("servers"))


@pytest.fixture(params=["async", "sync"])
def server(request: pytest.FixtureRequest, servers: dict[str, Server]) -> Server:
    found = servers[request.param]
    found.reset()
    return found


def leaks(server: Server, probe: Probe) -> tuple[bool, Answer]:
    """Whether a probe gets at anything: in the answer, or on disk as another, a changed or a missing copy."""
    server.reset()
    before = copies(server.root)
    headers = {name: value.replace("ROOT", str(server.root)) for name, value in probe.headers}
    answer = server.ask(probe.method, probe.path, probe.body, headers=headers)
    is_shown = shows(answer, probe.tells.encode()) or (probe.method == "HEAD" and answer.status < 300)
    return is_shown or copies(server.root) != before, answer


@pytest.mark.parametrize("probe", PROBES, ids=str)
def test_the_guard_closes_what_an_open_server_serves(servers: dict[str, Server], probe: Probe) -> None:
    found, answer = leaks(servers["open"], probe)
    assert found is probe.open, (answer.status, answer.body[:500])
    for name in ("async", "sync"):
        found, answer = leaks(servers[name], probe)
        assert not found, (name, answer.status, answer.body[:500])
        assert answer.status == probe.status, (name, answer.body[:500])
        assert probe.says in answer.message


# -- listings --------------------------------------------------------------------------------------


def names(answer: Answer) -> set[str]:
    assert answer.status == 200, answer.body
    return {entry["name"] for entry in json.loads(answer.body)["content"]}


def test_listings_leave_out_what_is_protected_and_nothing_else(servers: dict[str, Server], server: Server) -> None:
    servers["open"].reset()
    unguarded = servers["open"].ask("GET", "api/contents/study/output")
    assert {"patients.csv", "secret.ipynb", "wide.csv"} <= names(unguarded)
    shown = {"table.csv", "report.ipynb", ".ipynb_checkpoints"}
    assert names(server.ask("GET", "api/contents/study/output")) == shown
    assert names(server.ask("GET", "api/contents/study/free/linked")) == shown
    assert names(server.ask("GET", "api/contents/study/output/.ipynb_checkpoints")) == set()
    assert names(server.ask("GET", "api/contents/study/metadata")) == set()
    expected = {"project.yaml", "output", "metadata", "analysis", "free"}
    assert names(server.ask("GET", "api/contents/study")) == expected
    assert names(server.ask("GET", "api/contents/")) == {"study"}


def test_a_listing_is_not_broken_by_odd_entries(server: Server) -> None:
    (server.study / "free/round").symlink_to("round")
    (server.study / "free/gone").symlink_to("nowhere")
    os.mkfifo(server.study / "free/pipe")
    (server.study / "free/é%20 ü.txt").write_text("mine")
    assert names(server.ask("GET", "api/contents/study/free")) >= {"note.txt", "linked", "é%20 ü.txt"}


# -- what is free ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "api/contents/study/output/table.csv?content=1&hash=1",
        "files/study/output/table.csv",
        "files/study/output/table.csv?download=1",
        "files/study//output/./table.csv",
        "view/study/output/table.csv",
        "nbconvert/html/study/output/report.ipynb",
        "nbconvert/script/study/output/report.ipynb",
        "api/contents/study/project.yaml",
        "api/contents/study/output/table.csv/checkpoints",
        "api/resolvePath?path=study/output/table.csv",
        "directories/study/analysis",
        "nbdime?base=study/output/table.csv",
        f"lab/tree/{CSV}",
    ],
)
def test_what_may_be_viewed_is_served_as_ever(server: Server, path: str) -> None:
    answer = server.ask("GET", path)
    assert answer.status == 200
    assert not shows(answer)


def test_what_is_a_persons_own_can_be_worked_with(server: Server) -> None:
    ask = server.ask
    assert ask("PUT", "api/contents/study/free/note.txt", FILE).status == 200
    assert ask("PUT", "api/contents/study/project.yaml", {**FILE, "content": "version: 4"}).status == 200
    server.reset()
    assert ask("PUT", "api/contents/study/free/new.txt", {**FILE, "chunk": 1}).status == 201
    assert ask("PUT", "api/contents/study/free/new.txt", {**FILE, "chunk": -1}).status == 200
    assert (server.study / "free/new.txt").read_text() == "minemine"
    assert ask("POST", "api/contents/study/free", {"copy_from": "study/output/table.csv"}).status == 201
    assert ask("POST", "api/contents/study", {"copy_from": "study/analysis"}).status == 201
    assert ask("POST", "api/contents/study/output", {"type": "notebook"}).status == 201
    assert ask("POST", "api/contents/study/free/note.txt/checkpoints").status == 201
    assert ask("POST", "api/contents/study/free/note.txt/checkpoints/checkpoint").status == 204
    assert ask("PATCH", "api/contents/study/free/note.txt", {"path": "study/free/moved.txt"}).status == 200
    assert ask("GET", "api/contents/study/free/moved.txt/checkpoints").body != b"[]"
    assert ask("PATCH", "api/contents/study/analysis", {"path": "study/scripts"}).status == 200
    assert ask("DELETE", "api/contents/study/scripts").status == 204
    assert ask("POST", "api/contents/study/output/report.ipynb/trust").status == 201
    assert ask("POST", "nbdime", {"what": [{"base": "study/output/table.csv"}]}).status == 200
    assert ask("POST", "git/study/content", {"filename": "project.yaml"}).status == 200


def test_bodies_that_cannot_be_looked_at_arrive_whole(server: Server) -> None:
    assert json.loads(server.ask("POST", "streamed", b"x" * 100_000).body) == {"size": 100_000}
    long = {"what": [{"base": "study/output/table.csv"}], "more": "x" * 2_000_000}
    assert server.ask("POST", "nbdime", long).status == 200
    assert server.ask("POST", "nbdime", b"{not json").status == 500  # the handler's own word
    deep = b"[" * 100_000
    assert server.ask("POST", "nbdime", deep).status == 500


# -- strangers and changes -------------------------------------------------------------------------


@pytest.mark.parametrize("path", [f"api/contents/{CSV}", f"files/{CSV}", f"nbdime?base={CSV}", f"view/{CSV}"])
def test_a_stranger_is_not_told_what_is_protected(server: Server, path: str) -> None:
    told = server.ask("GET", path, token="wrong")
    assert told.status in (302, 403)
    assert b"sensitive" not in told.body


def test_what_happens_while_the_server_runs_counts_at_once(server: Server) -> None:
    table, state = "api/contents/study/output/table.csv", server.study / ".jupyter_pipeline"
    assert server.ask("GET", table).status == 200
    record(state / "expectations", {"output/table.csv": (Level.MODERATELY, WITHHELD)})
    answer = server.ask("GET", table)
    assert answer.status == 403
    assert answer.message == f"study/output/table.csv may not be viewed. {WITHHELD}"
    assert server.ask("GET", f"api/contents/{CSV}").status == 403
    show_synthetic(state / "expectations")
    assert SECRET in json.loads(server.ask("GET", f"api/contents/{CSV}").body)["content"]
    assert server.ask("GET", f"files/{CSV}").body.decode().startswith(SECRET)
    assert server.ask("GET", f"api/contents/{STATE_LOG}").status == 403
    show_synthetic(state / "expectations", on=False)
    assert server.ask("GET", f"api/contents/{CSV}").status == 403


def test_a_project_that_is_new_is_guarded_at_once(server: Server) -> None:
    new = server.root / "new/study"
    (new / "output").mkdir(parents=True)
    (new / "output/patients.csv").write_text(SECRET)
    path = "api/contents/new/study/output/patients.csv"
    assert server.ask("GET", path).status == 200
    (new / "project.yaml").write_bytes((server.study / "project.yaml").read_bytes())
    assert server.ask("GET", path).status == 403


def test_a_second_name_of_what_was_published_just_now_is_not_served(server: Server) -> None:
    assert server.ask("GET", "api/contents/study/hard.csv").status == 403  # everything has been looked at
    for number in range(10):
        (server.study / f"output/patients_{number}.csv").write_text(f"{SECRET},{number}\n")
        os.link(server.study / f"output/patients_{number}.csv", server.study / f"free/{number}.csv")
        os.link(server.study / STATE_LOG.removeprefix("study/"), server.study / f"free/{number}.log")
        for kind in ("csv", "log"):
            assert server.ask("GET", f"api/contents/study/free/{number}.{kind}").status == 403
            assert server.ask("GET", f"files/study/free/{number}.{kind}").status == 403
    assert names(server.ask("GET", "api/contents/study/free")) == {"note.txt", "linked"}


def test_base64_of_the_secret_would_be_found(servers: dict[str, Server]) -> None:
    answer = Answer(200, {}, b64encode(f"{SECRET},1\n".encode()))
    assert shows(answer)
    assert not shows(Answer(200, {}, b"{}"))
    assert Path(servers["open"].root).is_dir()


@pytest.mark.parametrize("name", ["open", "async"])
def test_a_kernel_is_not_asked_whether_a_protected_file_is_there(servers: dict[str, Server], name: str) -> None:
    server = servers[name]
    server.reset()
    kernel = json.loads(server.ask("POST", "api/kernels", {"name": "python3", "path": "study/output"}).body)["id"]
    try:
        for path, is_told in {
            f"{server.study}/output/patients.csv": name == "open",
            "patients.csv": name == "open",
            "table.csv": True,
        }.items():
            told = server.ask("GET", f"api/resolvePath?path={path}&kernel={kernel}")
            scopes = {entry["scope"] for entry in json.loads(told.body)["resolved"]}
            assert ("kernel" in scopes) is is_told, path
    finally:
        server.ask("DELETE", f"api/kernels/{kernel}")
    unknown = server.ask("GET", f"api/resolvePath?path={CSV}&kernel=none")
    assert (CSV in unknown.body.decode()) is (name == "open")
