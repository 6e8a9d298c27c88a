"""From a job's files to the project's: in place, atomically, never over somebody's work, and written down."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from jupyter_pipeline.errors import OutputRefused
from jupyter_pipeline.models import WrittenFile
from jupyter_pipeline.outputs import inventory
from jupyter_pipeline.outputs.publication import COMPARED
from jupyter_pipeline.project.facade import LocalProject
from tests.helpers.faults import (
    codes,
    job_of,
    mount,
    run,
    step,
    unmount,
    verdicts,
)
from tests.helpers.support import make_project, require

JOIN = (
    step("extract", "echo 1 > output/input_1.csv; echo 2 > output/input_2.csv", files="output/input_*.csv")
    + step(
        "join",
        'for f in output/input_*.csv; do echo joined >> "$f"; done; cat output/input_1.csv',
        "extract",
        files="output/inp*.csv",
    )
    + step("before", "cat output/input_*.csv > output/before.csv", "extract")
    + step("after", "cat output/input_*.csv > output/after.csv", "join")
    + step("both", "cat output/input_*.csv > output/both.csv", "join, extract")
)
"""Seed 1 does this: join_ethnicity_region rewrites what it needs, in place, under another pattern."""


def text(folder: Path, name: str) -> str:
    return (folder / "output" / name).read_text()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    make_project(tmp_path, JOIN)
    assert run(tmp_path).status == "succeeded"
    return tmp_path


# -- rewriting in place ----------------------------------------------------------------------------


def test_everyone_gets_the_version_of_what_they_need(study: Path) -> None:
    assert text(study, "input_1.csv") == "1\njoined\n"
    assert text(study, "before.csv") == "1\n2\n"
    assert text(study, "after.csv") == text(study, "both.csv") == "1\njoined\n2\njoined\n"


def test_second_run_has_nothing_to_do(study: Path) -> None:
    assert set(verdicts(study).values()) == {"skip"}
    assert run(study).status == "nothing_to_do"


def test_rewriting_action_run_again_gets_the_original(study: Path) -> None:
    for _ in range(3):
        assert codes(run(study, "join")) == {"join": "succeeded"}
        assert text(study, "input_1.csv") == "1\njoined\n"
    assert set(verdicts(study).values()) == {"skip"}


def test_other_dependants_run_again_get_the_original(study: Path) -> None:
    run(study, "before")
    assert text(study, "before.csv") == "1\n2\n"
    run(study, "both")
    assert text(study, "both.csv") == "1\njoined\n2\njoined\n"


def test_first_action_run_again_makes_the_rewriting_one_run_too(study: Path) -> None:
    view = run(study, "extract")
    assert codes(view) == {"extract": "succeeded"}
    assert text(study, "input_1.csv") == "1\n"
    assert verdicts(study)["join"] == "stale"
    assert run(study).status == "succeeded"
    assert text(study, "input_1.csv") == "1\njoined\n"
    assert set(verdicts(study).values()) == {"skip"}


def test_rewritten_file_that_is_edited_by_hand(study: Path) -> None:
    (study / "output/input_1.csv").write_text("mine\n")
    found = verdicts(study)
    assert found["join"] == "stale"
    assert found["extract"] == "skip"  # its own version is kept
    assert run(study).status == "succeeded"
    assert text(study, "input_1.csv") == "1\njoined\n"


def test_in_place_edit_of_a_published_file_reaches_no_kept_version(study: Path) -> None:
    """Files share their content by hard links nowhere that a person writes to."""
    with (study / "output/before.csv").open("r+") as file:
        file.write("XXX")
    assert verdicts(study)["before"] == "stale"
    run(study, "before")
    assert text(study, "before.csv") == "1\n2\n"


# -- what goes away and what stays -----------------------------------------------------------------


def test_files_that_are_made_no_more_go_and_others_stay(tmp_path: Path) -> None:
    make_project(
        tmp_path,
        step(
            "a",
            "cat names.txt | while read n; do mkdir -p output/$n; echo $n > output/$n/x.csv; done",
            x="output/*/x.csv",
        ),
    )
    (tmp_path / "names.txt").write_text("one\ntwo\nthree\nfour\n")
    run(tmp_path)
    (tmp_path / "output/two/mine.txt").write_text("mine")
    (tmp_path / "output/three/x.csv").write_text("changed by hand")
    (tmp_path / "output/by_hand").mkdir()
    (tmp_path / "output/by_hand/x.csv").write_text("made by hand")
    (tmp_path / "names.txt").write_text("one\n")
    run(tmp_path)
    left = sorted(str(file.relative_to(tmp_path)) for file in (tmp_path / "output").rglob("*") if file.is_file())
    assert left == ["output/by_hand/x.csv", "output/one/x.csv", "output/three/x.csv", "output/two/mine.txt"]
    assert not (tmp_path / "output/four").exists()
    listed = json.loads((tmp_path / "metadata/manifest.json").read_text())["outputs"]
    assert list(listed) == ["output/one/x.csv"]
    assert [output.file.path for output in LocalProject.find(tmp_path).outputs()] == ["output/one/x.csv"]


def test_file_of_a_person_that_an_output_takes_the_place_of_is_kept(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"))
    (tmp_path / "output").mkdir()
    (tmp_path / "output/a.csv").write_text("precious")
    view = run(tmp_path)
    assert text(tmp_path, "a.csv") == "a\n"
    kept = LocalProject.find(tmp_path).config.folder / "jobs" / view.jobs[0].id / "replaced/output/a.csv"
    assert kept.read_text() == "precious"


def test_output_that_was_changed_by_hand_is_kept_when_it_is_made_anew(tmp_path: Path) -> None:
    make_project(tmp_path, step("a"))
    run(tmp_path)
    (tmp_path / "output/a.csv").write_text("my corrections")
    view = run(tmp_path)
    assert codes(view) == {"a": "succeeded"}
    kept = LocalProject.find(tmp_path).config.folder / "jobs" / view.jobs[0].id / "replaced/output/a.csv"
    assert kept.read_text() == "my corrections"


def test_link_of_a_person_in_the_place_of_an_output_is_replaced_not_followed(tmp_path: Path) -> None:
    make_project(tmp_path / "study", step("a"))
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("precious")
    (tmp_path / "study/output").mkdir()
    (tmp_path / "study/output/a.csv").symlink_to(elsewhere)
    assert run(tmp_path / "study").status == "succeeded"
    assert elsewhere.read_text() == "precious"
    assert not (tmp_path / "study/output/a.csv").is_symlink()


def test_folder_that_is_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    make_project(tmp_path / "study", step("a"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "study/output").symlink_to(tmp_path / "elsewhere")
    job = run(tmp_path / "study").jobs[0]
    assert job.state == "failed"
    assert "output is a link" in job.message or "output" in job.message
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_folder_in_the_place_of_an_output_stays_and_is_said(tmp_path: Path) -> None:
    make_project(
        tmp_path, step("a", a="output/a.csv", b="output/b.csv", script="echo a | tee output/a.csv > output/b.csv")
    )
    (tmp_path / "output/b.csv/deep").mkdir(parents=True)
    view = run(tmp_path)
    assert codes(view) == {"a": "internal_error"}
    assert "There is a folder of that name" in view.jobs[0].message
    assert (tmp_path / "output/b.csv/deep").is_dir()
    assert not (tmp_path / "output/a.csv").exists()
    (tmp_path / "output/b.csv/deep").rmdir()
    (tmp_path / "output/b.csv").rmdir()
    assert run(tmp_path).status == "succeeded"


def test_output_that_cannot_be_replaced_publishes_nothing_and_loses_nothing(tmp_path: Path) -> None:
    """A file that something is mounted on cannot be replaced, not even by root."""
    make_project(tmp_path, step("a", "date +%N | tee output/a.csv > output/b.csv", a="output/a.csv", b="output/b.csv"))
    run(tmp_path)
    before = text(tmp_path, "a.csv")
    fixed = tmp_path / "output/b.csv"
    require(mount("--bind", str(fixed), str(fixed)), "root and mount", left_for="root")
    try:
        job = run(tmp_path, "a").jobs[0]
        assert job.code == "internal_error"
        assert "could not be published" in job.message
        assert text(tmp_path, "a.csv") == text(tmp_path, "b.csv") == before, "the earlier outputs stand"
    finally:
        unmount(fixed)
    assert text(tmp_path, "b.csv") == before
    assert run(tmp_path).status == "succeeded"
    assert text(tmp_path, "a.csv") == text(tmp_path, "b.csv") != before
    assert sorted(file.name for file in (tmp_path / "output").iterdir()) == ["a.csv", "b.csv"]


def test_two_actions_that_write_one_path_in_turn(tmp_path: Path) -> None:
    """Not related by needs: the later one's file stands, and the plan says so of the other."""
    make_project(
        tmp_path,
        step("a", "echo a > output/x1.csv", x="output/x*.csv")
        + step("b", "echo b > output/x1.csv", x="output/x1*.csv"),
    )
    run(tmp_path, "a")
    run(tmp_path, "b")
    assert text(tmp_path, "x1.csv") == "b\n"
    found = verdicts(tmp_path)
    assert found["a"] == "stale"
    assert found["b"] == "skip"


