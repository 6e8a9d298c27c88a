"""Protection: whatever name a protected file is asked for by, the answer is the same; and all else is free."""

from __future__ import annotations

import json
import os
import threading
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_pipeline import protection
from jupyter_pipeline.models import Level
from jupyter_pipeline.outputs.job_folder import job_folder
from jupyter_pipeline.protection import ODD, TOO_MANY, Protection
from jupyter_pipeline.protection.project import LOG, STATE, UNCHECKED
from jupyter_pipeline.store.database import FILE
from tests.helpers.fakes import until
from tests.helpers.protected_study import (
    HIGHLY,
    PROJECT_YAML,
    WITHHELD,
    make_study,
    record,
    show_synthetic,
)

REASONS = {
    "output/patients.csv": HIGHLY,
    "output/patients_not_yet.csv": HIGHLY,
    "output/secret.ipynb": HIGHLY,
    "output/wide.csv": WITHHELD,
    "metadata/extract.log": LOG,
    ".jupyter_pipeline": STATE,
    ".jupyter_pipeline/expectations/store.sqlite": STATE,
    ".jupyter_pipeline/code/trees/new": STATE,
    "alias.csv": HIGHLY,
    "hard.csv": HIGHLY,
    "free/linked/wide.csv": WITHHELD,
}
FREE = [
    "",
    "project.yaml",
    "output",
    "output/table.csv",
    "output/t9.csv",
    "output/other.csv",
    "output/sub/patients.csv",
]
FREE += ["metadata", "metadata/manifest.json", "metadata/old/extract.log", "free/note.txt", "analysis/show.py", "new/x"]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return make_study(tmp_path / "root/study")


@pytest.fixture
def guard(study: Path) -> Protection:
    return Protection(study.parent)


@pytest.mark.parametrize("path", REASONS)
def test_why_a_file_is_protected(study: Path, guard: Protection, path: str) -> None:
    assert guard.reason(study / path) == REASONS[path]


@pytest.mark.parametrize("path", FREE)
def test_what_is_free(study: Path, guard: Protection, path: str) -> None:
    assert guard.reason(study / path) is None


# -- other names -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Protection]:
    study = make_study(tmp_path_factory.mktemp("odd") / "root/study")
    return study, Protection(study.parent)


DETOURS = st.lists(
    st.sampled_from(
        ["./", "/", "../study/", "free/../", "output/../", "free/linked/../", "analysis/.././", "none/../"]
    ),
    max_size=6,
).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detour=DETOURS, path=st.sampled_from([*REASONS, *FREE]), end=st.sampled_from(["", "/", "/.", "//"]))
def test_odd_spellings_make_no_difference(shared: tuple[Path, Protection], detour: str, path: str, end: str) -> None:
    study, guard = shared
    assert guard.reason(Spelled(f"{study}/{detour}{path}{end}")) == REASONS.get(path)


class Spelled(type(Path())):  # type: ignore[misc]
    """A path that keeps its spelling, as a text from a request does."""

    def __new__(cls, text: str) -> Spelled:
        made: Spelled = super().__new__(cls, text)
        return made

    def __init__(self, text: str) -> None:
        self._spelled = text

    def __fspath__(self) -> str:
        return self._spelled


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_no_path_raises(shared: tuple[Path, Protection], text: str) -> None:
    study, guard = shared
    for path in (study / text, Path(text)):
        assert isinstance(guard.reason(path), str | None)
        assert isinstance(guard.reason_within(path), str | None)


def test_paths_that_cannot_be_looked_at(study: Path, guard: Protection) -> None:
    (study / "round").symlink_to("round")
    for name in ("round", "round/x", "nul\0.csv", "x" * 300, "x/" * 3000, os.fsdecode(b"\xff.csv")):
        assert guard.reason(study / name) == ODD, name[:20]


def test_hard_links_to_records_and_to_files_that_only_a_pattern_names(study: Path, guard: Protection) -> None:
    (study / "output/patients_mine.csv").write_text("mine")
    assert guard.reason(study / "free/note.txt") is None
    os.link(study / "output/patients_mine.csv", study / "free/first.csv")
    os.link(study / ".jupyter_pipeline/expectations/jobs/abc/log", study / "free/second.txt")
    os.link(study / "output/table.csv", study / "free/third.csv")
    assert until(lambda: guard.reason(study / "free/first.csv"), "a look at the links") == HIGHLY
    assert guard.reason(study / "free/second.txt") == STATE
    assert guard.reason(study / "free/third.csv") is None


