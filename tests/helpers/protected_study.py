"""A study with protected files, and the store that knows them, without a job being run."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from jupyter_pipeline.models import JobRequest, Level, OutputFile, ViewKind
from jupyter_pipeline.store import ids
from jupyter_pipeline.store.database import Store, now

from .support import notebook

SECRET = "TOP-SECRET-ROW-OF-A-PATIENT"
WITHHELD = "It has 9000 rows; at most 5000 may be viewed."
HIGHLY = "It is highly_sensitive: only code may read it."

PROJECT_YAML = """
version: "4.0"
actions:
  extract:
    run: python:v2 python analysis/extract.py
    outputs:
      highly_sensitive:
        rows: output/patients*.csv
        book: output/secret.ipynb
  show:
    run: python:v2 python analysis/show.py
    needs: [extract]
    outputs:
      moderately_sensitive:
        tables: output/t*.csv
        wide: output/wide.csv
        book: output/report.ipynb
"""

HIDDEN = {
    "output/patients.csv": f"{SECRET},1\n",
    "output/wide.csv": f"{SECRET},2\n",
    "output/secret.ipynb": json.dumps(notebook(f"print('{SECRET}')")),
    "metadata/extract.log": f"{SECRET}\n",
    ".jupyter_pipeline/expectations/jobs/abc/log": f"{SECRET}\n",
    "output/.ipynb_checkpoints/patients-checkpoint.csv": f"{SECRET},0\n",
}
"""What nobody may see of the study; the last is a copy that Jupyter made before."""
SHOWN = {
    "output/table.csv": "a,b\n1,2\n",
    "output/report.ipynb": json.dumps(notebook("print('fine')")),
    "analysis/extract.py": "pass\n",
    "analysis/show.py": "pass\n",
    "free/note.txt": "mine\n",
}
LEVELS = {"output/patients.csv": (Level.HIGHLY, None), "output/secret.ipynb": (Level.HIGHLY, None)} | {
    "output/wide.csv": (Level.MODERATELY, WITHHELD),
    "output/table.csv": (Level.MODERATELY, None),
    "output/report.ipynb": (Level.MODERATELY, None),
}


def make_study(folder: Path, backend: str = "expectations") -> Path:
    """A project whose jobs have run: files, and a store that knows them."""
    record(folder / ".jupyter_pipeline" / backend, LEVELS)  # first: a store is never begun beside old jobs
    for name, text in {"project.yaml": PROJECT_YAML, **HIDDEN, **SHOWN}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "alias.csv").symlink_to("output/patients.csv")
    (folder / "free/linked").symlink_to("../output")
    os.link(folder / "output/patients.csv", folder / "hard.csv")
    return folder


def record(
    folder: Path, outputs: dict[str, tuple[Level, str | None]], state: str = "succeeded", code: str = "succeeded"
) -> str:
    """Write down in a store that a job has made these outputs; the job's id."""
    with contextlib.closing(Store.open(folder)) as store:
        asked = JobRequest(ids.new(), "study", folder.name, ("run_all",), "Ada", now(), project_yaml=PROJECT_YAML)
        texts = dict.fromkeys(("message", "run_command", "reason", "runtime"), "")
        row = {"id": ids.new(), "request_id": asked.id, "action": "show", "state": state, "code": code, **texts}
        store.submit(asked, [row | dict.fromkeys(("task", "fingerprint"), "{}") | {"wait_for": "[]"}], [])
        job = store.job(str(row["id"]))
        assert job is not None
        if state == "succeeded":
            made = [
                OutputFile(path, "show", job.id, asked.id, level, 1, 0, "0" * 64, message=message)
                for path, (level, message) in outputs.items()
            ]
            store.record_outputs(job, made, "digest", [])
        return job.id


def show_synthetic(folder: Path, on: bool = True) -> None:
    """Turn the switch for synthetic data in a backend's folder."""
    with contextlib.closing(Store.open(folder)) as store:
        store.record_view("Ada", ViewKind.SYNTHETIC_ON if on else ViewKind.SYNTHETIC_OFF)
