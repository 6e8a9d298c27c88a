"""What the journeys share: a study that has a bit of everything, pictures of what is seen, and the check for access."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from .places import REPOSITORY
from .support import SETTINGS, action, make_project, notebook, require

AXE = REPOSITORY / "labextension/node_modules/axe-core/axe.min.js"
PYTHON = f"""
[runtimes."python:own"]
kind = "system"
program = "{sys.prefix}/bin/python"
"""
NOTEBOOKS = """
report:
  run: python:own jupyter nbconvert --execute --to html --output-dir output analysis/report.ipynb
  needs: [table]
  outputs:
    moderately_sensitive:
      report: output/report.html
model:
  run: python:own papermill analysis/model.ipynb output/model.ipynb -p n 3
  needs: [table]
  outputs:
    moderately_sensitive:
      notebook: output/model.ipynb
"""
COUNTING = 'i=0; while [ $i -lt 6000 ]; do echo "line $i"; i=$((i+1)); sleep 0.1; done; echo a > output/slow.csv'


def write_study(folder: Path) -> Path:
    """A project with a table, a secret, a failure, a slow job, a notebook that works and one that does not."""
    actions = action("make", "echo id > output/raw.csv", level="highly_sensitive", raw="output/raw.csv")
    table = "printf 'region,count\\nA,10\\nB,25\\n' > output/table.csv; echo made a table"
    actions += action("table", table, needs="make", table="output/table.csv")
    actions += action("broken", "echo it went wrong; exit 3", needs="make", x="output/x.csv")
    actions += action("slow", COUNTING, needs="make", slow="output/slow.csv")
    actions += action("brief", "sleep 3; echo a > output/brief.csv", needs="make", brief="output/brief.csv")
    study = make_project(folder, actions + NOTEBOOKS, SETTINGS + PYTHON)
    (study / "analysis").mkdir()
    for name, cells in {
        "report": ("x = 6", "print('the answer is', x * 7)"),
        "model": ("m = n + 1", "def share(part):\n    return part / 0", "share(m)"),
        "new": ("print('not in the pipeline yet')",),
    }.items():
        text = json.dumps(notebook(*cells, heading=f"# The {name}"))
        (study / f"analysis/{name}.ipynb").write_text(text, encoding="utf-8")
    return study


def write_big(folder: Path, count: int = 1000) -> Path:
    """A project of many actions, each of which needs one or two before it."""
    actions = ""
    for number in range(count):
        needs = {f"action_{each:04}" for each in (number // 2 - 1, number - 7) if 0 <= each < number}
        actions += action(f"action_{number:04}", "true", needs=", ".join(sorted(needs)), x=f"output/{number}.csv")
    return make_project(folder, actions)


def shot(page: Any, name: str) -> None:
    """A picture of the page, in the folder that JUPYTER_PIPELINE_SCREENSHOTS names."""
    folder = os.environ.get("JUPYTER_PIPELINE_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png", animations="disabled")


def assert_accessible(page: Any, selector: str) -> None:
    """No serious or critical finding of axe-core in a part of the page."""
    require(AXE.exists(), "axe-core: make labextension")
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("selector => axe.run(selector, {resultTypes: ['violations']})", selector)
    serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    told = [
        f"{one['id']} ({one['impact']}): {one['help']}\n    "
        + "\n    ".join(f"{node['html'][:200]}  {node['failureSummary'][:300]}" for node in one["nodes"][:4])
        for one in serious
    ]
    assert not told, "\n".join(told)
    assert found["passes"], "axe-core has looked at nothing"
