"""The example studies run as a newcomer runs them: real synthetic data, real code, real notebooks, in the sandbox."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.config import load
from jupyter_pipeline.spec import parsing
from tests.helpers import images
from tests.helpers.places import SHARED, STUDIES, copy_study
from tests.helpers.support import cli

LONG = 1800
"""Seconds; the first run on a machine builds two environments."""


@pytest.fixture(scope="module")
def pincer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first study after `run_all`, in a git repository of its own."""
    return _run_all("pincer_measures", tmp_path_factory.mktemp("studies"))


@pytest.fixture(scope="module")
def immunity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second study after `run_all`."""
    return _run_all("non_specific_immunity", tmp_path_factory.mktemp("studies"))


def _run_all(study: str, folder: Path) -> Path:
    root = copy_study(study, folder / study)
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "The study.")):
        identity = ("-c", "user.name=A Researcher", "-c", "user.email=a@example.invalid")
        subprocess.run(["git", *identity, *arguments], cwd=root, check=True)
    said = cli("run", "run_all", cwd=root, timeout=LONG).stdout
    (folder / "run.txt").write_text(said, encoding="utf-8")  # beside it: a new file in the study would be new code
    return root


def _read(root: Path, *arguments: str) -> Any:
    return json.loads(cli(*arguments, "--json", cwd=root).stdout)


@pytest.mark.timeout(LONG)
def test_all_fourteen_actions_succeed(pincer: Path) -> None:
    request = _read(pincer, "show", "1")["request"]
    said = (pincer.parent / "run.txt").read_text(encoding="utf-8")
    assert request["status"] == "succeeded", said
    assert len(request["jobs"]) == 14
    assert {job["status"] if "status" in job else job["state"] for job in request["jobs"]} == {"succeeded"}


@pytest.mark.timeout(LONG)
def test_the_reports_have_figures_and_need_no_network(pincer: Path) -> None:
    for name in ("report", "demographic_report"):
        html = (pincer / "output" / f"{name}.html").read_text(encoding="utf-8")
        assert html.count("data:image/") >= 3, name
        assert "<table" in html, name
        assert "https://cdn" not in html, name
        assert "Traceback" not in html, name


@pytest.mark.timeout(LONG)
def test_a_second_request_has_nothing_to_do_although_inputs_were_rewritten(pincer: Path) -> None:
    done = cli("run", "run_all", cwd=pincer, timeout=LONG)
    assert done.returncode == 0
    assert "Nothing to do" in done.stdout


@pytest.mark.timeout(LONG)
def test_extracts_are_not_viewable_and_the_reports_are(pincer: Path) -> None:
    outputs = {one["path"]: one for one in _read(pincer, "outputs")["outputs"]}
    assert len([path for path in outputs if path.startswith("output/input_2")]) == 25
    assert not outputs["output/input_2019-09-01.feather"]["viewable"]
    assert outputs["output/report.html"]["viewable"]
    assert outputs["output/report.html"]["level"] == "moderately_sensitive"


@pytest.mark.timeout(LONG)
def test_what_needs_stata_says_so_and_the_rest_runs(immunity: Path) -> None:
    jobs = {job["action"]: job for job in _read(immunity, "show", "1")["request"]["jobs"]}
    assert (immunity / "output" / "input.csv").read_text(encoding="utf-8").count("\n") == 10_001
    if load(immunity).stata_program is None and shutil.which("stata-mp") is None:
        assert jobs["crMAIN"]["status_code" if "status_code" in jobs["crMAIN"] else "code"] == "cannot_run_here"
        assert "Stata" in jobs["crMAIN"]["message"]


@pytest.mark.parametrize("study", ["pincer_measures", "non_specific_immunity"])
def test_the_pipelines_are_the_seeds_own(study: str) -> None:
    seed = {"pincer_measures": "4382", "non_specific_immunity": "661"}[study]
    page = SHARED / "seeds" / f"job_request_{seed}.txt"
    text = (STUDIES / study / "project.yaml").read_text(encoding="utf-8")
    parsing.load(text)
    if page.exists():  # the pages are not part of the project
        assert text.strip("\n") in page.read_text(encoding="utf-8")


@pytest.mark.timeout(LONG)
def test_the_study_is_split_between_sandbox_and_containers_by_its_settings(pincer: Path, tmp_path: Path) -> None:
    """Cohorts and measures stay as the sandbox made them; all that runs in Python's image is stale, and runs in it."""
    images.require_engine()
    root = tmp_path / "pincer_measures"
    shutil.copytree(pincer, root, symlinks=True)
    (built,) = {one["folder"] for one in _read(root, "runtimes")["runtimes"] if one["name"] == "python:latest"}
    image = images.environment(Path(built))
    names = ("python:latest", "jupyter:latest")
    (root / "jupyter_pipeline.toml").write_text("".join(f'[runtimes."{name}"]\nimage = "{image}"\n' for name in names))
    said = cli("run", "run_all", cwd=root, timeout=LONG).stdout
    request = _read(root, "show")["request"]
    assert request["status"] == "succeeded", said
    executors = {job["action"]: job["executor"] for job in request["jobs"]}
    assert set(executors.values()) == {"docker", "sandbox"}, executors
    assert executors["generate_notebook"] == "docker"
    assert executors["generate_measures"] == "sandbox"
    assert (root / "output" / "report.html").stat().st_size > 100_000
