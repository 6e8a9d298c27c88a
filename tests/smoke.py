"""Whether an installation works at all: the import, a small study in the terminal up to its report, the server.

``PYTHON tests/smoke.py`` with the interpreter of that installation; needs nothing but the package. Prints what works.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

STUDY = """\
version: 4
actions:
  table:
    run: sh:v1 sh -c 'mkdir -p output; echo a,b > output/table.csv'
    outputs:
      moderately_sensitive:
        table: output/table.csv
  report:
    run: python:v2 jupyter nbconvert --to html --execute analysis/report.ipynb --output-dir output
    needs: [table]
    outputs:
      moderately_sensitive:
        report: output/report.html
"""
SETTINGS = f"""\
[runtimes."sh:v1"]
kind = "system"
program = "sh"
[runtimes."python:v2"]
kind = "system"
program = '{sys.executable}'
"""
CELL: dict[str, object] = {
    "cell_type": "code",
    "execution_count": None,
    "metadata": {},
    "outputs": [],
    "source": "print(open('../output/table.csv').read(), 6 * 7)",
}
NOTEBOOK = {"cells": [CELL], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
DEADLINE = 120.0
"""Seconds."""


def main() -> None:
    """Try everything; raises at the first thing that does not work."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "analysis").mkdir()
        (folder / "project.yaml").write_text(STUDY)
        (folder / "jupyter_pipeline.toml").write_text(SETTINGS)
        (folder / "analysis/report.ipynb").write_text(json.dumps(NOTEBOOK))
        _imports(folder)
        _runs(folder)
        _serves(folder)


def _imports(folder: Path) -> None:
    from jupyter_pipeline import Project

    assert [action.action for action in Project.find(folder).plan("run_all").actions] == ["table", "report"]
    _say("from jupyter_pipeline import Project")


def _runs(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-P", "-m", "jupyter_pipeline.cli", "run"], cwd=folder, check=True, timeout=DEADLINE
    )
    assert "42" in (folder / "output/report.html").read_text(encoding="utf-8")
    _say("jupyter pipeline run")


def _serves(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = (f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", "--ServerApp.open_browser=False")
    command = [sys.executable, "-P", "-m", "jupyter_server", *options, "--IdentityProvider.token=t", "--allow-root"]
    extension = "--ServerApp.jpserver_extensions={'jupyter_pipeline': True}"
    server = subprocess.Popen([*command, extension], cwd=folder, env={**os.environ, "HOME": str(folder)})
    try:
        address = f"http://127.0.0.1:{port}/jupyter_pipeline/v1/version?token=t"
        _say(f"the server, {_answer(address, server)['version']}")
    finally:
        server.terminate()
        server.wait(DEADLINE)


def _answer(address: str, server: subprocess.Popen[bytes]) -> dict[str, str]:
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            with urllib.request.urlopen(address, timeout=DEADLINE) as answer:
                found: dict[str, str] = json.load(answer)
                return found
        except OSError:
            assert server.poll() is None, "the server is gone"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.1)


def _say(what: str) -> None:
    sys.stdout.write(f"works: {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
