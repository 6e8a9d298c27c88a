"""Real environments, built by the real uv from packages that are files here."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jupyter_pipeline import runtimes
from jupyter_pipeline.config import Config
from jupyter_pipeline.errors import RuntimeUnavailable
from jupyter_pipeline.models import Runtime, RuntimeState
from tests.helpers.runtime_makers import MINOR, Builder, pip_is_told_nothing, project, slow_package, tiny, wheel
from tests.helpers.support import require


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of tiny packages, the only ones that uv finds: no network."""
    folder = tmp_path / "wheels"
    wheel(folder, "pear", "1.0")
    wheel(folder, "pear", "2.0")
    wheel(folder, "apple", "1.0", requires="pear")
    pip_is_told_nothing(monkeypatch)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return folder


def version_of(runtime: Runtime, module: str) -> str:
    program = runtime.path[0] / runtime.program
    done = subprocess.run(
        [program, "-c", f"import {module}; print({module}.VERSION)"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def folder_of(config: Config, name: str = "tiny:v1") -> Path:
    folders = {one.info.name: one.folder for one in runtimes.describe_all(config)}
    folder = folders[name]
    assert folder is not None
    return folder


@pytest.mark.usefixtures("wheels")
def test_an_environment_is_built_once(tmp_path: Path) -> None:
    config = project(tmp_path / "project", tiny("pear==1.0"))
    before = runtimes.describe("tiny:v1", config)
    assert (before.state, before.resolved) == (RuntimeState.BUILDABLE, "tiny:v1")
    assert runtimes.installed("tiny:v1", config) is None
    lines: list[str] = []
    runtime = runtimes.prepare("tiny:v1", config, lines.append)
    assert lines[0].startswith("Building tiny:v1: Python")
    assert lines[-1].startswith("Built tiny:v1")
    assert version_of(runtime, "pear") == "1.0"
    after = runtimes.describe("tiny:v1", config)
    assert after.state is RuntimeState.READY
    assert before.identity == after.identity == runtime.identity != ""
    again: list[str] = []
    assert runtimes.prepare("tiny:v1", config, again.append) == runtime == runtimes.installed("tiny:v1", config)
    assert again == []


@pytest.mark.usefixtures("wheels")
def test_what_an_executor_needs_to_know(tmp_path: Path) -> None:
    config = project(tmp_path / "project", tiny("pear", more='environment = {COLOUR = "blue"}\n'))
    runtime = runtimes.prepare("tiny:v1", config, print)
    folder = folder_of(config)
    assert runtime.path == (folder / "bin",)
    assert runtime.mounts[0] == folder
    assert runtime.environment == {"COLOUR": "blue"}
    interpreter = (folder / "bin" / "python").resolve()
    assert interpreter.is_relative_to("/usr") or any(interpreter.is_relative_to(mount) for mount in runtime.mounts)
    # Jobs cannot write there: compiled files must be there already.
    assert list(folder.glob("lib/python*/site-packages/__pycache__/pear.*.pyc"))
    assert "pear==2.0" in (folder / "packages.txt").read_text()


@pytest.mark.usefixtures("wheels")
def test_starting_nothing_once_it_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = project(tmp_path / "project", tiny("pear"))
    runtimes.prepare("tiny:v1", config, print)
    monkeypatch.setattr(subprocess, "Popen", None)
    assert runtimes.describe("tiny:v1", config).state is RuntimeState.READY
    assert runtimes.installed("tiny:v1", config) is not None


@pytest.mark.usefixtures("wheels")
def test_what_the_projects_packages_need_comes_with_them(tmp_path: Path) -> None:
    runtime = runtimes.prepare("tiny:v1", project(tmp_path / "project", tiny("apple")), print)
    assert (version_of(runtime, "apple"), version_of(runtime, "pear")) == ("1.0", "2.0")


@pytest.mark.usefixtures("wheels")
def test_identity_changes_with_what_a_job_would_notice(tmp_path: Path) -> None:
    settings = [
        tiny("pear==1.0"),
        tiny("pear==2.0"),
        tiny("pear==1.0", "apple"),
        tiny("pear==1.0", more='environment = {COLOUR = "blue"}\n'),
        tiny("pear==1.0", more='environment = {COLOUR = "red"}\n'),
        tiny("pear==1.0").replace('program = "python"', 'program = "pear"'),
    ]
    identities = [
        runtimes.describe("tiny:v1", project(tmp_path / f"project{number}", text)).identity
        for number, text in enumerate([*settings, settings[0]])
    ]
    assert len(set(identities)) == len(settings)
    assert identities[-1] == identities[0]


@pytest.mark.usefixtures("wheels")
def test_variables_do_not_build_anew(tmp_path: Path) -> None:
    settings = tiny("pear") + '[runtimes."blue:v1"]\nextends = "tiny:v1"\nenvironment = {COLOUR = "blue"}\n'
    config = project(tmp_path / "project", settings)
    plain = runtimes.prepare("tiny:v1", config, print)
    blue = runtimes.installed("blue:v1", config)
    assert blue is not None
    assert blue.path == plain.path
    assert blue.identity != plain.identity


def test_jupyter_is_pythons_environment(tmp_path: Path) -> None:
    config = project(tmp_path / "project")
    infos = [runtimes.describe(name, config) for name in ("jupyter:v1", "python:v1")]
    assert infos[0].identity == infos[1].identity


@pytest.mark.usefixtures("wheels")
def test_odd_surroundings_lead_nobody_astray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = project(tmp_path / "project", tiny("pear==1.0"))
    (tmp_path / "project" / "uv.toml").write_text("this is not TOML")
    monkeypatch.chdir(tmp_path / "project")
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "UV_PYTHON", "UV_CONSTRAINT", "UV_PROJECT_ENVIRONMENT"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    assert runtimes.prepare("tiny:v1", config, print).identity


# -- several builders, and builders that die -------------------------------------------------------


@pytest.mark.usefixtures("wheels")
def test_of_two_builders_one_builds_and_one_waits(tmp_path: Path) -> None:
    config = project(tmp_path / "project", tiny("pear"))
    folder = folder_of(config)
    folder.parent.mkdir(parents=True)
    with (folder.parent / f".{folder.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        builders = [Builder(config), Builder(config)]
        for builder in builders:
            builder.wait_for("Waiting: another process is building")
    assert [builder.end() for builder in builders] == [(0, ""), (0, "")]
    built = [line for builder in builders for line in builder.lines if line.startswith("Built")]
    assert len(built) == 1


def test_a_killed_builder_leaves_nothing_that_is_used(tmp_path: Path, wheels: Path) -> None:
    slow = tmp_path / "slow"
    config = project(tmp_path / "project", tiny("pear", slow_package(slow)))
    first = Builder(config)
    (slow / "started").open("r").close()
    first.process.kill()
    first.end()
    assert runtimes.installed("tiny:v1", config) is None
    assert runtimes.describe("tiny:v1", config).state is RuntimeState.BUILDABLE
    (left,) = runtimes.held(config)
    assert not left.complete
    # uv outlives its killed parent, and nobody may build where it still writes
    second = Builder(config)
    second.wait_for("Waiting: another process is building")
    with pytest.raises(RuntimeUnavailable, match="is being built"):
        runtimes.remove(left)
    (slow / "free").touch()
    (slow / "go").open("w").close()
    assert second.end() == (0, "")
    assert runtimes.installed("tiny:v1", config) is not None


def test_a_builder_told_to_end_cleans_up(tmp_path: Path, wheels: Path) -> None:
    slow = tmp_path / "slow"
    config = project(tmp_path / "project", tiny(slow_package(slow)))
    builder = Builder(config)
    (slow / "started").open("r").close()
    builder.process.send_signal(signal.SIGTERM)
    assert builder.end()[0] == 143
    assert runtimes.held(config) == ()
    # Nothing that it started holds the lock any more.
    (slow / "free").touch()
    lines: list[str] = []
    runtimes.prepare("tiny:v1", config, lines.append)
    assert not [line for line in lines if line.startswith("Waiting")]


@pytest.mark.usefixtures("wheels")
def test_a_half_built_folder_is_built_again(tmp_path: Path) -> None:
    config = project(tmp_path / "project", tiny("pear"))
    runtimes.prepare("tiny:v1", config, print)
    folder = folder_of(config)
    (folder / "jupyter_pipeline.json").unlink()
    (folder / "rubbish").touch()
    assert runtimes.installed("tiny:v1", config) is None
    runtimes.prepare("tiny:v1", config, print)
    assert not (folder / "rubbish").exists()


@pytest.mark.usefixtures("wheels")
def test_an_environment_whose_interpreter_is_gone_is_built_again(tmp_path: Path) -> None:
    config = project(tmp_path / "project", tiny("pear"))
    runtimes.prepare("tiny:v1", config, print)
    link = folder_of(config) / "bin" / "python"
    link.unlink()
    link.symlink_to(tmp_path / "gone")
    assert runtimes.describe("tiny:v1", config).state is RuntimeState.BUILDABLE
    assert version_of(runtimes.prepare("tiny:v1", config, print), "pear") == "2.0"


# -- failures --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("wheels")
def test_a_package_that_does_not_exist(tmp_path: Path) -> None:
    config = project(tmp_path / "project", tiny("pear==99"))
    with pytest.raises(RuntimeUnavailable, match=r"pear==99") as caught:
        runtimes.prepare("tiny:v1", config, print)
    assert "Check its name and version" in caught.value.remedy
    assert runtimes.held(config) == ()
    code, error = Builder(config).end()
    assert code == 1
    assert "pear==99" in error
    assert "Traceback" not in error


def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip_is_told_nothing(monkeypatch)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    config = project(tmp_path / "project", tiny("six==1.16.0"))
    with pytest.raises(RuntimeUnavailable, match="A download failed") as caught:
        runtimes.prepare("tiny:v1", config, print)
    assert "Connect to the network once" in caught.value.remedy


def test_an_index_that_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip_is_told_nothing(monkeypatch)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://someone:secret@localhost:9/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    config = project(tmp_path / "project", tiny("six==1.16.0"))
    with pytest.raises(RuntimeUnavailable, match="A download failed") as caught:
        runtimes.prepare("tiny:v1", config, print)
    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("wheels")
def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    config = project(tmp_path / "project", tiny("pear"))
    config.cache.mkdir(exist_ok=True)
    (config.cache / "runtimes").touch()
    with pytest.raises(RuntimeUnavailable, match="cannot be kept in"):
        runtimes.prepare("tiny:v1", config, print)


def test_a_real_package_from_the_index(tmp_path: Path) -> None:
    config = project(tmp_path / "project", tiny("six==1.16.0"))
    try:
        runtime = runtimes.prepare("tiny:v1", config, print)
    except RuntimeUnavailable as error:
        require("A download failed" not in error.message, f"a package index: {error}")
        raise
    done = subprocess.run(
        [runtime.path[0] / "python", "-c", "import six; print(six.__version__)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "1.16.0\n"


# -- what is held ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("wheels")
def test_what_is_held_can_be_removed(tmp_path: Path) -> None:
    config = project(tmp_path / "project", tiny("pear"))
    assert runtimes.held(config) == ()
    runtimes.prepare("tiny:v1", config, print)
    (one,) = runtimes.held(config)
    assert (one.name, one.complete) == ("tiny:v1", True)
    assert one.size > 1000
    assert one.built_at is not None
    described = {line.info.name: line for line in runtimes.describe_all(config)}["tiny:v1"]
    assert (described.size, described.folder, described.packages) == (one.size, one.folder, ("pear",))
    assert (described.python or "").startswith(MINOR)
    runtimes.remove(one)
    runtimes.remove(one)
    assert runtimes.held(config) == ()
    assert runtimes.installed("tiny:v1", config) is None


def test_a_kernel_names_its_interpreter_and_uvs_cache_is_left_alone(tmp_path: Path, wheels: Path) -> None:
    kernel = "kernel-1.0.data/data/share/jupyter/kernels/python3/kernel.json"
    with zipfile.ZipFile(wheels / "kernel-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(kernel, '{"argv": ["python", "-m", "kernel"]}')
        archive.writestr("kernel-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: kernel\nVersion: 1.0\n")
        archive.writestr("kernel-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("kernel-1.0.dist-info/RECORD", "")
    config = project(tmp_path / "project", tiny("kernel"))
    runtimes.prepare("tiny:v1", config, print)
    folder = folder_of(config)
    spec = folder / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"
    assert json.loads(spec.read_text())["argv"] == [str(folder / "bin" / "python"), "-m", "kernel"]
    cached = [path for path in Path(os.environ["UV_CACHE_DIR"]).rglob("kernel.json") if path.is_file()]
    assert cached
    assert all(json.loads(path.read_text())["argv"][0] == "python" for path in cached)


def test_the_command_line_says_what_it_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_pipeline.runtimes", "--help"], capture_output=True, text=True, check=True
    )
    assert "--project" in done.stdout
