"""Which projects a server knows: those below its folder, and the one around it; by identifiers that stay."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_pipeline.api import projects as module
from jupyter_pipeline.api.projects import Known, Projects
from jupyter_pipeline.errors import InvalidConfig, NotFound
from tests.helpers.faults import run, step
from tests.helpers.live import assert_problem, live
from tests.helpers.served_study import NewStudy
from tests.helpers.support import make_project, require_root


def make(folder: Path) -> Path:
    """A project with one action."""
    return make_project(folder, step("a"))


def paths(root: Path) -> list[str]:
    """The paths of all projects that are found."""
    return [known.path for known in Projects(root, {}).all()]


# -- the nearest -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "study",
        "study/",
        "/study",
        "//study",
        "study/a/b.csv",
        "study/../study",
        "./study",
        "study//x",
        "other/../study",
    ],
)
def test_nearest_project_of_a_path(tmp_path: Path, path: str) -> None:
    make(tmp_path / "study")
    (tmp_path / "other").mkdir()
    found = Projects(tmp_path, {}).nearest(path)
    assert (found.path, found.root) == ("study", tmp_path / "study")


@pytest.mark.parametrize(
    "path",
    [
        *("", "other", "..", "../outside", "../outside/x", "study/../../outside", "/etc", "\0", "study/\0"),
        *("x" * 9000, "y/" * 3000, "out", "out/x", "loop", "loop/x", "~", "study\\x", "\udcff", "STUDY\n"),
    ],
)
def test_path_that_belongs_to_no_project_below(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    make(root / "study")
    make(tmp_path / "outside")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "loop").symlink_to("loop")
    with pytest.raises(NotFound) as caught:
        Projects(root, {}).nearest(path)
    assert str(tmp_path) not in str(caught.value)


def test_link_within_the_folder_leads_to_where_the_project_is(tmp_path: Path) -> None:
    make(tmp_path / "study")
    (tmp_path / "link").symlink_to("study")
    found = Projects(tmp_path, {})
    assert found.nearest("link/x") == found.nearest("study")
    assert [known.path for known in found.all()] == ["study"]


def test_folder_of_the_server_may_itself_be_a_link(tmp_path: Path) -> None:
    make(tmp_path / "real/study")
    (tmp_path / "link").symlink_to("real")
    assert Projects(tmp_path / "link", {}).nearest("study").id == Projects(tmp_path / "real", {}).nearest("study").id


def test_project_within_a_project(tmp_path: Path) -> None:
    make(tmp_path / "outer")
    make(tmp_path / "outer/deep/inner")
    found = Projects(tmp_path, {})
    assert [known.path for known in found.all()] == ["outer", "outer/deep/inner"]
    assert found.nearest("outer/deep/inner/x").path == "outer/deep/inner"
    assert found.nearest("outer/deep").path == "outer"


def test_folder_of_the_server_is_itself_a_project(tmp_path: Path) -> None:
    make(tmp_path)
    make(tmp_path / "below")
    assert paths(tmp_path) == [".", "below"]
    assert Projects(tmp_path, {}).nearest("").path == "."


# -- the one above ---------------------------------------------------------------------------------


def test_project_around_the_servers_folder(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "notebooks/deep").mkdir(parents=True)
    make(tmp_path / "notebooks/deep/own")
    found = Projects(tmp_path / "notebooks/deep", {})
    assert [known.path for known in found.all()] == ["../..", "own"]
    assert found.nearest("").path == found.nearest("nothing/here").path == "../.."
    assert found.nearest("own").path == "own"


def test_project_around_that_belongs_to_somebody_else_is_not_taken(tmp_path: Path) -> None:
    require_root("to give a folder away")
    make(tmp_path / "theirs")
    (tmp_path / "theirs/mine").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    found = Projects(tmp_path / "theirs/mine", {})
    assert found.all() == []
    with pytest.raises(NotFound):
        found.nearest("")


def test_server_below_a_project_answers_for_it(tmp_path: Path) -> None:
    run(make(tmp_path / "study"))
    (tmp_path / "study/notebooks").mkdir()
    with live(tmp_path / "jupyter", tmp_path / "study/notebooks") as server:
        (found,) = server.get("projects")["projects"]
        assert (found["path"], found["workspace"]) == ("..", "study")
        assert server.get("projects", path="any.ipynb")["projects"] == [found]
        assert server.get(f"projects/{found['id']}/jobs")["jobs"]


# -- looking below ---------------------------------------------------------------------------------


def test_looking_goes_so_deep_and_no_deeper(tmp_path: Path) -> None:
    deep = [tmp_path.joinpath(*"abcdefgh"[:depth]) for depth in (1, module.DEEPEST, module.DEEPEST + 1)]
    for folder in deep:
        make(folder)
    found = Projects(tmp_path, {})
    assert [known.root for known in found.all()] == deep[:2]
    assert found.nearest(os.path.relpath(deep[2], tmp_path)).root == deep[2]


def test_project_that_was_reached_by_a_path_is_known_from_then_on(tmp_path: Path) -> None:
    folder = make(tmp_path.joinpath(*"abcdefgh"))
    found = Projects(tmp_path, {})
    key = found.nearest("a/b/c/d/e/f/g/h").id
    assert found.known(key).root == folder


def test_looking_is_bounded_and_the_nearest_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FOLDERS", 20)
    make(tmp_path / "near")
    for number in range(30):
        (tmp_path / f"many/{number}").mkdir(parents=True)
    make(tmp_path / "many/9/far")
    assert paths(tmp_path) == ["near"]


@pytest.mark.parametrize("name", [".hidden", "node_modules", "__pycache__", "venv", "link"])
def test_folders_that_hold_no_projects(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    if name == "link":
        make(tmp_path / "elsewhere")
        (root / name).symlink_to(tmp_path / "elsewhere")
    else:
        make(root / name / "study")
    if name == "venv":
        (root / name / "pyvenv.cfg").touch()
    assert paths(root) == []


def test_project_yaml_must_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "a/project.yaml").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b/project.yaml").symlink_to("nowhere")
    assert paths(tmp_path) == []


def test_names_in_any_bytes(tmp_path: Path) -> None:
    for name in (b"gr\xfcn", "ünder".encode(), b"line\nbreak", b"<b>", b"%2e%2e", b" "):
        make(tmp_path / os.fsdecode(name))
    found = Projects(tmp_path, {})
    assert len(found.all()) == 6
    for known in found.all():
        known.path.encode()
        assert found.open(known.id).config.root == known.root


# -- identifiers -----------------------------------------------------------------------------------


def test_identifiers_stay_and_tell_apart(tmp_path: Path) -> None:
    for name in ("one", "two", "three/four"):
        make(tmp_path / name)
    first, again = Projects(tmp_path, {}).all(), Projects(tmp_path, {}).all()
    assert first == again
    assert len({known.id for known in first}) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", known.id) for known in first)
    assert Projects(tmp_path / "three", {}).nearest("four").id == first[1].id


def test_identifier_is_known_to_a_server_that_was_started_again(tmp_path: Path) -> None:
    make(tmp_path / "study")
    key = Projects(tmp_path, {}).nearest("study").id
    assert Projects(tmp_path, {}).known(key).path == "study"


def test_identifier_of_a_project_that_is_gone(tmp_path: Path) -> None:
    folder = make(tmp_path / "study")
    found = Projects(tmp_path, {})
    key = found.nearest("study").id
    (folder / "project.yaml").unlink()
    for missing in (key, "0" * 16, "", "../..", str(folder)):
        with pytest.raises(NotFound):
            found.known(missing)
    make(folder)
    assert found.known(key).path == "study"


def test_many_may_ask_at_once(tmp_path: Path) -> None:
    for number in range(10):
        make(tmp_path / f"p{number}")
    found = Projects(tmp_path, {})

    def asked(number: int) -> tuple[list[Known], Known]:
        return found.all(), found.nearest(f"p{number % 10}/x")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(asked, range(40)))
    assert {len(every) for every, _ in answers} == {10}
    assert len({known for _, known in answers}) == 10


# -- opening ---------------------------------------------------------------------------------------


def test_project_is_opened_with_the_servers_settings(tmp_path: Path) -> None:
    make(tmp_path / "study")
    found = Projects(tmp_path, {"state": str(tmp_path / "state"), "executor": "process", "jobs": 3})
    config = found.open(found.nearest("study").id, "tpp").config
    assert (config.backend, config.executor, config.jobs) == ("tpp", "process", 3)
    assert config.state.is_relative_to(tmp_path / "state")


@pytest.mark.parametrize("backend", ["", "..", "a/b", "-x", "a\n", "é"])
def test_backend_that_is_none(tmp_path: Path, backend: str) -> None:
    make(tmp_path / "study")
    found = Projects(tmp_path, {})
    with pytest.raises(InvalidConfig):
        found.open(found.nearest("study").id, backend)


def test_every_project_on_every_backend_that_was_used(tmp_path: Path) -> None:
    run(make(tmp_path / "used"), backend="tpp")
    make(tmp_path / "unused")
    (make(tmp_path / "broken") / "jupyter_pipeline.toml").write_text("jbos = [")
    opened = [(known.path, project.config.backend) for known, project in Projects(tmp_path, {}).open_all()]
    assert opened == [("unused", "expectations"), ("used", "expectations"), ("used", "tpp")]


@pytest.mark.parametrize("settings", ["jbos = 3\n", "jobs = [\n", "jobs = 0\n", 'state = "~no_such_person/x"\n'])
def test_one_project_with_wrong_settings_leaves_the_list_of_the_others(new_study: NewStudy, settings: str) -> None:
    own = new_study(step("a"))
    (own.folder / "jupyter_pipeline.toml").write_text(settings)
    listed = {one["id"]: one for one in own.server.get("projects")["projects"]}
    assert len(listed) > 1
    assert listed[own.id]["path"].startswith("own/")
    assert own.server.get("projects", path=f"{listed[own.id]['path']}/x")["projects"][0]["id"] == own.id
    assert_problem(own.server.ask(own.path), 422)


def test_one_project_whose_settings_are_not_to_be_read_leaves_the_list_of_the_others(new_study: NewStudy) -> None:
    own = new_study(step("a"))
    for content in (b"\xff\xfe", b"\0"):
        (own.folder / "jupyter_pipeline.toml").write_bytes(content)
        assert own.server.get("projects")["projects"]
        assert_problem(own.server.ask(own.path), 422)
