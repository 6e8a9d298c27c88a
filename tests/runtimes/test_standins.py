"""What stands in where an interpreter cannot be had, and that it is always said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_pipeline import cli, runtimes
from jupyter_pipeline.config import load
from jupyter_pipeline.errors import RuntimeUnavailable
from jupyter_pipeline.models import RuntimeState
from jupyter_pipeline.models.documents import StandInDocument
from jupyter_pipeline.project.documents import plan_document
from jupyter_pipeline.project.facade import LocalProject
from jupyter_pipeline.runtimes import interpreter_memory, interpreters
from tests.helpers.runtime_makers import HIDDEN, MINOR, bare_machine, entries, pip_is_told_nothing, project, tiny
from tests.helpers.support import require

OLD = {"name": "old:latest", "kind": "python", "program": "python", "python": HIDDEN, "fallback": "new:v1"}
NEW = {"name": "new:v1", "kind": "python", "program": "python", "python": MINOR}
PLAIN = {"name": "plain:v1", "kind": "system", "program": sys.executable}


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with our own interpreter alone, and no network."""
    bare_machine(tmp_path, monkeypatch)
    pip_is_told_nothing(monkeypatch)
    monkeypatch.setenv("UV_OFFLINE", "1")


def downloads_fail(cache: Path, *versions: str) -> None:
    for version in versions:
        interpreter_memory.note_failure(cache, version, "no network")


# -- the images of the platform --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["python:v1", "python:v2", "python:latest", "jupyter:latest", "cohortextractor:v1"])
def test_our_own_interpreter_is_enough_for_every_image(tmp_path: Path, name: str) -> None:
    require(MINOR in ("3.11", "3.12", "3.13"), "an interpreter for which there are lists of packages")
    config = project(tmp_path / "project")
    downloads_fail(config.cache, "3.8", "3.10", *({"3.11", "3.12", "3.13"} - {MINOR}))
    info = runtimes.describe(name, config)
    assert info.state is RuntimeState.BUILDABLE
    assert info.resolved.endswith(f"-python{MINOR}")
    assert "which is not on this machine, and downloading it failed." in info.message
    assert f"{info.resolved} with Python {MINOR}." in info.message
    assert f"stands in for {name}: of its " in info.message
    assert "so results may differ." in info.message
    assert info.stand_in == info.message


def test_how_the_packages_differ(tmp_path: Path) -> None:
    require(MINOR == "3.11", "Python 3.11 as our own interpreter")
    config = project(tmp_path / "project")
    downloads_fail(config.cache, "3.8", "3.10")
    assert "(such as pandas 2.1.3 instead of 1.0.1)" in runtimes.describe("python:v1", config).message
    assert "python-dateutil 2.9.0.post0 instead of 3.0.0" in runtimes.describe("python:v2", config).message


def test_none_of_the_interpreters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "_candidates", lambda *_: iter(()))
    config = project(tmp_path / "project")
    downloads_fail(config.cache, "3.8", "3.10", "3.11", "3.12", "3.13")
    info = runtimes.describe("python:v1", config)
    assert (info.state, info.resolved, info.stand_in) == (RuntimeState.MISSING, "python:v1", "")
    assert "python:v1 needs Python 3.8" in info.message
    assert "Python 3.10, 3.11, 3.12 or 3.13 would do for a stand-in" in info.message
    with pytest.raises(RuntimeUnavailable, match=r"Python 3\.8 is not on this machine, and downloading it failed"):
        runtimes.prepare("python:v1", config, print)


def test_what_would_stand_in_is_said_before_a_download_has_failed(tmp_path: Path) -> None:
    config = project(tmp_path / "project")
    info = runtimes.describe("python:v1", config)
    require(info.resolved == "python:v1", "a uv that knows a Python 3.8 for this machine")
    assert "it will be downloaded when needed. If that fails, python:v2-python" in info.message
    assert info.stand_in == ""


# -- downloads that fail ---------------------------------------------------------------------------


def test_a_download_that_fails_leads_to_the_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries(monkeypatch, {**OLD, "fallback": "plain:v1"}, PLAIN)
    config = project(tmp_path / "project")
    before = runtimes.describe("old:latest", config)
    require(before.state is RuntimeState.BUILDABLE, f"a uv that knows a Python {HIDDEN} for this machine")
    assert "If that fails, plain:v1 stands in for old:latest." in before.message
    assert runtimes.prepare("old:latest", config, print).name == "plain:v1"
    after = runtimes.describe("old:latest", config)
    assert after.resolved == "plain:v1"
    assert "downloading it failed" in after.message
    assert runtimes.installed("old:latest", config) is not None
    # Who asks for exactly that version is told, and may try again.
    entries(monkeypatch, {**OLD, "fallback": None}, PLAIN)
    for _ in range(2):
        with pytest.raises(RuntimeUnavailable, match="downloading it failed"):
            runtimes.prepare("old:latest", config, print)


