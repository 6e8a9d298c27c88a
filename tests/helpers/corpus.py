"""Real project files with what the platform's own validators said of them, and a good one of our own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.models import Action

from .places import SHARED

CORPUS = SHARED / "corpus"

GOOD = """\
version: "3.0"

expectations:
  population_size: 1000

actions:
  extract:
    run: ehrql:v1 generate-dataset analysis/dataset.py --output output/dataset.csv.gz
    outputs:
      highly_sensitive:
        dataset: output/dataset.csv.gz

  plot:
    run: r:latest analysis/plot.R --title "All of it"
    needs: [extract]
    config: {colour: red, sizes: [1, 2.5]}
    dummy_data_file: test/dummy.csv
    outputs:
      moderately_sensitive:
        figures: output/plot_*.png
        table: output/table.csv
      highly_sensitive: {log: logs/plot.log}
"""


def shared(folder: Path) -> Path:
    """A folder of the shared material, which is not part of the repository."""
    if not folder.exists():
        assert os.environ.get("JUPYTER_PIPELINE_REQUIRE") != "all", f"{folder.name} is required and not there"
        pytest.skip(f"the shared {folder.name} lies outside the repository and is not here")
    return folder


def verdicts() -> Iterator[tuple[dict[str, Any], bytes]]:
    folder = shared(CORPUS)
    with (folder / "verdicts.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            name = record["repo"].replace("/", "+")
            yield record, (folder / "project_yaml" / name / f"{record['sha12']}.yaml").read_bytes()


def facts_of(action: Action) -> dict[str, Any]:
    outputs: dict[str, dict[str, str]] = {}
    for output in action.outputs:
        outputs.setdefault(output.level.value, {})[output.name] = output.pattern
    run = action.run
    facts = {
        "name": action.name,
        "needs": list(action.needs),
        "run": {"raw": run.raw, "image": run.image, "version": run.version, "args": list(run.args)},
        "outputs": outputs,
    }
    if action.config is not None:
        facts["config"] = json.loads(action.config)
    if action.dummy_data_file is not None:
        facts["dummy_data_file"] = action.dummy_data_file
    return facts
