from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_pipeline import config
from jupyter_pipeline.config import Config, load, parse_duration, parse_size
from jupyter_pipeline.errors import InvalidConfig
from jupyter_pipeline.models import Limits

GB = 1024**3


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (config.ENV_STATE, config.ENV_CACHE, config.ENV_JOBS, config.ENV_EXECUTOR, config.ENV_SETTINGS):
        monkeypatch.delenv(name, raising=False)


def loaded(folder: Path, text: str = "", **arguments: Any) -> Config:
    (folder / config.FILE).write_text(text, encoding="utf-8")
    return load(folder, **arguments)


def refused(folder: Path, text: str, **arguments: Any) -> str:
    with pytest.raises(InvalidConfig) as caught:
        loaded(folder, text, **arguments)
    assert caught.value.remedy
    return str(caught.value)


# -- where settings come from ----------------------------------------------------------------------


def test_without_any_file_everything_has_a_value(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.root == tmp_path.resolve()
    assert found.state == tmp_path.resolve() / ".jupyter_pipeline"
    assert found.workspace == tmp_path.name
    assert (found.backend, found.executor, found.organisation) == ("expectations", "auto", None)
    assert found.folder == found.state / "expectations"
    assert found.jobs >= 1
    assert found.limits == Limits(timeout=None, memory=4 * GB, log=256 * 1024**2)
    assert found.cache.is_absolute()
    assert not found.runtimes
    assert not found.action_limits


def test_every_setting_is_read(tmp_path: Path) -> None:
    text = """
        state = "state"
        workspace = "study"
        organisation = "Uni"
        executor = "process"
        jobs = 3
        [limits]
        timeout = "2h"
        memory = "1.5G"
        log = "1M"
        [actions.plot]
        memory = "8G"
        [runtimes."sh:v1"]
        extends = "base:v1"
        kind = "system"
        program = "sh"
        python = "3.11"
        packages = ["a", "b==1"]
        environment = { A = "1" }
        [stata]
        program = "/opt/stata"
        license = "LICENCE"
        [runtimes."image:v1"]
        image = "registry.example/image:v1"
        [docker]
        host = "unix:///run/docker.sock"
        images = "registry.example/"
        cpus = 1.5
        pids = 100
        [docker.networks.tpp]
        network = "database"
        actions = ["extract", "generate_*"]
    """
    found = loaded(tmp_path, text)
    assert found.state == tmp_path.resolve() / "state"
    assert (found.workspace, found.organisation, found.executor, found.jobs) == ("study", "Uni", "process", 3)
    assert found.limits == Limits(7200.0, GB + GB // 2, 1024**2)
    assert found.limits_of("plot") == Limits(7200.0, 8 * GB, 1024**2), "what an action does not say is the project's"
    assert found.limits_of("other") == found.limits
    runtime = found.runtimes["sh:v1"]
    assert dataclasses.asdict(dataclasses.replace(runtime, environment={})) == {
        "name": "sh:v1", "extends": "base:v1", "kind": "system", "program": "sh", "python": "3.11",
        "packages": ("a", "b==1"), "environment": {}, "image": None,
    }  # fmt: skip
    assert found.runtimes["image:v1"].image == "registry.example/image:v1"
    docker = found.docker
    assert (docker.host, docker.images, docker.cpus, docker.pids) == (
        "unix:///run/docker.sock", "registry.example/", 1.5, 100,
    )  # fmt: skip
    assert dict(runtime.environment) == {"A": "1"}
    assert (found.stata_program, found.stata_license) == ("/opt/stata", "LICENCE")


def test_a_network_is_granted_to_actions_of_one_backend(tmp_path: Path) -> None:
    text = "[docker.networks.tpp]\nnetwork = 'database'\nactions = ['extract', 'generate_*']"
    docker = loaded(tmp_path, text).docker
    granted = [docker.network_of("tpp", action) for action in ("extract", "generate_x", "generate", "plot")]
    assert granted == ["database", "database", "", ""]
    assert docker.network_of("expectations", "extract") == ""
    assert config.DockerSetting().network_of("tpp", "extract") == ""


def test_pyproject_is_read_where_our_own_file_is_absent(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.jupyter_pipeline]\njobs = 2\n")
    assert load(tmp_path).jobs == 2
    assert loaded(tmp_path, "jobs = 3").jobs == 3
    (tmp_path / "pyproject.toml").write_text("[tool.jupyter_pipeline]\njobs = 0\n")
    assert loaded(tmp_path, "").jobs >= 1, "an empty file of ours hides the other"


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "[tool.other]\nx = 1\n", "this is { no toml"])
def test_a_pyproject_that_does_not_speak_of_us_is_not_ours_to_judge(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert load(tmp_path).executor == "auto"


@pytest.mark.parametrize(
    "text", ["tool = 5 # jupyter_pipeline", "tool = 'jupyter_pipeline'", "[tool]\njupyter_pipeline = 5"]
)
def test_a_pyproject_of_another_shape_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with contextlib.suppress(InvalidConfig):
        assert load(tmp_path).executor == "auto"


def test_arguments_go_before_the_environment_and_that_before_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'state = "a"\njobs = 2\nexecutor = "sandbox"\n'
    monkeypatch.setenv(config.ENV_STATE, str(tmp_path / "b"))
    monkeypatch.setenv(config.ENV_JOBS, "3")
    monkeypatch.setenv(config.ENV_EXECUTOR, "process")
    monkeypatch.setenv(config.ENV_CACHE, str(tmp_path / "cache"))
    found = loaded(tmp_path, text)
    assert (found.state.name, found.jobs, found.executor) == ("b", 3, "process")
    assert found.cache == (tmp_path / "cache").resolve()
    found = loaded(tmp_path, text, state=tmp_path / "c", jobs=4, executor="auto", backend="tpp")
    assert (found.state.name, found.jobs, found.executor, found.backend) == ("c", 4, "auto", "tpp")
    assert found.folder == (tmp_path / "c").resolve() / "tpp"
    assert loaded(tmp_path, text, jobs=None, executor=None, state=None).jobs == 3


def test_a_state_folder_within_the_project_is_as_it_is_given(tmp_path: Path) -> None:
    assert loaded(tmp_path, 'state = "x/y"').state == tmp_path.resolve() / "x/y"


@pytest.mark.parametrize(("state", "expected"), [("../x", "above"), ("{absolute}", "absolute"), ("~/x", "home")])
def test_in_a_state_folder_elsewhere_each_project_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, expected: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    where = {"above": tmp_path / "x", "absolute": tmp_path / "abs", "home": tmp_path / "home/x"}
    found = set()
    for name in ("one/study", "two/study"):
        (tmp_path / name).mkdir(parents=True)
        config_file = tmp_path / name / config.FILE
        config_file.write_text(f'state = "{state.format(absolute=tmp_path / "abs")}"')
        made = load(tmp_path / name)
        assert made.state == load(tmp_path / name).state, "always the same"
        found.add(made.state)
    assert len(found) == 2
    folders = {"above": {tmp_path / "one/x", tmp_path / "two/x"}}.get(expected, {where[expected]})
    assert {one.parent.resolve() for one in found} == {one.resolve() for one in folders}


def test_a_project_that_is_a_link_has_one_state(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert load(tmp_path / "link") == load(tmp_path / "real")


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jobs = 0", "jobs = 0 is not valid. Give a whole number from 1 to 9999"),
        ("jobs = -1", "jobs"),
        ("jobs = true", "jobs"),
        ("jobs = 2.5", "jobs"),
        ("jobs = 10000", "jobs"),
        ('jobs = "many"', "jobs"),
        ("executor = 5", "executor"),
        ('workspace = " "', "workspace"),
        ("workspace = []", "workspace"),
        ("unheard = 1", "no setting 'unheard'. The settings here are"),
        ("limits = 5", "limits is not a table"),
        ("[limits]\nmemory = 0", "memory"),
        ("[limits]\nmemory = 'lots'", "memory = 'lots' is not valid. Give a size such as 4G"),
        ("[limits]\nmemory = 0.5", "memory"),
        ("[limits]\nmemory = true", "memory"),
        ("[limits]\nmemory = -5", "memory"),
        ("[limits]\nmemory = '" + "9" * 400 + "'", "memory"),
        ("[limits]\ntimeout = 0", "timeout"),
        ("[limits]\ntimeout = 'soon'", "Give a time such as 90s"),
        ("[limits]\ntimeout = nan", "timeout"),
        ("[limits]\nlog = '-1M'", "log"),
        ("[limits]\ncpu = 1", "limits: there is no setting 'cpu'"),
        ("[actions]\nplot = 5", "actions: plot is not a table"),
        ("[actions.plot]\nmemory = 'x'", "actions: plot: memory"),
        ("[runtimes]\nx = 5", "runtimes: x is not a table"),
        ("[runtimes.x]\npicture = 'y'", "runtimes: x: there is no setting 'picture'"),
        ("[docker]\ncpus = 0", "docker: cpus = 0 is not valid"),
        ("[docker]\ncpus = true", "docker: cpus = True is not valid"),
        ("[docker]\npids = 1", "docker: pids = 1 is not valid"),
        ("[docker.networks.tpp]\nnetwork = 'x'", "docker: networks: tpp names no network, or no actions"),
        ("[runtimes.x]\npackages = 'y'", "a list of texts"),
        ("[runtimes.x]\npackages = [1]", "a list of texts"),
        ("[runtimes.x]\nenvironment = { A = 1 }", "a table of texts"),
        ("[stata]\nlicence = 'x'", "no setting 'licence'"),
        ("stata = 5", "stata is not a table"),
        ("state = ''", "state"),
        ("state = '~nobody-of-that-name/x'", "state"),
        ("jobs = = 1", "not valid TOML"),
        ("\ufeffjobs = 1", "jobs"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_the_file_and_the_cure(tmp_path: Path, text: str, words: str) -> None:
    if text.startswith("\ufeff"):  # editors on Windows begin files so: read or refused, but in words
        with contextlib.suppress(InvalidConfig):
            assert loaded(tmp_path, text).jobs == 1
        return
    said = refused(tmp_path, text)
    assert words in said
    assert config.FILE in said or "state" in said


@pytest.mark.parametrize("value", ["abc", "0", "-1", "2.5", " ", "99999"])
def test_a_wrong_number_of_jobs_in_the_environment_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(config.ENV_JOBS, value)
    with pytest.raises(InvalidConfig, match=config.ENV_JOBS):
        load(tmp_path)


def test_files_that_are_no_text_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / config.FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidConfig, match="not valid TOML"):
        load(tmp_path)
    (tmp_path / config.FILE).unlink()
    (tmp_path / config.FILE).mkdir()
    with pytest.raises(InvalidConfig, match="cannot be read"):
        load(tmp_path)


# -- sizes and times -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        (5, 5),
        ("4G", 4 * GB),
        ("4 gb", 4 * GB),
        ("4GiB", 4 * GB),
        ("1.5k", 1536),
        (" 2M ", 2 * 1024**2),
        ("1t", 1024**4),
        (1e3, 1000),
    ],
)
def test_sizes(text: object, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400), (5, 5), (0.5, 0.5), ("1.5 h", 5400)]
)
def test_times(text: object, expected: float) -> None:
    assert parse_duration(text) == expected


