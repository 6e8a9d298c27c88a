"""Split mode with two users of the operating system: the work goes through, and no protected byte does."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import jupyter_pipeline
from jupyter_pipeline import Project
from jupyter_pipeline.config import ENV_JOBS, ENV_SERVICE_TOKEN_FILE, ENV_SERVICE_URL, ENV_STATE
from jupyter_pipeline.errors import InvalidConfig, OutputRefused, ProjectNotFound
from jupyter_pipeline.server.extension import PipelineExtension
from jupyter_pipeline.server.serving import check_private, read_tokens
from tests.helpers import thief
from tests.helpers.live import free_port
from tests.helpers.support import SETTINGS, action, cli, make_project, require, require_root

SERVICE, PERSON = 61001, 61002
"""Users that need not have a name."""
MARKER = f"do-not-show-{secrets.token_hex(6)}"
DEADLINE = 60.0
COMMIT = ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam")
THIEF = Path(thief.__file__)


@functools.cache
def python_for_others() -> tuple[str, str] | None:
    """An interpreter, and a PYTHONPATH, that users other than this one can run this program with."""
    packages = [path for path in sys.path if path.endswith("site-packages")]
    source = str(Path(jupyter_pipeline.__file__).parent.parent)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    programs = [os.path.realpath(sys.executable), shutil.which(version, path="/usr/bin:/usr/local/bin")]
    for program in filter(None, programs):
        path = os.pathsep.join([*packages, source])
        if works_for_others(program, path):
            return program, path
    path = copied([*packages, f"{source}/jupyter_pipeline"])
    return next(((program, path) for program in filter(None, programs) if works_for_others(program, path)), None)


def works_for_others(program: str, path: str) -> bool:
    code = "import jupyter_server, jupyter_pipeline.server.extension, sqlite3, yaml"
    try:
        done = subprocess.run(
            [program, "-P", "-c", code],
            **run_as(PERSON),
            env={"PYTHONPATH": path, "HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"},
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def copied(folders: list[str]) -> str:
    """A place that all can read, with these folders in it: a home may be closed to others. The large is left out."""
    place = Path(tempfile.mkdtemp(prefix="for-others-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    large = shutil.ignore_patterns("jupyterlab", "pyarrow*", "pandas*", "numpy*", "playwright", "nodejs*", "mypy*")
    for folder in folders:
        target = place if folder.endswith("site-packages") else place / Path(folder).name
        shutil.copytree(folder, target, ignore=large, dirs_exist_ok=True)
    for one in (place, *place.rglob("*")):
        one.chmod(one.stat().st_mode | (0o055 if one.is_dir() else 0o044))
    return str(place)


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-c", "safe.directory=*", "-C", str(folder), *words], check=True)


def run_as(user: int) -> dict[str, Any]:
    return {"user": user, "group": user, "extra_groups": []}


@dataclass
class Split:
    """The two servers, and how to ask them."""

    folder: Path
    service: subprocess.Popen[bytes]
    person: subprocess.Popen[bytes]
    ports: tuple[int, int]
    token: str

    def ask(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, bytes]:
        """The person asks their own server."""
        return fetch(f"http://127.0.0.1:{self.ports[1]}/jupyter_pipeline/v1{path}", "mine", method, body)

    def get(self, path: str) -> Any:
        status, body = self.ask(path)
        assert status == 200, body
        return json.loads(body)

    @functools.cached_property
    def project(self) -> str:
        return f"/projects/{self.get('/projects?path=small')['projects'][0]['id']}"

    def run(self) -> Any:
        """Run everything; the request at its end."""
        status, body = self.ask(f"{self.project}/requests", "POST", {"actions": ["run_all"], "force": True})
        assert status == 201, body
        place = f"{self.project}/requests/{json.loads(body)['id']}"
        deadline = time.monotonic() + DEADLINE
        while (found := self.get(place))["status"] in ("pending", "running"):
            assert time.monotonic() < deadline
            self.get(f"{self.project}/events?after={self.get(self.project)['revision']}&wait=1")
        return found

    def outputs(self) -> dict[str, Any]:
        return {output["path"]: output for output in self.get(f"{self.project}/outputs")["outputs"]}


def fetch(url: str, token: str, method: str = "GET", body: Any = None) -> tuple[int, bytes]:
    data = json.dumps(body).encode() if body is not None else b"" if method == "POST" else None
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"token {token}"} if token else {})
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def open_to_others(folder: Path) -> None:
    """Let other users come to what is theirs below a folder of the tests."""
    for parent in (folder, *folder.parents[:3]):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)


def prepared(folder: Path, token: str) -> None:
    """A folder of the service with a study, and a home of the person with a token."""
    actions = action(
        "make", f"mkdir -p output; echo {MARKER} > output/raw.csv", level="highly_sensitive", raw="output/raw.csv"
    ) + action("table", "wc -c < output/raw.csv > output/one.csv; echo done", needs="make", one="output/one.csv")
    make_project(folder / "service/studies/small", actions, settings="")
    (folder / "service/settings.toml").write_text(SETTINGS)
    (folder / "service/tokens").write_text(f"# who may ask\nann {token}\n")
    (folder / "person/home").mkdir(parents=True)
    (folder / "person/token").write_text(token)
    for name, user in (("service", SERVICE), ("person", PERSON)):
        for path in (folder / name, *(folder / name).rglob("*")):
            os.chown(path, user, user)
            path.chmod(0o700 if path.is_dir() else 0o600)


def surroundings(home: Path, name: str) -> dict[str, str]:
    found = python_for_others()
    assert found is not None
    places = {f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("RUNTIME", "CONFIG", "DATA")}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": found[1], "HOME": str(home), "USER": name, **places}


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Split]:
    require_root("to be two users")
    require(python_for_others() is not None, "a Python that other users can run")
    folder, token, ports = tmp_path_factory.mktemp("split"), secrets.token_hex(16), (free_port(), free_port())
    open_to_others(folder)
    prepared(folder, token)
    with contextlib.ExitStack() as ends:
        service = started(ends, folder, "service", SERVICE, service_words(folder, ports[0]))
        person = started(ends, folder, "person", PERSON, person_words(folder, ports))
        found = Split(folder, service, person, ports, token)
        wait_until(lambda: found.ask("/version")[0] == 200)
        yield found


def service_words(folder: Path, port: int) -> list[str]:
    where = ["--project", f"{folder}/service/studies", "--tokens", f"{folder}/service/tokens", "--port", str(port)]
    where += ["--settings", f"{folder}/service/settings.toml"]
    return ["jupyter_pipeline.cli", "serve", *where]


def person_words(folder: Path, ports: tuple[int, int]) -> list[str]:
    return [
        "jupyter_server",
        f"--ServerApp.root_dir={folder}/person/home",
        "--IdentityProvider.token=mine",
        f"--ServerApp.port={ports[1]}",
        "--ServerApp.port_retries=0",
        "--no-browser",
        "--ServerApp.jpserver_extensions={'jupyter_pipeline': True}",
        f"--PipelineExtension.service_url=http://127.0.0.1:{ports[0]}/",
        f"--PipelineExtension.service_token_file={folder}/person/token",
    ]


def started(
    ends: contextlib.ExitStack, folder: Path, name: str, user: int, words: list[str]
) -> subprocess.Popen[bytes]:
    found = python_for_others()
    assert found is not None
    log = ends.enter_context((folder / f"{name}.log").open("wb"))
    process = ends.enter_context(
        subprocess.Popen(
            [found[0], "-P", "-m", *words],
            **run_as(user),
            env=surroundings(folder / name, name),
            cwd="/",
            stdout=log,
            stderr=log,
        )
    )
    ends.callback(process.terminate)
    return process


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + DEADLINE
    while True:
        with contextlib.suppress(urllib.error.URLError):
            if condition():
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def descendants(user: int) -> list[int]:
    """The processes of a user."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and entry.stat().st_uid == user:
                found.append(int(entry.name))
    return found