def test_unfinished_publication_takes_back_only_what_it_did(tmp_path: Path) -> None:
    """Also where an older file looks the same from outside: files of a fixed time are not rare."""
    project, source = tmp_path / "project", tmp_path / "source"
    for folder in (project, source):
        folder.mkdir()
        (folder / "a.csv").write_text("old" if folder is project else "new")
        os.utime(folder / "a.csv", ns=(10**18, 10**18))
    (source / "b.csv").write_text("b")
    (project / "b.csv").mkdir()
    moves = [inventory.Move(written(source, "b.csv"), None), inventory.Move(written(source, "a.csv"), None)]
    with pytest.raises(OutputRefused):
        inventory.publish(project, source, moves)
    assert (project / "a.csv").read_text() == "old"
    assert (source / "a.csv").read_text() == "new"
    assert (source / "b.csv").read_text() == "b"


def written(root: Path, path: str) -> WrittenFile:
    status = (root / path).stat()
    sha = hashlib.sha256((root / path).read_bytes()).hexdigest()
    return WrittenFile(path, "moderately_sensitive", status.st_size, status.st_mtime_ns, status.st_ino, sha)


def test_outputs_with_fixed_times_and_sizes_are_told_apart(tmp_path: Path) -> None:
    """Archives, and programs that want to be reproducible, give every file the same time."""
    make_project(
        tmp_path,
        step("a", "echo 1 > output/x1.csv; touch -d 2001-01-01 output/x1.csv", x="output/x*.csv")
        + step("b", "echo 2 > output/x1.csv; touch -d 2001-01-01 output/x1.csv", "a", x="output/x1*.csv")
        + step("c", "cat output/x1.csv > output/c.csv", "a"),
    )
    assert run(tmp_path, jobs=1).status == "succeeded"
    assert text(tmp_path, "x1.csv") == "2\n"
    assert set(verdicts(tmp_path).values()) == {"skip"}
    run(tmp_path, "c")
    assert text(tmp_path, "c.csv") == "1\n"