@given(
    value=st.one_of(
        st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.from_regex(r"\d+(\.\d+)?[kmgt]?")
    )
)
def test_whatever_is_given_is_above_zero_or_refused(value: object) -> None:
    for parse in (parse_size, parse_duration):
        with contextlib.suppress(ValueError):
            assert parse(value) > 0


TOML = st.recursive(
    st.one_of(
        st.integers(-5, 5), st.booleans(), st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=4)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(
            st.sampled_from(
                "state workspace organisation executor jobs limits actions runtimes stata memory timeout log packages "
                "environment program license x".split()
            ),
            inner,
            max_size=4,
        ),
    ),
)


def as_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {as_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return repr(value) if isinstance(value, int) else f'"{value}"'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
@given(
    table=st.dictionaries(
        st.sampled_from("state workspace jobs limits actions runtimes stata x".split()), TOML, max_size=3
    )
)
def test_no_file_raises_anything_but_what_we_say(tmp_path: Path, table: dict[str, object]) -> None:
    text = "".join(f"{key} = {as_toml(value)}\n" for key, value in table.items())
    try:
        found = loaded(tmp_path, text)
    except InvalidConfig:
        return
    assert found.jobs >= 1
    assert found.state.is_absolute()


def test_a_configuration_does_not_change(tmp_path: Path) -> None:
    found = loaded(tmp_path, "[actions.a]\nmemory = 1\n")
    with pytest.raises(TypeError):
        found.action_limits["b"] = Limits()  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.jobs = 5  # type: ignore[misc]


def test_a_file_of_settings_takes_the_place_of_the_projects_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / config.FILE).write_text('executor = "process"\njobs = 7\n')
    (tmp_path / "operator").write_text("jobs = 3\n")
    monkeypatch.setenv(config.ENV_SETTINGS, str(tmp_path / "operator"))
    found = config.load(tmp_path)
    assert (found.executor, found.jobs) == ("auto", 3)
    monkeypatch.setenv(config.ENV_SETTINGS, os.devnull)
    assert config.load(tmp_path).executor == "auto"