def test_what_stands_elsewhere_under_an_old_inode_is_free(study: Path, guard: Protection) -> None:
    target = study / "output/wide.csv"
    assert guard.reason(target) == WITHHELD
    target.rename(study / "free/was.csv")  # the same inode at a place where nothing is known of it
    assert guard.reason(study / "free/was.csv") is None


def test_an_output_folder_that_lies_elsewhere(study: Path, guard: Protection, tmp_path: Path) -> None:
    (study / "output").rename(tmp_path / "big")
    (study / "output").symlink_to(tmp_path / "big")
    (study / "project.yaml").touch()
    assert guard.reason(study / "output/patients.csv") == HIGHLY
    assert guard.reason(tmp_path / "big/patients.csv") == HIGHLY
    assert guard.reason(tmp_path / "big/patients_not_yet.csv") == HIGHLY
    assert guard.reason(tmp_path / "big/table.csv") is None
    assert guard.reason_within(study / "output") is not None


def test_both_readings_of_what_follows_a_link_count(study: Path, guard: Protection) -> None:
    (study / "free/second.csv").symlink_to("../output/patients.csv")
    (study / "third.csv").symlink_to("output/patients.csv")
    for name in ("second.csv", "third.csv"):  # free/second.csv to a server, ./third.csv to the disk
        assert guard.reason(Spelled(f"{study}/free/linked/../{name}")) == HIGHLY


def test_a_link_that_leads_nowhere_yet_at_the_place_of_an_output(study: Path, guard: Protection) -> None:
    (study / "output/patients_7.csv").symlink_to("../free/7.csv")
    assert guard.reason(study / "output/patients_7.csv") == HIGHLY


def test_a_disk_that_ignores_case_and_accents(study: Path, guard: Protection) -> None:
    (study / "PROJECT.YAML").symlink_to("project.yaml")  # as such a disk would find it
    text = PROJECT_YAML.replace("output/wide.csv", "output/wïde.csv").replace("patients*", "Patiénts*")
    (study / "project.yaml").write_text(text.replace("\nactions:", "\n\nactions:"))
    for name in ("Patiénts.csv", "PATIÉNTS_2.CSV"):
        for form in ("NFC", "NFD"):
            assert guard.reason(study / "output" / unicodedata.normalize(form, name)) == HIGHLY


# -- what changes ----------------------------------------------------------------------------------


def test_the_stricter_of_pattern_and_store_counts(study: Path, guard: Protection) -> None:
    everything_moderate = PROJECT_YAML.replace("highly_sensitive", "moderately_sensitive")
    (study / "project.yaml").write_text(everything_moderate)
    assert guard.reason(study / "output/patients.csv") == HIGHLY  # as it was when it was made
    assert guard.reason(study / "output/patients_not_yet.csv") is None
    (study / "project.yaml").write_text(PROJECT_YAML.replace("output/t*.csv", "output/u*.csv"))
    assert guard.reason(study / "output/table.csv") is None
    (study / "project.yaml").write_text(PROJECT_YAML.replace("rows: output/patients*", "rows: output/*"))
    assert guard.reason(study / "output/table.csv") == HIGHLY
    minimal = PROJECT_YAML.replace("moderately_sensitive", "minimally_sensitive")
    (study / "project.yaml").write_text(minimal)
    assert guard.reason(study / "output/table.csv") == "It is minimally_sensitive: only code may read it."


def test_a_faulty_or_missing_project_yaml_changes_nothing(study: Path, guard: Protection) -> None:
    assert guard.reason(study / "output/patients_not_yet.csv") == HIGHLY
    for again in (guard, Protection(study.parent)):  # the second has only the newest request's
        (study / "project.yaml").write_text("actions: [")
        assert again.reason(study / "output/patients_not_yet.csv") == HIGHLY
        (study / "project.yaml").unlink()
        assert again.reason(study / "output/patients_not_yet.csv") == HIGHLY
        assert again.reason(study / "output/wide.csv") == WITHHELD