# -- levels ----------------------------------------------------------------------------------------


def test_overlapping_patterns_give_one_owner_and_the_strictest_level(tmp_path: Path) -> None:
    make_project(
        tmp_path,
        """
        a:
          run: sh:v1 sh make.sh
          outputs:
            moderately_sensitive:
              all: output/*.csv
            highly_sensitive:
              some: output/secret*.csv
            minimally_sensitive:
              odd: output/odd*.csv
        """,
    )
    (tmp_path / "make.sh").write_text("mkdir output; for n in secret1 odd1 plain; do echo $n > output/$n.csv; done")
    run(tmp_path)
    found = {
        output.file.path: (str(output.file.level), output.answer.allowed)
        for output in LocalProject.find(tmp_path).outputs()
    }
    assert found == {
        "output/odd1.csv": ("minimally_sensitive", False),
        "output/plain.csv": ("moderately_sensitive", True),
        "output/secret1.csv": ("highly_sensitive", False),
    }


def test_withheld_file_does_not_fail_the_job(tmp_path: Path) -> None:
    make_project(tmp_path, step("a", "echo patient_id,x > output/a.csv; echo 1,2 >> output/a.csv"))
    view = run(tmp_path)
    assert view.status == "succeeded"
    assert "1 moderately_sensitive file is withheld" in view.jobs[0].message
    output = LocalProject.find(tmp_path).outputs()[0]
    assert not output.answer.allowed
    assert "patient_id" in output.answer.reason
    assert "patient_id" in (tmp_path / "metadata/a.log").read_text()


