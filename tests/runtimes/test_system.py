from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_pipeline import runtimes
from jupyter_pipeline.models import RuntimeState
from jupyter_pipeline.runtimes import places
from tests.helpers.runtime_makers import project
from tests.helpers.support import require


def script(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_a_program_of_the_system_needs_nothing_shown(tmp_path: Path) -> None:
    runtime = runtimes.installed("sh", project(tmp_path, '[runtimes.sh]\nprogram = "/usr/bin/env"\n'))
    assert runtime is not None
    assert (runtime.program, runtime.path, runtime.mounts) == ("/usr/bin/env", (), ())


def test_a_program_elsewhere_is_shown_with_its_folder(tmp_path: Path) -> None:
    program = script(tmp_path / "tool" / "bin" / "tool")
    config = project(tmp_path / "project", f'[runtimes.tool]\nprogram = "{program}"\nenvironment = {{A = "1"}}\n')
    runtime = runtimes.prepare("tool:v7", config, print)
    assert runtime.program == str(program)
    assert runtime.path == (tmp_path / "tool" / "bin",)
    assert runtime.mounts == (tmp_path / "tool",)
    assert runtime.environment == {"A": "1"}


def test_a_relative_program_is_the_projects(tmp_path: Path) -> None:
    script(tmp_path / "tools" / "count")
    config = project(tmp_path, '[runtimes.count]\nprogram = "tools/count"\n')
    assert runtimes.describe("count:v1", config).state is RuntimeState.READY


def test_identity_follows_the_file(tmp_path: Path) -> None:
    program = script(tmp_path / "tool")
    config = project(tmp_path, f'[runtimes.tool]\nprogram = "{program}"\n')
    first = runtimes.describe("tool", config).identity
    assert runtimes.describe("tool", config).identity == first != ""
    script(program, "#!/bin/sh\nexit 1\n")
    assert runtimes.describe("tool", config).identity != first


def test_a_missing_program(tmp_path: Path) -> None:
    config = project(tmp_path, '[runtimes.a]\nprogram = "no-such-tool"\n[runtimes.b]\nprogram = "/no/such/tool"\n')
    assert "on no folder of PATH" in runtimes.describe("a", config).message
    assert "does not exist" in runtimes.describe("b", config).message


def test_no_r(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    info = runtimes.describe("r:latest", project(tmp_path))
    assert (info.state, info.resolved) == (RuntimeState.MISSING, "r")
    assert "apt install r-base-core" in info.message
    assert "brew install r" in info.message


def test_the_persons_own_r_packages_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "bin" / "Rscript")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("R_LIBS_USER", raising=False)
    for version in ("4.9", "4.10"):
        (tmp_path / "home" / "R" / "x86_64-pc-linux-gnu-library" / version).mkdir(parents=True)
    config = project(tmp_path / "project")
    runtime = runtimes.installed("r:v2", config)
    assert runtime is not None
    newest = tmp_path / "home" / "R" / "x86_64-pc-linux-gnu-library" / "4.10"
    assert runtime.environment["R_LIBS_USER"] == str(newest)
    assert newest in runtime.mounts
    (newest / "dplyr").mkdir()
    os.utime(newest, ns=(1, 1))
    assert runtimes.describe("r:v2", config).identity != runtime.identity


def test_real_r(tmp_path: Path) -> None:
    require(shutil.which("Rscript") is not None, "Rscript")
    runtime = runtimes.prepare("r:latest", project(tmp_path), print)
    done = subprocess.run([runtime.program, "-e", "cat(1 + 1)"], capture_output=True, text=True, check=True)
    assert done.stdout == "2"


# -- places ----------------------------------------------------------------------------------------


def test_every_step_of_a_link_is_needed(tmp_path: Path) -> None:
    real = script(tmp_path / "real" / "bin" / "tool")
    (tmp_path / "middle").mkdir()
    (tmp_path / "middle" / "tool").symlink_to(real)
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "tool").symlink_to("../../middle/tool")
    assert places.needed_by(tmp_path / "env" / "bin" / "tool") == tuple(
        tmp_path / name for name in ("env", "middle", "real")
    )


def test_a_link_to_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert places.needed_by(tmp_path / "loop") == (tmp_path,)


def test_a_home_folder_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for folder in ("bin", ".local/bin"):
        program = script(tmp_path / "home" / folder / "tool")
        assert places.needed_by(program) == (program.parent,)
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "deeper"))
    assert places.needed_by(tmp_path / "home" / "bin" / "tool") == (tmp_path / "home" / "bin",)


def test_a_scripts_interpreter_is_needed_too(tmp_path: Path) -> None:
    interpreter = script(tmp_path / "python" / "bin" / "interpreter")
    program = script(tmp_path / "app" / "bin" / "tool", f"#!{interpreter} -E\n")
    assert places.needed_by(program) == (tmp_path / "app", tmp_path / "python")


def test_our_own_interpreter_can_be_shown() -> None:
    real = Path(sys.executable).resolve()
    shown = places.needed_by(Path(sys.executable))
    assert places.is_system(real) or any(real.is_relative_to(folder) for folder in shown)
