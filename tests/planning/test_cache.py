"""What is remembered of a project.yaml is what reading it gives, whatever happens to the memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_pipeline.errors import InvalidProject
from jupyter_pipeline.models import Pipeline
from jupyter_pipeline.planning import cache
from jupyter_pipeline.spec import parsing
from tests.helpers import corpus
from tests.helpers.places import PACKAGE

SOURCE = b"""
version: '3.0'
expectations: {population_size: 1000}
actions:
  extract:
    run: cohortextractor:latest generate_cohort --study-definition "study definition"
    outputs: {highly_sensitive: {cohort: output/input.csv}}
    dummy_data_file: data/dummy.csv
  plot:
    run: python:v2 python analysis/plot.py 'caf\xc3\xa9'
    needs: [extract]
    config: {title: "A \\u00e9", list: [1, 2.5, null]}
    outputs:
      moderately_sensitive: {figure: output/plot_*.png, table: output/t.csv}
"""
CORPUS = corpus.CORPUS / "project_yaml"


def remembered(folder: Path, source: bytes) -> Pipeline:
    """What the second look gives, made sure to come from memory."""
    cache.load(source, folder)
    data = json.loads((folder / cache.FILE).read_bytes())
    assert data["pipeline"]["actions"]
    return cache.load(source, folder)


def test_the_second_look_gives_the_same(tmp_path: Path) -> None:
    found = remembered(tmp_path, SOURCE)
    assert found == parsing.load(SOURCE)
    assert list(found.actions) == ["extract", "plot"]


def test_real_files_are_remembered_exactly(tmp_path: Path) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpus is not part of the project")
    for number, file in enumerate(sorted(CORPUS.rglob("*.yaml"))[::7]):
        parsed = parsing.parse(file.read_bytes())
        if parsed.pipeline is not None and parsed.pipeline.actions:
            assert remembered(tmp_path / str(number), file.read_bytes()) == parsed.pipeline


def test_memory_is_really_used_and_only_for_this_very_text(tmp_path: Path) -> None:
    cache.load(SOURCE, tmp_path)
    file = tmp_path / cache.FILE
    file.write_text(file.read_text().replace("plot_*", "other_*"))
    assert cache.load(SOURCE, tmp_path).actions["plot"].outputs[0].pattern == "output/other_*.png"
    edited = SOURCE.replace(b"plot.py", b"draw.py")
    assert cache.load(edited, tmp_path).actions["plot"].run.args[1] == "analysis/draw.py"


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"key": 1}', '{"key": 1, "pipeline": {"actions": [[1]]}}'])
def test_a_damaged_memory_is_passed_over(tmp_path: Path, damage: str) -> None:
    cache.load(SOURCE, tmp_path)
    (tmp_path / cache.FILE).write_text(damage)
    assert cache.load(SOURCE, tmp_path) == parsing.load(SOURCE)


def test_an_invalid_file_is_answered_with_its_problems_each_time(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(InvalidProject):
            cache.load(b"version: '3.0'\n", tmp_path)
    assert not (tmp_path / cache.FILE).exists()


def test_all_modules_that_read_a_file_are_a_part_of_the_key() -> None:
    code = "import sys, jupyter_pipeline.spec.parsing; print(*[m for m in sys.modules if 'jupyter_pipeline.' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    read = {name.removeprefix("jupyter_pipeline.").replace(".", "/") for name in done.stdout.split()}
    modules = {name for name in read if not (PACKAGE / name).is_dir()} - {"errors", "_version"}
    assert {name.rpartition("/")[0] for name in modules} <= set(cache._READERS)