# -- what is written down --------------------------------------------------------------------------

PLATFORM_KEYS = {
    *("level", "job_id", "job_request", "action", "user", "repo", "commit", "size", "timestamp", "content_hash"),
    *("excluded", "message", "row_count", "col_count"),
}


def test_manifest_has_the_platforms_keys_and_true_values(study: Path) -> None:
    manifest = json.loads((study / "metadata/manifest.json").read_text())
    assert {"workspace", "repo", "backend", "outputs"} <= set(manifest)
    assert manifest["workspace"] == study.name
    assert manifest["backend"] == "expectations"
    assert set(manifest["outputs"]) == {
        f"output/{name}.csv" for name in ("input_1", "input_2", "before", "after", "both")
    }
    view = LocalProject.find(study).request()
    for path, entry in manifest["outputs"].items():
        assert set(entry) == PLATFORM_KEYS
        content = (study / path).read_bytes()
        assert entry["content_hash"] == hashlib.sha256(content).hexdigest()
        assert entry["size"] == len(content)
        assert entry["timestamp"] == pytest.approx((study / path).stat().st_mtime)
        assert entry["level"] == "moderately_sensitive"
        assert entry["job_request"] == view.request.id
        assert entry["user"] == view.request.requested_by
        assert entry["job_id"] == job_of(view, entry["action"]).id
        assert (entry["excluded"], entry["message"]) == (False, None)
    assert manifest["outputs"]["output/input_1.csv"]["action"] == "join"
    assert manifest["outputs"]["output/before.csv"]["row_count"] == 1


def test_log_for_the_platforms_users(study: Path) -> None:
    log = (study / "metadata/join.log").read_text()
    view = LocalProject.find(study).request()
    assert log.startswith("1\njoined\n")
    for words in ("state: succeeded", job_of(view, "join").id, view.request.id, "output/input_1.csv - moderately"):
        assert words in log


def test_log_of_a_failed_job(tmp_path: Path) -> None:
    make_project(tmp_path, step("a", "echo secret-free words; exit 5"))
    run(tmp_path)
    log = (tmp_path / "metadata/a.log").read_text()
    assert "secret-free words" in log
    assert "status_code: nonzero_exit" in log
    assert "exit_code: 5" in log


def test_nothing_of_ours_is_left_lying_about(study: Path) -> None:
    assert [str(file) for file in study.rglob("*.part")] == []
    assert [str(file) for file in study.rglob("*.link")] == []
    assert sorted(file.name for file in study.iterdir() if not file.name.startswith(".")) == [
        "jupyter_pipeline.toml",
        "metadata",
        "output",
        "project.yaml",
    ]
    for job in LocalProject.find(study).request().jobs:
        folder = LocalProject.find(study).config.folder / "jobs" / job.id
        assert {"upper", "work", "tmp", "inputs", "workspace"}.isdisjoint(os.listdir(folder))


