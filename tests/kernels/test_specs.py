"""Kernels in a runtime: installed for Jupyter, started as Jupyter starts them, isolated like jobs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.errors import InvalidRequest
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.runtimes import docker
from tests.helpers import images
from tests.helpers.faults import run, wait_for
from tests.helpers.support import cli, make_project

ACTIONS = """
first:
  run: sh:v1 sh -c 'echo 4711 > output/first.csv'
  outputs:
    moderately_sensitive:
      table: output/first.csv
second:
  run: NAME papermill analysis/a.ipynb output/a.ipynb
  needs: [first]
  outputs:
    moderately_sensitive:
      table: output/a.ipynb
"""
HERE = f"""
[runtimes."here:v1"]
kind = "system"
program = "{sys.executable}"
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_PATH", "")
    folder = tmp_path / "study"
    images.require_engine()
    settings = (
        f'[runtimes."sh:v1"]\nkind = "system"\nprogram = "sh"\n{HERE}[runtimes."box:v1"]\nimage = "{images.kernel()}"\n'
    )
    make_project(folder, ACTIONS.replace("NAME", "box:v1"), settings)
    (folder / "analysis").mkdir()
    (folder / "analysis" / "a.ipynb").write_text("{}")
    run(folder, "first")
    return folder


def said(client: Any, code: str) -> str:
    texts: list[str] = []

    def take(message: dict[str, Any]) -> None:
        content = message["content"]
        texts.append(content.get("text") or "\n".join(content.get("traceback", [])))

    client.execute_interactive(code, output_hook=take, timeout=60)
    return "".join(texts)


@pytest.mark.parametrize("runtime", ["box:v1", "here:v1"])
def test_a_kernel_runs_in_its_runtime_with_the_inputs_of_an_action(study: Path, runtime: str) -> None:
    from jupyter_client.manager import KernelManager

    project = LocalProject.find(study)
    made = project.install_kernel("" if runtime == "box:v1" else runtime, "second")
    assert made.runtime == runtime
    manager = KernelManager(kernel_name=made.name)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        found = said(
            client, "import os; print(os.getcwd(), open('output/first.csv').read(), os.path.exists('/.dockerenv'))"
        )
        assert found == f"/workspace 4711\n {runtime == 'box:v1'}\n"
        assert "unreachable" in said(client, "import socket\nsocket.create_connection(('192.0.2.1', 80), 2)").lower()
        said(client, "open('output/first.csv', 'w').write('changed')")
        assert (study / "output" / "first.csv").read_text() == "4711\n"
        client.execute("import time\nwhile True: time.sleep(0.05)")
        message = client.get_iopub_msg(timeout=10)
        while message["msg_type"] != "execute_input":
            message = client.get_iopub_msg(timeout=10)
        manager.interrupt_kernel()
        while message["msg_type"] != "error":
            message = client.get_iopub_msg(timeout=20)
        assert message["content"]["ename"] == "KeyboardInterrupt"
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


def test_a_kernel_that_jupyter_kills_leaves_no_container(study: Path) -> None:
    from jupyter_client.manager import KernelManager

    made = LocalProject.find(study).install_kernel("box:v1")
    manager = KernelManager(kernel_name=made.name)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        api = images.api()
        mine = {"label": f"{docker.LABEL_PROJECT}={study}"}
        assert len(api.containers(filters=mine)) == 1
        assert said(client, "print(1)") == "1\n"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    wait_for(lambda: not api.containers(all=True, filters=mine), "its removal")


def test_kernels_are_listed_and_removed(study: Path) -> None:
    assert cli("kernels", "install", "box:v1", cwd=study).returncode == 0
    assert "study-box-v1" in cli("kernels", cwd=study).stdout
    project = LocalProject.find(study)
    (one,) = project.kernels()
    assert (one.runtime, one.action, one.project) == ("box:v1", None, str(study))
    assert cli("kernels", "remove", one.name, cwd=study).returncode == 0
    assert project.kernels() == ()
    with pytest.raises(InvalidRequest):
        project.remove_kernel("python3")
    with pytest.raises(InvalidRequest, match="no action"):
        project.install_kernel("", "nothing")
    with pytest.raises(InvalidRequest, match="synthetic data only"):
        LocalProject.find(study, backend="tpp").install_kernel("", "second")
    with pytest.raises(InvalidRequest, match="Which runtime"):
        project.install_kernel("")
