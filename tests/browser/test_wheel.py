"""The wheel in an environment of its own, without Node: JupyterLab shows the panel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.journey import shot, write_study
from tests.helpers.lab import PANEL, browsing, chromium, need_lab
from tests.helpers.live import live
from tests.helpers.places import REPOSITORY
from tests.helpers.support import require


def pip(python: Path | str, *arguments: str) -> bool:
    """Whether pip could do what it was asked for."""
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment in which nothing but the wheel and what it asks for is installed."""
    need_lab()
    folder = tmp_path_factory.mktemp("wheel")
    assert pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(folder), ".")
    [wheel] = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    made = folder / "venv/bin/python"
    require(pip(made, "install", str(wheel)), "a package index to install from")
    return made


def refuse(folder: Path, *programs: str) -> None:
    """Programs that cannot be run, as where they are not installed: JupyterLab looks for them by itself."""
    folder.mkdir()
    for name in programs:
        (folder / name).write_text("#!/bin/sh\nexit 127\n")
        (folder / name).chmod(0o755)


@pytest.mark.timeout(900)
def test_the_panel_works_from_the_wheel_without_node(
    python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(tmp_path / "root/study")
    refuse(tmp_path / "bin", "node", "npm", "npx", "yarn")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{python.parent}:{os.environ['PATH']}")
    with (
        live(tmp_path / "home", tmp_path / "root", lab=True, python=python) as server,
        chromium() as browser,
        browsing(browser, server, "study") as page,
    ):
        row = page.locator(PANEL).get_by_role("row")
        table = row.filter(has=page.get_by_role("rowheader", name=re.compile("^table")))
        table.get_by_role("checkbox").check()
        page.locator(PANEL).get_by_role("button", name="Run selected (1)").click()
        page.get_by_role("dialog").get_by_role("button", name="Run", exact=True).click()
        table.get_by_text("Up to date").wait_for()
        shot(page, "wheel")