def robbed(split: Split, user: int) -> dict[str, bool]:
    """What a user finds who tries everything."""
    found = python_for_others()
    assert found is not None
    pids = ",".join(map(str, descendants(SERVICE)))
    done = subprocess.run(
        [found[0], "-P", str(THIEF), str(split.folder / "service"), MARKER, pids],
        **run_as(user),
        env={"HOME": "/tmp"},
        cwd="/",
        capture_output=True,
        check=True,
        timeout=DEADLINE,
    )
    answers: dict[str, bool] = json.loads(done.stdout)
    return answers


def test_the_work_goes_through(split: Split) -> None:
    request = split.run()
    assert request["status"] == "succeeded", request["jobs"]
    assert request["requested_by"] == "ann"
    outputs = split.outputs()
    status, body = split.ask(f"{split.project}/outputs/{outputs['output/one.csv']['id']}/content")
    assert (status, body.strip()) == (200, str(len(MARKER) + 1).encode())
    who = {view["who"] for view in split.get(f"{split.project}/views")["views"]}
    assert who == {"ann"}


def person_in(split: Split, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A kernel of the person's, as far as finding a project goes: somewhere without one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", f"{split.folder}/person/runtime")
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)


def works_from_a_notebook(project: Project) -> None:
    run = project.run("table", wait=False)
    assert run.wait(timeout=DEADLINE).requested_by == "ann"
    assert project.read("output/one.csv").columns.tolist() == [str(len(MARKER) + 1)]
    with pytest.raises(OutputRefused) as caught:
        project.read("output/raw.csv")
    assert MARKER not in str(caught.value)


