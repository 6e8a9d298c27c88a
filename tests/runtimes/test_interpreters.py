from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_pipeline import runtimes
from jupyter_pipeline.errors import RuntimeUnavailable
from jupyter_pipeline.models import RuntimeState
from jupyter_pipeline.runtimes import interpreters
from tests.helpers.runtime_makers import HIDDEN, MINOR, bare_machine, entries, project
from tests.helpers.support import require


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return bare_machine(tmp_path, monkeypatch)


def script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_our_own_interpreter_is_found(tmp_path: Path) -> None:
    found = interpreters.find(MINOR, tmp_path)
    assert found is not None
    assert found.version == platform.python_version()
    assert found.program is not None
    assert Path(found.program).is_file()


def test_pyenvs_interpreters_are_found(bare: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    require(os.access(root, os.X_OK), "pyenv", left_for="root")
    others = [path for path in root.glob("versions/3.*/bin/python3.[0-9]*") if path.name.rpartition(".")[2].isdigit()]
    require(bool(others), "an interpreter of pyenv", left_for="root")
    version = others[0].name.removeprefix("python")
    assert interpreters.find(version, tmp_path) is not None


def test_a_program_that_is_not_what_its_name_says_is_passed_over(bare: Path, tmp_path: Path) -> None:
    script(bare / f"python{HIDDEN}", "#!/bin/sh\nexit 127\n")
    assert interpreters.find(HIDDEN, tmp_path) is None
    script(bare / f"python{HIDDEN}", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert interpreters.find(HIDDEN, tmp_path) is None
    script(bare / f"python{HIDDEN}", "#!/bin/sh\necho rubbish\n")
    assert interpreters.find(HIDDEN, tmp_path) is None


@pytest.mark.usefixtures("bare")
def test_what_was_found_is_remembered_until_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = interpreters.find(MINOR, tmp_path)
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", None)
    assert interpreters.find(MINOR, tmp_path) == found
    monkeypatch.setattr(subprocess, "run", run)
    memory = tmp_path / interpreters.MEMORY
    memory.write_text(memory.read_text().replace('"stamp": [', '"stamp": [7, '))
    assert interpreters.find(MINOR, tmp_path) == found
    memory.write_text("rubbish")
    assert interpreters.find(MINOR, tmp_path) == found


@pytest.mark.usefixtures("bare")
def test_only_the_right_processor_will_do(tmp_path: Path) -> None:
    assert interpreters.find(MINOR, tmp_path, (platform.machine(),)) is not None
    assert interpreters.find(MINOR, tmp_path, ("pdp11",)) is None
    assert interpreters.downloadable(HIDDEN, tmp_path, ("pdp11",)) is None


@pytest.mark.usefixtures("bare")
def test_an_interpreter_that_nobody_has(tmp_path: Path) -> None:
    config = project(tmp_path, '[runtimes."odd:v1"]\npython = "3.99"\nprogram = "python"\n')
    info = runtimes.describe("odd:v1", config)
    assert (info.state, info.identity) == (RuntimeState.MISSING, "")
    assert "needs Python 3.99, which is not on this machine" in info.message
    assert "pyenv install 3.99" in info.message
    with pytest.raises(RuntimeUnavailable, match=r"needs Python 3\.99"):
        runtimes.prepare("odd:v1", config, print)


@pytest.mark.usefixtures("bare")
def test_the_fallback_says_that_it_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries(
        monkeypatch,
        {"name": "odd:latest", "kind": "python", "program": "x", "python": "3.99", "fallback": "plain:v1"},
        {"name": "plain:v1", "kind": "system", "program": sys.executable},
    )
    config = project(tmp_path)
    info = runtimes.describe("odd:latest", config)
    assert (info.name, info.resolved, info.state) == ("odd:latest", "plain:v1", RuntimeState.READY)
    assert "needs Python 3.99" in info.message
    assert info.message.endswith("plain:v1 stands in for odd:latest.")
    lines: list[str] = []
    runtime = runtimes.prepare("odd:latest", config, lines.append)
    assert (runtime.name, runtime.identity) == ("plain:v1", info.identity)
    assert lines == [info.message]


def test_a_program_that_does_not_fit_is_asked_once(bare: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script(bare / f"python{HIDDEN}", f"#!/bin/sh\necho >> {ran}\nexit 127\n")
    for _ in range(2):
        assert interpreters.find(HIDDEN, tmp_path) is None
    assert ran.read_text() == "\n"
    interpreters.look_again(HIDDEN, tmp_path)
    assert interpreters.find(HIDDEN, tmp_path) is None
    assert ran.read_text() == "\n\n"


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("version", [HIDDEN, "3.99"])
def test_uv_is_asked_once_what_it_has(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = interpreters.downloadable(version, tmp_path)
    monkeypatch.setattr(subprocess, "run", None)
    assert interpreters.downloadable(version, tmp_path) == offered


def test_a_mirrors_password_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_INSTALL_MIRROR", "https://someone:s3cret@mirror.example/python")
    interpreters.downloadable(HIDDEN, tmp_path)
    assert "s3cret" not in (tmp_path / interpreters.MEMORY).read_text()


@pytest.mark.usefixtures("bare")
def test_nothing_can_be_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    entries(monkeypatch, {"name": "old:v1", "kind": "python", "program": "x", "python": HIDDEN})
    (tmp_path / "file").touch()
    config = replace(project(tmp_path), cache=tmp_path / "file")
    with pytest.raises(RuntimeUnavailable):
        runtimes.prepare("old:v1", config, print)
