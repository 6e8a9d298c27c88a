"""The notebooks that teach, run as a newcomer runs them: in a real kernel, on the study beside them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.helpers.places import STUDIES

NAMES = ("01_tour", "02_write_an_action", "03_review_outputs")
LONG = 1800
"""Seconds; the first run on a machine builds an environment."""
MEANT = "raises-exception"
"""The tag of cells whose error is a part of the lesson."""


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Gives a notebook as it is after it has run, in a copy of the folder with all notebooks."""
    folder = tmp_path_factory.mktemp("notebooks") / "copy"
    skipped = shutil.ignore_patterns(".jupyter_pipeline", "output", "metadata", "pincer_measures", "non_specific*")
    shutil.copytree(STUDIES, folder, ignore=skipped)
    before = files(folder)
    known: dict[str, Any] = {}

    def run(name: str) -> Any:
        if name not in known:
            notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
            NotebookClient(notebook, timeout=LONG, kernel_name="python3", resources=place(folder)).execute()
            assert files(folder) == before, "it leaves no trace in the folder that it was opened in"
            known[name] = notebook
        return known[name]

    return run


def place(folder: Path) -> dict[str, Any]:
    return {"metadata": {"path": str(folder)}}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def told(notebook: Any) -> list[str]:
    """For each code cell all the text that came out of it."""
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            parts = []
            for one in cell.outputs:
                data = one.get("data", {})
                parts.append(one.get("text", "") or "\n".join(one.get("traceback", [])))
                parts += [data.get("text/plain", ""), re.sub(r"<[^>]*>", " ", data.get("text/html", ""))]
            cells.append(" ".join(" ".join(parts).split()))
    return cells


def outcome(notebook: Any, source: str) -> str:
    """What came out of the cell whose code begins so."""
    codes = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return told(notebook)[next(place for place, code in enumerate(codes) if code.startswith(source))]


@pytest.mark.timeout(LONG)
@pytest.mark.parametrize("name", NAMES)
def test_only_what_is_meant_to_fail_fails(executed: Callable[[str], Any], name: str) -> None:
    for cell in executed(name).cells:
        errors = [one for one in cell.get("outputs", ()) if one.output_type == "error"]
        assert bool(errors) == (MEANT in cell.metadata.get("tags", ())), cell.source
        for error in errors:
            assert "Traceback" not in "\n".join(error.traceback)


@pytest.mark.timeout(LONG)
def test_the_tour_shows_what_it_says(executed: Callable[[str], Any]) -> None:
    tour = executed("01_tour")
    assert re.search(r"4 actions: 4 to run", outcome(tour, "project.plan()"))
    assert re.search(r"draw_chart .*succeeded.*write_report .*succeeded", outcome(tour, "run = project.run("))
    assert re.search(r"1 stale, to run again, 3 to skip", outcome(tour, "script = "))
    assert "4 up to date" in outcome(tour, 'project.run("run_all")')
    assert re.search(r"people.csv .*no: It is highly_sensitive", outcome(tour, "project.outputs()"))
    assert "London" in outcome(tour, "counts = project.read(")
    assert "OutputRefused: output/people.csv may not be viewed" in outcome(tour, 'project.read("output/people.csv")')
    assert "5000 people" in outcome(tour, "project.log(")
    assert re.search(r"5\d% of about [45],\d{3} people", outcome(tour, "report = "))
    assert "4 up to date" in outcome(tour, "%load_ext"), "nothing that the tour did has made anything stale"
    picture = next(one for cell in tour.cells for one in cell.get("outputs", ()) if "image/png" in one.get("data", {}))
    assert picture.data["image/png"].startswith("iVBOR")


@pytest.mark.timeout(LONG)
def test_a_cell_becomes_an_action(executed: Callable[[str], Any]) -> None:
    lesson = executed("02_write_an_action")
    first = outcome(lesson, "%%action share_by_age --image")
    assert re.search(r"\+ share_by_age:.*run: python:latest python analysis/share_by_age.py", first)
    assert "It did write output/share.csv; is it meant?" in first
    assert "project.yaml has this action already" in outcome(lesson, "%%action share_by_age\n")
    assert "74.9" in outcome(lesson, 'project.read("output/share_by_age.csv")')
    assert "no cell has written it" in outcome(lesson, "%%action draw_chart")
    assert "says otherwise of its outputs" in outcome(lesson, "%%action share_by_age --moderately")
    assert "magics (%) and shell commands (!)" in outcome(lesson, "%%action list_files")


@pytest.mark.timeout(LONG)
def test_a_reviewer_sees_what_matters(executed: Callable[[str], Any]) -> None:
    review = executed("03_review_outputs")
    assert "'all rounded to five': True" in outcome(review, "counts = ")
    assert "patient_id" in outcome(review, 'project.outputs("oldest")')
    assert "It has a column patient_id" in outcome(review, 'project.read("output/oldest.csv")')
    assert re.search(r"count_by_region.py .*changed", outcome(review, "script = "))


@pytest.mark.timeout(LONG)
@pytest.mark.parametrize("name", NAMES)
def test_they_can_be_read_without_a_kernel_or_a_network(executed: Callable[[str], Any], name: str) -> None:
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter(template_name="basic").from_notebook_node(executed(name))  # type: ignore[no-untyped-call]
    assert "succeeded" in page
    ours = re.findall(r"<(?:img|iframe)[^>]*\bsrc=\"([^\"]{0,40})", page)
    assert all(source.startswith("data:image/") for source in ours)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_kept_short_and_without_outputs(name: str) -> None:
    notebook = nbformat.read(STUDIES / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    assert len(notebook.cells) < 40
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_they_link_to_what_is_there() -> None:
    for name in NAMES:
        text = (STUDIES / f"{name}.ipynb").read_text()
        for link in re.findall(r"\]\(([^)]+)\)", text):
            assert (STUDIES / link).exists(), link


def test_git_sees_no_outputs_beside_them() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "small_study"], cwd=STUDIES, capture_output=True, text=True, check=False
    )
    assert not [path for path in listed.stdout.splitlines() if "/output/" in path or "/metadata/" in path]