def test_the_fallback_is_taken_although_the_failure_is_forgotten_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may write the memory at the same time."""
    entries(monkeypatch, {**OLD, "fallback": "plain:v1"}, PLAIN)
    monkeypatch.setattr(interpreters, "note_failure", lambda *_: None)
    config = project(tmp_path / "project")
    assert runtimes.prepare("old:latest", config, print).name == "plain:v1"


def test_building_something_else_changes_nothing_for_what_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries(monkeypatch, OLD, NEW)
    config = project(tmp_path / "project", tiny())
    downloads_fail(config.cache, HIDDEN)
    before = runtimes.describe("old:latest", config)
    assert before.resolved == "new:v1"
    runtimes.prepare("tiny:v1", config, print)
    assert runtimes.describe("old:latest", config) == before


def test_a_download_is_tried_again_unless_it_failed_just_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries(monkeypatch, OLD, NEW)
    config = project(tmp_path / "project")
    downloads_fail(config.cache, HIDDEN)
    lines: list[str] = []
    runtimes.prepare("old:latest", config, lines.append, patience=600)
    assert not [line for line in lines if line.startswith("Downloading")]
    runtimes.prepare("old:latest", config, lines.append)
    require(any("will be downloaded" in line for line in lines), f"a uv that knows a Python {HIDDEN} for this machine")
    assert [line for line in lines if line.startswith("Downloading Python 3.8")]


# -- never silently --------------------------------------------------------------------------------


def test_plans_say_what_stands_in_once_it_is_built_and_start_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entries(monkeypatch, OLD, NEW)
    folder = tmp_path / "project"
    config = project(folder)
    (folder / "project.yaml").write_text(
        "version: '3.0'\nexpectations:\n  population_size: 10\nactions:\n"
        "  a:\n    run: old:latest a.py\n    outputs:\n      highly_sensitive:\n        x: a.csv\n"
    )
    (folder / "a.py").touch()
    downloads_fail(config.cache, HIDDEN)
    runtimes.prepare("old:latest", config, print, patience=600)
    monkeypatch.setenv("JUPYTER_PIPELINE_CACHE", str(config.cache))
    made = LocalProject(config)
    plan = made.plan(["run_all"])
    assert made.builds(plan) == []
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", None)
        patch.setattr(subprocess, "Popen", None)
        (info,) = made.stand_ins(plan)
    assert (info.name, info.resolved, info.state) == ("old:latest", "new:v1", RuntimeState.READY)
    document = plan_document(made.foresee(["run_all"]), [], [info], "expectations")
    assert document.stand_ins == (StandInDocument(name="old:latest", resolved="new:v1", message=info.stand_in),)
    capsys.readouterr()
    assert cli.main(["--project", str(folder), "plan"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"old:latest needs Python {HIDDEN}" in told
    assert "stands in for old:latest" in told


# -- for real --------------------------------------------------------------------------------------

ANALYSIS = """
import pandas, pyarrow, seaborn, sklearn, plotly, geopandas, ebmdatalab.charts, nbconvert, ipykernel
import statsmodels.formula.api as models
from lifelines import CoxPHFitter
from lifelines.datasets import load_rossi
data = load_rossi()
data.to_feather("data.feather")
data = pandas.read_feather("data.feather")
print(round(CoxPHFitter().fit(data, "week", "arrest").params_["age"], 3))
print(round(models.ols("week ~ age", data).fit().params["age"], 3))
"""


@pytest.mark.timeout(900)
def test_the_packages_for_our_own_interpreter_work_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built from the index, into the cache that this person's projects share."""
    name = f"python:v2-python{MINOR}"
    require(MINOR in ("3.11", "3.12", "3.13"), "an interpreter for which there are lists of packages")
    monkeypatch.undo()
    try:
        runtime = runtimes.prepare(name, load(project(tmp_path / "project").root), print)
    except RuntimeUnavailable as error:
        require("A download failed" not in error.message, f"a package index: {error}")
        raise
    done = subprocess.run(
        [runtime.path[0] / "python", "-W", "ignore", "-c", ANALYSIS],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout.split(), done.returncode) == (["-0.057", "0.206"], 0), done.stderr