def test_a_notebook_asks_by_its_own_server(split: Split) -> None:
    works_from_a_notebook(Project.find("small", url=f"http://127.0.0.1:{split.ports[1]}/", token="mine"))


def test_a_notebook_asks_the_service_that_its_server_told_of(
    split: Split, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    person_in(split, monkeypatch, tmp_path)
    monkeypatch.setenv(ENV_SERVICE_URL, f"http://127.0.0.1:{split.ports[0]}/")
    monkeypatch.setenv(ENV_SERVICE_TOKEN_FILE, f"{split.folder}/person/token")
    project = Project.find("small")
    works_from_a_notebook(project)
    assert split.token not in repr(project.source) + repr(vars(project))


@pytest.mark.parametrize("how", ["parent", "folder", "hub"])
def test_a_notebook_finds_the_service_behind_its_server(
    split: Split, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    person_in(split, monkeypatch, tmp_path)
    if how == "parent":
        monkeypatch.setenv("JPY_PARENT_PID", str(split.person.pid))
    elif how == "folder":
        monkeypatch.chdir(split.folder / "person/home")
    else:
        monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", f"http://127.0.0.1:{split.ports[1]}/")
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "mine")
    assert Project.find("small").status().actions
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    monkeypatch.delenv("JUPYTERHUB_SERVICE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProjectNotFound):
        Project.find("small")


def test_kernels_inherit_what_their_server_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (ENV_SERVICE_URL, ENV_SERVICE_TOKEN_FILE, ENV_STATE, ENV_JOBS)
    for name in names:
        monkeypatch.setenv(name, "")
    PipelineExtension(service_url="http://s/", service_token_file="t", state="x", jobs=3)._tell_kernels()
    assert [os.environ[name] for name in names] == ["http://s/", "t", "x", "3"]


def test_the_service_says_what_it_is(split: Split) -> None:
    assert split.get("/version")["mode"] == "service"


def test_a_checkout_is_updated_from_its_remote(split: Split) -> None:
    checkout, remote = split.folder / "service/studies/cloned", split.folder / "service/remote"
    make_project(remote, action("one", "echo 1 > output/one.csv"))
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*COMMIT, "one"]):
        git(remote, *words)
    git(remote.parent, "clone", "-q", str(remote), str(checkout))
    for path in (remote, checkout):
        subprocess.run(["chown", "-R", f"{SERVICE}:{SERVICE}", str(path)], check=True)
    make_project(remote, action("one", "echo 1 > output/one.csv") + action("two", "echo 2 > output/two.csv"))
    git(remote, *COMMIT, "two")
    subprocess.run(["chown", "-R", f"{SERVICE}:{SERVICE}", str(remote)], check=True)
    place = f"/projects/{split.get('/projects?path=cloned')['projects'][0]['id']}"
    assert [found["name"] for found in split.get(f"{place}/pipeline")["actions"]] == ["one"]
    status, body = split.ask(f"{place}/update", "POST")
    assert status == 200, body
    assert [found["name"] for found in split.get(f"{place}/pipeline")["actions"]] == ["one", "two"]
    status, body = split.ask(f"{split.project}/update", "POST")
    assert status == 422, "a project that is in no repository"


