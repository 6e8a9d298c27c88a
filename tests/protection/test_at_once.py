"""Protection from the first moment on: what was published, linked or set just now counts for the next question.

Everything is asked in loops of change and question, with nothing between the two.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_pipeline.models import Level
from jupyter_pipeline.protection import (
    CHANGED,
    Protection,
    disk,
    moment,
    project,
)
from jupyter_pipeline.protection.project import STATE, UNSURE
from tests.helpers.protected_study import (
    HIGHLY,
    PROJECT_YAML,
    WITHHELD,
    make_study,
    record,
    show_synthetic,
)

TIMES = range(20)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return make_study(tmp_path / "root/study")


@pytest.fixture
def guard(study: Path) -> Protection:
    guard = Protection(study.parent)
    assert guard.reason(study / "hard.csv") == HIGHLY  # everything has been looked at
    return guard


# -- hard links ------------------------------------------------------------------------------------


def test_a_second_name_of_what_was_published_just_now(study: Path, guard: Protection) -> None:
    for number in TIMES:
        (study / f"output/patients_{number}.csv").write_text("mine")
        os.link(study / f"output/patients_{number}.csv", study / f"free/{number}.csv")
        assert guard.reason(study / f"free/{number}.csv") == HIGHLY


def test_a_second_name_of_what_took_an_outputs_place_just_now(study: Path, guard: Protection) -> None:
    for number in TIMES:
        (study / "free/new.csv").write_text(str(number))
        os.replace(study / "free/new.csv", study / "output/wide.csv")
        os.link(study / "output/wide.csv", study / f"free/{number}.csv")
        assert guard.reason(study / f"free/{number}.csv") == WITHHELD


def test_a_second_name_of_a_log_that_was_begun_just_now(study: Path, guard: Protection) -> None:
    jobs = study / ".jupyter_pipeline/expectations/jobs"
    for number in TIMES:
        (jobs / f"job{number}").mkdir()
        (jobs / f"job{number}/log").write_text("a line")
        os.link(jobs / f"job{number}/log", study / f"free/{number}.txt")
        assert guard.reason(study / f"free/{number}.txt") == STATE


def test_a_second_name_in_a_folder_that_a_star_names(study: Path, guard: Protection) -> None:
    text = PROJECT_YAML.replace("output/patients*.csv", "output/*/rows/p*.csv")
    (study / "project.yaml").write_text(text)
    for number in TIMES:
        place = study / f"output/{number}/rows"
        place.mkdir(parents=True)
        (place / "p.csv").write_text("mine")
        os.link(place / "p.csv", study / f"free/{number}.csv")
        assert guard.reason(study / f"free/{number}.csv") == HIGHLY


def test_a_second_name_of_a_file_of_a_project_that_is_new(study: Path, guard: Protection) -> None:
    for number in TIMES:
        place = study.parent / f"more/{number}"
        (place / "output").mkdir(parents=True)
        (place / "project.yaml").write_text(PROJECT_YAML)
        (place / "output/patients.csv").write_text("theirs")
        os.link(place / "output/patients.csv", study / f"free/{number}.csv")
        assert guard.reason(study / f"free/{number}.csv") == HIGHLY


def test_second_names_of_a_persons_own_files_stay_free(study: Path, guard: Protection) -> None:
    for number in TIMES:
        (study / f"free/{number}.txt").write_text("mine")
        os.link(study / f"free/{number}.txt", study / f"analysis/{number}.txt")
        os.link(study / "output/table.csv", study / f"free/{number}.csv")
        for name in (f"free/{number}.txt", f"analysis/{number}.txt", f"free/{number}.csv"):
            assert guard.reason(study / name) is None


def test_what_has_several_names_is_withheld_where_not_all_can_be_known(
    study: Path, guard: Protection, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.link(study / "free/note.txt", study / "free/second.txt")
    assert guard.reason(study / "free/second.txt") is None
    with monkeypatch.context() as patched:
        patched.setattr(project, "MOST_RECORDS", 1)
        assert guard.reason(study / "free/second.txt") == UNSURE
        assert guard.reason(study / "analysis/show.py") is None
    assert guard.reason(study / "free/second.txt") is None

    scandir = os.scandir

    def refuse(place: str) -> Iterator[os.DirEntry[str]]:
        if str(place).endswith("/closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(place)

    (study / ".jupyter_pipeline/expectations/jobs/abc/closed").mkdir()
    monkeypatch.setattr(os, "scandir", refuse)
    assert guard.reason(study / "free/second.txt") == UNSURE


# -- links -----------------------------------------------------------------------------------------


def test_what_lies_behind_a_link_that_was_made_just_now(study: Path, guard: Protection, tmp_path: Path) -> None:
    for number in TIMES:
        elsewhere = tmp_path / f"big{number}"
        elsewhere.mkdir()
        (elsewhere / "patients.csv").write_text("mine")
        assert guard.reason(elsewhere / "patients.csv") is None
        (study / "output").rename(study / f"output_{number}")
        (study / "output").symlink_to(elsewhere)
        assert guard.reason(elsewhere / "patients.csv") == HIGHLY
        assert guard.reason(elsewhere / "table.csv") is None
        (study / "output").unlink()
        (study / f"output_{number}").rename(study / "output")
        assert guard.reason(elsewhere / "patients.csv") is None


def test_a_file_that_a_link_stands_for_since_just_now(study: Path, guard: Protection, tmp_path: Path) -> None:
    for number in TIMES:
        target = tmp_path / f"big{number}.csv"
        target.write_text("mine")
        assert guard.reason(target) is None
        (study / f"output/patients_{number}.csv").symlink_to(target)
        assert guard.reason(target) == HIGHLY
        (tmp_path / "next.csv").write_text("another file, of which the link's folder knows nothing")
        os.replace(tmp_path / "next.csv", target)
        assert guard.reason(target) == HIGHLY


# -- what is known of it ---------------------------------------------------------------------------


def test_what_was_recorded_just_now(study: Path, guard: Protection) -> None:
    state = study / ".jupyter_pipeline/expectations"
    for _ in TIMES:
        record(state, {"output/table.csv": (Level.MODERATELY, WITHHELD)})
        assert guard.reason(study / "output/table.csv") == WITHHELD
        record(state, {"output/table.csv": (Level.MODERATELY, None)})
        assert guard.reason(study / "output/table.csv") is None
        show_synthetic(state)
        assert guard.reason(study / "output/patients.csv") is None
        show_synthetic(state, on=False)
        assert guard.reason(study / "output/patients.csv") == HIGHLY


def test_two_changes_within_one_tick_of_the_disks_clock(
    study: Path, guard: Protection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that counts in whole seconds, as some do, shows the second change by nothing at all."""
    fine = disk.time_of_change
    monkeypatch.setattr(disk, "time_of_change", lambda status: fine(status) // 10**9 * 10**9)
    free = PROJECT_YAML
    strict = PROJECT_YAML.replace("output/patients*.csv", "output/pat*.csv     ")
    assert len(free) == len(strict)
    for _ in TIMES:
        (study / "project.yaml").write_text(free)
        assert guard.reason(study / "output/pat.csv") is None
        (study / "project.yaml").write_text(strict)
        assert guard.reason(study / "output/pat.csv") == HIGHLY
        (study / "output/patients.csv").write_text("one")
        second = study / "free/second.csv"
        os.link(study / "output/patients.csv", second)
        assert guard.reason(second) == HIGHLY
        second.unlink()


def test_a_folder_whose_time_was_set_back(study: Path, guard: Protection) -> None:
    """As copying a whole folder does, with its times."""
    for number in TIMES:
        place = study.parent / f"copied{number}"
        (place / "output").mkdir(parents=True)
        os.utime(place, (1, 1))
        for _ in range(2):
            assert guard.reason(place / "output/patients.csv") is None
        os.utime(study, (2, 2))
        (place / "project.yaml").write_text(PROJECT_YAML)
        os.utime(place, (1, 1))
        assert guard.reason(place / "output/patients.csv") == HIGHLY


def test_settings_of_another_project_that_were_changed_just_now(study: Path, guard: Protection, tmp_path: Path) -> None:
    other = make_study(study.parent / "other")
    assert guard.reason(other / "output/patients.csv") == HIGHLY
    from jupyter_pipeline import config

    for number in TIMES:
        (other / "jupyter_pipeline.toml").write_text(f'state = "{tmp_path}/state{number}"\n')
        place = config.load(other).state / "expectations/jobs/x/log"
        place.parent.mkdir(parents=True)
        place.write_text("a line")
        assert guard.reason(place) == STATE


def test_records_of_which_no_project_is_known(study: Path, guard: Protection, tmp_path: Path) -> None:
    (study / ".jupyter_pipeline").rename(tmp_path / "kept")
    assert guard.reason(tmp_path / "kept/expectations/jobs/abc/log") == STATE
    (tmp_path / "kept/expectations/store.sqlite").unlink()
    assert guard.reason(tmp_path / "kept/expectations/jobs/abc/log") is None


def test_a_project_yaml_that_leads_nowhere_yet(tmp_path: Path) -> None:
    guard = Protection(tmp_path)
    (tmp_path / "later").mkdir()
    (tmp_path / "later/project.yaml").symlink_to("../real.yaml")
    assert guard.reason(tmp_path / "later/output/patients.csv") is None
    (tmp_path / "real.yaml").write_text(PROJECT_YAML)
    assert guard.reason(tmp_path / "later/output/patients.csv") == HIGHLY


# -- what is open, and what is one answer ----------------------------------------------------------


def test_what_was_opened_is_judged_by_what_it_is_now(study: Path, guard: Protection) -> None:
    path = study / "output/table.csv"
    assert guard.reason(path) is None
    with path.open("rb") as file:
        opened = os.fstat(file.fileno())
        assert guard.reason(path, opened) is None
        (study / "free/new.csv").write_text("another")
        os.replace(study / "free/new.csv", path)
        assert guard.reason(path, opened) == CHANGED
    with path.open("rb") as file, moment():
        assert guard.reason(path) is None
        record(study / ".jupyter_pipeline/expectations", {"output/table.csv": (Level.MODERATELY, WITHHELD)})
        assert guard.reason(path) is None  # of one answer all parts agree
        with moment(anew=True):
            assert guard.reason(path, os.fstat(file.fileno())) == WITHHELD


def test_a_moment_ends(study: Path, guard: Protection) -> None:
    path = study / "output/table.csv"
    for _ in range(2):
        with moment(), moment():
            guard.reason(path)
    record(study / ".jupyter_pipeline/expectations", {"output/table.csv": (Level.MODERATELY, WITHHELD)})
    assert guard.reason(path) == WITHHELD
    with moment():
        assert guard.reason(path) == WITHHELD
