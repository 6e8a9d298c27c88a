from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from runtime_makers import MINOR, project
from support import require

from jupyter_pipeline import runtimes
from jupyter_pipeline.errors import RuntimeUnavailable
from jupyter_pipeline.models import RuntimeState
from jupyter_pipeline.runtimes import definitions, interpreters

HIDDEN = "3.8" if MINOR != "3.8" else "3.9"
"""A version that uv knows to download, and that the fixture `bare` hides."""


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without interpreters but our own; gives its only folder of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(interpreters, "_FOLDERS", ())
    return folder


def entries(monkeypatch: pytest.MonkeyPatch, *listed: Mapping[str, object]) -> None:
    """Let `listed` be the definitions that come with us."""
    data = definitions._Data(MappingProxyType({str(entry["name"]): entry for entry in listed}), {}, {})
    monkeypatch.setattr(definitions, "_data", lambda: data)


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
    assert "plain:v1 stands in for odd:latest as its fallback." in info.message
    lines: list[str] = []
    runtime = runtimes.prepare("odd:latest", config, lines.append)
    assert (runtime.name, runtime.identity) == ("plain:v1", info.identity)
    assert lines == [info.message]


@pytest.mark.usefixtures("bare")
def test_a_download_that_fails_leads_to_the_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    entry = {"name": "old:latest", "kind": "python", "program": "x", "python": HIDDEN, "fallback": "plain:v1"}
    plain = {"name": "plain:v1", "kind": "system", "program": sys.executable}
    entries(monkeypatch, entry, plain)
    config = project(tmp_path)
    before = runtimes.describe("old:latest", config)
    require(before.state is RuntimeState.BUILDABLE, f"a uv that knows a Python {HIDDEN} for this machine")
    assert "will be downloaded" in before.message
    assert runtimes.prepare("old:latest", config, print).name == "plain:v1"
    after = runtimes.describe("old:latest", config)
    assert after.resolved == "plain:v1"
    assert "downloading it failed" in after.message
    assert runtimes.installed("old:latest", config) is not None
    # Who asks for exactly that version is told, and may try again.
    entries(monkeypatch, {**entry, "fallback": None}, plain)
    for _ in range(2):
        with pytest.raises(RuntimeUnavailable, match="downloading it failed"):
            runtimes.prepare("old:latest", config, print)


@pytest.mark.usefixtures("bare")
def test_nothing_can_be_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    entries(monkeypatch, {"name": "old:v1", "kind": "python", "program": "x", "python": HIDDEN})
    (tmp_path / "file").touch()
    config = replace(project(tmp_path), cache=tmp_path / "file")
    with pytest.raises(RuntimeUnavailable):
        runtimes.prepare("old:v1", config, print)