def test_a_store_that_cannot_be_read_withholds_all_that_patterns_claim(study: Path, guard: Protection) -> None:
    assert guard.reason(study / "output/table.csv") is None
    (study / "metadata/manifest.json").write_text(json.dumps({"outputs": {"output/left.csv": {}}}))
    (study / ".jupyter_pipeline/expectations" / FILE).write_bytes(b"nonsense")
    for again in (guard, Protection(study.parent)):
        assert again.reason(study / "output/table.csv") == UNCHECKED
        assert again.reason(study / "output/left.csv") == UNCHECKED
        assert again.reason(study / "output/patients.csv") == HIGHLY
        assert again.reason(study / "free/note.txt") is None


def test_settings_that_cannot_be_read_withhold_too(study: Path, guard: Protection) -> None:
    (study / "jupyter_pipeline.toml").write_text("state = [")
    assert guard.reason(study / "output/table.csv") == UNCHECKED
    (study / "jupyter_pipeline.toml").write_text("jobs = 1")
    assert until(lambda: guard.reason(study / "output/table.csv") is None, "the settings to be read again")


def test_synthetic_data_is_free_where_somebody_has_asked_for_it(study: Path, guard: Protection) -> None:
    state = study / ".jupyter_pipeline"
    show_synthetic(state / "expectations")
    for path in ("output/patients.csv", "output/patients_not_yet.csv", "output/wide.csv", "hard.csv", "alias.csv"):
        assert guard.reason(study / path) is None, path
    assert guard.reason(state / "expectations/jobs/abc/log") == STATE
    assert guard.reason(study / "metadata/extract.log") == LOG
    record(state / "tpp", {"output/wide.csv": (Level.MODERATELY, None), "output/real.csv": (Level.HIGHLY, None)})
    assert guard.reason(study / "output/patients.csv") is None
    assert guard.reason(study / "output/wide.csv") == WITHHELD  # both know the path, and whose it is nobody can say
    assert guard.reason(study / "output/real.csv") == HIGHLY
    (state / "tpp" / FILE).write_bytes(b"nonsense")
    assert guard.reason(study / "output/patients.csv") == HIGHLY
    (state / "tpp" / FILE).unlink()
    show_synthetic(state / "expectations", on=False)
    assert guard.reason(study / "output/patients.csv") == HIGHLY