def test_what_a_repository_sets_is_not_the_services_law(split: Split) -> None:
    """Else whoever may push code could have it run without a sandbox, or with a network of their choice."""
    checkout = split.folder / "service/studies/wild"
    make_project(checkout, action("one", "true", one="output/one.csv"), 'executor = "process"\n[nonsense]\n')
    subprocess.run(["chown", "-R", f"{SERVICE}:{SERVICE}", str(checkout)], check=True)
    place = f"/projects/{split.get('/projects?path=wild')['projects'][0]['id']}"
    told = split.get(place)["executor"]
    assert (told["asked"], told["name"]) == ("sandbox", "sandbox"), "nor is it auto, which does without where it must"


def test_what_is_protected_stays_with_the_service(split: Split) -> None:
    split.run()
    raw = split.outputs()["output/raw.csv"]
    assert not raw["viewable"]
    for what in ("content", "view", "table"):
        status, body = split.ask(f"{split.project}/outputs/{raw['id']}/{what}")
        assert status == 403
        assert MARKER.encode() not in body


def test_another_user_finds_nothing_by_any_means(split: Split) -> None:
    split.run()
    assert not [way for way, found in robbed(split, PERSON).items() if found]


def test_the_same_means_find_it_all_as_the_service_itself(split: Split) -> None:
    split.run()
    found = robbed(split, SERVICE)
    shutil.rmtree(split.folder / "service/studies", ignore_errors=True)  # the last means took it away
    prepared_again = split.folder / "again"
    prepared(prepared_again, split.token)
    shutil.move(prepared_again / "service/studies", split.folder / "service/studies")
    blocked_anyway = {"finds_leftovers", "reads_memory"}  # nothing is left over; memory is the machine's to decide
    assert {way for way, yes in found.items() if not yes} <= blocked_anyway


def test_the_service_has_nothing_but_our_routes(split: Split) -> None:
    for path in (
        *("api/contents", "api/contents/small/output/raw.csv", "files/small/output/raw.csv", "view/small/project.yaml"),
        *("api/kernels", "api/terminals", "api/sessions", "api/kernelspecs", "nbconvert/html/x.ipynb", "lab", "tree"),
        *("api/config/x", "api/shutdown", "api/resolvePath", "terminals/websocket/1", "api/events/subscribe"),
    ):
        status, body = fetch(f"http://127.0.0.1:{split.ports[0]}/{path}", split.token)
        assert status == 404, path
        assert MARKER.encode() not in body


@pytest.mark.parametrize("token", ["", "wrong", "mine", "ann"])
def test_the_service_answers_nobody_without_a_token_of_their_own(split: Split, token: str) -> None:
    for path in ("version", "projects", "openapi.yaml"):
        status, _ = fetch(f"http://127.0.0.1:{split.ports[0]}/jupyter_pipeline/v1/{path}", token)
        assert status in (401, 403)
    status, _ = fetch(f"http://127.0.0.1:{split.ports[0]}/jupyter_pipeline/v1/projects?token={split.token}", "")
    assert status in (401, 403), "a token in an address would end up in logs"


