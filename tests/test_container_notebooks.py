"""Notebook actions whose kernel runs in a container, and what drives it in a sandbox beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_pipeline.config import JOBS
from jupyter_pipeline.models import Job
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.runtimes import docker
from tests.helpers import images, proctools
from tests.helpers.faults import codes, job_of, run, shim_of, wait_for
from tests.helpers.support import cli, make_project, notebook

PAPERMILL = "papermill analysis/a.ipynb output/a.ipynb"


@pytest.fixture(autouse=True)
def _engine(tmp_path: Path) -> Iterator[None]:
    images.require_engine()
    yield
    images.remove_containers(tmp_path / ".jupyter_pipeline" / "expectations" / JOBS)


def study(folder: Path, *cells: str, command: str = PAPERMILL, output: str = "output/a.ipynb", image: str = "") -> Path:
    body = f"a:\n  run: python:v2 {command}\n  outputs:\n    moderately_sensitive:\n      report: {output}"
    text = json.dumps(notebook(*cells))
    make_project(folder, body, f'[runtimes."python:v2"]\nimage = "{image or images.kernel()}"\n')
    (folder / "analysis").mkdir()
    (folder / "analysis" / "a.ipynb").write_text(text)
    return folder


def the_job(folder: Path) -> Job:
    return job_of(LocalProject.find(folder).request(), "a")


def log_of(folder: Path) -> str:
    return (LocalProject.find(folder).config.folder / JOBS / the_job(folder).id / "log").read_text()


def test_a_notebook_runs_in_the_image(tmp_path: Path) -> None:
    cells = (
        "import os, socket; print(os.path.exists('/.dockerenv'), socket.gethostname(), os.getcwd())",
        "open('output/b.txt', 'w').write('2')\nx = 1",
        "print(os.environ.get('OPENSAFELY_BACKEND'), os.listdir('/workspace'))",
    )
    run(study(tmp_path, *cells, command=f"{PAPERMILL} -p x 5"))
    assert codes(LocalProject.find(tmp_path).request()) == {"a": "succeeded"}, the_job(tmp_path).message + log_of(
        tmp_path
    )
    done = json.loads((tmp_path / "output" / "a.ipynb").read_text())
    said = ["".join(out["text"]) for cell in done["cells"] for out in cell.get("outputs", []) if "text" in out]
    assert said[0] == "True workspace /workspace\n"
    assert said[1].startswith("expectations ")
    assert the_job(tmp_path).executor == "docker"
    assert the_job(tmp_path).peak_memory
    project = LocalProject.find(tmp_path)
    wait_for(lambda: not docker.containers_of(images.api(), project.config.folder / JOBS), "its removal")


def test_a_report_is_made_outside_of_the_image(tmp_path: Path) -> None:
    """The image has no nbconvert. Cells run in the notebook's folder."""
    command = "jupyter nbconvert --execute --to html --output-dir=output analysis/a.ipynb"
    run(study(tmp_path, "import os; print('in', os.getcwd())", command=command, output="output/a.html"))
    assert codes(LocalProject.find(tmp_path).request()) == {"a": "succeeded"}, the_job(tmp_path).message + log_of(
        tmp_path
    )
    assert "in /workspace/analysis" in (tmp_path / "output" / "a.html").read_text()


def test_a_failing_cell_is_named(tmp_path: Path) -> None:
    run(study(tmp_path, "x = 1", "y = 0\nx / y"))
    job = the_job(tmp_path)
    assert job.code == "nonzero_exit"
    assert job.message.startswith("Cell 2 of 2 failed at line 2, `x / y`: ZeroDivisionError")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("import os; os.kill(os.getpid(), 11)", "crashed (SIGSEGV)"),
        ("import os; os._exit(7)", "exit code 7"),
    ],
)
def test_a_kernel_that_dies_is_said(tmp_path: Path, cell: str, words: str) -> None:
    run(study(tmp_path, "x = 1", cell))
    assert the_job(tmp_path).code == "nonzero_exit"
    assert words in the_job(tmp_path).message


def test_a_kernel_over_its_memory_is_out_of_memory(tmp_path: Path) -> None:
    study(tmp_path, "held = bytearray(1) * 10**9")
    with (tmp_path / "jupyter_pipeline.toml").open("a") as file:
        file.write('[limits]\nmemory = "300M"\n')
    run(tmp_path)
    assert the_job(tmp_path).code == "out_of_memory"
    assert "0.293 GB" in the_job(tmp_path).message


def test_a_cell_that_runs_too_long_is_interrupted(tmp_path: Path) -> None:
    command = (
        "jupyter nbconvert --execute --to notebook --ExecutePreprocessor.timeout=1 --output-dir=output analysis/a.ipynb"
    )
    run(study(tmp_path, "import time\nwhile True: time.sleep(0.01)", command=command))
    assert the_job(tmp_path).code == "nonzero_exit"
    assert "ran longer than its limit of 1 seconds" in the_job(tmp_path).message


def test_links_that_a_notebook_makes_lead_the_driver_nowhere(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "victim.ipynb"
    outside.write_text("untouched")
    cell = f"import os; os.makedirs('output', exist_ok=True); os.symlink({str(outside)!r}, 'output/a.ipynb')"
    run(study(tmp_path, cell))
    assert outside.read_text() == "untouched"
    assert not (tmp_path / "output" / "a.ipynb").is_symlink()


def test_an_image_without_ipykernel_runs_the_command_and_says_so(tmp_path: Path) -> None:
    run(study(tmp_path, "print(1)", image=images.python()))
    job = the_job(tmp_path)
    assert job.code == "nonzero_exit"
    assert "since the image has no ipykernel" in log_of(tmp_path)
    assert "word for word" in job.message


def test_a_kernel_whose_shim_is_killed_is_gone_and_its_job_interrupted(tmp_path: Path) -> None:
    study(tmp_path, "import time\nwhile True: time.sleep(0.1)")
    project = LocalProject.find(tmp_path)
    project.submit(["a"])
    project.detach()

    def is_running() -> bool:
        cells = project.config.folder / JOBS / the_job(tmp_path).id / "cells.jsonl"
        return cells.exists() and cells.stat().st_size > 0

    wait_for(is_running, "a cell")
    shim = shim_of(tmp_path, the_job(tmp_path).id)
    assert shim is not None
    proctools.kill([shim, *proctools.children(shim, recursive=True)])
    wait_for(lambda: the_job(tmp_path).code == "interrupted", "its loss")
    wait_for(lambda: not docker.containers_of(images.api(), project.config.folder / JOBS), "its removal")
    wait_for(lambda: project.engine() is None, "the engine goes away")


def test_a_notebook_is_cancelled(tmp_path: Path) -> None:
    study(tmp_path, "import time\nwhile True: time.sleep(0.1)")
    project = LocalProject.find(tmp_path)
    request = project.submit(["a"])
    project.detach()
    wait_for(lambda: the_job(tmp_path).code == "executing", "the job")
    assert cli("cancel", cwd=tmp_path).returncode == 0
    wait_for(lambda: project.request(request.id).finished_at is not None, "its end")
    assert the_job(tmp_path).code == "cancelled_by_user"
    wait_for(lambda: not docker.containers_of(images.api(), project.config.folder / JOBS), "its removal")
    wait_for(lambda: project.engine() is None, "the engine goes away")
