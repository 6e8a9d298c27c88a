"""The commands, run as processes, with real jobs in real sandboxes."""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_pipeline.cli.logs import Harmless
from jupyter_pipeline.cli.parser import build
from jupyter_pipeline.cli.text import safe
from tests.helpers.places import REPOSITORY
from tests.helpers.support import action, cli, make_project

DOCS = REPOSITORY / "docs" / "cli.md"


def read(*arguments: str, cwd: Path, code: int = 0) -> dict[str, Any]:
    """The document of a command with --json."""
    done = cli(*arguments, "--json", cwd=cwd)
    assert done.returncode == code, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["version"] == 1
    return found


def git(folder: Path, *arguments: str) -> str:
    person = ("-c", "user.name=Ann Example", "-c", "user.email=ann@example.org")
    done = subprocess.run(["git", *person, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


SOME = (
    action("table", "mkdir -p output; echo counted; printf 'a,b\\n1,2\\n3,4\\n' > output/table.csv")
    + action("people", "mkdir -p output; printf 'patient_id,b\\n1,2\\n' > output/people.csv")
    + action("extract", "mkdir -p output; echo x > output/extract.csv", level="highly_sensitive")
    + action("bad", "echo one; echo oops 1>&2; exit 3", needs="table")
    + action("after", "cp output/bad.csv output/after.csv", needs="bad")
)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in git in which everything ran once; not to be changed."""
    folder = make_project(tmp_path_factory.mktemp("cli") / "study", SOME, analysis__notes="# notes")
    (folder / ".gitignore").write_text("output/\nmetadata/\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Ann Example")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    done = cli("run", cwd=folder)
    assert done.returncode == 1, done.stdout + done.stderr
    (folder.parent / "told").write_text(done.stdout)
    return folder


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    return make_project(tmp_path / "study", action("one", "mkdir -p output; echo hello; echo a > output/one.csv"))


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Path]:
    """A project with a job that does not end by itself, and one that waits for it."""
    actions = action("long", "echo begun; sleep 300; mkdir -p output; echo a > output/long.csv")
    folder = make_project(
        tmp_path / "study", actions + action("then", "cp output/long.csv output/then.csv", needs="long")
    )
    yield folder
    cli("cancel", cwd=folder)


# -- check -----------------------------------------------------------------------------------------


def test_check_says_that_a_project_is_valid(simple: Path) -> None:
    done = cli("check", cwd=simple)
    assert (done.returncode, done.stderr) == (0, "")
    assert "project.yaml is valid: 1 action; no problems." in done.stdout


def test_check_gives_every_problem_with_its_place_and_cure(tmp_path: Path) -> None:
    folder = make_project(tmp_path, action("one", "true", needs="other", level="very_secret"))
    done = cli("check", cwd=folder)
    assert done.returncode == 1
    assert len(re.findall(r"^project\.yaml:\d+:\d+: error \[[a-z-]+\]$", done.stdout, re.MULTILINE)) == 2
    assert "2 errors" in done.stdout
    found = read("check", cwd=folder, code=1)
    assert (found["valid"], found["errors"], found["warnings"]) == (False, 2, 1)
    assert set(found["problems"][0]) == set("file line column severity what remedy rule history action key".split())
    assert found["problems"][0]["remedy"]


OLD = """\
version: "3.0"  # as it was

expectations:
  population_size: 1000

actions:
  extract:
    run: cohortextractor:latest generate_cohort
    outputs:
      highly_sensitive:
        cohort: output/input.csv
  plot:
    run: python:latest python plot.py  # the figure
    needs: [extract]
    outputs:
      moderately_sensitive:
        plot: output/plot.rds
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    (tmp_path / "project.yaml").write_text(OLD)
    return tmp_path


def test_check_says_what_the_platform_would_refuse_today(old: Path) -> None:
    done = cli("check", cwd=old)
    assert done.returncode == 0
    assert "the platform would refuse it today, for 6 reasons" in done.stdout
    assert re.search(r"\*\s+2 x image-latest: lines 8, 13; refused since version 5", done.stdout)
    assert "in January 2021: takes it." in done.stdout
    found = read("check", cwd=old)
    assert [(each["rules"], each["valid"], each["reasons"]) for each in found["platform"]] == [
        ("opensafely-2.1.5", False, 6),
        ("pipeline", False, 1),
        ("2021", True, 0),
    ]
    groups = {group["rule"]: group for group in found["platform"][0]["groups"]}
    assert groups["image-latest"]["lines"] == [8, 13]
    assert {rule for rule, group in groups.items() if group["mechanical"]} == {
        *("version-old", "expectations-unused", "image-latest")
    }


def test_check_judges_by_the_rules_asked_for(old: Path) -> None:
    assert cli("check", "--rules", "2021", cwd=old).returncode == 0
    done = cli("check", "--rules", "pipeline", cwd=old)
    assert done.returncode == 1
    assert "project.yaml:17:15: error [path-file-type]" in done.stdout
    assert "On the platform: refused since November 2023." in done.stdout
    assert "is not valid by the rules pipeline (the platform's library" in " ".join(done.stdout.split())
    assert "1 error, 1 warning." in " ".join(done.stdout.split())
    assert cli("check", "--rules", "2020", cwd=old).returncode == 2


def test_check_takes_a_file_or_standard_input(old: Path) -> None:
    assert cli("check", str(old / "project.yaml"), cwd=old.parent).returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_pipeline.cli", "check", "-", "--json"],
        input=b"needs: [a, b",
        cwd=old.parent,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["problems"][0]["rule"] == "yaml-bracket"
    assert cli("check", "nowhere.yaml", cwd=old).returncode == 2


def test_fix_shows_and_writes_what_is_mechanical(old: Path) -> None:
    done = cli("check", "--fix", cwd=old)
    assert done.returncode == 0
    assert "-    run: python:latest python plot.py  # the figure" in done.stdout
    assert "+    run: python:v1 python plot.py  # the figure" in done.stdout
    expected = OLD.replace('"3.0"', '"5.0"').replace("python:latest", "python:v1")
    expected = expected.replace("expectations:\n  population_size: 1000\n\n", "")
    expected = expected.replace(":latest generate_cohort", ":v1 generate_cohort --expectations-population=1000")
    assert (old / "project.yaml").read_text() == expected
    assert "Left for you" in done.stdout
    assert "nothing that can be mended mechanically" in cli("check", "--fix", cwd=old).stdout
    assert sorted(path.name for path in old.iterdir()) == ["project.yaml"]


def test_fix_keeps_links_and_modes(old: Path) -> None:
    (old / "project.yaml").rename(old / "real.yaml")
    (old / "project.yaml").symlink_to("real.yaml")
    (old / "real.yaml").chmod(0o640)
    assert cli("check", "--fix", cwd=old).returncode == 0
    assert (old / "project.yaml").is_symlink()
    assert (old / "real.yaml").stat().st_mode & 0o777 == 0o640
    assert 'version: "5.0"' in (old / "real.yaml").read_text()


def test_schema_prints_the_schema(tmp_path: Path) -> None:
    assert json.loads(cli("schema", cwd=tmp_path).stdout)["$schema"].startswith("http://json-schema.org/draft-07")


def test_a_project_is_found_from_a_folder_inside_it(simple: Path) -> None:
    inside = simple / "analysis"
    inside.mkdir()
    assert cli("check", cwd=inside).returncode == 0
    assert cli("--project", str(simple), "check", cwd=simple.parent).returncode == 0
    assert cli("check", "--project", str(simple), cwd=simple.parent).returncode == 0


def test_no_project_is_bad_input_and_says_what_to_do(tmp_path: Path) -> None:
    done = cli("plan", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no project.yaml" in done.stderr
    assert "--project" in done.stderr
    found = read("plan", cwd=tmp_path, code=2)
    assert found["error"]["kind"] == "ProjectNotFound"
    assert found["error"]["remedy"]
    assert found["exit_code"] == 2


def test_a_broken_project_lists_its_problems_with_every_command(tmp_path: Path) -> None:
    folder = make_project(tmp_path, action("one", "true", needs="other"))
    done = cli("run", cwd=folder)
    assert done.returncode == 2
    assert "project.yaml:" in done.stderr
    assert "Traceback" not in done.stderr
    assert read("run", cwd=folder, code=2)["error"]["problems"][0]["rule"]


# -- plan ------------------------------------------------------------------------------------------


def test_plan_gives_verdicts_with_reasons_and_starts_nothing(ran: Path) -> None:
    found = read("plan", cwd=ran)
    verdicts = {one["action"]: one["verdict"] for one in found["actions"]}
    assert verdicts == {"table": "skip", "people": "skip", "extract": "skip", "bad": "run", "after": "run"}
    assert found["counts"] == {"run": 2, "stale": 0, "skip": 3, "cannot_run": 0}
    assert all(one["reason"].endswith(".") for one in found["actions"])
    done = cli("plan", cwd=ran)
    assert "5 actions: 2 to run, 3 to skip." in done.stdout
    assert "Its last job failed: Its command ended with exit code 3." in done.stdout
    assert len(read("requests", cwd=ran)["requests"]) == 1


def test_plan_of_some_actions_forced(ran: Path) -> None:
    found = read("plan", "bad", "--force", cwd=ran)
    assert {one["action"]: one["verdict"] for one in found["actions"]} == {"table": "run", "bad": "run"}
    assert (found["requested"], found["force"]) == (["bad"], True)


def test_plan_of_a_commit_and_of_an_unknown_one(ran: Path) -> None:
    assert read("plan", "--commit", "main", cwd=ran)["commit"] == "main"
    assert cli("plan", "--commit", "nothing", cwd=ran).returncode == 2


def test_plan_says_what_cannot_run_and_what_is_built_first(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    make_project(folder, action("one", "true") + action("two", "true", needs="one"))
    text = (folder / "project.yaml").read_text()
    (folder / "project.yaml").write_text(text.replace("sh:v1", "nowhere:v1", 1))
    found = read("plan", cwd=folder)
    assert [one["verdict"] for one in found["actions"]] == ["cannot_run", "cannot_run"]
    done = cli("plan", cwd=folder)
    assert "cannot run" in done.stdout
    assert "2 that cannot run here" in done.stdout
    assert cli("run", cwd=folder).returncode == 1


def test_an_unknown_action_is_bad_input_with_a_hint(ran: Path) -> None:
    done = cli("plan", "tabel", cwd=ran)
    assert done.returncode == 2
    assert "Did you mean table?" in done.stderr


# -- run -------------------------------------------------------------------------------------------


def test_run_tells_changes_outputs_and_the_end_of_a_failed_log(ran: Path) -> None:
    told = (ran.parent / "told").read_text()
    assert re.search(r"^\d\d:\d\d:\d\d  bad +✗ failed after .*exit code 3\.$", told, re.MULTILINE)
    assert "waiting" not in told
    assert re.search(r"output/table\.csv +moderately_sensitive$", told, re.MULTILINE)
    assert re.search(r"output/people\.csv +moderately_sensitive +withheld: It has a column patient_id", told)
    assert "  | one\n  | oops\n  The full log: " in told
    assert "○ after  not run" in told
    assert "Job request 1 failed in" in told
    assert "3 succeeded, 1 failed, 1 not run." in told
    log = re.search(r"The full log: (.*)", told)
    assert log is not None
    assert Path(log[1]).read_text() == "one\noops\n"


def test_run_again_has_nothing_to_do_and_says_why(simple: Path) -> None:
    first = cli("run", cwd=simple)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "✓ Job request 1 succeeded in" in first.stdout
    again = cli("run", cwd=simple)
    assert again.returncode == 0
    assert "Nothing to do: everything is up to date." in again.stdout
    assert "nothing that it depends on has changed since" in " ".join(again.stdout.split())


def test_run_as_json_keeps_standard_output_for_the_document(simple: Path) -> None:
    done = cli("run", "one", "--json", cwd=simple)
    found = json.loads(done.stdout)
    assert done.returncode == found["exit_code"] == 0
    assert (found["executor"], found["missing_isolation"], found["detached"]) == ("sandbox", [], False)
    assert [job["state"] for job in found["request"]["jobs"]] == ["succeeded"]
    assert [one["path"] for one in found["outputs"]] == ["output/one.csv"]
    assert "succeeded after" in done.stderr


def test_run_without_the_sandbox_says_what_is_missing(simple: Path) -> None:
    done = cli("run", "--executor", "process", cwd=simple)
    assert done.returncode == 0, done.stdout
    assert "The executor is `process`, not the sandbox:" in done.stdout
    assert "- The job may use the network." in done.stdout


def test_run_with_a_time_limit_for_all_jobs(slow: Path) -> None:
    done = cli("run", "--timeout", "1s", cwd=slow)
    assert done.returncode == 1
    assert "failed (timed_out)" in done.stdout
    assert cli("run", "--timeout", "soon", cwd=slow).returncode == 2


def test_bad_options_are_told_like_all_other_errors(simple: Path) -> None:
    for wrong in (["run", "--jobs", "0"], ["run", "--nonsense"], [], ["fly"], ["plan", "--backend", "../x"]):
        done = cli(*wrong, cwd=simple)
        assert (done.returncode, done.stdout) == (2, ""), wrong
        assert done.stderr.startswith("✗ ")
    assert read("run", "--jobs", "many", cwd=simple, code=2)["error"]["message"]


def test_an_executor_that_is_not_there_and_a_damaged_store_cannot_be_helped_here(simple: Path) -> None:
    assert cli("run", "--executor", "cluster", cwd=simple).returncode in (2, 3)
    folder = simple / ".jupyter_pipeline" / "expectations"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "store.sqlite").write_text("this is no database, and never was one")
    done = cli("status", cwd=simple)
    assert done.returncode == 3
    assert "is damaged" in " ".join(done.stderr.split())
    assert read("status", cwd=simple, code=3)["error"]["kind"] == "StoreUnavailable"


def test_detached_jobs_go_on_and_can_be_cancelled(slow: Path) -> None:
    done = cli("run", "--detach", cwd=slow)
    assert done.returncode == 0
    assert "run by themselves" in done.stdout
    found = read("status", cwd=slow)
    assert found["requests"][0]["jobs"] == 2
    assert cli("cancel", "--job", "then", cwd=slow).stdout.startswith("■ Cancelling 1 job: then.")
    assert [one["action"] for one in read("cancel", cwd=slow)["cancelled"]] == ["long"]
    done = cli("logs", "-f", "long", cwd=slow)  # ends when the job has
    assert done.returncode == 0
    codes = {job["action"]: job["code"] for job in read("show", cwd=slow)["request"]["jobs"]}
    assert codes == {"long": "cancelled_by_user", "then": "cancelled_by_user"}
    assert "Nothing to cancel" in cli("cancel", cwd=slow).stdout


def test_what_another_request_makes_is_not_made_twice(slow: Path) -> None:
    cli("run", "--detach", cwd=slow)
    done = cli("run", "long", cwd=slow)
    assert done.returncode == 0
    assert "long being made already" in done.stdout


def begun(folder: Path) -> subprocess.Popen[str]:
    """A `run` without a terminal whose first job is running."""
    command = [sys.executable, "-m", "jupyter_pipeline.cli", "run"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "running" in line:
            break
    return process


def test_sigint_without_a_terminal_cancels_and_waits_for_the_end(slow: Path) -> None:
    with begun(slow) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "Cancelling 2 jobs" in err
    assert "2 cancelled." in out
    assert {job["code"] for job in read("show", cwd=slow)["request"]["jobs"]} == {"cancelled_by_user"}


def test_sigterm_leaves_the_jobs_running(slow: Path) -> None:
    with begun(slow) as process:
        process.terminate()
        assert process.wait(60) == 143
        assert process.stderr is not None
        assert "the jobs go on by themselves" in process.stderr.readline()
        assert read("show", cwd=slow)["request"]["status"] == "running"
        assert cli("cancel", cwd=slow).returncode == 0


def test_whoever_reads_the_output_is_not_held_up_by_jobs_that_go_on(slow: Path) -> None:
    with begun(slow) as process:
        try:
            process.terminate()
            process.wait(60)
            assert process.stderr is not None
            process.stderr.readline()
            assert select.select([process.stderr], [], [], 5)[0]
        finally:
            cli("cancel", cwd=slow)


# -- status, outputs, requests ---------------------------------------------------------------------


def test_status_shows_every_action_in_the_order_of_the_file(ran: Path) -> None:
    found = read("status", cwd=ran)
    now = {one["action"]: one["now"] for one in found["actions"]}
    assert list(now.items()) == [
        ("table", "up_to_date"),
        ("people", "up_to_date"),
        ("extract", "up_to_date"),
        ("bad", "to_run"),
        ("after", "to_run"),
    ]
    assert found["engine"] == {"running": False, "pid": None}
    assert found["executor"]["name"] == "sandbox"
    assert found["actions"][3]["job"]["exit_code"] == 3
    text = cli("status", cwd=ran).stdout
    assert re.search(r"✓ table +succeeded +\d\d-\d\d \d\d:\d\d +\d\.\d s +up to date", text)
    assert re.search(r"✗ bad +failed .*to run again: Its command ended with exit code 3\.", text)


def test_status_before_anything_ran_and_after_a_change(simple: Path) -> None:
    assert "never run" in cli("status", cwd=simple).stdout
    assert not (simple / ".jupyter_pipeline" / "expectations" / "store.sqlite").exists()
    cli("run", cwd=simple)
    (simple / "output" / "one.csv").write_text("changed by hand\n")
    assert read("status", cwd=simple)["actions"][0]["now"] == "stale"
    assert "stale: Its output output/one.csv was changed by hand." in " ".join(cli("status", cwd=simple).stdout.split())


def test_outputs_say_whether_and_why_they_may_be_viewed(ran: Path) -> None:
    found = {one["path"]: one for one in read("outputs", cwd=ran)["outputs"]}
    assert {path: one["viewable"] for path, one in found.items()} == {
        "output/extract.csv": False,
        "output/people.csv": False,
        "output/table.csv": True,
    }
    assert found["output/extract.csv"]["reason"] == "It is highly_sensitive: only code may read it."
    assert "patient_id" in found["output/people.csv"]["reason"]
    assert (found["output/table.csv"]["rows"], found["output/table.csv"]["columns"]) == (2, 2)
    text = cli("outputs", "extract", cwd=ran).stdout
    assert "output/extract.csv" in text
    assert "output/table.csv" not in text
    assert "It is highly_sensitive: only code may read it." in text
    assert cli("outputs", "nothing", cwd=ran).returncode == 2


def test_odd_file_names_are_shown_escaped(tmp_path: Path) -> None:
    script = r'mkdir -p output; echo a > "$(printf "output/x\n\033[31m.csv")"'
    folder = make_project(tmp_path, action("odd", script, out="output/*.csv"))
    done = cli("run", cwd=folder)
    shown = cli("outputs", cwd=folder)
    for text in (done.stdout, shown.stdout):
        assert r"output/x\n\x1b[31m.csv" in text
        assert "\x1b" not in text
    assert read("outputs", cwd=folder)["outputs"][0]["path"] == "output/x\n\x1b[31m.csv"


def test_an_output_that_another_action_wrote_over_is_said_to_be(tmp_path: Path) -> None:
    actions = action("make", "mkdir -p output; echo a > output/x.csv", out="output/x.csv")
    folder = make_project(
        tmp_path, actions + action("again", "echo b > output/x.csv", needs="make", out="output/x*.csv")
    )
    assert cli("run", cwd=folder).returncode == 0
    present = {one["action"]: one["present"] for one in read("outputs", cwd=folder)["outputs"]}
    assert present == {"make": False, "again": True}
    assert "overwritten by another action since" in " ".join(cli("outputs", cwd=folder).stdout.split())


def test_requests_are_listed_newest_first(simple: Path) -> None:
    assert "There are no requests yet." in cli("requests", cwd=simple).stdout
    cli("run", cwd=simple)
    cli("run", cwd=simple)
    found = read("requests", cwd=simple)["requests"]
    assert [(one["number"], one["status"]) for one in found] == [(2, "nothing_to_do"), (1, "succeeded")]
    assert [one["number"] for one in read("requests", "--limit", "1", cwd=simple)["requests"]] == [2]
    assert re.search(r"○ +2 .* nothing to do ", cli("requests", cwd=simple).stdout)


# -- show ------------------------------------------------------------------------------------------


def test_show_has_every_field_of_the_platforms_page(ran: Path) -> None:
    text = cli("show", cwd=ran).stdout
    commit = git(ran, "rev-parse", "HEAD")
    for expected in (
        r"^Job request: 1$",
        r"Organisation +not set",
        r"Workspace +study",
        r"ID +[a-z2-7]{16}",
        r"Ann Example",
        r"on\s+synthetic\s+data",
        r"highly_sensitive +Nobody views",
        r"moderately_sensitive +An approved person",
        r"✗ bad +failed +[a-z2-7]{16} .*nonzero_exit: Its command ended",
        r"○ after +not run +[a-z2-7]{16} +dependency_failed",
        r"^  actions:$",
        r"Created +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
        r"Started +\d{4}",
        r"Finished +\d{4}",
        r"Runtime +\d+:\d\d:\d\d ",
        r"Wall clock",
        r"UTC, as the expectations backend",
        r"Status +✗ Failed",
        r"Backend +expectations",
        r"Requested by +Ann Example",
        r"Branch +main",
        r"Force run dependencies +No",
        rf"Git commit hash +{commit[:7]}$",
        r"Requested actions +run_all",
        r"There is no earlier request in this workspace",
        r"It has not run before\.",
    ):
        assert re.search(expected, text, re.MULTILINE), expected


def test_show_compares_the_code_with_earlier_requests(tmp_path: Path) -> None:
    actions = action("one", "mkdir -p output; echo a > output/one.csv")
    folder = make_project(tmp_path, actions, kept="k", changed="1", gone="g")
    assert cli("run", cwd=folder).returncode == 0
    (folder / "changed").write_text("2\n")
    (folder / "gone").unlink()
    (folder / "new").write_text("n\n")
    assert cli("run", "one", cwd=folder).returncode == 0
    first = read("show", "1", cwd=folder)["request"]
    second = read("show", "2", cwd=folder)["request"]
    assert read("show", first["id"][:8], cwd=folder)["request"]["number"] == 1
    for one in second["comparisons"]:
        assert (one["number"], one["request"]) == (1, first["id"])
        assert (one["added"], one["changed"], one["removed"]) == (["new"], ["changed"], ["gone"])
    assert "+ added    new" in cli("show", cwd=folder).stdout
    assert cli("show", "9", cwd=folder).returncode == 2


def test_show_says_that_the_working_tree_was_changed(tmp_path: Path) -> None:
    folder = make_project(tmp_path, action("one", "mkdir -p output; echo a > output/one.csv"))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    (folder / "more").write_text("x")
    cli("run", cwd=folder)
    assert "changes that were not committed" in cli("show", cwd=folder).stdout
    assert read("show", cwd=folder)["request"]["dirty"] is True
    assert read("show", cwd=folder)["request"]["project_yaml"] == (folder / "project.yaml").read_text()


# -- logs ------------------------------------------------------------------------------------------


def test_logs_by_action_by_job_and_the_last_lines(ran: Path) -> None:
    assert cli("logs", "bad", cwd=ran).stdout == "one\noops\n"
    job = read("status", cwd=ran)["actions"][3]["job"]["id"]
    assert cli("logs", job[:9], "-n", "1", cwd=ran).stdout == "oops\n"
    assert cli("logs", "-n", "9", "bad", cwd=ran).stdout == "one\noops\n"
    never = cli("logs", "after", cwd=ran)
    assert (never.returncode, never.stdout) == (0, "")
    assert "Not run, since bad did not succeed." in never.stderr
    assert cli("logs", "nothing", cwd=ran).returncode == 2


def test_logs_go_through_a_pipe_unchanged(tmp_path: Path) -> None:
    folder = make_project(
        tmp_path, action("one", r'mkdir -p output; printf "\033[31mred\033[0m\007\r\n"; echo > output/one.csv')
    )
    cli("run", cwd=folder)
    assert cli("logs", "one", cwd=folder).stdout == "\x1b[31mred\x1b[0m\x07\n"  # text mode reads \r\n as \n


def test_following_a_log_ends_with_the_job_and_survives_a_cut(tmp_path: Path) -> None:
    script = "mkdir -p output; echo first; seq 1 60000; sleep 1; seq 60001 120000; echo last; echo > output/one.csv"
    settings = '[runtimes."sh:v1"]\nkind = "system"\nprogram = "sh"\n[limits]\nlog = "64K"\n'
    folder = make_project(tmp_path, action("one", script), settings)
    cli("run", "--detach", cwd=folder)
    done = cli("logs", "-f", "one", cwd=folder)
    lines = done.stdout.split("\n")
    assert done.returncode == 0
    assert (lines[0], lines[-2:]) == ("first", ["last", ""])


@pytest.mark.parametrize("step", [1, 2, 3, 1000])
def test_harmless_lets_colours_pass_and_nothing_else(step: int) -> None:
    data = "a\x1b[1;31mred\x1b[0m\x1b]0;title\x07\x1b[2Jé\x00\tb\rc\r\nd\x9b1m\u202e".encode()
    harmless = Harmless(True)
    text = "".join(harmless.text(data[i : i + step]) for i in range(0, len(data), step)) + harmless.end()
    assert text == "a\x1b[1;31mred\x1b[0m\\x1b]0;title\\x07\\x1b[2Jé\\x00\tb\nc\nd\\x9b1m\\u202e\x1b[0m"
    assert "\x1b" not in Harmless(False).text(data)


# -- runtimes, clean, doctor -----------------------------------------------------------------------


def test_runtimes_are_listed_with_what_the_project_uses(simple: Path) -> None:
    found = {one["name"]: one for one in read("runtimes", cwd=simple)["runtimes"]}
    assert (found["sh:v1"]["state"], found["sh:v1"]["used"], found["sh:v1"]["kind"]) == ("ready", True, "system")
    assert found["python:v2"]["used"] is False
    assert re.search(r"✓ sh:v1 +ready +yes", cli("runtimes", cwd=simple).stdout)
    assert [one["name"] for one in read("runtimes", "list", "sh:v1", cwd=simple)["runtimes"]] == ["sh:v1"]


def test_building_and_removing_runtimes_that_cannot_be(simple: Path) -> None:
    assert cli("runtimes", "build", cwd=simple).returncode == 2
    assert cli("runtimes", "build", "nowhere:v9", cwd=simple).returncode == 3
    assert cli("runtimes", "remove", "sh:v1", cwd=simple).returncode == 2
    assert "sh:v1 is ready" in cli("runtimes", "build", "sh:v1", cwd=simple).stdout


def test_clean_asks_somebody_or_removes_nothing(ran: Path) -> None:
    done = cli("clean", cwd=ran)
    assert done.returncode == 2
    assert "nobody to ask" in done.stderr
    found = read("clean", "--dry-run", cwd=ran)
    assert found["removed"] is False
    assert {one["kind"] for one in found["holdings"]} >= {"failed_files", "logs", "snapshots"}
    assert cli("clean", "--older-than", "soon", cwd=ran).returncode == 2


def test_clean_keeps_history_and_outputs(tmp_path: Path) -> None:
    actions = action("good", "mkdir -p output; echo a > output/good.csv")
    folder = make_project(tmp_path, actions + action("bad", "echo left > left.txt; exit 1"))
    cli("run", cwd=folder)
    assert cli("clean", "--all", "--yes", cwd=folder).returncode == 0
    assert "There is nothing to remove." in cli("clean", "--all", "--yes", cwd=folder).stdout
    verdicts = {one["action"]: one["verdict"] for one in read("plan", cwd=folder)["actions"]}
    assert verdicts == {"good": "skip", "bad": "run"}
    assert (folder / "output" / "good.csv").exists()
    assert "has no log any more" in cli("logs", "bad", cwd=folder).stderr
    assert cli("run", cwd=folder).returncode == 1


def test_clean_refuses_while_jobs_run(slow: Path) -> None:
    cli("run", "--detach", cwd=slow)
    while not read("status", cwd=slow)["engine"]["running"]:
        pass
    assert read("clean", "--all", "--dry-run", cwd=slow)["removed"] is False
    found = read("clean", "--yes", "--all", cwd=slow, code=3)
    assert "An engine is running jobs" in found["error"]["message"]


def test_doctor_has_a_cure_for_whatever_is_missing(simple: Path, tmp_path: Path) -> None:
    found = read("doctor", cwd=simple)
    assert found["healthy"] is True
    checks = {check["name"]: check for check in found["checks"]}
    assert {"python", "git", "sandbox", "uv", "disk", "history", "engine", "runtime sh:v1"} <= set(checks)
    assert all(check["cure"] for check in found["checks"] if check["state"] != "ok")
    (simple / "project.yaml").write_text("version: 4\n")
    sick = cli("doctor", cwd=simple)
    assert sick.returncode == 1
    assert "`jupyter pipeline check` lists them." in sick.stdout
    assert cli("doctor", cwd=tmp_path).returncode == 0


# -- all of them -----------------------------------------------------------------------------------


def test_a_reader_that_goes_away_is_no_error(ran: Path) -> None:
    command = f"'{sys.executable}' -m jupyter_pipeline.cli show | head -n 1"
    done = subprocess.run(command, shell=True, cwd=ran, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("Job request: 1\n", "")


@pytest.mark.parametrize("command", ["plan", "status", "check", "outputs", "requests", "show"])
def test_reading_imports_nothing_heavy(ran: Path, command: str) -> None:
    code = (
        f"import sys; from jupyter_pipeline.cli import main; main(['{command}']); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ran, capture_output=True, text=True, check=True)
    assert not {"rich", "psutil", "asyncio", "tomli", "pygments"} & set(done.stderr.split())


def test_the_version_needs_nothing_of_the_pipeline() -> None:
    code = "import sys; from jupyter_pipeline.cli import main\ntry: main(['--version'])\nexcept SystemExit: pass\n"
    code += "print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("jupyter_pipeline ")
    assert not {"jupyter_pipeline.project.facade", "yaml", "json"} & set(done.stderr.split())


def test_colours_only_where_they_are_wanted(ran: Path) -> None:
    assert "\x1b" not in cli("plan", cwd=ran).stdout
    assert "\x1b[" in cli("plan", "--color", "always", cwd=ran).stdout
    assert "\x1b[" in cli("show", "--color", "always", cwd=ran).stdout
    assert "\x1b" not in cli("plan", cwd=ran, NO_COLOR="1", FORCE_COLOR="1").stdout


def test_ascii_terminals_get_ascii_symbols(ran: Path) -> None:
    text = cli("plan", cwd=ran, PYTHONIOENCODING="ascii").stdout
    assert text.isascii()
    assert "- table" in text


@pytest.mark.parametrize("columns", [80, 120])
def test_text_keeps_to_the_width(ran: Path, columns: int) -> None:
    for command in ("plan", "status", "show", "requests", "outputs", "doctor", "clean --dry-run"):
        for line in cli(*command.split(), cwd=ran, COLUMNS=str(columns)).stdout.splitlines():
            as_written = "run: " in line or "sh:v1 sh -c" in line  # project.yaml is not broken up
            assert len(line) <= columns or as_written or max(map(len, line.split())) > 40, line


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    parser = build()
    yield "", parser
    for found in parser._actions:
        if isinstance(found, argparse._SubParsersAction):
            yield from found.choices.items()


@pytest.mark.parametrize(
    ("name", "parser"), list(commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_docs_list_every_command_and_option(name: str, parser: argparse.ArgumentParser) -> None:
    text = DOCS.read_text(encoding="utf-8")
    text = text.replace("\\|", "|")
    section = text
    if name:
        found = re.search(rf"^## `{name}`$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        assert found, f"docs/cli.md has no section on {name}"
        section = found[1]
    general = {"--help", "--project", "--backend", "--state", "--color"} if name else {"--help"}
    for option in parser._actions:
        names = [word for word in option.option_strings if word.startswith("--")]
        if isinstance(option, argparse._SubParsersAction) or set(names) & general:
            continue
        for word in names or [str(option.metavar or option.dest)]:
            assert f"`{word}" in section or f" {word}" in section, f"docs/cli.md says nothing of {name} {word}"


def test_the_docs_list_every_key_of_the_documents(ran: Path) -> None:
    docs = DOCS.read_text(encoding="utf-8")
    for command in ("check", "plan", "status", "outputs", "requests", "show", "runtimes", "clean --dry-run", "doctor"):
        for key in keys(read(*command.split(), cwd=ran)) - {"run", "stale", "skip", "cannot_run"}:
            assert f"`{key}`" in docs or f'"{key}"' in docs, f"docs/cli.md says nothing of {key} of {command}"


def keys(document: object) -> set[str]:
    if isinstance(document, dict):
        return set(document).union(*map(keys, document.values()))
    return set().union(*map(keys, document)) if isinstance(document, list) else set()


def test_help_and_docs_give_the_exit_codes() -> None:
    for text in (build().format_help(), DOCS.read_text(encoding="utf-8")):
        for code in ("0", "1", "2", "3", "4", "130", "141"):
            assert re.search(rf"^\W*{code}\b", text, re.MULTILINE), code


def test_names_are_made_safe_for_a_terminal() -> None:
    assert safe("plain é 日本") == "plain é 日本"
    assert safe("a\nb\x1b[2J\u202e" + os.fsdecode(b"\xff")) == r"a\nb\x1b[2J\u202e\udcff"
