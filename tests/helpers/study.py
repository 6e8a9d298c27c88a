"""A small study for tests of what people use: something to see, something not to be seen, something that fails."""

from __future__ import annotations

from pathlib import Path

from jupyter_pipeline import Project

from .support import SETTINGS, action, make_project

SECRET = "do-not-show-8d21c"
STUDY = (
    action("raw", f"echo {SECRET} > output/raw.csv", level="highly_sensitive", raw="output/raw.csv")
    + action(
        "table", "echo counting; (echo name,n; echo a,1; echo b,2) > output/table.csv", "raw", t="output/table.csv"
    )
    + action("note", "echo some text > output/note.txt; echo [1,2] > output/n.json", n="output/n*")
    + action("bad", "echo what went wrong; exit 3", bad="output/bad.csv")
    + action("after", "true", "bad", after="output/after.csv")
)


def ran_study(folder: Path) -> Project:
    """The study with everything run that can be."""
    project = Project.find(make_project(folder, STUDY, SETTINGS))
    project.run("table", "note")
    project.run("after", wait=False).wait(check=False)
    return project
