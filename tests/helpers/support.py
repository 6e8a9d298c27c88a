"""What several tests share: requirements, small projects, and running the program as a person would."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

SETTINGS = """
[runtimes."sh:v1"]
kind = "system"
program = "sh"
"""
"""A runtime of this machine's own programs: nothing to build."""


LEFT = "JUPYTER_PIPELINE_LEFT"
"""Names the folder in which tests are noted that a run leaves for another: a file for each user or group."""


def require(condition: bool, what: str, left_for: str = "") -> None:
    """Skip a test where a tool is missing; with JUPYTER_PIPELINE_REQUIRE=all that is a failure.

    What only `root` has, or a member of the group `docker`, is `left_for` a run of theirs, if there will be one.
    """
    if condition:
        return
    if left_for and LEFT in os.environ:
        with Path(os.environ[LEFT], left_for).open("a", encoding="utf-8") as file:
            file.write(os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0] + "\n")
        pytest.skip(f"left for {left_for}: needs {what}")
    if os.environ.get("JUPYTER_PIPELINE_REQUIRE") == "all":
        pytest.fail(f"{what} is required, since JUPYTER_PIPELINE_REQUIRE=all", pytrace=False)
    pytest.skip(f"needs {what}")


def require_root(what: str) -> None:
    """Leave what an ordinary user may not do for a run by root."""
    require(os.geteuid() == 0, f"to be root, {what}", left_for="root")


def make_project(folder: Path, actions: str, settings: str = SETTINGS, **files: str) -> Path:
    """Write a project of version 4 with these actions (YAML); `files` maps names with __ for / and no suffix."""
    folder.mkdir(parents=True, exist_ok=True)
    body = textwrap.indent(textwrap.dedent(actions).strip("\n"), "  ")
    (folder / "project.yaml").write_text(f"version: '4.0'\nactions:\n{body}\n", encoding="utf-8")
    (folder / "jupyter_pipeline.toml").write_text(settings, encoding="utf-8")
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def action(name: str, script: str, needs: str = "", level: str = "moderately_sensitive", **outputs: str) -> str:
    """The YAML of one action that runs a shell script given as text."""
    quoted = script.replace("'", "'\\''")
    lines = [f"{name}:", f"  run: \"sh:v1 sh -c '{quoted}'\"".replace("\\", "\\\\") if '"' not in script else ""]
    if '"' in script:
        lines[1] = "  run: >-\n    sh:v1 sh -c '" + quoted + "'"
    lines += [f"  needs: [{needs}]"] if needs else []
    lines += ["  outputs:", f"    {level}:"]
    lines += [f"      {label}: {pattern}" for label, pattern in (outputs or {"out": f"output/{name}.csv"}).items()]
    return "\n".join(lines) + "\n"


def notebook(*cells: str, heading: str = "") -> dict[str, Any]:
    """A notebook of format 4 with these code cells, for a Python kernel."""
    code: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{n}", "source": cell, "metadata": {}, "outputs": [], "execution_count": None}
        for n, cell in enumerate(cells)
    ]
    text = [{"cell_type": "markdown", "id": "h", "source": heading, "metadata": {}}] if heading else []
    kernel = {"name": "python3", "display_name": "Python", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": [*text, *code]}


def cli(*arguments: str, cwd: Path, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``jupyter-pipeline`` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "jupyter_pipeline.cli", *arguments],
        cwd=cwd,
        env=os.environ | {"COLUMNS": "120", **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
