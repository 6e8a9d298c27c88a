"""Stata cannot be had without a licence, so a program that reads .do files as Stata does stands in for it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from jupyter_pipeline import runtimes
from jupyter_pipeline.config import Config
from jupyter_pipeline.errors import RuntimeUnavailable
from jupyter_pipeline.models import Runtime, RuntimeState
from tests.helpers.runtime_makers import project

SECRET = 'serial number!code $HOME `x` \\n "quoted"\nsecond line'

FAKE = """#!{python}
# Runs .do files: display, error, do, file open/write/close, adopath. Like Stata, it ends with 0 whatever happens.
import os, pathlib, re, sys

here = pathlib.Path(sys.argv[0]).parent
if not (here / "stata.lic").is_file():
    print("Cannot find license file")
    sys.exit(0)
files = {{}}

def run(path, arguments):
    for line in pathlib.Path(path).read_text().splitlines():
        words = re.findall(r'`"(.*?)"\\'|"(.*?)"|(\\S+)', line)
        words = [a or b or c for a, b, c in words]
        if not words:
            continue
        elif words[0] == "error":
            print("r(198);")
            return False
        elif words[0] == "display":
            print(*[arguments[int(w[1:]) - 1] if re.fullmatch(r"@\\d", w) else w for w in words[1:]])
        elif words[0] == "show":
            print(os.environ.get(words[1], "unset"))
        elif words[0] == "read":
            print((here / words[1]).read_text())
        elif words[0] == "do":
            if not run(words[1], words[2:]):
                return False
        elif words[:2] == ["file", "open"]:
            files[words[2]] = open(words[4].rstrip(","), "w")
        elif words[:2] == ["file", "write"]:
            files[words[2]].write(words[3])
        elif words[:2] == ["file", "close"]:
            files[words[2]].close()
        elif words[0] != "quietly":
            print(line)
    return True

run(sys.argv[1], sys.argv[2:])
"""


@dataclass
class Study:
    config: Config
    program: Path

    def run(self, script: str, *arguments: str, name: str = "analysis/model.do") -> tuple[int, str, Runtime]:
        """Run a .do file with `script` the way an executor does: exit code and output."""
        path = self.config.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        return self.start(name, *arguments)

    def start(self, *arguments: str) -> tuple[int, str, Runtime]:
        runtime = runtimes.prepare("stata-mp:latest", self.config, print)
        environment = {
            "PATH": os.pathsep.join([*map(str, runtime.path), "/usr/bin", "/bin"]),
            **runtime.environment,
            **runtimes.secrets(runtime, self.config),
        }
        done = subprocess.run(
            [runtime.program, *arguments],
            cwd=self.config.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr, runtime


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("STATA_LICENSE", raising=False)
    path = tmp_path / "stata folder" / "stata-mp"
    path.parent.mkdir()
    path.write_text(FAKE.format(python=sys.executable))
    path.chmod(0o755)
    (path.parent / "base.ado").touch()
    return path


@pytest.fixture
def study(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setenv("STATA_LICENSE", SECRET)
    return Study(project(tmp_path / "my study", f'[stata]\nprogram = "{program}"\n'), program)


# -- what is missing -------------------------------------------------------------------------------


def test_neither_program_nor_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATA_LICENSE", raising=False)
    info = runtimes.describe("stata-mp:latest", project(tmp_path, '[stata]\nprogram = "/no/stata-mp"\n'))
    assert (info.state, info.identity) == (RuntimeState.MISSING, "")
    assert "/no/stata-mp, which jupyter_pipeline.toml names" in info.message
    assert "licence is not in the variable STATA_LICENSE" in info.message


def test_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATA_LICENSE", SECRET)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("jupyter_pipeline.runtimes.stata._PLACES", ("/no/place/stata-mp",))
    info = runtimes.describe("stata-mp:latest", project(tmp_path))
    assert info.state is RuntimeState.MISSING
    assert "neither on PATH nor in /no/place" in info.message
    assert "licence is" not in info.message
    assert "serial" not in info.message


def test_no_licence(tmp_path: Path, program: Path) -> None:
    config = project(tmp_path / "project", f'[stata]\nprogram = "{program}"\n')
    info = runtimes.describe("stata-mp:latest", config)
    assert info.state is RuntimeState.MISSING
    assert f"nor beside the program as {program.parent / 'stata.lic'}" in info.message
    assert "does not exist" not in info.message


def test_a_licence_file_that_is_not_there(tmp_path: Path, program: Path) -> None:
    config = project(tmp_path / "project", f'[stata]\nprogram = "{program}"\nlicense = "no.lic"\n')
    info = runtimes.describe("stata-mp:latest", config)
    assert info.state is RuntimeState.MISSING
    assert f"nor in the file {config.root / 'no.lic'}" in info.message


def test_the_program_on_path(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATA_LICENSE", SECRET)
    monkeypatch.setenv("PATH", str(program.parent))
    assert runtimes.describe("stata-mp:v1", project(tmp_path / "project")).state is RuntimeState.READY


# -- the licence -----------------------------------------------------------------------------------


def test_the_licence_is_nowhere_but_in_the_start(study: Study) -> None:
    runtime = runtimes.installed("stata-mp:latest", study.config)
    assert runtime is not None
    assert runtime.secrets == ("STATA_LICENSE",)
    assert runtimes.secrets(runtime, study.config) == {"STATA_LICENSE": SECRET}
    assert "serial" not in repr(runtime)
    kept = [path for path in study.config.cache.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"serial" in path.read_bytes()]


def test_the_licence_from_a_file(tmp_path: Path, program: Path) -> None:
    (tmp_path / "my.lic").write_text(f"{SECRET}\n")
    config = project(tmp_path / "project", f'[stata]\nprogram = "{program}"\nlicense = "../my.lic"\n')
    code, output, runtime = Study(config, program).run("display hello\n")
    assert (code, output) == (0, "hello\n")
    (tmp_path / "my.lic").write_text("")
    with pytest.raises(RuntimeUnavailable, match="neither in the variable"):
        runtimes.secrets(runtime, config)


def test_a_licence_beside_the_program_is_no_secret_of_ours(tmp_path: Path, program: Path) -> None:
    (program.parent / "stata.lic").touch()
    config = project(tmp_path / "project", f'[stata]\nprogram = "{program}"\n')
    code, output, runtime = Study(config, program).run("display hello\n")
    assert (code, output) == (0, "hello\n")
    assert runtime.secrets == ()
    assert runtimes.secrets(runtime, config) == {}


def test_stata_finds_the_licence_whole_and_the_script_does_not_see_it(study: Study) -> None:
    _, output, _ = study.run("show STATA_LICENSE\nread stata.lic\n")
    assert output == f"unset\n{SECRET}\n\n"
    assert not list(study.program.parent.glob("*.lic"))


# -- the wrapper -----------------------------------------------------------------------------------


def test_success_and_the_log(study: Study) -> None:
    code, output, runtime = study.run("display hello\n")
    assert (code, output) == (0, "hello\n")
    assert (study.config.root / "model.log").read_text() == "hello\n"
    assert sorted(path.name for path in study.config.root.iterdir()) == [
        "analysis", "jupyter_pipeline.toml", "model.log",
    ]  # fmt: skip
    assert study.program.parent in runtime.mounts
    assert Path(runtime.program).parent in runtime.mounts


def test_an_error_is_a_failure_although_stata_ends_with_0(study: Study) -> None:
    code, output, _ = study.run("display one\nerror 198\ndisplay two\n")
    assert code == 1
    assert output.startswith("one\nr(198);\n")
    assert "two" not in output
    assert (study.config.root / "model.log").read_text() == "one\nr(198);\n"


def test_a_program_that_cannot_start_is_a_failure(study: Study) -> None:
    study.config.root.joinpath("x.do").touch()
    study.program.write_text("#!/bin/sh\nexit 1\n")
    assert study.start("x.do")[0] == 1


def test_arguments_stay_whole(study: Study) -> None:
    assert study.run("display @1 @2\n", "a b", "c")[1] == "a b c\n"


def test_a_missing_script(study: Study) -> None:
    code, output, _ = study.start("analysis/none.do")
    assert code == 1
    assert "'analysis/none.do' does not exist" in output
    assert study.start()[0] == 1


def test_a_script_with_a_space_in_its_name(study: Study) -> None:
    code, output, _ = study.run("display hello\n", name="my script.do")
    assert (code, output) == (0, "hello\n")
    assert (study.config.root / "my script.log").exists()


def test_identity_follows_the_program(study: Study) -> None:
    first = runtimes.describe("stata-mp:latest", study.config).identity
    study.program.write_text(study.program.read_text() + "\n")
    assert runtimes.describe("stata-mp:latest", study.config).identity != first