def test_a_token_that_the_service_does_not_know_is_told(split: Split, tmp_path: Path) -> None:
    open_to_others(tmp_path)
    prepared(tmp_path, secrets.token_hex(16))
    with contextlib.ExitStack() as ends:
        ports = split.ports[0], free_port()
        person = started(ends, tmp_path, "person", PERSON, person_words(tmp_path, ports))
        found = Split(tmp_path, split.service, person, ports, "")
        wait_until(lambda: found.ask("/version")[0] == 502)
        assert "does not know this token" in json.loads(found.ask("/version")[1])["detail"]


def test_a_log_comes_with_all_that_is_said_of_it(split: Split) -> None:
    job = next(one for one in split.run()["jobs"] if one["action"] == "table")
    url = f"http://127.0.0.1:{split.ports[1]}/jupyter_pipeline/v1{split.project}/jobs/{job['id']}/log"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": "token mine"})) as answer:
        assert answer.read() == b"done\n"
        assert (answer.headers["Log-Job"], answer.headers["Log-Ended"]) == (job["id"], "true")


def test_the_persons_own_files_are_no_door(split: Split) -> None:
    home = split.folder / "person/home"
    (home / "link").symlink_to(split.folder / "service/studies/small/output/raw.csv")
    for path in ("files/link", "api/contents/link"):
        status, body = fetch(f"http://127.0.0.1:{split.ports[1]}/{path}", "mine")
        assert status >= 400
        assert MARKER.encode() not in body


def test_a_service_that_is_away_is_told(split: Split, tmp_path: Path) -> None:
    open_to_others(tmp_path)
    prepared(tmp_path, secrets.token_hex(16))
    with contextlib.ExitStack() as ends:
        ports = free_port(), free_port()
        person = started(ends, tmp_path, "person", PERSON, person_words(tmp_path, ports))
        found = Split(tmp_path, person, person, ports, "")
        wait_until(lambda: found.ask("/version")[0] == 502)
        told = json.loads(found.ask("/version")[1])
        assert "cannot be reached" in told["detail"]
        assert told["remedy"]
        started(ends, tmp_path, "service", SERVICE, service_words(tmp_path, ports[0]))
        wait_until(lambda: found.ask("/version")[0] == 200)


def test_people_are_known_by_tokens_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    for text, wrong in (
        ("ann", "not a name and a token"),
        ("ann short", "guessed"),
        (f"ann {'x' * 30}\nbob {'x' * 30}", "one token"),
        ("# nobody", "names nobody"),
    ):
        file.write_text(text)
        file.chmod(0o600)
        with pytest.raises(InvalidConfig, match=wrong) as caught:
            read_tokens(file)
        assert "x" * 30 not in str(caught.value)
    file.write_text(f"# people\nann {'a' * 30}\n\nbob   {'b' * 30}\n")
    assert read_tokens(file) == {"a" * 30: "ann", "b" * 30: "bob"}


def test_what_others_can_look_into_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    with pytest.raises(InvalidConfig, match="open to other users"):
        check_private(tmp_path, "The folder")
    tmp_path.chmod(0o700)
    check_private(tmp_path, "The folder")
    (tmp_path / "tokens").write_text(f"ann {'a' * 30}\n")
    done = cli("serve", "--tokens", str(tmp_path / "tokens"), "--project", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 2
    assert "chmod 600" in done.stderr


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    require_root("to give a folder away")
    os.chown(tmp_path, SERVICE, SERVICE)
    tmp_path.chmod(0o700)
    with pytest.raises(InvalidConfig, match="belongs to another user"):
        check_private(tmp_path, "The folder")
