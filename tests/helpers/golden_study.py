"""A study with one job of each kind, and everything that programs are told of it, made comparable between two runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .live import Answer, Live, finished, project_id
from .support import action, cli, make_project, notebook

SETTINGS = f"""
organisation = "Department of Examples"
[runtimes."sh:v1"]
kind = "system"
program = "sh"
[runtimes."python:v2"]
kind = "system"
program = "{sys.executable}"
"""
ACTIONS = (
    action(
        "extract", "cat analysis/extract.sh > output/cohort.csv", level="highly_sensitive", cohort="output/cohort.csv"
    )
    + action(
        "table", "echo practised; sh analysis/table.sh > output/table.csv", needs="extract", table="output/table.csv"
    )
    + """\
report:
  run: python:v2 papermill analysis/report.ipynb output/report.ipynb -p threshold 5
  needs: [table]
  outputs:
    moderately_sensitive:
      notebook: output/report.ipynb
"""
    + action("broken", "echo out; echo err >&2; exit 3", needs="extract")
    + action("after", "echo never", needs="broken")
)
TABLE = "printf 'sex,count\\nF,120\\nM,131\\n'\n"
LATER = "printf 'sex,count\\nF,120\\nM,135\\n'\n"
MOMENT = "2024-05-06T07:08:09+00:00"
COMMANDS = (
    "check", "plan run_all", "plan table --force", "status", "outputs", "requests", "show", "show 1", "compare",
    "compare --path analysis/table.sh", "runtimes", "clean --dry-run", "cancel",
)  # fmt: skip
"""What the terminal is asked, each with ``--json``. What `doctor` says is the machine's business."""
PIECE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?)"
    r"|(?P<sha256>(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f]))|(?P<commit>(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f]))"
    r"|(?P<id>(?<![a-z0-9])(?:[a-z2-7]{16}|[0-9a-f]{16})(?![a-z0-9_]))|(?P<short>(?<![0-9a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,12}(?![0-9a-f]))"
    r"|(?P<seconds>\b\d+(?:\.\d+)? (?:ms|s|min)\b|\b\d+:\d\d(?::\d\d)?\b)"
    r"|(?P<bytes>\b[\d,.]+ (?:bytes|kB|MB)\b)|(?P<style><style>.*?</style>)",
    re.DOTALL,
)
VOLATILE = frozenset(
    "size peak_memory cpu_time elapsed expected pid wall_clock runtime_seconds seconds bytes removable_bytes revision "
    "identity python folder critical_path".split()
)
"""Keys whose values depend on the machine or the moment; that they are there is looked at all the same."""


