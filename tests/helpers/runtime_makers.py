"""Makers for the tests of runtimes: projects, tiny packages from files, and builders as processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pytest

from jupyter_pipeline import config
from jupyter_pipeline.config import Config
from jupyter_pipeline.runtimes import definitions, interpreters

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The interpreter that is surely here: our own."""


HIDDEN = "3.8"
"""A version that uv knows to download, and that `bare_machine` hides."""


def bare_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Leave no interpreter but our own to be found; gives the only folder of PATH, below `folder`."""
    path = folder / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setattr(interpreters, "_FOLDERS", ())
    return path


def entries(monkeypatch: pytest.MonkeyPatch, *listed: Mapping[str, object]) -> None:
    """Let `listed` be the definitions that come with us."""
    data = definitions._Data(MappingProxyType({str(entry["name"]): entry for entry in listed}), {}, {})
    monkeypatch.setattr(definitions, "_data", lambda: data)


def pip_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide what pip is told on this machine, by files and variables."""
    for name in [*os.environ]:
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def project(folder: Path, settings: str = "") -> Config:
    """The configuration of a new project with `settings` as its jupyter_pipeline.toml, and with a cache of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / config.FILE).write_text(settings, "utf-8")
    return config.load(folder, cache=folder.parent / f"{folder.name}-cache")


def tiny(*packages: str, python: str = MINOR, more: str = "") -> str:
    """Settings that define a runtime ``tiny:v1`` with `packages`."""
    listed = ", ".join(f'"{package}"' for package in packages)
    return (
        f'[runtimes."tiny:v1"]\nkind = "python"\nprogram = "python"\npython = "{python}"\npackages = [{listed}]\n{more}'
    )


def wheel(folder: Path, name: str, version: str, requires: str = "") -> None:
    """Write a wheel with one module that knows its version."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", f'VERSION = "{version}"\n')
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


class Builder:
    """``python -m jupyter_pipeline.runtimes tiny:v1`` as a process, whose lines can be waited for."""

    def __init__(self, project: Config, name: str = "tiny:v1", before: Sequence[str] = ()) -> None:
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "jupyter_pipeline.runtimes", name, "--project", str(project.root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, config.ENV_CACHE: str(project.cache)},
        )
        self.lines: list[str] = []

    def wait_for(self, beginning: str) -> str:
        """The next line that begins so."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith(beginning):
                return line.rstrip()
        raise AssertionError(f"no line {beginning!r} in {self.lines}, errors: {self.end()[1]}")

    def end(self) -> tuple[int, str]:
        """Wait for its end: the exit code and what it wrote to standard error."""
        out, error = self.process.communicate()
        self.lines += out.splitlines()
        return self.process.returncode, error


def slow_package(folder: Path) -> str:
    """A package whose building opens the pipe ``started`` and then waits for the pipe ``go``; gives its requirement.

    Once the file ``free`` exists, it builds without waiting.
    """
    folder.mkdir()
    os.mkfifo(folder / "started")
    os.mkfifo(folder / "go")
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "slow"\nversion = "1.0"\n'
    )
    (folder / "backend.py").write_text(
        f"""
import pathlib, zipfile
here = pathlib.Path({str(folder)!r})

def build_wheel(target, config_settings=None, metadata_directory=None):
    if not (here / "free").exists():
        (here / "started").open("w").close()
        (here / "go").open("r").close()
    name = "slow-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(target) / name, "w") as archive:
        archive.writestr("slow.py", "")
        archive.writestr("slow-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: slow\\nVersion: 1.0\\n")
        tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        archive.writestr("slow-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\n" + tags)
        archive.writestr("slow-1.0.dist-info/RECORD", "")
    return name
"""
    )
    return f"slow @ {folder.as_uri()}"