# -- names -----------------------------------------------------------------------------------------

NAMES = [
    "with space.csv",
    "ünï-☃-日本.csv",
    "-rf.csv",
    "new\nline.csv",
    "quote'\"$(x).csv",
    "tab\tend.csv",
    "percent%20.csv",
    " .csv",
]


@pytest.mark.parametrize("executor", ["sandbox", "process"])
def test_odd_file_names_come_through(tmp_path: Path, executor: str) -> None:
    folder = tmp_path / "stu dy\n☃: a,b"
    make_project(
        folder,
        step("a", "cp input/* output/; cp -- input/-rf.csv output/", all="output/*.csv")
        + step("b", "ls output | wc -l; cat output/* > output2.csv", "a", x="output2.csv"),
    )
    (folder / "input").mkdir()
    for name in NAMES:
        (folder / "input" / name).write_text(f"{name!r}\n")
    (folder / "input" / ".gitkeep").write_text("")
    view = run(folder, executor=executor)
    assert view.status == "succeeded", [(job.message, LocalProject.find(folder).log_tail(job.id)) for job in view.jobs]
    assert sorted(file.name for file in (folder / "output").iterdir()) == sorted(NAMES)
    for name in NAMES:
        assert (folder / "output" / name).read_text() == f"{name!r}\n"
    listed = json.loads((folder / "metadata/manifest.json").read_text())["outputs"]
    assert set(listed) == {f"output/{name}" for name in NAMES} | {"output2.csv"}
    assert set(verdicts(folder, executor=executor).values()) == {"skip"}


def test_name_that_is_no_unicode_is_refused_in_words(tmp_path: Path) -> None:
    make_project(tmp_path, step("a", r'echo x > "output/$(printf "bad\\377").csv"; ls output', x="output/*.csv"))
    job = run(tmp_path).jobs[0]
    assert job.code == "unmatched_patterns"
    assert "Unicode" in job.message


def test_earlier_versions_that_may_be_viewed_are_kept_for_a_while(tmp_path: Path) -> None:
    make_project(
        tmp_path,
        step("a", "cat number > output/a.csv")
        + step("secret", "cat number > output/secret.csv", level="highly_sensitive"),
    )
    made: dict[str, list[str]] = {"a": [], "secret": []}
    for number in range(COMPARED + 3):
        (tmp_path / "number").write_text(f"n\n{number}\n")
        view = run(tmp_path, backend="tpp")
        for name, done in made.items():
            done.append(job_of(view, name).id)
    jobs = LocalProject.find(tmp_path, backend="tpp").config.folder / "jobs"
    kept = [jobs / job / "earlier/output/a.csv" for job in made["a"]]
    assert [path.exists() for path in kept] == [False, False, *[True] * COMPARED, False]
    assert kept[-2].read_text() == f"n\n{COMPARED + 1}\n"
    assert not any((jobs / job / "earlier").exists() for job in made["secret"])
    project = LocalProject.find(tmp_path, backend="tpp")
    newer, older = (project.outputs_of(made["a"][at])[0].id for at in (-1, -2))
    found = project.compare_outputs(newer, older, "Ada")
    assert found.contents == (f"n\n{COMPARED + 1}\n".encode(), f"n\n{COMPARED + 2}\n".encode())
    assert verdicts(tmp_path, backend="tpp") == {"a": "skip", "secret": "skip"}


def test_earlier_versions_of_synthetic_data_are_kept_whatever_their_level(tmp_path: Path) -> None:
    make_project(tmp_path, step("a", "cat number > output/a.csv", level="highly_sensitive"))
    first = None
    for number in range(2):
        (tmp_path / "number").write_text(f"{number}\n")
        view = run(tmp_path)
        first = first or view.jobs[0].id
    assert (
        LocalProject.find(tmp_path).config.folder / "jobs" / str(first) / "earlier/output/a.csv"
    ).read_text() == "0\n"