def make_study(folder: Path) -> None:
    """Write the study, commit it, and run it twice: all of it, then one action again with other code."""
    make_project(folder, ACTIONS, SETTINGS, analysis__extract_sh="id,sex", analysis__table_sh=TABLE)
    (folder / "analysis/extract_sh").rename(folder / "analysis/extract.sh")
    (folder / "analysis/table_sh").rename(folder / "analysis/table.sh")
    cells = ("threshold = 1", "print('at least', threshold)")
    (folder / "analysis/report.ipynb").write_text(json.dumps(notebook(*cells, heading="# A report")))
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", str(folder))
    dated = {"GIT_AUTHOR_DATE": MOMENT, "GIT_COMMITTER_DATE": MOMENT, "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    named = ("config", "user.name", "A Researcher")
    for words in (("init", "-q", "-b", "main"), named, ("add", "-A"), ("commit", "-q", "-m", "The study")):
        subprocess.run([*git, *words], check=True, env=dated)
    assert cli("run", "run_all", cwd=folder, USER="researcher").returncode == 1
    (folder / "analysis/table.sh").write_text(LATER)
    assert cli("run", "table", cwd=folder, USER="researcher").returncode == 0


def told_by_terminal(folder: Path) -> Iterator[tuple[str, Any]]:
    """Each command, and the document that it prints."""
    for command in COMMANDS:
        done = cli(*command.split(), "--json", cwd=folder, USER="researcher")
        yield f"jupyter pipeline {command}", {"exit": done.returncode, "document": json.loads(done.stdout)}


def told_by_server(server: Live, path: str) -> Iterator[tuple[str, Any]]:
    """Each operation of the contract that asks, and what is answered."""
    study = project_id(server, path)
    requests = server.get(f"projects/{study}/requests")["requests"]
    jobs = {job["action"]: job["id"] for job in requests[1]["jobs"]} | {"table": requests[0]["jobs"][-1]["id"]}
    outputs = {one["path"]: one["id"] for one in server.get(f"projects/{study}/outputs")["outputs"]}
    asked: list[tuple[str, str, Mapping[str, Any]]] = [
        ("version", "version", {}),
        ("project.schema.json", "schema", {}),
        ("projects", "projects", {}),
        (f"projects/{study}", "project", {}),
        *((f"projects/{study}/{name}", name, {}) for name in ("pipeline", "problems", "status", "runtimes", "jobs")),
        *((f"projects/{study}/{name}", name, {}) for name in ("requests", "outputs", "synthetic", "views", "events")),
        (f"projects/{study}/plan", "plan", {"actions": "run_all"}),
        (f"projects/{study}/requests/{requests[0]['id']}", "request", {}),
        (f"projects/{study}/requests/{requests[0]['id']}/comparisons", "comparisons", {}),
        (f"projects/{study}/requests/{requests[0]['id']}/differences", "differences", {}),
        (f"projects/{study}/requests/{requests[0]['id']}/outputs", "output_pairs", {}),
        *((f"projects/{study}/jobs/{job}", f"job {name}", {}) for name, job in jobs.items()),
        (f"projects/{study}/jobs/{jobs['table']}/log", "log", {}),
        (f"projects/{study}/jobs/{jobs['broken']}/log/view", "log_page", {}),
        (f"projects/{study}/jobs/{jobs['report']}/report", "report", {}),
    ]
    for name, output in outputs.items():
        asked += [(f"projects/{study}/outputs/{output}{what}", f"output {name}{what}", {}) for what in _looks(name)]
    for route, name, query in asked:
        yield f"GET {name}", _as_document(server.ask(route, query=query))
    pairs = server.get(f"projects/{study}/requests/{requests[0]['id']}/outputs", **{"with": requests[1]["id"]})
    left, right = next((pair["left"], pair["right"]) for pair in pairs["outputs"] if pair["comparable"])
    beside = server.ask(f"projects/{study}/outputs/{right['id']}/comparison", query={"with": left["id"]})
    yield "GET comparison", _as_document(beside)
    for name, route, method, content in _deeds(study, requests[0]["id"], jobs["table"], outputs["output/table.csv"]):
        answer = server.ask(route, method, content=content)
        yield f"{method} {name}", _as_document(answer)
        if name == "submit":
            finished(server, study, answer.json["id"])
    for route in ("projects/none", f"projects/{study}/jobs/{'a' * 16}", f"projects/{study}/requests?limit=x"):
        yield f"GET wrong {len(route.split('/'))}", _as_document(server.ask(route))


def _deeds(study: str, request: str, job: str, output: str) -> tuple[tuple[str, str, str, Any], ...]:
    """What changes something: name, route, method and what is sent."""
    text = "version: 1\nactions: {a: {}}\n"
    added = {"name": "more", "run": "sh:v1 true", "outputs": {"highly_sensitive": {"x": "output/x.csv"}}}
    base = f"projects/{study}"
    return (
        ("check", f"{base}/check", "POST", {"text": text}),
        ("update", f"{base}/update", "POST", None),
        ("add_action", f"{base}/actions", "POST", added),
        ("add_action wrong", f"{base}/actions", "POST", added | {"needs": ["nothing"]}),
        ("convert", f"{base}/reports", "POST", {"path": "analysis/report.ipynb"}),
        ("submit", f"{base}/requests", "POST", {"actions": ["table"]}),
        ("submit wrong", f"{base}/requests", "POST", {"actions": ["nothing"]}),
        ("cancel_request", f"{base}/requests/{request}/cancel", "POST", None),
        ("cancel_job", f"{base}/jobs/{job}/cancel", "POST", None),
        ("allow_scripts", f"{base}/outputs/{output}/scripts", "POST", None),
        ("switch_synthetic", f"{base}/synthetic", "PUT", {"shown": False}),
    )


def _looks(name: str) -> tuple[str, ...]:
    return ("", "/content", "/view", "/table") if name.endswith("table.csv") else ("", "/view")


def _as_document(answer: Answer) -> Any:
    is_json = answer.media.endswith("json")
    return {"status": answer.status, "media": answer.media, "body": answer.json if is_json else answer.text}


# -- making answers comparable ---------------------------------------------------------------------


def comparable(answer: Any, places: Mapping[str, str]) -> Any:
    """An answer without what no two runs have in common; `places` gives names to folders."""
    if isinstance(answer, Mapping):
        return {
            key: "<varies>" if key in VOLATILE and not isinstance(value, (dict, list)) else comparable(value, places)
            for key, value in answer.items()
        }
    if isinstance(answer, list):
        return [comparable(item, places) for item in _steady(answer)]
    if isinstance(answer, float):
        return "<varies>"
    if isinstance(answer, str):
        for place, name in places.items():
            answer = answer.replace(place, name)
        return PIECE.sub(lambda match: f"<{match.lastgroup}>", answer)
    return answer


def _steady(items: list[Any]) -> list[Any]:
    """The items of a list that are there in every run, in an order that is the same in every run."""
    if items and all(isinstance(item, dict) for item in items):
        # Which runtimes there are besides, and how often a notebook's progress was seen, is the machine's business.
        items = [item for item in items if item.get("used", True) and item.get("kind") != "runtimes"]
        if {"at", "kind", "code"} <= items[0].keys():
            told = [item for item in items if not (item["code"] == "executing" and item["message"])]
            return sorted(told, key=lambda item: (item["action"] or "", item["code"]))
    return items


def differences(golden: Any, now: Any, where: str = "") -> Iterator[str]:
    """What the golden answer has and the one of now has not, or has otherwise; new keys are no difference."""
    if isinstance(golden, Mapping) and isinstance(now, Mapping):
        for key, value in golden.items():
            if key not in now:
                yield f"{where}.{key} is gone"
            else:
                yield from differences(value, now[key], f"{where}.{key}")
    elif isinstance(golden, list) and isinstance(now, list) and len(golden) == len(now):
        for number, (before, after) in enumerate(zip(golden, now, strict=True)):
            yield from differences(before, after, f"{where}[{number}]")
    elif golden != now:
        yield f"{where}: {str(golden)[:300]!r} was, {str(now)[:300]!r} is"