def test_the_switch_of_another_backend_frees_nothing(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", backend="tpp")
    show_synthetic(study / ".jupyter_pipeline/tpp")
    assert Protection(tmp_path).reason(study / "output/patients.csv") == HIGHLY


def test_files_that_are_just_being_published(study: Path, guard: Protection) -> None:
    assert guard.reason(study / "output/t_new.csv") is None
    folder = study / ".jupyter_pipeline/expectations"
    job = record(folder, {}, state="running", code="finalizing")
    assert guard.reason(study / "output/table.csv") == UNCHECKED  # what it made is not told
    (folder / "jobs" / job).mkdir(parents=True)
    made = [["output/t_new.csv", "moderately_sensitive", 1, 1, 1, "0" * 64, None, None, WITHHELD]]
    (folder / "jobs" / job / "result.json").write_text(json.dumps({"files": made}))
    assert until(lambda: guard.reason(study / "output/t_new.csv") == WITHHELD, "the store to be read again")
    assert guard.reason(study / "output/table.csv") is None


# -- where projects are ----------------------------------------------------------------------------


def test_a_state_folder_elsewhere(tmp_path: Path) -> None:
    state = tmp_path / "root/elsewhere"
    study = make_study(tmp_path / "root/a/b/study")
    (study / "jupyter_pipeline.toml").write_text(f'state = "{state}"\n')
    guard = Protection(tmp_path / "root")
    own = next(path for path in [*guard.projects()] if path.name == "study")
    assert own == study
    known = [entry for entry in (state / "study-x", state) if guard.reason(entry) == STATE]
    assert known == []  # only the project's own folder in it is
    from jupyter_pipeline import config

    place = job_folder(config.load(study), "abc")
    assert guard.reason(place / "log") == STATE
    assert guard.reason_within(tmp_path / "root/elsewhere") is None  # nothing is there yet
    place.mkdir(parents=True)
    assert guard.reason_within(tmp_path / "root/elsewhere") is not None
    assert guard.reason(study / ".jupyter_pipeline") == STATE  # where records were before


def test_a_project_that_is_its_own_state_folder(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    (study / ".jupyter_pipeline/expectations").rename(study / "expectations")
    guard = Protection(tmp_path, settings={"state": str(study)})
    assert guard.reason(study / "expectations/jobs/abc/log") == STATE
    assert guard.reason(study / "code/blobs/x") == STATE
    assert guard.reason(study / "output/wide.csv") == WITHHELD
    assert guard.reason(study / "free/note.txt") is None


def test_projects_around_below_and_behind_links(tmp_path: Path) -> None:
    outer = make_study(tmp_path / "outer")
    inner = make_study(outer / "studies/inner")
    behind = make_study(tmp_path / "behind/study")
    (outer / "analysis/link").symlink_to(behind)
    guard = Protection(outer / "analysis")
    for project in (outer, inner, behind):
        assert guard.reason(project / "output/patients.csv") == HIGHLY
    assert guard.reason(outer / "analysis/link/output/patients.csv") == HIGHLY
    assert guard.reason(outer / "studies/inner/free/note.txt") is None
    assert {outer, inner, behind} <= set(guard.projects())


def test_a_project_is_known_as_soon_as_it_is_one(tmp_path: Path) -> None:
    guard = Protection(tmp_path)
    file = tmp_path / "later/output/patients.csv"
    assert guard.reason(file) is None
    (tmp_path / "later").mkdir()
    assert guard.reason(file) is None
    (tmp_path / "later/project.yaml").write_text(PROJECT_YAML)
    assert guard.reason(file) == HIGHLY


def test_the_search_passes_over_environments_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("node_modules/a", ".hidden/b", "mine/pyvenv/c", "d", "1/2/3/4/5/6/7/8/deep"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "project.yaml").write_text(PROJECT_YAML)
    (tmp_path / "mine/pyvenv/pyvenv.cfg").touch()
    assert Protection(tmp_path).projects() == (tmp_path / "d",)
    monkeypatch.setattr(protection, "MOST_FOLDERS", 1)
    assert Protection(tmp_path).projects() == ()


# -- folders ---------------------------------------------------------------------------------------


def test_folders_that_hold_something_protected(study: Path, guard: Protection) -> None:
    assert guard.reason_within(study / ".jupyter_pipeline") == STATE
    for folder in (study, study / "output", study.parent, study / "metadata", study / "free", study / "free/linked"):
        why = guard.reason_within(folder)
        assert why is not None
        assert why.startswith("It holds ")
    assert "extract.log" in str(guard.reason_within(study / "metadata"))
    (study / "free/linked").unlink()
    for folder in (study / "free", study / "analysis", study / "nowhere", study / "free/note.txt"):
        assert guard.reason_within(folder) is None
    os.link(study / "output/patients.csv", study / "free/mine.csv")
    assert guard.reason_within(study / "free") == f"It holds mine.csv. {HIGHLY}"


def test_a_folder_too_large_to_look_through(study: Path, guard: Protection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protection, "MOST_ENTRIES", 1)
    assert guard.reason_within(study / "analysis") == TOO_MANY


# -- care ------------------------------------------------------------------------------------------


def test_nothing_is_written_to_a_project_without_records(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study/project.yaml").write_text(PROJECT_YAML)
    assert Protection(tmp_path).reason(tmp_path / "study/output/patients.csv") == HIGHLY
    assert os.listdir(tmp_path / "study") == ["project.yaml"]


def test_many_threads_may_ask(study: Path, guard: Protection) -> None:
    wrong: list[object] = []

    def ask() -> None:
        for _ in range(20):
            wrong.extend(path for path in REASONS if guard.reason(study / path) != REASONS[path])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        record(study / ".jupyter_pipeline/expectations", {"output/more.csv": (Level.HIGHLY, None)})
    for thread in threads:
        thread.join()
    assert not wrong
